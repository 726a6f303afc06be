"""The spans of event tokens by kind, and masks over them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from emo_assets.tokens.vocabulary import EVENTS, MAX_BARS, MAX_POSITIONS, UNK, EventKind

Mask = NDArray[np.bool_]

BARS = EVENTS.span(EventKind.BAR)
METERS = EVENTS.span(EventKind.TIME_SIGNATURE)
POSITIONS = EVENTS.span(EventKind.POSITION)
CHORDS = EVENTS.span(EventKind.CHORD)
TEMPOS = EVENTS.span(EventKind.TEMPO)
INSTRUMENTS = EVENTS.span(EventKind.INSTRUMENT)
PITCHES = EVENTS.span(EventKind.PITCH)
DRUM_PITCHES = EVENTS.span(EventKind.PITCH_DRUM)
VELOCITIES = EVENTS.span(EventKind.VELOCITY)
DURATIONS = EVENTS.span(EventKind.DURATION)

PAST_POSITIONS = MAX_POSITIONS
"""The position of an `<unk>`, in a bar whose time signature is outside the vocabulary."""


def bar_token(number: int) -> int:
    """Return the id of `Bar_<number>`, `UNK` past the vocabulary's last bar."""
    return BARS[number] if number < MAX_BARS else UNK


def mask_of(tokens: range | int) -> Mask:
    """Return a mask of one token or of consecutive tokens, shape (1357,)."""
    mask: Mask = np.zeros(len(EVENTS), dtype=np.bool_)
    mask[slice(tokens, tokens + 1) if isinstance(tokens, int) else slice(tokens.start, tokens.stop)] = True
    return mask
