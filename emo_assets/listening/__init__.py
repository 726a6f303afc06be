"""What a MIDI file sounds like, measured from its notes: tempo, key, density, harmony, groove, timbre.

Each estimator is a pure function over a `Song`. No model is trained on them and none is asked here: they
judge what models make. Sound itself (samples) is not listened to.
"""
