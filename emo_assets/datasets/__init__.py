"""Readers and downloads of the Spotify, Million Song and Lakh data sets."""
