"""The sample corpus: songs composed by rule from feature vectors, in the three data sets' own file formats.

It stands in for data that cannot be shipped. What the features mean for the music is decided here and
nowhere else; no model, and nothing that reads the corpus back, belongs here.
"""
