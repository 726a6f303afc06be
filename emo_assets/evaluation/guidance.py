"""What strength of guidance gains and costs: control against likelihood and variety.

Guidance exaggerates what features change in a describer. The stronger it is the better descriptions follow a
request, the less likely real songs become to it, and the more alike its descriptions are. How it is drawn is
`reports.guidance`'s business.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import numpy as np
import pandas as pd

from emo_assets.description_model.data.songs import DescribedSong
from emo_assets.description_model.evaluation.likelihood import cfg_nll
from emo_assets.description_model.generate import DescriptionGenerator
from emo_assets.description_model.weights import TrainedModel
from emo_assets.evaluation.controllability import description_controllability
from emo_assets.features import FeatureVector
from emo_assets.metrics.calibration import RequestCalibration
from emo_assets.progress import Progress, no_progress
from emo_assets.tokens.grammar.descriptions import DescribedBar, DescriptionGrammar

STRENGTHS = (0.0, 1.0, 1.5, 2.0, 3.0, 4.0, 6.0)
BARS = 8
SONGS_OF_ONE_REQUEST = 12


def guidance_curve(
    members: Sequence[TrainedModel],
    songs: Sequence[DescribedSong],
    calibration: RequestCalibration,
    *,
    strengths: Sequence[float] = STRENGTHS,
    levels: int = 9,
    seed: int = 0,
    progress: Progress = no_progress,
) -> pd.DataFrame:
    """Measure a describer at several strengths of guidance.

    Args:
        members: the trained describers that together write descriptions.
        songs: held-out songs with features.
        calibration: tells what a description lets one expect.
        strengths: of guidance, see `nn.sampling.Draw`.
        levels: values of each moved feature.
        seed: of all sampling.
        progress: told the strengths measured.

    Returns:
        One row a strength: `guidance`; `control`, see `control.description_controllability`; `bits_a_bar`
        that the
        songs need; `variety`, the mean distance of descriptions of one request, 0 (the same tokens) to 1.
    """
    describer = DescriptionGenerator(members)
    rows = []
    for number, strength in enumerate(strengths, 1):
        rows.append(
            {
                "guidance": strength,
                "control": description_controllability(
                    describer, calibration, guidance=strength, levels=levels, bars=BARS, seed=seed
                ),
                "bits_a_bar": sum(cfg_nll(one, songs, strength) for one in members),
                "variety": _variety(describer, strength, seed),
            }
        )
        progress("measuring guidance", number, len(strengths))
    return pd.DataFrame(rows)


def _variety(describer: DescriptionGenerator, guidance: float, seed: int) -> float:
    """Return the mean distance between the descriptions that different seeds give of one request."""
    written = describer.generate(
        [FeatureVector()] * SONGS_OF_ONE_REQUEST,
        bars=BARS,
        seeds=range(seed, seed + SONGS_OF_ONE_REQUEST),
        guidance=guidance,
    )
    songs = [[_contents(bar) for bar in DescriptionGrammar().parse(tokens)] for tokens in written]
    return float(
        np.mean(
            [
                1 - len(ours & theirs) / len(ours | theirs)
                for one, other in combinations(songs, 2)
                for ours, theirs in zip(one, other, strict=True)
            ]
        )
    )


def _contents(bar: DescribedBar) -> frozenset[tuple[str, int]]:
    """Return what is described of a bar, but for its number and its meter, which the request fixes."""
    return frozenset(
        {
            ("density", bar.note_density),
            ("velocity", bar.mean_velocity),
            ("pitch", bar.mean_pitch),
            ("duration", bar.mean_duration),
            *(("instrument", instrument) for instrument in bar.instruments),
            *(("chord", chord) for chord in bar.chords),
        }
    )
