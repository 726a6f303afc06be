"""Figures and tables for people: piano rolls, data exploration, learning curves, scoreboards, control.

Draws what it is handed as arrays, tables and MIDI files, and returns bytes; nothing is trained, read from
the store or written here, and no model is imported.
"""
