"""The instruments of a MIDI file, the programs of its channels, and the controls that reach each instrument.

Follows pretty_midi. An instrument is one program on one channel of one track; pretty_midi creates it when its
first note ends. A control belongs to the instrument with the channel's program at that moment. If that does
not exist yet, the control waits, and each instrument of the channel that is created from then on gets all
controls that wait there, now or later, as its own.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from emo_assets.midi.errors import MidiError
from emo_assets.midi.general_midi import DRUM_CHANNEL, DRUMS
from emo_assets.midi.note_pairing import stable_argsort
from emo_assets.midi.parser import Messages

MAX_INSTRUMENTS = 2048
"""A real file has a few dozen."""

SUSTAIN_PEDAL = 64
PEDAL_DOWN = 64
"""Lowest value of a sustain pedal that is down."""

_NEVER = 1 << 62


@dataclass(frozen=True, slots=True)
class Controls:
    """The control changes and pitch bends of an instrument.

    Attributes:
        pedal_downs: ticks at which the sustain pedal goes down and later up again, ascending, shape (spans,).
        pedal_ups: ticks at which it goes up, shape (spans,).
        bend_ticks: ticks of pitch bends, ascending, shape (bends,).
        bend_amounts: the bends, -8192..8191, shape (bends,); empty when all are 0.
        last_tick: tick of the last control of any kind, -1 without controls.
    """

    pedal_downs: NDArray[np.int64]
    pedal_ups: NDArray[np.int64]
    bend_ticks: NDArray[np.int64]
    bend_amounts: NDArray[np.int64]
    last_tick: int


@dataclass(frozen=True, slots=True)
class Instrument:
    """One program on one channel of one track.

    Attributes:
        program: General MIDI program, 128 for drums.
        controls: what reaches it; instruments of one channel may share it.
    """

    program: int
    controls: Controls


@dataclass(frozen=True, slots=True)
class _Cells:
    """One cell for each program of each channel with notes: row * 128 + program.

    Attributes:
        rows: the channels with notes, ascending, shape (rows,).
        created: the message that creates a cell's instrument, `_NEVER` without one, shape (rows * 128,).
        used: the cells with an instrument, in the order of creation, shape (instruments,).
    """

    rows: NDArray[np.int64]
    created: NDArray[np.int64]
    used: NDArray[np.int64]


def find_instruments(
    messages: Messages, channels: NDArray[np.int64], ended: NDArray[np.int64]
) -> tuple[tuple[Instrument, ...], NDArray[np.int64]]:
    """Find the instruments.

    Args:
        messages: the file's messages.
        channels: track * 16 + channel of each message, shape (messages,).
        ended: index of the message that ended each note, ordered by channel, shape (n,).

    Returns:
        The instruments in the order of their creation, and the index of each note's, shape (n,).

    Raises:
        MidiError: there are too many of them.
    """
    if not len(ended):
        return (), np.zeros(0, dtype=np.int64)
    programs = _Programs(messages, channels)
    playing = channels[ended]
    is_new = np.ones(len(playing), dtype=np.bool_)
    np.not_equal(playing[1:], playing[:-1], out=is_new[1:])
    rows = playing[is_new]
    if len(rows) > MAX_INSTRUMENTS:
        raise MidiError("limits", f"notes are on {len(rows)} channels, more than {MAX_INSTRUMENTS}")
    cell_of_note = ((np.cumsum(is_new) - 1) << 7) + programs.at(ended, playing)
    created = np.full(len(rows) << 7, _NEVER)
    np.minimum.at(created, cell_of_note, ended)
    used = np.flatnonzero(created < _NEVER)
    if len(used) > MAX_INSTRUMENTS:
        raise MidiError("limits", f"there are {len(used)} instruments, more than {MAX_INSTRUMENTS}")
    cells = _Cells(rows, created, used[np.argsort(created[used])])
    instrument_of_cell = np.zeros(len(created), dtype=np.int64)
    instrument_of_cell[cells.used] = np.arange(len(used))
    instruments = tuple(
        Instrument(DRUMS if rows[cell >> 7] & 0xF == DRUM_CHANNEL else cell & 0x7F, controls)
        for cell, controls in zip(
            cells.used.tolist(), _controls(messages, channels, programs, cells), strict=True
        )
    )
    return instruments, instrument_of_cell[cell_of_note]


class _Programs:
    """The program of each channel of each track at each message."""

    def __init__(self, messages: Messages, channels: NDArray[np.int64]) -> None:
        changes = np.flatnonzero(messages.status >> 4 == 0xC)
        order = np.argsort(channels[changes], kind="stable")
        changes = changes[order]
        self._channels = channels[changes]
        self._programs = messages.first[changes].astype(np.int64)
        self._keys = (self._channels << 32) + changes

    def at(self, places: NDArray[np.int64], channels: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the program of each message's channel at that message, shape (n,)."""
        if not len(self._keys):
            return np.zeros(len(places), dtype=np.int64)
        change = np.searchsorted(self._keys, (channels << 32) + places) - 1
        known = (change >= 0) & (self._channels[change] == channels)
        return np.where(known, self._programs[change], 0)


def _controls(
    messages: Messages, channels: NDArray[np.int64], programs: _Programs, cells: _Cells
) -> list[Controls]:
    """Return the controls of each instrument, in the order of `cells.used`."""
    kinds = messages.status >> 4
    places = np.flatnonzero((kinds == 0xB) | (kinds == 0xE))
    row = np.minimum(np.searchsorted(cells.rows, channels[places]), len(cells.rows) - 1)
    plays = cells.rows[row] == channels[places]
    places, row = places[plays], row[plays]
    cell = (row << 7) + programs.at(places, channels[places])
    created = cells.created[cell]
    waits = created > places
    first_waiting = np.full(len(cells.rows), _NEVER)
    np.minimum.at(first_waiting, row[waits], places[waits])
    # An instrument has the controls of its own cell, unless some waited at its creation: then all that wait.
    # Lists of controls are numbered like the cells; those of waiting controls, one per row, follow them.
    waits |= created > first_waiting[row]
    lists = np.where(waits, len(cells.created) + row, cell)
    order = stable_argsort(lists)
    places, lists = places[order], lists[order]
    rows_of_instruments = cells.used >> 7
    waited = cells.created[cells.used] > first_waiting[rows_of_instruments]
    wanted = np.where(waited, len(cells.created) + rows_of_instruments, cells.used)
    bounds = np.searchsorted(lists, [wanted, wanted + 1]).T.tolist()
    shared: dict[int, Controls] = {}
    for number, (first, last) in zip(wanted.tolist(), bounds, strict=True):
        if number not in shared:
            shared[number] = _read_controls(messages, places[first:last])
    return [shared[number] for number in wanted.tolist()]


def _read_controls(messages: Messages, places: NDArray[np.int64]) -> Controls:
    """Read the control changes and pitch bends among the messages at some indices."""
    last_tick = int(messages.tick[places[-1]]) if len(places) else -1
    is_bend = messages.status[places] >= 0xE0
    bends = places[is_bend]
    amounts = messages.first[bends].astype(np.int64) + (messages.second[bends].astype(np.int64) << 7) - 8192
    if not amounts.any():
        bends, amounts = bends[:0], amounts[:0]
    pedals = places[~is_bend & (messages.first[places] == SUSTAIN_PEDAL)]
    is_down = np.concatenate(([False], messages.second[pedals] >= PEDAL_DOWN))
    pedal_ticks = messages.tick[pedals]
    ups = pedal_ticks[is_down[:-1] & ~is_down[1:]]
    downs = pedal_ticks[is_down[1:] & ~is_down[:-1]][: len(ups)]
    return Controls(downs, ups, messages.tick[bends], amounts, last_tick)
