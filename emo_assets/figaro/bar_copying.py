"""Pointers into earlier bars: which event comes next if a bar repeats the bar 1, 2, 4 or 8 before it.

Music repeats by bars and phrases, and a window of the network holds only about two bars. The pointers reach
farther. Source of the idea: the structure-related bars of Museformer (Yu et al., 2022, arXiv 2210.10349);
the pointers themselves are those of a pointer-generator network (See et al., 2017, arXiv 1704.04368).
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Container, Sequence
from itertools import count
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from emo_assets.tokens.grammar.event_constraints import note_order
from emo_assets.tokens.grammar.event_tokens import BARS, INSTRUMENTS, METERS, POSITIONS
from emo_assets.tokens.vocabulary import EVENTS, MAX_BARS, PAD

COPY_LAGS = (1, 2, 4, 8)
"""Bars back, of each pointer."""

_NOTE_TOKENS = 4
"""Instrument, pitch, velocity, duration."""


class BarItem(NamedTuple):
    """A chord, a tempo or a note of a bar; items compare in the order of events.

    Attributes:
        position: in the bar.
        order: 0 for a chord or a tempo, which come before drums, which come before programs.
        pitch: token of a note's pitch; for a chord or a tempo the number of earlier ones at the position.
        tokens: the item's tokens after its Position.
    """

    position: int
    order: int
    pitch: int
    tokens: tuple[int, ...]

    @classmethod
    def from_tokens(cls, item: Sequence[int], earlier: Container[tuple[int, int, int]]) -> BarItem:
        """Read a whole item.

        Args:
            item: its tokens, from its Position on.
            earlier: position, order and pitch of the earlier items of its bar.
        """
        position, order = item[0] - POSITIONS.start, _order(item[1])
        pitch = item[2] if order else next(n for n in count() if (position, order, n) not in earlier)
        return cls(position, order, pitch, tuple(item[1:]))


def _order(token: int) -> int:
    """Return the order of an item whose first token after the Position is `token`."""
    return 1 + note_order(token - INSTRUMENTS.start) if token in INSTRUMENTS else 0


class CopyPointers:
    """Follows a song token by token, with a pointer into the bar of each lag.

    A pointer stands at the first item of its bar that comes after the present bar's last item, among those
    that agree with what the present item has so far: a note that is begun with its position and instrument
    points to the next note of that instrument at that position.
    """

    def __init__(self) -> None:
        self._bars: list[list[BarItem]] = []
        self._meters: list[int] = []
        self._keys: set[tuple[int, int, int]] = set()  # of the bar's whole items
        self._last: tuple[int, ...] = ()  # position, order and pitch of the bar's last whole item
        self._item: list[int] = []  # tokens of an item that is begun

    def advance(self, event: int) -> None:
        """Append a token of the song."""
        if event in BARS:
            self._bars.append([])
            self._meters.append(PAD)
            self._keys.clear()
            self._last, self._item = (), []
        elif event in METERS:
            self._meters[-1] = event
        elif event in POSITIONS:
            self._item = [event]
        elif self._item:
            self._item.append(event)
            if len(self._item) == (1 + _NOTE_TOKENS if self._item[1] in INSTRUMENTS else 2):
                item = BarItem.from_tokens(self._item, self._keys)
                insort(self._bars[-1], item)
                self._keys.add(item[:3])
                self._last, self._item = item[:3], []

    def suggest(self) -> tuple[int, ...]:
        """Return the next event if the song repeats the bar of each lag, `PAD` for none; (lags,)."""
        bar = len(self._bars) - 1
        return tuple(self.suggestion(bar - lag) if bar >= lag else PAD for lag in COPY_LAGS)

    def suggestion(self, bar: int) -> int:
        """Return the event that comes next if the song repeats an earlier bar, counted from 0."""
        if self._meters[-1] == PAD:
            return self._meters[bar]
        items, begun = self._bars[bar], self._item
        after = (*self._last, (len(EVENTS),)) if self._last else ()  # sorts after every equal item
        if not begun:
            index = bisect_left(items, after)
            if index < len(items):
                return POSITIONS[items[index].position]
            return BARS[len(self._bars) + 1] if len(self._bars) + 1 < MAX_BARS else PAD
        given = (begun[0] - POSITIONS.start, *map(_order, begun[1:2]), *begun[2:3])
        index = bisect_left(items, max(after, given) if len(begun) < _NOTE_TOKENS - 1 else given)
        for candidate in items[index : index + 1] + items[max(index - 1, 0) : index]:
            if candidate[: min(len(given), 2)] == given[:2]:
                return candidate.tokens[len(begun) - 1]
            if len(begun) < _NOTE_TOKENS - 1:
                break
        return PAD


def copied_events(events: NDArray[np.int64]) -> NDArray[np.int16]:
    """Return what the pointers suggest after each token of a song.

    Args:
        events: token ids from `<bos>` on, (time,).

    Returns:
        (time, lags): row t suggests token t + 1.
    """
    pointers = CopyPointers()
    suggested = []
    for event in events.tolist():
        pointers.advance(event)
        suggested.append(pointers.suggest())
    return np.array(suggested, np.int16)
