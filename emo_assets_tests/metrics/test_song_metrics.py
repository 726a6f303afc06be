from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from emo_assets.errors import InputError
from emo_assets.metrics.song_metrics import MeasuredSong, measure, measure_midi
from emo_assets.midi.writer import encode_midi
from emo_assets.synthetic_corpus.composition import compose_song
from emo_assets.synthetic_corpus.sampling import sample_songs
from emo_assets_tests.metrics.songs import PIANO, STRINGS, build_song, chord, drums, melodic, note

COMPOSED_SONGS = 60


def test_a_song_is_measured_as_a_whole() -> None:
    parts = [melodic(STRINGS, chord(0, (57, 60, 64), 8)), drums([note(beat, 36, 0.1) for beat in range(8)])]
    metrics = measure_midi(encode_midi(parts, tempos=[(0, 96.0)]))
    assert metrics.tempo == pytest.approx(96, abs=0.01)
    assert metrics.time_signature == "4/4"
    assert metrics.bars == 2
    assert metrics.notes == 11
    assert metrics.instruments == ("String Ensemble 1", "drum")
    assert metrics.key_name == "A minor"
    assert metrics.seconds == pytest.approx(5, abs=0.01)


@pytest.mark.parametrize("parts", [[], [drums([note(0, 36)])], [melodic(PIANO, [note(0, 60)])]])
def test_as_dict_is_json_without_nan(parts: list) -> None:  # type: ignore[type-arg]
    values = measure_midi(encode_midi(parts)).as_dict()
    assert json.loads(json.dumps(values, allow_nan=False)) == values


def test_drums_alone_have_no_key() -> None:
    metrics = measure(build_song(drums([note(0, 36)])))
    assert metrics.key is None
    assert metrics.mode is None
    assert metrics.key_name == "no key"


def test_other_files_are_rejected() -> None:
    for read in (measure_midi, MeasuredSong.from_midi):
        with pytest.raises(InputError):
            read(b"no music")


def test_importing_metrics_does_not_import_pretty_midi() -> None:
    code = "import sys, emo_assets.metrics.song_metrics; print('pretty_midi' in sys.modules)"
    finished = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert finished.stdout.strip() == "False"


@pytest.fixture(scope="module")
def composed() -> pd.DataFrame:
    """Requested features (`asked_…`) and metrics, one row per composed song."""
    rows = []
    for plan in sample_songs(COMPOSED_SONGS, seed=5):
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
        ("energy", "note_density", 0.4),
        ("loudness", "mean_velocity", 0.65),
        ("valence", "major_share", 0.65),
        ("danceability", "groove_regularity", 0.5),
        ("acousticness", "acoustic_share", 0.7),
    ],
)
def test_measures_follow_their_features(
    composed: pd.DataFrame, feature: str, measure: str, least: float
) -> None:
    """No metric follows one feature alone: variants of a song reach the same feelings by other means."""
    assert rank_correlation(composed, f"asked_{feature}", measure) >= least


def test_lead_share_follows_the_sung_share(composed: pd.DataFrame) -> None:
    correlation = np.corrcoef(composed["sung_share"], composed["leadless_share"])[0, 1]
    assert correlation <= -0.75


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
