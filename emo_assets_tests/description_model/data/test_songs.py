"""The training set as songs."""

from __future__ import annotations

import numpy as np
import pandas as pd

from emo_assets.description_model.data.songs import load_songs


def test_segments_are_joined_to_songs(training_set: pd.DataFrame) -> None:
    songs = load_songs(training_set.sample(frac=1, random_state=0), "train")

    assert [song.md5 for song in songs] == sorted(song.md5 for song in songs)
    for song in songs:
        [run] = song.bar_runs
        assert run.first_bar == 1
        assert len(run.bars) == 20
        assert run.segments == [(0, 12), (12, 20)]
        assert song.has_features


def test_a_missing_segment_separates_runs_of_bars(training_set: pd.DataFrame) -> None:
    rows = training_set[training_set["md5"] == training_set["md5"].iloc[0]]
    first, second = rows.iloc[0], rows.iloc[1]
    third = second.copy()
    third["segment"], third["first_bar"] = 3, 37
    [song] = load_songs(pd.DataFrame([first, second, third]), "train")

    assert [(run.first_bar, len(run.bars), run.segments) for run in song.bar_runs] == [
        (1, 20, [(0, 12), (12, 20)]),
        (37, 8, [(0, 8)]),
    ]


def test_a_song_without_features_is_loaded(training_set: pd.DataFrame) -> None:
    [song, *_] = load_songs(training_set.assign(energy=np.nan), "train")

    assert not song.has_features
