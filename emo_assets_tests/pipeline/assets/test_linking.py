from __future__ import annotations

from emo_assets.pipeline.assets.linking import check_links
from emo_assets_tests.pipeline.good_store import tables


def test_links_must_be_enough_and_mostly_exact() -> None:
    matched, files = tables()["matched_tracks"], tables()["lakh_midi"]
    assert check_links(matched, files).passed
    none = check_links(matched.iloc[:0], files)
    assert none.problems == ["only 0.00% of 30 tracks with MIDI are linked, not 1%"]
