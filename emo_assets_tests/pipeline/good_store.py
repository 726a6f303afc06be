"""A small store of valid tables, for tests to spoil."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from safetensors.numpy import save

from emo_assets.audio.files import write_audio
from emo_assets.description_model.data.training_set import SPLITS
from emo_assets.description_model.specs import MODEL_SPECS
from emo_assets.features import FEATURE_NAMES, FeatureVector
from emo_assets.metrics.description_features import NUM_DESCRIPTION_FEATURES
from emo_assets.metrics.ear import default_ear
from emo_assets.metrics.ear_metrics import EAR_METRICS
from emo_assets.midi.writer import Note, Part, encode_midi
from emo_assets.pipeline.checks import Check, CheckOutcome, CheckRun
from emo_assets.pipeline.partitions import SHARDS, shard_of
from emo_assets.song_request import TrackRequest
from emo_assets.store import Store
from emo_assets.tokens.vocabulary import DESCRIPTIONS

SONGS = 30
RATE = 16_000
REQUEST = TrackRequest(name="calm", bars=2, features=FeatureVector(tempo=120.0, time_signature=4))


def tokens_of(song: int, bars: int) -> list[int]:
    """Return a description of `bars` bars that differs from song to song."""
    words: list[str] = []
    for bar in range(1, bars + 1):
        level = (song + bar) % 3
        words += [
            f"Bar_{bar}",
            "Time Signature_4/4",
            f"Note Density_{10 + level}",
            f"Mean Velocity_{12 + level}",
            f"Mean Pitch_{14 + level}",
            f"Mean Duration_{16 + level}",
            ("Instrument_Violin", "Instrument_Flute")[song % 2],
            ("Chord_C:maj", "Chord_A:min")[bar % 2],
        ]
    return DESCRIPTIONS.encode(words)


def lists(values: Sequence[Any]) -> pd.Series[Any]:
    """Return a column whose values are lists."""
    return pd.Series(list(values), dtype=object)


def tables() -> dict[str, pd.DataFrame]:
    """Return every table of the graph, in order and in keeping with the others."""
    numbers = range(SONGS)
    msd = [f"TRAAAAA{number:011X}" for number in numbers]
    md5 = [hashlib.md5(str(number).encode()).hexdigest() for number in numbers]
    features = pd.DataFrame([FeatureVector().model_dump()] * SONGS)[list(FEATURE_NAMES)]
    spotify = pd.DataFrame(
        {
            "track_id": [f"{number:022}" for number in numbers],
            "artists": [f"artist {number}" for number in numbers],
            "album_name": "album",
            "track_name": [f"title {number}" for number in numbers],
            "popularity": 50,
            "duration_ms": 200_000,
            "explicit": False,
            **features,
            "speechiness": 0.1,
            "liveness": 0.1,
            "track_genre": "pop",
        }
    )
    rejects = pd.DataFrame({"source": ["x"], "row": [3], "reason": ["is broken"], "content": ["a,b"]})
    lakh = pd.DataFrame(
        {
            "msd_track_id": msd,
            "md5": md5,
            "path": [f"A/A/A/{track}/{one}.mid" for track, one in zip(msd, md5, strict=True)],
            "content": b"MThd",
        }
    )
    matched = spotify.drop(columns=["album_name", "duration_ms", "explicit", "speechiness", "liveness"])
    matched = matched.assign(
        msd_track_id=msd,
        md5=md5,
        artist_keys=lists([[f"artist {number}"] for number in numbers]),
        link_method="exact",
        link_score=1.0,
    )
    segments = pd.DataFrame(
        {
            "msd_track_id": msd,
            "md5": md5,
            "segment": 0,
            "first_bar": 1,
            "bars": 4,
            "tokens": lists([np.array(tokens_of(number, 4), np.int16) for number in numbers]),
            "repairs": "",
        }
    )
    described, broken = segments.iloc[:-1], lakh.iloc[[-1]]
    training_set = matched[["track_id", "msd_track_id", "md5", "artist_keys", *FEATURE_NAMES]].assign(
        split=[SPLITS[max(number - (SONGS - 3), 0)] for number in numbers]
    )
    return {
        "spotify_tracks": spotify,
        "msd_tracks": pd.DataFrame({"msd_track_id": msd, "artist": "a", "title": "t"}),
        "lakh_midi": lakh,
        **{f"rejected_{name}": rejects for name in ("spotify_rows", "msd_rows")},
        "rejected_lakh_files": rejects.assign(content="B/elsewhere.mid"),
        "matched_tracks": matched,
        "figaro_descriptions": described,
        "rejected_midi": pd.concat(
            [
                broken.drop(columns="content").assign(stage="parse", reason="is no MIDI", repairs=""),
                pd.DataFrame(
                    {
                        "path": ["B/elsewhere.mid"],
                        "stage": "file",
                        "reason": "stands elsewhere",
                        "repairs": "",
                    }
                ),
            ],
            ignore_index=True,
        ),
        "training_set": training_set.merge(segments.drop(columns="repairs"), on=["msd_track_id", "md5"]),
        "scoreboard": scoreboard(),
        "feature_report": pd.DataFrame(
            {
                "feature": list(FEATURE_NAMES),
                "songs": 30,
                **{figure: features.iloc[0].to_list() for figure in ("min", "mean", "max")},
            }
        ),
        "control_report": pd.DataFrame(
            {"knob": ["tempo", "time_signature", "bars", "energy"], "value": [1.0, 1.0, 1.0, 0.4]}
        ),
        "guidance_report": pd.DataFrame(
            {"guidance": [0.0, 1.0, 2.0], "control": [0.1, 0.4, 0.6], "bits_a_bar": 20.0, "variety": 0.5}
        ),
        "musicality_report": musicality(),
        "song_metrics": heard(features),
        "fidelity_report": fidelity(),
    }


def musicality() -> pd.DataFrame:
    """Return tracks that meet two goals, and a corpus that misses one."""
    table = pd.DataFrame(
        {
            "measure": ["copied_bars", "copied_drum_bars"],
            "tracks": [0.3, 0.7],
            "tracks_met": [True, True],
            "corpus": [0.1, 0.7],
            "corpus_met": [False, True],
            "goal_low": [0.2, 0.65],
            "goal_high": [0.4, 1.0],
        }
    )
    return table.astype({"tracks_met": "boolean", "corpus_met": "boolean"})


def heard(features: pd.DataFrame) -> pd.DataFrame:
    """Return songs that were listened to."""
    rng = np.random.default_rng(0)
    shares = [f"heard_{name}" for name in ("acoustic_share", "groove_regularity", "leadless_share")]
    return features.assign(
        md5=[f"{number:032x}" for number in range(SONGS)],
        split="train",
        artist=[f"artist {number}" for number in range(SONGS)],
        **dict.fromkeys(shares, 0.5),
        heard_mean_velocity=80.0,
        ear_metrics=lists(list(rng.uniform(size=(SONGS, len(EAR_METRICS))))),
        outline=lists([[number % 3, *[0.1] * (NUM_DESCRIPTION_FEATURES - 1)] for number in range(SONGS)]),
    )


def ear(**changes: float) -> dict[str, Any]:
    """Return an ear that hears every feature; `changes` are lower ends of the intervals of features."""
    document: dict[str, Any] = default_ear().model_dump(mode="json")
    for feature, low in changes.items():
        document["features"][feature]["learned"]["agreement"]["low"] = low
    return document


def write_ear(store: Store, document: dict[str, Any]) -> None:
    """Write the store's ear."""
    (store.assets / "ear.json").write_text(json.dumps(document))


def fidelity() -> pd.DataFrame:
    """Return a fidelity report of a model that obeys."""
    measures = ("instrument_f1", "instrument_precision", "chord_f1", "time_signature", "chroma", "agreement")
    return pd.DataFrame(
        {
            "measure": measures,
            "written": [0.9, 1, 0.9, 1, 0.8, 0.8],
            "ceiling": 1.0,
            "floor": 0.3,
            "songs": 12,
        }
    )


def scoreboard() -> pd.DataFrame:
    """Return a scoreboard with models that beat the baselines."""
    figures = {
        "transformer": ("describer", 30.0),
        "lstm_pitch": ("describer", 5.0),
        "combined": ("ensemble", 28.0),
        "copy the previous bar": ("baseline", 40.0),
    }
    return pd.DataFrame(
        {
            "model": list(figures),
            "role": [role for role, _ in figures.values()],
            "songs": 10,
            "segments": 30,
            "tokens": 3000,
            "accuracy": 0.6,
            "bits_a_token": 1.5,
            "bits_a_bar": [bits for _, bits in figures.values()],
            "validity": [1.0, None, 1.0, None],
        }
    )


def write(store: Store, asset: str, table: pd.DataFrame) -> None:
    """Write a table as the pipeline does: one file, or one a shard."""
    if asset not in ("figaro_descriptions", "rejected_midi"):
        files = {f"{asset}.parquet": table}
    else:
        shards = table["msd_track_id"].where(table["msd_track_id"].notna(), table.get("path", ""))
        shards = shards.map(shard_of)
        files = {f"{asset}/{shard}.parquet": table[shards == shard] for shard in SHARDS.get_partition_keys()}
    for name, part in files.items():
        path = Path(str(store.assets / name))
        path.parent.mkdir(parents=True, exist_ok=True)
        part.to_parquet(path, index=False)


def outcome(check: Check, base: Path, asset: str, **tables: pd.DataFrame) -> CheckOutcome:
    """Run a check of an asset on a store that holds some tables."""
    for name, table in tables.items():
        write(Store(base), name, table)
    return check(CheckRun(asset, Store(base)))


def fill(store: Store) -> None:
    """Write everything that checks look at, in order."""
    for asset, table in tables().items():
        write(store, asset, table)
    for name in (*(spec.name for spec in MODEL_SPECS), "figaro_model"):
        (store.assets / f"{name}.safetensors").write_bytes(save({"weight": np.ones((2, 3), np.float32)}))
    write_ear(store, ear())
    write_document(store, "requested_features", REQUEST.model_dump(mode="json"))
    write_document(store, "track_description", {"champion": "v1", "tokens": tokens_of(0, REQUEST.bars)})
    write_document(store, "generated_track", {"request": REQUEST.model_dump(mode="json")})
    write_midi(store)
    write_sound(store, tone(4.0))


def write_document(store: Store, asset: str, document: Any) -> None:
    """Write what an asset keeps of the one request."""
    path = store.assets / asset / f"{REQUEST.name}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(document))


def change(store: Store, asset: str, spoil: Callable[[pd.DataFrame], pd.DataFrame]) -> None:
    """Write a table as `spoil` returns it."""
    write(store, asset, spoil(tables()[asset]))


def write_midi(store: Store, *, notes: int = 8, tempo: float = 120.0, meter: int = 4) -> None:
    """Write the one request's notes: one a beat."""
    played = [Note(480 * beat, 480 * beat + 400, 60 + beat % 5, 90) for beat in range(notes)]
    midi = encode_midi([Part(0, False, played)], tempos=[(0, tempo)], time_signatures=[(0, meter, 4)])
    path = store.assets / "track_midi" / f"{REQUEST.name}.mid"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(midi)


def tone(seconds: float) -> NDArray[np.float32]:
    """Return a tone of 440 Hz, shape (frames, 2)."""
    time = np.arange(int(seconds * RATE)) / RATE
    return np.repeat(0.3 * np.sin(2 * np.pi * 440 * time)[:, None], 2, axis=1).astype(np.float32)


def write_sound(store: Store, samples: NDArray[np.float32]) -> None:
    """Write the one request's sound."""
    write_audio(samples, RATE, store.tracks / REQUEST.name / f"{REQUEST.name}.wav")
