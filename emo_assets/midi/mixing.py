"""The mix of a song: where its instruments lie between left and right, how loud they are and how they echo.

Written as control changes, which any synthesizer follows. FIGARO's representation leaves them out.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from typing import NamedTuple

from emo_assets.midi.general_midi import DRUMS
from emo_assets.midi.writer import Part

VOLUME, PAN, EXPRESSION, REVERB, CHORUS = 7, 10, 11, 91, 93
"""Numbers of the controllers."""


class Mix(NamedTuple):
    """How an instrument is mixed.

    Attributes:
        side: how far left or right of the centre it lies, 0 to 63.
        volume: its level, 0 to 127; 100 is 4 dB below the greatest.
        reverb: how much of it goes to the reverb, 0 to 127.
        chorus: how much of it goes to the chorus, 0 to 127.
    """

    side: int
    volume: int
    reverb: int
    chorus: int = 0


MIXES = {
    "piano": Mix(28, 98, 40),
    "chromatic percussion": Mix(40, 88, 56),
    "organ": Mix(32, 84, 36, 24),
    "guitar": Mix(44, 90, 36, 12),
    "bass": Mix(0, 106, 6),
    "strings": Mix(20, 94, 60),
    "ensemble": Mix(36, 80, 70, 12),
    "brass": Mix(26, 88, 48),
    "reed": Mix(8, 104, 48),
    "pipe": Mix(8, 104, 60),
    "synth lead": Mix(8, 98, 44, 24),
    "synth pad": Mix(48, 76, 64, 44),
    "synth effects": Mix(52, 72, 70, 32),
    "ethnic": Mix(30, 92, 44),
    "percussive": Mix(40, 88, 44),
    "sound effects": Mix(50, 70, 60),
    "drums": Mix(0, 106, 20),
}
"""The mix of General MIDI's families of eight programs, and of the drums.

Bass and drums are in the centre and dry, what often leads is near it and loud, what accompanies is to the
sides, softer and farther back.
"""

SWELLING_PROGRAMS = frozenset({*range(40, 45), *range(48, 55), *range(88, 96)})
"""Bowed strings, ensembles, choirs and pads: what swells while it is held."""

_STANDARD, _ROOM, _POWER, _ELECTRONIC, _JAZZ, _BRUSH = 0, 8, 16, 24, 32, 40
_ACOUSTIC, _ELECTRIC = 0.6, 0.3
_CALM, _ENERGETIC, _DANCEABLE = 0.45, 0.75, 0.7

_CENTRE = 64
_SWELL = (88, 118)
_BARS_PER_SWELL, _STEPS_PER_SWELL = 4, 16
_FAMILIES = tuple(MIXES.values())


def mix_parts(parts: Sequence[Part], bar_starts: Sequence[int]) -> list[Part]:
    """Return parts with the control changes of their mix.

    Instruments lie left and right by turns, from the widest to the narrowest, so that two of the same side
    lie apart; the last one without a partner is in the centre.

    Args:
        parts: the parts of a song.
        bar_starts: ticks at which its bars start. Expression rises and falls once in four bars, where the
            instrument swells, up to the start of the last note.
    """
    mixes = [_FAMILIES[(DRUMS if part.is_drum else part.program) // 8] for part in parts]
    pans = _pans([mix.side for mix in mixes])
    last_note = max((note.start for part in parts for note in part.notes), default=0)
    swell = _swell([*(tick for tick in bar_starts[::_BARS_PER_SWELL] if tick < last_note), last_note])
    mixed = []
    for part, mix, pan in zip(parts, mixes, pans, strict=True):
        levels = ((VOLUME, mix.volume), (PAN, pan), (REVERB, mix.reverb), (CHORUS, mix.chorus))
        swells = not part.is_drum and part.program in SWELLING_PROGRAMS
        controls = [(0, controller, value) for controller, value in levels]
        mixed.append(replace(part, controls=controls + (swell if swells else [])))
    return mixed


def _pans(sides: Sequence[int]) -> list[int]:
    """Return the pan of each instrument, 1 to 127."""
    pans = [_CENTRE] * len(sides)
    wide = sorted((number for number, side in enumerate(sides) if side), key=lambda number: -sides[number])
    for place, number in enumerate(wide):
        if place % 2 or place + 1 < len(wide):
            pans[number] = _CENTRE + (sides[number] if place % 2 else -sides[number])
    return pans


def _swell(edges: Sequence[int]) -> list[tuple[int, int, int]]:
    """Return the changes of expression between successive edges: from soft to loud and back."""
    soft, loud = _SWELL
    return [
        (
            start + (end - start) * step // _STEPS_PER_SWELL,
            EXPRESSION,
            round(soft + (loud - soft) * math.sin(math.pi * step / _STEPS_PER_SWELL)),
        )
        for start, end in pairwise(edges)
        for step in range(_STEPS_PER_SWELL)
    ]


def drum_kit(acousticness: float, energy: float, danceability: float) -> int:
    """Return the drum kit that suits audio features, 0 to 1, as a General MIDI 2 program of the drum channel.

    Acoustic songs have brushes, a jazz kit or a room kit, from calm to energetic; electric ones to dance to
    an electronic kit; others the standard kit, or a power kit if they are energetic.
    """
    if acousticness >= _ACOUSTIC:
        return _BRUSH if energy < _CALM else _JAZZ if energy < _ENERGETIC else _ROOM
    if acousticness < _ELECTRIC and danceability >= _DANCEABLE:
        return _ELECTRONIC
    return _POWER if energy >= _ENERGETIC else _STANDARD
