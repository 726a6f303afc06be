"""What is rewritten of damaged files, against mido."""

from __future__ import annotations

import random
from collections import Counter
from contextlib import suppress

from hypothesis import given, settings
from hypothesis import strategies as st

from emo_assets.midi.errors import MidiError
from emo_assets.midi.parser import read_messages
from emo_assets.midi.rewrite import Repair, rewrite
from emo_assets.midi.score import read_midi
from emo_assets_tests.midi.damaged_files import DAMAGES
from emo_assets_tests.midi.random_files import random_file
from emo_assets_tests.midi.test_parser import SMALL, mido_messages
from emo_assets_tests.midi.test_repair import notes


@settings(max_examples=300)
@given(st.sampled_from(SMALL), st.integers(0, 2**32), st.sampled_from(sorted(DAMAGES)), st.integers(0, 8))
def test_what_is_rewritten_is_read_by_mido(content: bytes, seed: int, name: str, flips: int) -> None:
    chance = random.Random(seed)
    if seed % 2:
        content = random_file(seed)
    with suppress(MidiError, IndexError, ValueError):  # too small for this damage
        content = DAMAGES[name](content, chance)
    damaged = bytearray(content)
    for _ in range(flips if damaged else 0):
        damaged[chance.randrange(len(damaged))] = chance.randrange(256)
    _assert_rewritten_for_mido(bytes(damaged))


@given(st.binary(max_size=300))
def test_random_tracks_are_rewritten_for_mido(content: bytes) -> None:
    _assert_rewritten_for_mido(content)
    _assert_rewritten_for_mido(b"MThd\0\0\0\6\0\1\0\1\1\xe0MTrk" + len(content).to_bytes(4, "big") + content)


def _assert_rewritten_for_mido(content: bytes) -> None:
    repairs: Counter[Repair] = Counter()
    try:
        rewritten = rewrite(content, repairs)
    except MidiError:  # no header or no track
        return
    assert mido_messages(rewritten) is not None
    assert len(rewritten) <= len(content) + 32 + 4 * content.count(b"MTrk")
    try:
        read_messages(content)
    except MidiError:
        assert +repairs


@given(st.integers(0, 2**32))
def test_rewriting_a_good_file_changes_no_note(seed: int) -> None:
    content = random_file(seed)
    repairs: Counter[Repair] = Counter()
    rewritten = rewrite(content, repairs)
    assert not +repairs
    assert notes(read_midi(rewritten)) == notes(read_midi(content))
