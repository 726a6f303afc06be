"""MIDI to sound: synthesis by FluidSynth, loudness, audio files."""
