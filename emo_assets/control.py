"""Does turning a knob change the music: which songs are asked for, and how they come out.

Makes a grid of requests, lets the models write the songs in batches, and measures their notes. What is
concluded from the measurements, and how it is drawn, is `reports.control`'s business.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from emo_assets.features import FEATURE_NAMES, FeatureVector
from emo_assets.generation import Models
from emo_assets.progress import Progress, silent
from emo_assets.requests import TrackRequest

MOVED_RANGES: dict[str, tuple[float, float]] = {
    "danceability": (0.15, 0.95),
    "energy": (0.05, 0.98),
    "loudness": (-24.0, -3.0),
    "acousticness": (0.02, 0.98),
    "instrumentalness": (0.0, 0.95),
    "valence": (0.05, 0.95),
}
"""The features that only have to pull the music their way, and how far each is moved."""

TEMPOS = (60.0, 190.0)
METERS = (3, 4)
BATCH = 16


@dataclass(frozen=True)
class ControlRequest:
    """A request, and which feature it moved: one feature's name, or `all`."""

    moved: str
    request: TrackRequest


def control_requests(levels: int, drawn: int, *, bars: int = 8, seed: int = 0) -> list[ControlRequest]:
    """Return requests that move one feature at a time, and some that move all of them.

    Moving one feature holds the others at their defaults, but for key, mode, tempo and meter, which are
    drawn for every request, so that no knob is judged in one key alone.

    Args:
        levels: values of each moved feature, evenly spaced over `MOVED_RANGES`.
        drawn: requests of which every feature is drawn at random.
        bars: length of each song.
        seed: of everything drawn; songs get the seeds that follow.
    """
    generator = np.random.default_rng(seed)
    wanted: list[tuple[str, dict[str, float]]] = [
        (name, {name: float(value)})
        for name, ends in MOVED_RANGES.items()
        for value in np.linspace(*ends, levels)
    ]
    wanted += [
        ("all", {name: float(generator.uniform(*ends)) for name, ends in MOVED_RANGES.items()})
        for _ in range(drawn)
    ]
    return [
        ControlRequest(
            moved,
            TrackRequest(
                name=f"control-{number}",
                features=FeatureVector.from_values({**values, **_drawn_frame(generator)}),
                bars=bars,
                seed=seed + number,
            ),
        )
        for number, (moved, values) in enumerate(wanted)
    ]


def control_songs(
    requests: Sequence[ControlRequest], models: Models, *, progress: Progress = silent
) -> pd.DataFrame:
    """Make and measure the songs of some requests.

    Args:
        requests: what to ask for, all of one length.
        models: who writes the songs.
        progress: told how many songs are made.

    Returns:
        One row a song: `moved`, `seed`, what was asked (`asked_<feature>`, `asked_bars`) and every measure of
        `listening.heard.Heard`.
    """
    from emo_assets.generation import compose_requests
    from emo_assets.listening.heard import listen

    rows: list[dict[str, Any]] = []
    for start in range(0, len(requests), BATCH):
        batch = requests[start : start + BATCH]
        asked = [each.request for each in batch]
        descriptions = models.describer.describe(
            [request.features for request in asked],
            bars=asked[0].bars,
            seeds=[request.seed for request in asked],
        )
        songs = compose_requests(asked, descriptions, models.figaro)
        rows += [_row(each, listen(midi).as_dict()) for each, midi in zip(batch, songs, strict=True)]
        progress("songs of the control report", len(rows), len(requests))
    return pd.DataFrame(rows)


def _drawn_frame(generator: np.random.Generator) -> dict[str, float]:
    """Draw what must come out exactly: key, mode, tempo and meter (3/4 in one song of five)."""
    return {
        "key": int(generator.integers(12)),
        "mode": int(generator.integers(2)),
        "tempo": round(float(generator.uniform(*TEMPOS)), 1),
        "time_signature": int(generator.choice(METERS, p=(0.2, 0.8))),
    }


def _row(asked: ControlRequest, heard: dict[str, Any]) -> dict[str, Any]:
    features = {f"asked_{name}": getattr(asked.request.features, name) for name in FEATURE_NAMES}
    frame = {"moved": asked.moved, "seed": asked.request.seed, "asked_bars": asked.request.bars}
    return {**frame, **features, **heard}
