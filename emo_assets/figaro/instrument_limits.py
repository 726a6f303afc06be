"""What players can do: the pitch range of an instrument, and how many notes it begins at a time.

The network continues a chord that has a few notes too many upwards, note by note, to the end of the scale.
The ranges are those that General MIDI's sounds are usually played in.
"""

from __future__ import annotations

from emo_assets.midi.general_midi import DRUMS

_PITCH_RANGES: tuple[tuple[range, range], ...] = (
    (range(8), range(28, 97)),  # pianos
    (range(8, 16), range(53, 97)),  # bells and mallets
    (range(16, 24), range(36, 93)),  # organs, accordion, harmonica
    (range(24, 32), range(40, 85)),  # guitars
    (range(32, 40), range(24, 61)),  # basses
    (range(40, 41), range(55, 97)),  # violin
    (range(41, 42), range(48, 85)),  # viola
    (range(42, 43), range(36, 77)),  # cello
    (range(43, 44), range(28, 61)),  # contrabass
    (range(44, 46), range(36, 89)),  # strings, bowed and plucked
    (range(46, 47), range(31, 97)),  # harp
    (range(47, 48), range(36, 60)),  # timpani
    (range(48, 52), range(36, 93)),  # string ensembles
    (range(52, 55), range(43, 82)),  # voices
    (range(55, 57), range(46, 85)),  # orchestra hit, trumpet
    (range(57, 58), range(36, 73)),  # trombone
    (range(58, 59), range(28, 61)),  # tuba
    (range(59, 64), range(40, 83)),  # other brass
    (range(64, 66), range(53, 88)),  # soprano and alto saxophone
    (range(66, 68), range(36, 77)),  # tenor and baritone saxophone
    (range(68, 70), range(52, 92)),  # oboe, English horn
    (range(70, 71), range(34, 73)),  # bassoon
    (range(71, 72), range(50, 91)),  # clarinet
    (range(72, 80), range(58, 97)),  # flutes and pipes
    (range(80, 88), range(45, 97)),  # synthesizer leads
    (range(88, 104), range(36, 93)),  # pads and effects
    (range(104, 112), range(43, 89)),  # sitar to shanai
    (range(112, 128), range(36, 85)),  # percussion and noises
)

_POLYPHONY: tuple[tuple[range, int], ...] = (
    (range(24), 6),  # two hands on keys and mallets
    (range(24, 32), 6),  # six strings
    (range(32, 40), 2),  # basses
    (range(40, 44), 2),  # a bow on two strings
    (range(44, 56), 5),  # sections and harps
    (range(56, 80), 3),  # a section of winds
    (range(80, 88), 3),
    (range(88, 104), 6),
    (range(104, 128), 4),
    (range(DRUMS, DRUMS + 1), 5),  # two hands, two feet, and a shaker
)


def pitch_range(instrument: int) -> range:
    """Return the MIDI pitches of an instrument, 0 to 127."""
    return next(pitches for programs, pitches in _PITCH_RANGES if instrument in programs)


def max_polyphony(instrument: int) -> int:
    """Return the most notes that an instrument, 0 to 127 or 128 for drums, begins at the same time."""
    return next(most for programs, most in _POLYPHONY if instrument in programs)
