"""Readers of the data sets that the pipeline starts from, and the composed corpus that stands in for them.

Each reader knows one data set's own file format and turns it into typed rows and rejects. Linking rows of
different data sets belongs to `linking`, reading what a MIDI file holds to `symbolic`.
"""
