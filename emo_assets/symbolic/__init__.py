"""MIDI, FIGARO's events and FIGARO's descriptions, and every way between them.

What a model learns from them or makes of them does not belong here; nothing here knows of features.
"""
