"""Standard MIDI Files: bytes to notes and back."""
