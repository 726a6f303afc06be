"""The sample corpus: songs composed by rule, in the three data sets' own file formats."""
