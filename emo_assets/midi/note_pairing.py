"""Note-ons and note-offs to notes, as pretty_midi pairs them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from emo_assets.midi.parser import Messages


def pair_notes(
    messages: Messages, channels: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Pair the messages that start notes with those that end them.

    Args:
        messages: the file's messages.
        channels: track * 16 + channel of each message, shape (messages,).

    Returns:
        The indices of the messages that start and that end each note, shape (n,) each, ordered by channel,
        pitch and start.
    """
    kinds = messages.status >> 4
    switches = np.flatnonzero((kinds == 8) | (kinds == 9))
    keys = (channels[switches] << 7) + messages.first[switches]
    order = stable_argsort(keys)
    switches, keys = switches[order], keys[order]
    ticks = messages.tick[switches]
    is_on = (kinds[switches] == 9) & (messages.second[switches] > 0)
    count = len(switches)
    # A note-off ends all sounding notes of its channel and pitch.
    next_off = np.minimum.accumulate(np.where(is_on, count, np.arange(count))[::-1])[::-1]
    ons = np.flatnonzero(is_on)
    ons = ons[next_off[ons] < count]
    ons = ons[keys[ons] == keys[next_off[ons]]]
    offs = next_off[ons]
    if (at_once := ticks[ons] == ticks[offs]).any():
        by_hand = np.isin(keys[ons], np.unique(keys[ons[at_once]]))
        pairs = _pairs_by_hand(keys, ticks, is_on, np.unique(keys[ons[at_once]]))
        ons = np.concatenate((ons[~by_hand], pairs[:, 0]))
        offs = np.concatenate((offs[~by_hand], pairs[:, 1]))
        order = np.argsort(ons, kind="stable")
        ons, offs = ons[order], offs[order]
    return switches[ons], switches[offs]


def _pairs_by_hand(
    keys: NDArray[np.int64], ticks: NDArray[np.int64], is_on: NDArray[np.bool_], wanted: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Pair note-ons and note-offs of the keys with notes that start and end at the same tick.

    A note-off does not end a note that started at its own tick if it ends another one; if it ends none, the
    notes of its tick are dropped.

    Returns:
        Indices of ons and offs, shape (n, 2).
    """
    pairs: list[tuple[int, int]] = []
    for first, last in zip(
        np.searchsorted(keys, wanted), np.searchsorted(keys, wanted, "right"), strict=True
    ):
        sounding: list[tuple[int, int]] = []
        switches = zip(ticks[first:last].tolist(), is_on[first:last].tolist(), strict=True)
        for place, (tick, on) in enumerate(switches, int(first)):
            if on:
                sounding.append((tick, place))
                continue
            ended = [start for start_tick, start in sounding if start_tick != tick]
            pairs.extend((start, place) for start in ended)
            sounding = [note for note in sounding if note[0] == tick] if ended else []
    return np.array(pairs, dtype=np.int64).reshape(-1, 2)


def stable_argsort(keys: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the stable order that sorts non-negative keys."""
    if len(keys) and keys.max() < 1 << 16:
        return np.argsort(keys.astype(np.uint16), kind="stable")  # numpy's radix sort
    return np.argsort(keys, kind="stable")
