"""Bringing the published data sets here: fetching files, unpacking archives, and where each comes from.

What is in the files is read by the readers beside this package; nothing here looks into a table or a song.
"""
