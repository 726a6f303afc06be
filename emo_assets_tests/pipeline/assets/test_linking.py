from __future__ import annotations

from pathlib import Path

from emo_assets.pipeline.assets.linking import check_links
from emo_assets_tests.pipeline.good_store import outcome, tables


def test_check_links(tmp_path: Path) -> None:
    matched, files = tables()["matched_tracks"], tables()["lakh_midi"]
    assert outcome(check_links, tmp_path, "matched_tracks", matched_tracks=matched, lakh_midi=files).passed
    none = outcome(check_links, tmp_path, "matched_tracks", matched_tracks=matched.iloc[:0])
    assert none.problems == ["only 0.00% of 30 tracks with MIDI are linked, not 1%"]
