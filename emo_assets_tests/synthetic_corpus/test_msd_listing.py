from __future__ import annotations

from collections import Counter

import pytest

from emo_assets.synthetic_corpus.catalogue import Work
from emo_assets.synthetic_corpus.msd_listing import MsdRow
from emo_assets.synthetic_corpus.msd_listing import msd_rows as list_msd


@pytest.fixture(scope="module")
def msd_rows(works: list[Work]) -> list[MsdRow]:
    return list_msd(works, 0)


def test_every_song_is_listed_among_others(works: list[Work], msd_rows: list[MsdRow]) -> None:
    assert {row.work for row in msd_rows} == {*(work.number for work in works), None}


def test_identifiers_look_like_msds_and_are_unique(msd_rows: list[MsdRow]) -> None:
    assert len({row.track_id for row in msd_rows}) == len(msd_rows)
    for row in msd_rows:
        assert len(row.track_id) == len(row.song_id) == 18
        assert row.track_id[:2] == "TR"
        assert row.track_id[2:7].isalpha()
        assert row.song_id[:2] == "SO"


def test_corpora_of_other_seeds_have_other_tracks(works: list[Work], msd_rows: list[MsdRow]) -> None:
    others = list_msd(works, 1)
    assert not {row.track_id for row in msd_rows} & {row.track_id for row in others}


def test_msd_has_other_spellings_doubles_and_look_alikes(works: list[Work], msd_rows: list[MsdRow]) -> None:
    by_number = {work.number: work for work in works}
    listed = [row for row in msd_rows if row.work is not None]
    same = [row for row in listed if row.work is not None and row.title == by_number[row.work].title]
    assert 0.3 < len(same) / len(listed) < 0.7
    assert any(row.artist.isupper() for row in listed)
    assert any("Version)" in row.title for row in listed)
    assert max(Counter(row.work for row in listed).values()) == 2
    others = [row.title for row in msd_rows if row.work is None]
    for sign in (" II", "(Remix)", "(Live)", "(Karaoke Version)"):
        assert any(title.endswith(sign) for title in others), sign
