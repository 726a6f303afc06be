"""Which Spotify track is which Million Song track, and so which MIDI file: linking by artist and title.

Works on tables that are already read and valid. How names are normalised stands in `names`, what tells
versions of a song apart in `versions`, the guards on near matches in `near`, the joins in `matching`.
"""
