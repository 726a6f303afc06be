"""Pairs of names as real tables have them, which must and must not be linked (`hard_pairs.tsv`)."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from emo_assets.linking.matching import link_tracks

LINES = (Path(__file__).parent / "hard_pairs.tsv").read_text(encoding="utf-8").splitlines()
PAIRS = [tuple(line.split("\t")) for line in LINES if line and not line.startswith("#")]


@pytest.mark.parametrize(("verdict", "artists", "track_name", "artist", "title"), PAIRS)
def test_only_names_of_one_recording_are_linked(
    verdict: str, artists: str, track_name: str, artist: str, title: str
) -> None:
    spotify = pd.DataFrame({"track_id": ["s"], "artists": [artists], "track_name": [track_name]})
    msd = pd.DataFrame({"msd_track_id": ["m"], "artist": [artist], "title": [title]})

    links = link_tracks(spotify, msd)

    assert len(links) == (verdict == "same")


def test_each_pair_is_labelled_and_stands_once() -> None:
    assert {pair[0] for pair in PAIRS} == {"same", "different"}
    assert len({pair[1:] for pair in PAIRS}) == len(PAIRS)
    assert len(PAIRS) >= 150
