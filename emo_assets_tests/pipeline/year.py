"""Weekly retraining in small: changing data, and stand-ins for training and scoring that take no time.

The week determines the quality of its models. Reading, linking, extraction, checks, promotion and the graph
are the real ones.
"""

from __future__ import annotations

import csv
import functools
import hashlib
import itertools
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from emo_assets.datasets.spotify import COLUMNS
from emo_assets.description_model import training
from emo_assets.description_model.data.training_set import split_for_artist
from emo_assets.description_model.registry.model_selection import INCUMBENT
from emo_assets.description_model.specs import ModelConfig, ModelSpec
from emo_assets.description_model.weights import TrainedModel
from emo_assets.features import FEATURE_NAMES, FeatureVector
from emo_assets.linking.names import artist_keys
from emo_assets.metrics.calibration import RequestCalibration
from emo_assets.midi.writer import Note, Part, encode_midi

TINY = ModelConfig(embedding=4, hidden=4, layers=1, heads=1, epochs=1)


class Sources:
    """The three data sets of a week, in their own formats.

    Args:
        folder: the folder of the data sets.
    """

    def __init__(self, folder: Path) -> None:
        self.spotify = folder / "dataset.csv"
        self.msd = folder / "unique_tracks.txt"
        self.lakh = folder / "lmd_matched"
        folder.mkdir(parents=True, exist_ok=True)

    def write(self, songs: int) -> None:
        """Write the data sets with some number of songs, each by another artist."""
        shutil.rmtree(self.lakh, ignore_errors=True)
        rows, lines = [], []
        for song in range(songs):
            track = f"TRAAAAA{song:011X}"
            midi = _in_the_wild(song, _midi(song))
            file = self.lakh / "A" / "A" / "A" / track / f"{hashlib.md5(midi).hexdigest()}.mid"
            file.parent.mkdir(parents=True)
            file.write_bytes(midi)
            lines.append(f"{track}<SEP>SOAAAAA{song:011X}<SEP>{_artist(song)}<SEP>Title")
            rows.append(_spotify_row(song))
        self.msd.write_text("\n".join(lines) + "\n")
        with self.spotify.open("w", newline="") as file_of_rows:
            writer = csv.DictWriter(file_of_rows, COLUMNS)
            writer.writeheader()
            writer.writerows(rows)

    def run_config(self) -> dict[str, Any]:
        """Return the run configuration that names these sources."""
        paths = {"spotify": str(self.spotify), "msd": str(self.msd), "lakh": str(self.lakh)}
        return {
            "resources": {"raw_data": {"config": {"source": "local", **paths}}},
            "ops": {"descriptions": {"config": {"workers": 1}}},
            "loggers": {"console": {"config": {"log_level": "CRITICAL"}}},
        }


SIDES = ("train", "train", "train", "validation", "test")
"""The splits of the songs' artists, in turn."""

LETTERS = str.maketrans("0123456789abcdef", "bcdfghklmnprstvw")


@functools.cache
def _artist(song: int) -> str:
    """Return an artist who is like no other, on the side that is the song's turn."""
    for attempt in itertools.count():
        name = hashlib.md5(f"{song} {attempt}".encode()).hexdigest()[:10].translate(LETTERS).title()
        if split_for_artist(artist_keys(name)[0]) == SIDES[song % len(SIDES)]:
            return name
    raise AssertionError


def _spotify_row(song: int) -> dict[str, Any]:
    features = FeatureVector(tempo=90 + song, key=song % 12, mode=song % 2).model_dump()
    return {
        "track_id": f"{song:022}",
        "artists": _artist(song),
        "album_name": "Album",
        "track_name": "Title",
        "popularity": 50,
        "duration_ms": 200_000,
        "explicit": False,
        **{name: features[name] for name in FEATURE_NAMES},
        "speechiness": 0.1,
        "liveness": 0.1,
        "track_genre": "pop",
    }


def _midi(song: int) -> bytes:
    """Return two bars of one of two kinds; by its tempo each file is another."""
    kind = song // len(SIDES) % 2
    chord = (0, 4, 7) if kind else (0, 3, 7)
    notes = [
        Note(480 * beat, 480 * beat + 400, 48 + 7 * kind + interval, 60 + 20 * kind)
        for beat in range(0, 8, 1 + kind)
        for interval in chord
    ]
    return encode_midi([Part(24 * kind, False, notes)], tempos=[(0, 90.0 + song)])


def _in_the_wild(song: int, midi: bytes) -> bytes:
    """Return some songs in a RIFF container, one in twenty without its last bytes."""
    if song % 20 == 7:
        return midi[:-12]
    if song % 5 == 3:
        return (
            b"RIFF"
            + (len(midi) + 12).to_bytes(4, "little")
            + b"RMIDdata"
            + len(midi).to_bytes(4, "little")
            + midi
        )
    return midi


@dataclass(frozen=True)
class Week:
    """The outcome of a week's training and scoring.

    Attributes:
        bits: bits per bar of the full models on the validation songs.
        validity: share of valid samples.
        baseline: bits per bar of the best baseline.
        broken_weights: whether the trained weights are not finite.
        control: controllability of this week's models; the champion's is 0.5.
    """

    bits: float = 30.0
    validity: float = 1.0
    baseline: float = 100.0
    broken_weights: bool = False
    control: float = 0.5


def replace_training(monkeypatch: pytest.MonkeyPatch, this_week: Callable[[], Week]) -> None:
    """Replace training and scoring; the quality of models is that of the week that trains them."""

    really_train = training.train_model
    templates: dict[str, TrainedModel] = {}

    def train(spec: ModelSpec, config: ModelConfig, training_set: pd.DataFrame, **_: Any) -> TrainedModel:
        if spec.name not in templates:
            templates[spec.name] = really_train(spec, TINY, training_set)
        template = templates[spec.name]
        quality = 1 + (float("nan") if this_week().broken_weights else this_week().bits / 1000)
        return replace(
            template,
            weights={name: tensor * quality for name, tensor in template.weights.items()},
            history=(replace(template.history[0], validation_loss=this_week().bits),),
        )

    def score(trained: Sequence[TrainedModel], training_set: pd.DataFrame, **_: Any) -> pd.DataFrame:
        rows = [
            {
                "model": one.spec.name,
                "role": "describer",
                "bits_a_bar": one.best_epoch.validation_loss,
                "validity": this_week().validity if one.spec.is_full else None,
            }
            for one in trained
        ]
        rows.append(
            {"model": "baseline", "role": "baseline", "bits_a_bar": this_week().baseline, "validity": None}
        )
        return pd.DataFrame(rows).assign(songs=5, segments=5, tokens=100, accuracy=0.5, bits_a_token=1.0)

    def likelihoods(models: Mapping[str, Sequence[TrainedModel]], training_set: pd.DataFrame) -> pd.DataFrame:
        songs = training_set.loc[training_set["split"] == "validation", "md5"].drop_duplicates()
        return pd.concat(
            [
                pd.DataFrame({"model": name, "md5": songs, "bars": 2}).assign(
                    bits=2 * parts[0].best_epoch.validation_loss
                    + songs.str[:2].map(lambda two: int(two, 16) / 500)
                )
                for name, parts in models.items()
            ],
            ignore_index=True,
        )

    def control(candidates: Mapping[str, Sequence[TrainedModel]], _: RequestCalibration) -> dict[str, float]:
        return {name: 0.5 if name == INCUMBENT else this_week().control for name in candidates}

    monkeypatch.setattr("emo_assets.evaluation.controllability.controllability_by_candidate", control)
    monkeypatch.setattr("emo_assets.description_model.training.train_model", train)
    monkeypatch.setattr("emo_assets.description_model.evaluation.scoreboard.score", score)
    monkeypatch.setattr("emo_assets.description_model.registry.model_registry.validation_nll", likelihoods)
    monkeypatch.setattr("emo_assets.reports.learning_curves.learning_curve_png", lambda *_: b"")
    monkeypatch.setattr("emo_assets.reports.scoreboard.scoreboard_png", lambda *_: b"")
    monkeypatch.setattr("emo_assets.reports.scoreboard.scoreboard_markdown", lambda *_: "")
