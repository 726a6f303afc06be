"""Messages to a score: notes, who plays them, pedals and bends, tempos and time signatures.

Follows pretty_midi: tempo, meter and key are read from the first track only, and what counts as the end of a
piece. Seconds, beats and bars are `timing`'s and `bars`' business.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from emo_assets.midi.errors import MidiError
from emo_assets.midi.instruments import Part, find_instruments
from emo_assets.midi.messages import KEY_SIGNATURE, LYRICS, SET_TEMPO, TEXT, TIME_SIGNATURE
from emo_assets.midi.note_pairing import pair_notes
from emo_assets.midi.parser import Messages
from emo_assets.midi.tempo_map import TempoMap, TimeSignature


@dataclass(frozen=True, slots=True)
class Notes:
    """The notes of a score, all arrays of shape (n,).

    Attributes:
        start: ticks.
        end: ticks, later than `start`.
        pitch: MIDI pitch.
        velocity: 1..127.
        part: index into `Score.parts`.
        ended: index of the message that ended it; notes of one part are told apart by it where start and
            pitch are equal.
    """

    start: NDArray[np.int64]
    end: NDArray[np.int64]
    pitch: NDArray[np.int64]
    velocity: NDArray[np.int64]
    part: NDArray[np.int64]
    ended: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Score:
    """A piece.

    Attributes:
        resolution: ticks a quarter note.
        tempo_map: its tempos.
        time_signatures: its time signatures in the order of ticks; may be empty.
        parts: who plays, in the order in which their first notes end.
        notes: what they play.
        end: tick of the last thing that counts as music.
    """

    resolution: int
    tempo_map: TempoMap
    time_signatures: tuple[TimeSignature, ...]
    parts: tuple[Part, ...]
    notes: Notes
    end: int


def read_score(messages: Messages) -> Score:
    """Make a score of a file's messages.

    Raises:
        MidiError: pretty_midi would refuse them, or they have absurdly many channels.
    """
    tempos, time_signatures, last_tick = _score_metas(messages)
    tempo_map = TempoMap(messages.resolution, tempos)
    channels = (messages.track << 4) + (messages.status & 0x0F)
    started, ended = pair_notes(messages, channels)
    parts, part = find_instruments(messages, channels, ended)
    notes = Notes(
        start=messages.tick[started],
        end=messages.tick[ended],
        pitch=messages.first[started].astype(np.int64),
        velocity=messages.second[started].astype(np.int64),
        part=part,
        ended=ended,
    )
    ends = [last_tick, int(tempo_map.ticks[-1]), *(part.controls.last_tick for part in parts)]
    if len(ended):
        ends.append(int(notes.end.max()))
    return Score(messages.resolution, tempo_map, tuple(time_signatures), parts, notes, max(ends))


def _score_metas(messages: Messages) -> tuple[list[tuple[int, int]], list[TimeSignature], int]:
    """Return the tempos, the time signatures and the last tick of all metas that count as music."""
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
