from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from emo_assets.midi.note_pairing import pair_notes, stable_argsort
from emo_assets.midi.parser import read_messages
from emo_assets_tests.midi.test_parser import file_of

ON, OFF = 0x90, 0x80
Event = tuple[int, int, int, int]
"""Delta in ticks, status byte, pitch and velocity."""


def paired(*events: Event) -> list[tuple[int, int, int]]:
    """Return (pitch, start, end) of the notes of one track."""
    track = b"".join(bytes(event) for event in events) + b"\x00\xff\x2f\x00"
    messages = read_messages(file_of(track))
    channels = (messages.track << 4) + (messages.status & 0x0F)
    starts, ends = pair_notes(messages, channels)
    assert (messages.first[starts] == messages.first[ends]).all()
    assert (channels[starts] == channels[ends]).all()
    ticks: NDArray[np.int64] = messages.tick
    return list(
        zip(messages.first[starts].tolist(), ticks[starts].tolist(), ticks[ends].tolist(), strict=True)
    )


def test_a_note_ends_at_the_next_note_off_of_its_pitch() -> None:
    notes = paired((0, ON, 60, 80), (10, ON, 64, 80), (10, OFF, 60, 0), (10, OFF, 64, 0))
    assert notes == [(60, 0, 20), (64, 10, 30)]


def test_a_note_on_of_velocity_zero_is_a_note_off() -> None:
    assert paired((0, ON, 60, 80), (10, ON, 60, 0)) == [(60, 0, 10)]


def test_a_note_off_ends_all_notes_of_its_pitch() -> None:
    assert paired((0, ON, 60, 80), (10, ON, 60, 80), (10, OFF, 60, 0)) == [(60, 0, 20), (60, 10, 20)]


def test_notes_of_other_channels_and_notes_without_an_end_are_left_out() -> None:
    assert paired((0, ON, 60, 80), (10, OFF | 1, 60, 0), (10, ON, 62, 80)) == []


def test_a_note_off_ends_an_earlier_note_before_one_of_its_own_tick() -> None:
    notes = paired((0, ON, 60, 80), (10, ON, 60, 80), (0, OFF, 60, 0), (10, OFF, 60, 0))
    assert notes == [(60, 0, 10), (60, 10, 20)]


def test_a_note_without_length_is_dropped() -> None:
    assert paired((0, ON, 60, 80), (0, OFF, 60, 0), (10, OFF, 60, 0)) == []


@given(st.lists(st.integers(0, 1 << 20)))
def test_keys_are_sorted_stably(keys: list[int]) -> None:
    order = stable_argsort(np.array(keys, dtype=np.int64))
    assert order.tolist() == sorted(range(len(keys)), key=keys.__getitem__)
