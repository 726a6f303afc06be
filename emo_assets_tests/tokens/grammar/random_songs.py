"""Random bars to ask for, and random songs that the masks of the grammar of events allow."""

from __future__ import annotations

import random

import numpy as np
from hypothesis import strategies as st

from emo_assets.midi.general_midi import DRUMS
from emo_assets.tokens.grammar.descriptions import DescribedBar
from emo_assets.tokens.grammar.event_state import EventState
from emo_assets.tokens.vocabulary import EOS, EVENTS, TIME_SIGNATURES, EventKind


def bar_of(
    time_signature: int | None, instruments: tuple[int, ...] = tuple(range(DRUMS + 1))
) -> DescribedBar:
    """A bar to be asked for."""
    return DescribedBar(time_signature, 0, 0, 0, 0, instruments, ())


asked_bars = st.lists(
    st.builds(
        bar_of,
        st.integers(0, len(TIME_SIGNATURES) - 1),
        st.sets(st.integers(0, DRUMS), max_size=4).map(sorted).map(tuple),
    ),
    min_size=1,
    max_size=4,
)


def walk(seed: int, state: EventState, *, longest: int = 400) -> list[int]:
    """Return a random song that the masks allow; kinds are equally likely until it has `longest` tokens."""
    chance = random.Random(seed)
    ids: list[int] = []
    while True:
        allowed = np.flatnonzero(state.allowed).tolist()
        by_kind: dict[EventKind | None, list[int]] = {}
        for token in allowed:
            by_kind.setdefault(EVENTS.kind(token), []).append(token)
        kind = chance.choice(list(by_kind))
        if len(ids) > longest and (None in by_kind or EventKind.BAR in by_kind):
            kind = None if None in by_kind else EventKind.BAR
        token = chance.choice(by_kind[kind])
        if token == EOS:
            return ids
        ids.append(token)
        state = state.advance(token)
