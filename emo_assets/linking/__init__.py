"""Link Spotify tracks with Million Song tracks, and so with MIDI files, by artist and title."""
