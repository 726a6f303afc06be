"""From written notes to performed ones: velocities, and the small deviations of human players.

Notes are a few ticks late at most and never early: FIGARO's grid rounds down, so that an early note would
fall into the position, or the bar, before its own.
"""

from __future__ import annotations

from emo_assets.midi.writer import Note
from emo_assets.synthetic_corpus.form import PHRASE_BARS, SectionKind
from emo_assets.synthetic_corpus.lead_sheet import LeadSheet, WrittenNote
from emo_assets.synthetic_corpus.seeded_random import SeededRandom
from emo_assets.tokens.quantization import POSITIONS_PER_QUARTER

RESOLUTION = 480
"""Ticks per quarter note in which songs are performed; files may have another resolution."""

TICKS_PER_POSITION = RESOLUTION // POSITIONS_PER_QUARTER

MIN_VELOCITY, MAX_VELOCITY = 12, 127

SECTION_DYNAMICS = {
    SectionKind.INTRO: -5,
    SectionKind.CHORUS: 3,
    SectionKind.BREAK: -6,
    SectionKind.ENDING: -2,
}
"""Velocity of sections above or below the average."""

PHRASE_SWELL = (0.0, 1.0, 2.5, 1.0)
"""Velocity of each bar of a phrase above its first."""

STRUM_TICKS = 3
"""Ticks from one string of a strummed chord to the next."""

_MAX_DELAY_TICKS = TICKS_PER_POSITION // 2 - 2


def apply_dynamics(notes: list[WrittenNote], sheet: LeadSheet) -> list[WrittenNote]:
    """Return the notes, louder in choruses and towards the middle of phrases, softer in introductions."""
    accents = [
        SECTION_DYNAMICS.get(section.kind, 0) + PHRASE_SWELL[bar % PHRASE_BARS]
        for section in sheet.sections
        for bar in range(section.bars)
    ]
    width = sheet.meter.positions
    return [
        WrittenNote(start, length, pitch, accent + accents[start // width])
        for start, length, pitch, accent in notes
    ]


def perform(
    written: list[WrittenNote],
    *,
    velocity: float,
    dynamics: float,
    looseness: float,
    end: int,
    rng: SeededRandom,
    strummed: bool = False,
) -> list[Note]:
    """Return the performed notes in ticks, sorted, without overlapping notes of one pitch.

    Args:
        written: the part as written.
        velocity: the part's mean velocity.
        dynamics: factor on accents, 0 (all notes equally loud) to 3.
        looseness: 0 (as exact as a machine) to 1.
        end: position at which the song ends; notes that start later are dropped.
        rng: draws the deviations.
        strummed: whether simultaneous notes are struck one after the other, from the lowest up.
    """
    notes: list[Note] = []
    last_of_pitch: dict[int, int] = {}
    max_delay = 3 + 14 * looseness
    previous_start, string = -1, 0
    for note in sorted(written):
        if note.start >= end:
            continue
        string = string + 1 if note.start == previous_start else 0
        previous_start = note.start
        delay = int(max_delay * rng.uniform()) + (string * STRUM_TICKS if strummed else 0)
        start = note.start * TICKS_PER_POSITION + min(delay, _MAX_DELAY_TICKS)
        stop = min(note.start + note.length, end) * TICKS_PER_POSITION - 2
        loudness = round(velocity + dynamics * (note.accent + rng.spread(1.5)))
        if (index := last_of_pitch.get(note.pitch)) is not None:
            before = notes[index]
            if before.start // TICKS_PER_POSITION == start // TICKS_PER_POSITION:
                continue
            if before.end > start:
                notes[index] = Note(before.start, start, before.pitch, before.velocity)
        last_of_pitch[note.pitch] = len(notes)
        clipped = min(MAX_VELOCITY, max(MIN_VELOCITY, loudness))
        notes.append(Note(start, max(stop, start + 10), note.pitch, clipped))
    return notes
