"""From paper to sound: velocities as loud as asked for, and the small deviations of human players.

Notes come late by a few ticks at most and never early: FIGARO's grid rounds down, so that an early note would
fall into the position, or the bar, before its own.
"""

from __future__ import annotations

from emo_assets.midi.writer import Note
from emo_assets.synthetic_corpus.composed_song import TICKS_PER_POSITION
from emo_assets.synthetic_corpus.form import SectionKind
from emo_assets.synthetic_corpus.lead_sheet import LeadSheet, Sound
from emo_assets.synthetic_corpus.seeded_random import SeededRandom

SOFTEST, HARDEST = 12, 126
SHADES = {SectionKind.INTRO: -5, SectionKind.CHORUS: 3, SectionKind.BREAK: -6, SectionKind.ENDING: -2}
"""Velocity of sections above or below the average."""

STRUM_TICKS = 4
"""Ticks from one string of a strummed chord to the next."""

_LONGEST_DELAY = TICKS_PER_POSITION - 6


def apply_dynamics(sounds: list[Sound], score: LeadSheet) -> list[Sound]:
    """Return `sounds` louder in choruses and softer in introductions and breaks."""
    shades = [SHADES.get(section.kind, 0) for section in score.sections for _ in range(section.bars)]
    width = score.meter.positions
    return [sound._replace(accent=sound.accent + shades[sound.start // width]) for sound in sounds]


def perform(
    sounds: list[Sound],
    *,
    velocity: float,
    looseness: float,
    end: int,
    rng: SeededRandom,
    strummed: bool = False,
) -> list[Note]:
    """Play `sounds`: return notes in ticks, sorted, no two of one pitch sounding at once.

    Args:
        sounds: the part as written.
        velocity: the song's mean velocity.
        looseness: 0 (as exact as a machine) to 1.
        end: position at which the song is over; what starts later is left out.
        rng: decides the deviations.
        strummed: whether notes that stand together are struck one after the other, from the lowest up.
    """
    notes: list[Note] = []
    sounding: dict[int, int] = {}
    latest = 3 + 14 * looseness
    previous_start, string = -1, 0
    for sound in sorted(sounds):
        if sound.start >= end:
            continue
        string = string + 1 if sound.start == previous_start else 0
        previous_start = sound.start
        delay = int(latest * rng.uniform()) + (string * STRUM_TICKS if strummed else 0)
        start = sound.start * TICKS_PER_POSITION + min(delay, _LONGEST_DELAY)
        stop = min(sound.start + sound.length, end) * TICKS_PER_POSITION - 2
        loud = round(velocity + sound.accent + rng.spread(2.0 + 2.0 * looseness))
        note = Note(start, max(stop, start + 10), sound.pitch, min(HARDEST, max(SOFTEST, loud)))
        if (place := sounding.get(sound.pitch)) is not None:
            before = notes[place]
            if before.start // TICKS_PER_POSITION == start // TICKS_PER_POSITION:
                continue
            if before.end > start:
                notes[place] = Note(before.start, start, before.pitch, before.velocity)
        sounding[sound.pitch] = len(notes)
        notes.append(note)
    return notes
