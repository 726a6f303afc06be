from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from emo_assets.datasets.lakh import further_midi


def test_further_songs_come_without_those_at_hand_and_no_more_than_wanted(tmp_path: Path) -> None:
    sums = {}
    for number in range(20):
        content = b"MThd" + bytes([number])
        md5 = hashlib.md5(content).hexdigest()
        sums[md5] = content
        path = tmp_path / md5[0] / f"{md5}.mid"
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content)
    known = sorted(sums)[:3]
    assert list(further_midi(tmp_path, known=known, most=5)) == [sums[md5] for md5 in sorted(sums)[3:8]]
    assert len(list(further_midi(tmp_path, known=known, most=100))) == 17


@pytest.mark.realdata
def test_a_real_tree_is_read_in_order(realdata: Path) -> None:
    songs = list(further_midi(realdata / "lmd_full", known=(), most=10))
    assert len(songs) == 10
    assert all(song.startswith(b"MThd") for song in songs)
