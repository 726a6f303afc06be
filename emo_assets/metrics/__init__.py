"""What a MIDI file sounds like, measured from its notes."""
