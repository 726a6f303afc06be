"""A store with real models, of which the description model is hardly trained."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd

from emo_assets.description_model.registry.model_registry import ChampionRecord, record_path
from emo_assets.description_model.registry.model_selection import ChampionDecision
from emo_assets.description_model.specs import ModelConfig, model_spec
from emo_assets.description_model.training import train_model
from emo_assets.description_model.weights import to_bytes
from emo_assets.figaro.weights import bundled_bytes
from emo_assets.metrics.metrics_table import measure_training_songs
from emo_assets.song_request import TrackRequest
from emo_assets.store import Store, atomic_write
from emo_assets_tests.studio.quick_generator import description_of, midi_of

NAME = "lstm_full"
SMALL = ModelConfig(embedding=16, hidden=24, epochs=6)


def keep_models(base: Path, *, version: str = "first") -> None:
    """Store a description model of a few epochs as champion, the bundled FIGARO and a calibration."""
    store = Store(base)
    requests = [TrackRequest(name=f"song-{number}", bars=4, seed=number) for number in range(12)]
    rows = pd.concat([_song(*numbered) for numbered in enumerate(requests)], ignore_index=True)
    trained = train_model(model_spec(NAME), SMALL, rows)
    _write(Path(str(store.champions)) / version / f"{NAME}.safetensors", to_bytes(trained))
    _write(Path(str(store.assets)) / "figaro_model.safetensors", bundled_bytes())
    heard = measure_training_songs(
        rows, {_md5(number): midi_of(each) for number, each in enumerate(requests)}
    )
    _write(Path(str(store.assets)) / "song_metrics.parquet", heard.to_parquet(index=False))
    decision = ChampionDecision(NAME, True, 1.0, None, None, None, "there is no other")
    record = json.dumps(ChampionRecord(version, decision, None).as_json())
    _write(Path(str(record_path(store))), record.encode())


def _md5(number: int) -> str:
    return f"{number:032x}"


def _song(number: int, request: TrackRequest) -> pd.DataFrame:
    return pd.DataFrame(
        [
            {
                "track_id": f"track-{number}",
                "msd_track_id": f"TR{number}",
                "md5": _md5(number),
                "artist_keys": [f"artist {number}"],
                "split": "train" if number < 8 else "validation",
                **request.features.model_dump(),
                "segment": 0,
                "first_bar": 1,
                "bars": request.bars,
                "tokens": description_of(request),
            }
        ]
    )


def _write(path: Path, content: bytes) -> None:
    with atomic_write(path) as file:
        file.write(content)
