"""MIDI to sound: a sound font played offline by FluidSynth, brought to a level, written as audio files.

Which notes there are is not decided here, and nothing here judges music; a request's loudness arrives as a
number.
"""
