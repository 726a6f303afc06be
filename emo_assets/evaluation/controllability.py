"""Does turning a knob change the music: which songs are asked for, and how they come out.

Makes a grid of requests, lets the models write the songs as any request's, and measures their notes. What is
concluded from the measurements, and how it is drawn, is `evaluation.control_table`'s business; what strength
of
guidance gains and costs, `guidance`'s.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from emo_assets.features import FEATURE_NAMES, FeatureVector
from emo_assets.generation import Models
from emo_assets.progress import Progress, no_progress
from emo_assets.song_request import Strictness, TrackRequest
from emo_assets.tokens.grammar.descriptions import DescriptionGrammar

if TYPE_CHECKING:
    from emo_assets.description_model.generate import DescriptionGenerator
    from emo_assets.description_model.weights import TrainedModel
    from emo_assets.metrics.calibration import RequestCalibration
    from emo_assets.metrics.similarity import BarNotes

SWEPT_RANGES: dict[str, tuple[float, float]] = {
    "danceability": (0.15, 0.95),
    "energy": (0.05, 0.98),
    "loudness": (-24.0, -3.0),
    "acousticness": (0.02, 0.98),
    "instrumentalness": (0.0, 0.95),
    "valence": (0.05, 0.95),
}
"""The features that only have to pull the music their way, and how far each is moved."""

NUM_DESCRIPTION_SWEEPS = 2
TEMPOS = (60.0, 190.0)
METERS = (3, 4)
BATCH = 8

ALL = "all"
"""What `moved` says of requests whose every feature is drawn."""

OTHER_SEEDS = "seed"
"""What `moved` says of songs that differ from others of the same request in their seed alone."""


@dataclass(frozen=True)
class ControllabilityRequest:
    """A request, and what it moved.

    Attributes:
        moved: a feature's name, `ALL`, or `OTHER_SEEDS`.
        group: number of the group of requests that differ in nothing else.
        request: the request.
    """

    moved: str
    group: int
    request: TrackRequest


def controllability_requests(
    levels: int,
    drawn: int,
    *,
    sweeps: int = 1,
    repeated: int = 0,
    seeds: int = 4,
    bars: int = 8,
    strictness: Strictness = Strictness.NORMALLY,
    seed: int = 0,
) -> list[ControllabilityRequest]:
    """Return requests that move one feature at a time, some that move all of them, and some with other seeds.

    A sweep moves one feature from one end to the other and holds the others: key, tempo, meter and mode as
    drawn for the sweep (modes in turn), the rest at their defaults.

    Args:
        levels: values of each moved feature, evenly spaced over `SWEPT_RANGES`.
        drawn: requests of which every feature is drawn at random.
        sweeps: times that each feature is moved.
        repeated: requests that are made with several seeds.
        seeds: how many.
        bars: length of each song.
        strictness: of each request.
        seed: of everything drawn; songs get the seeds that follow.
    """
    generator = np.random.default_rng(seed)
    groups: list[tuple[str, list[dict[str, float]]]] = []
    for number, (name, ends) in enumerate(list(SWEPT_RANGES.items()) * sweeps):
        held = {**_drawn_frame(generator), "mode": (number + number // len(SWEPT_RANGES)) % 2}
        groups.append((name, [{**held, name: float(value)} for value in np.linspace(*ends, levels)]))
    groups.append((ALL, [_drawn_features(generator) for _ in range(drawn)]))
    groups += [(OTHER_SEEDS, [_drawn_features(generator)] * seeds) for _ in range(repeated)]
    wanted = [(moved, group, each) for group, (moved, members) in enumerate(groups) for each in members]
    return [
        ControllabilityRequest(
            moved,
            group,
            TrackRequest(
                name=f"control-{number}",
                features=FeatureVector.from_values(values),
                bars=bars,
                seed=seed + number,
                strictness=strictness,
            ),
        )
        for number, (moved, group, values) in enumerate(wanted)
    ]


def measure_requests(
    requests: Sequence[ControllabilityRequest],
    models: Models,
    *,
    known: Collection[BarNotes] = frozenset(),
    progress: Progress = no_progress,
) -> pd.DataFrame:
    """Make and measure the songs of some requests.

    Args:
        requests: what to ask for.
        models: who writes the songs.
        known: the bars of the songs that models were trained on.
        progress: told how many songs are made.

    Returns:
        One row a song: `moved`, `group`, `seed`, what was asked (`asked_<feature>`, `asked_bars`), every
        measure of `metrics.song_metrics.SongMetrics`, `distance` (mean distance to the songs of the same
        request with
        other seeds, NaN where there are none) and `copied` (share of its bars that stand in `known`).
    """
    from emo_assets.metrics.similarity import copied_share, distance
    from emo_assets.metrics.song_metrics import MeasuredSong
    from emo_assets.reranking import best_descriptions, best_songs

    rows: list[dict[str, Any]] = []
    songs: list[MeasuredSong] = []
    for start in range(0, len(requests), BATCH):
        asked = [each.request for each in requests[start : start + BATCH]]
        descriptions = best_descriptions(asked, models.describer, models.calibration)
        songs += best_songs(asked, descriptions, models.figaro, models.calibration)
        progress("songs of the control report", len(songs), len(requests))
    for number, (each, song) in enumerate(zip(requests, songs, strict=True)):
        others = [
            distance(song.parsed, other.parsed)
            for place, (request, other) in enumerate(zip(requests, songs, strict=True))
            if place != number and request.group == each.group and each.moved == OTHER_SEEDS
        ]
        likeness = {
            "distance": float(np.mean(others)) if others else float("nan"),
            "copied": copied_share(song.parsed, known),
        }
        rows.append(_row(each, song.metrics.as_dict() | likeness))
    return pd.DataFrame(rows)


def distinct_bars(files: Iterable[bytes]) -> frozenset[BarNotes]:
    """Return the bars of MIDI files as `measure_requests` compares them, skipping unreadable files."""
    from emo_assets.errors import InputError
    from emo_assets.metrics.parsed_song import parse_song
    from emo_assets.metrics.similarity import bar_notes

    bars: set[BarNotes] = set()
    for content in files:
        try:
            bars.update(bar_notes(parse_song(content)))
        except InputError:
            continue
    return frozenset(bars)


def description_controllability(
    describer: DescriptionGenerator,
    calibration: RequestCalibration,
    *,
    guidance: float = 1.0,
    levels: int = 9,
    bars: int = 8,
    seed: int = 0,
) -> float:
    """Say how well the knobs work in a describer's first proposals, before any of them is chosen.

    Args:
        describer: who writes.
        calibration: tells what a description lets one expect.
        guidance: see `nn.sampling.Draw`.
        levels: values of each sweep.
        bars: length of each description.
        seed: of the requests.

    Returns:
        The mean over sweeps of the rank correlation between the feature asked for and its measure as
        expected from the description, -1 to 1; a measure that does not vary counts 0.
    """
    parse = DescriptionGrammar().parse
    requests = controllability_requests(levels, 0, sweeps=NUM_DESCRIPTION_SWEEPS, bars=bars, seed=seed)
    written = describer.generate(
        [each.request.features for each in requests],
        bars=bars,
        seeds=[each.request.seed for each in requests],
        guidance=guidance,
    )
    pairs = pd.DataFrame(
        {
            "group": [each.group for each in requests],
            "asked": [getattr(each.request.features, each.moved) for each in requests],
            "expected": [
                calibration.predict_ranks(parse(tokens))[each.moved]
                for each, tokens in zip(requests, written, strict=True)
            ],
        }
    )
    correlations = [
        sweep["asked"].corr(sweep["expected"], "spearman") if sweep["expected"].nunique() > 1 else 0.0
        for _, sweep in pairs.groupby("group")
    ]
    return float(np.mean(correlations))


def controllability_by_candidate(
    candidates: Mapping[str, Sequence[TrainedModel]], calibration: RequestCalibration
) -> dict[str, float]:
    """Return `description_controllability` of each of some describers, given by their members."""
    from emo_assets.description_model.generate import DescriptionGenerator

    return {
        name: description_controllability(DescriptionGenerator(members), calibration)
        for name, members in candidates.items()
    }


def _drawn_features(generator: np.random.Generator) -> dict[str, float]:
    moved = {name: float(generator.uniform(*ends)) for name, ends in SWEPT_RANGES.items()}
    return {**moved, **_drawn_frame(generator)}


def _drawn_frame(generator: np.random.Generator) -> dict[str, float]:
    """Draw what must come out exactly: key, mode, tempo and meter (3/4 in one song of five)."""
    return {
        "key": int(generator.integers(12)),
        "mode": int(generator.integers(2)),
        "tempo": round(float(generator.uniform(*TEMPOS)), 1),
        "time_signature": int(generator.choice(METERS, p=(0.2, 0.8))),
    }


def _row(asked: ControllabilityRequest, heard: dict[str, Any]) -> dict[str, Any]:
    features = {f"asked_{name}": getattr(asked.request.features, name) for name in FEATURE_NAMES}
    frame = {"moved": asked.moved, "group": asked.group, "seed": asked.request.seed}
    return {**frame, "asked_bars": asked.request.bars, **features, **heard}
