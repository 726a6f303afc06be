from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from emo_assets import bundle_ear
from emo_assets.features import FEATURE_NAMES, FeatureVector
from emo_assets.metrics import ear, ear_learning
from emo_assets.metrics.ear import RULE_METRICS, Ear, default_ear
from emo_assets.metrics.ear_metrics import EAR_METRICS

SONGS = 70


@pytest.fixture
def shipped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file that would be shipped, in a package of its own, and quick learning."""
    for name, number in {"FOLDS": 2, "REPEATS": 1, "RESAMPLES": 50, "BOOSTING_ROUNDS": 5}.items():
        monkeypatch.setattr(ear_learning, name, number)
    package = tmp_path / "package"
    package.mkdir()
    monkeypatch.setattr(ear, "__file__", str(package / "ear.py"))
    return package / "default_ear.json"


def write_songs(store: Path, songs: int) -> None:
    rng = np.random.default_rng(0)
    table = pd.DataFrame([FeatureVector().model_dump()] * songs)[list(FEATURE_NAMES)]
    table = table.assign(
        energy=rng.uniform(size=songs),
        artist=[f"artist {number}" for number in range(songs)],
        ear_metrics=list(rng.uniform(size=(songs, len(EAR_METRICS)))),
        **{f"heard_{name}": rng.uniform(size=songs) for name in RULE_METRICS.values()},
    )
    (store / "assets").mkdir(parents=True)
    table.to_parquet(store / "assets" / "song_metrics.parquet")


def test_an_ear_with_its_card_is_written(tmp_path: Path, shipped: Path) -> None:
    write_songs(tmp_path / "data", SONGS)
    assert bundle_ear.main([str(tmp_path / "data")]) == 0
    learned = Ear.from_json(shipped.read_bytes(), shipped.name)
    assert learned.card.songs == learned.card.artists == SONGS
    assert learned.card.source.startswith("70 linked songs")
    assert learned.card.command == default_ear().card.command == "make ear STORE=FOLDER"
    assert list(shipped.parent.iterdir()) == [shipped]


@pytest.mark.parametrize(
    ("songs", "message"),
    [
        (None, "song_metrics.parquet is missing: materialize song_metrics in this store first"),
        (30, "30 songs by 30 artists are too few to learn an ear from; link at least 60 songs"),
    ],
)
def test_a_store_without_enough_songs_leaves_the_ear_as_it_is(
    tmp_path: Path, shipped: Path, capsys: pytest.CaptureFixture[str], songs: int | None, message: str
) -> None:
    shipped.write_text("the ear before")
    if songs is not None:
        write_songs(tmp_path / "data", songs)
    assert bundle_ear.main([str(tmp_path / "data")]) == 2
    [line] = capsys.readouterr().err.splitlines()
    assert message in line
    assert shipped.read_text() == "the ear before"


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda path: path.write_bytes(path.read_bytes()[:100]), "song_metrics.parquet is damaged ("),
        (
            lambda path: pd.read_parquet(path).drop(columns="ear_metrics").to_parquet(path),
            "song_metrics is of an earlier version: materialize it again",
        ),
    ],
)
def test_a_damaged_table_is_one_clear_error(
    tmp_path: Path,
    shipped: Path,
    capsys: pytest.CaptureFixture[str],
    spoil: Callable[[Path], object],
    message: str,
) -> None:
    write_songs(tmp_path / "data", SONGS)
    spoil(tmp_path / "data" / "assets" / "song_metrics.parquet")
    assert bundle_ear.main([str(tmp_path / "data")]) == 2
    [line] = capsys.readouterr().err.splitlines()
    assert message in line
    assert not shipped.exists()
