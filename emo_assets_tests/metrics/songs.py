"""Small songs with known properties, for the tests of metrics."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from emo_assets.metrics.parsed_song import ParsedSong, parse_song
from emo_assets.midi.writer import Note, Part, encode_midi
from emo_assets.tokens.grammar.descriptions import DescribedBar

QUARTER = 480
PIANO, NYLON_GUITAR, FINGER_BASS, STRINGS, FLUTE, SQUARE_LEAD, SAW_PAD = 0, 24, 33, 48, 73, 80, 90


def note(onset: float, pitch: int, length: float = 1.0, velocity: int = 80) -> Note:
    """Return a note, its onset and length in quarter notes."""
    return Note(round(onset * QUARTER), round((onset + length) * QUARTER), pitch, velocity)


def melodic(program: int, notes: Iterable[Note]) -> Part:
    """Return a part other than drums."""
    return Part(program, False, list(notes))


def drums(notes: Iterable[Note]) -> Part:
    """Return a drum part."""
    return Part(0, True, list(notes))


def chord(onset: float, pitches: Sequence[int], length: float = 4.0, velocity: int = 80) -> list[Note]:
    """Return notes that sound together."""
    return [note(onset, pitch, length, velocity) for pitch in pitches]


def build_song(
    *parts: Part,
    tempos: Iterable[tuple[int, float]] = ((0, 120.0),),
    meters: Iterable[tuple[int, int, int]] = ((0, 4, 4),),
) -> ParsedSong:
    """Write parts as a MIDI file and parse it."""
    return parse_song(encode_midi(parts, resolution=QUARTER, tempos=tempos, time_signatures=meters))


def progression(chords: Sequence[Sequence[int]], *, bass: Sequence[int] = ()) -> list[Part]:
    """Return a string part with a chord a bar and, when given, a bass with a root a bar."""
    strings = melodic(STRINGS, [n for bar, pitches in enumerate(chords) for n in chord(4 * bar, pitches)])
    roots = melodic(FINGER_BASS, [note(4 * bar, pitch, 4) for bar, pitch in enumerate(bass)])
    return [strings, roots] if bass else [strings]


def graded_midi(number: int) -> bytes:
    """Return a MIDI file that is denser and louder the greater `number` is, 0 to 24."""
    step = 480 * 4 // (2 + number)
    starts = range(0, 480 * 16, step)
    melody = [Note(start, start + step - 1, 60 + (start // step) % 5, 40 + 3 * number) for start in starts]
    chord = [Note(0, 480 * 16, pitch, 40 + 3 * number) for pitch in (48, 52, 55)]
    return encode_midi([Part(0, False, chord), Part(73, False, melody)])


def graded_bars(number: int, bars: int = 4) -> list[DescribedBar]:
    """Return a description that is denser and louder the greater `number` is."""
    return [
        DescribedBar(
            time_signature=9,
            note_density=2 + number,
            mean_velocity=8 + number,
            mean_pitch=15,
            mean_duration=20,
            instruments=(0, 73),
            chords=(0,),
        )
    ] * bars
