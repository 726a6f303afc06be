"""Metrics of composed songs compared with their requested features, and of real songs with Spotify's."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from emo_assets.errors import InputError
from emo_assets.metrics.song_metrics import measure_midi
from emo_assets.synthetic_corpus.composition import compose_song
from emo_assets.synthetic_corpus.sampling import sample_songs

SONGS = 60


@pytest.fixture(scope="module")
def composed() -> pd.DataFrame:
    """Requested features (`asked_…`) and metrics, one row per composed song."""
    rows = []
    for plan in sample_songs(SONGS, seed=5):
        song = compose_song(plan.features, plan.style, plan.bars, plan.seed)
        asked = {f"asked_{name}": value for name, value in plan.features.model_dump().items()}
        truth = {"asked_bars": plan.bars, "sung_share": song.sheet.params.sung_share}
        rows.append(asked | truth | measure_midi(song.to_midi()).as_dict())
    return pd.DataFrame(rows)


def rank_correlation(table: pd.DataFrame, one: str, other: str) -> float:
    ranks = table[[one, other]].astype(float).dropna().rank().to_numpy()
    return float(np.corrcoef(ranks.T)[0, 1])


def test_tempo_and_meter_are_exact(composed: pd.DataFrame) -> None:
    assert (composed["tempo"] - composed["asked_tempo"]).abs().max() < 0.01
    assert (composed["beats_in_bar"] == composed["asked_time_signature"]).all()


def test_bars_are_right_but_for_held_endings(composed: pd.DataFrame) -> None:
    assert (composed["bars"] == composed["asked_bars"]).mean() >= 0.95


def test_key_and_mode_are_right(composed: pd.DataFrame) -> None:
    key, mode = composed["key"] == composed["asked_key"], composed["mode"] == composed["asked_mode"]
    assert (key & mode).mean() >= 0.95


@pytest.mark.parametrize(
    ("feature", "measure", "least"),
    [
        ("energy", "note_density", 0.85),
        ("loudness", "mean_velocity", 0.9),
        ("valence", "major_share", 0.65),
        ("danceability", "groove_regularity", 0.8),
        ("acousticness", "acoustic_share", 0.85),
    ],
)
def test_measures_follow_their_features(
    composed: pd.DataFrame, feature: str, measure: str, least: float
) -> None:
    assert rank_correlation(composed, f"asked_{feature}", measure) >= least


def test_lead_share_follows_the_sung_share(composed: pd.DataFrame) -> None:
    correlation = np.corrcoef(composed["sung_share"], composed["leadless_share"])[0, 1]
    assert correlation <= -0.85


@pytest.mark.realdata
def test_metrics_of_real_songs_agree_with_spotify(realdata: Path) -> None:
    """One link in six is wrong and Spotify's values are estimates, too: chance and truth both set bounds."""
    links = pd.read_csv(realdata / "linked_triples.csv").drop_duplicates("midi_md5").head(80)
    table = (
        pd.read_csv(realdata / "spotify" / "dataset.csv").drop_duplicates("track_id").set_index("track_id")
    )
    paths = {path.stem: path for path in (realdata / "lmd_matched").rglob("*.mid")}
    rows = []
    for md5, track in zip(links["midi_md5"], links["spotify_track_id"], strict=True):
        if md5 in paths and track in table.index:
            try:
                metrics = measure_midi(paths[md5].read_bytes())
            except InputError:
                continue
            spotify = {f"asked_{name}": table.loc[track, name] for name in ("key", "mode", "acousticness")}
            rows.append(spotify | metrics.as_dict())
    songs = pd.DataFrame(rows)
    assert len(songs) >= 60
    assert (songs["key"] == songs["asked_key"]).mean() > 0.3
    assert (songs["mode"] == songs["asked_mode"]).mean() > 0.55
    assert rank_correlation(songs, "asked_acousticness", "acoustic_share") > 0.15
