"""The sounds of General MIDI: 128 programs and, after them, the drums."""

from __future__ import annotations

DRUMS = 128
"""Index of the drums among the instruments, after the 128 programs."""

DRUM_CHANNEL = 9

BASS_PROGRAMS = range(32, 40)

_FAMILIES = """
Acoustic Grand Piano, Bright Acoustic Piano, Electric Grand Piano, Honky-tonk Piano, Electric Piano 1,
Electric Piano 2, Harpsichord, Clavinet,
Celesta, Glockenspiel, Music Box, Vibraphone, Marimba, Xylophone, Tubular Bells, Dulcimer,
Drawbar Organ, Percussive Organ, Rock Organ, Church Organ, Reed Organ, Accordion, Harmonica, Tango Accordion,
Acoustic Guitar (nylon), Acoustic Guitar (steel), Electric Guitar (jazz), Electric Guitar (clean),
Electric Guitar (muted), Overdriven Guitar, Distortion Guitar, Guitar Harmonics,
Acoustic Bass, Electric Bass (finger), Electric Bass (pick), Fretless Bass, Slap Bass 1, Slap Bass 2,
Synth Bass 1, Synth Bass 2,
Violin, Viola, Cello, Contrabass, Tremolo Strings, Pizzicato Strings, Orchestral Harp, Timpani,
String Ensemble 1, String Ensemble 2, Synth Strings 1, Synth Strings 2, Choir Aahs, Voice Oohs, Synth Choir,
Orchestra Hit,
Trumpet, Trombone, Tuba, Muted Trumpet, French Horn, Brass Section, Synth Brass 1, Synth Brass 2,
Soprano Sax, Alto Sax, Tenor Sax, Baritone Sax, Oboe, English Horn, Bassoon, Clarinet,
Piccolo, Flute, Recorder, Pan Flute, Blown bottle, Shakuhachi, Whistle, Ocarina,
Lead 1 (square), Lead 2 (sawtooth), Lead 3 (calliope), Lead 4 chiff, Lead 5 (charang), Lead 6 (voice),
Lead 7 (fifths), Lead 8 (bass + lead),
Pad 1 (new age), Pad 2 (warm), Pad 3 (polysynth), Pad 4 (choir), Pad 5 (bowed), Pad 6 (metallic),
Pad 7 (halo), Pad 8 (sweep),
FX 1 (rain), FX 2 (soundtrack), FX 3 (crystal), FX 4 (atmosphere), FX 5 (brightness), FX 6 (goblins),
FX 7 (echoes), FX 8 (sci-fi),
Sitar, Banjo, Shamisen, Koto, Kalimba, Bagpipe, Fiddle, Shanai,
Tinkle Bell, Agogo, Steel Drums, Woodblock, Taiko Drum, Melodic Tom, Synth Drum, Reverse Cymbal,
Guitar Fret Noise, Breath Noise, Seashore, Bird Tweet, Telephone Ring, Helicopter, Applause, Gunshot,
"""

PROGRAM_NAMES = tuple(name.strip() for name in _FAMILIES.split(",")[:-1])
"""The programs 0 to 127, family after family, spelled as pretty_midi spells them."""

INSTRUMENT_NAMES = (*PROGRAM_NAMES, "drum")

MIN_MELODY_SUITABILITY = 4
"""Instruments with less play a melody only without a better one in the bar."""

_MELODY_SUITABILITY: tuple[tuple[range, int], ...] = (
    (range(64, 80), 9),  # reeds and pipes
    (range(80, 88), 9),  # synthesizer leads
    (range(40, 42), 8),  # violin, viola
    (range(52, 55), 8),  # voices
    (range(56, 61), 7),  # brass
    (range(21, 24), 7),  # accordion, harmonica
    (range(104, 112), 6),
    (range(8, 15), 5),  # bells and mallets
    (range(24, 32), 4),  # guitars
    (range(42, 44), 4),
    (range(8), 3),  # pianos
    (range(16, 21), 2),  # organs
    (range(44, 52), 1),  # strings and ensembles
    (range(88, 104), 1),  # pads
)


def melody_suitability(instrument: int) -> int:
    """Return how well an instrument plays a melody, 0 for basses, drums and effects."""
    return next((rating for programs, rating in _MELODY_SUITABILITY if instrument in programs), 0)
