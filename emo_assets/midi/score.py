"""A MIDI file as a score: notes, instruments, pedals and bends, tempos and time signatures.

Follows pretty_midi: tempo, time and key signatures are those of the first track.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from emo_assets.midi.errors import MidiError
from emo_assets.midi.instruments import Instrument, find_instruments
from emo_assets.midi.messages import KEY_SIGNATURE, LYRICS, SET_TEMPO, TEXT, TIME_SIGNATURE
from emo_assets.midi.note_pairing import pair_notes
from emo_assets.midi.parser import Messages, read_messages
from emo_assets.midi.tempo_map import TempoMap, TimeSignature


@dataclass(frozen=True, slots=True)
class Notes:
    """The notes of a score, all arrays of shape (n,).

    Attributes:
        start: ticks.
        end: ticks, later than `start`.
        pitch: MIDI pitch.
        velocity: 1..127.
        instrument: index into `Score.instruments`.
        ended: index of the message that ended it; it orders notes of one instrument, start and pitch.
    """

    start: NDArray[np.int64]
    end: NDArray[np.int64]
    pitch: NDArray[np.int64]
    velocity: NDArray[np.int64]
    instrument: NDArray[np.int64]
    ended: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Score:
    """What a MIDI file plays.

    Attributes:
        resolution: ticks per quarter note.
        tempo_map: its tempos.
        time_signatures: its time signatures in the order of ticks; may be empty.
        instruments: the instruments, ordered by the end of their first notes.
        notes: the notes.
        end: the tick at which pretty_midi's `get_end_time` lies.
    """

    resolution: int
    tempo_map: TempoMap
    time_signatures: tuple[TimeSignature, ...]
    instruments: tuple[Instrument, ...]
    notes: Notes
    end: int


def read_midi(content: bytes) -> Score:
    """Read a MIDI file.

    Args:
        content: the file's bytes.

    Raises:
        MidiError: the file is damaged, too large, or one that pretty_midi rejects.
    """
    messages = read_messages(content)
    tempos, time_signatures, last_tick = _score_metas(messages)
    tempo_map = TempoMap(messages.resolution, tempos)
    channels = (messages.track << 4) + (messages.status & 0x0F)
    started, ended = pair_notes(messages, channels)
    instruments, instrument = find_instruments(messages, channels, ended)
    notes = Notes(
        start=messages.tick[started],
        end=messages.tick[ended],
        pitch=messages.first[started].astype(np.int64),
        velocity=messages.second[started].astype(np.int64),
        instrument=instrument,
        ended=ended,
    )
    ends = [last_tick, int(tempo_map.ticks[-1]), *(each.controls.last_tick for each in instruments)]
    if len(ended):
        ends.append(int(notes.end.max()))
    return Score(messages.resolution, tempo_map, tuple(time_signatures), instruments, notes, max(ends))


def _score_metas(messages: Messages) -> tuple[list[tuple[int, int]], list[TimeSignature], int]:
    """Return the tempos, the time signatures and the last tick of the metas that count towards the end."""
    tempos = []
    time_signatures = []
    last_tick = 0
    for track, tick, message in messages.metas:
        if message.meta_type in (TEXT, LYRICS) or (track == 0 and message.meta_type == KEY_SIGNATURE):
            last_tick = max(last_tick, tick)
        elif track == 0 and message.meta_type == SET_TEMPO:
            tempos.append((tick, int.from_bytes(message.data[:3], "big")))
        elif track == 0 and message.meta_type == TIME_SIGNATURE:
            if not message.data[0]:
                raise MidiError("parse", f"the time signature at tick {tick} has the numerator 0")
            time_signatures.append(TimeSignature(tick, message.data[0], 1 << message.data[1]))
            last_tick = max(last_tick, tick)
    return tempos, time_signatures, last_tick
