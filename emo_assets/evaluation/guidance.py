"""What following a request costs: controllability against likelihood, fidelity and variety.

Classifier-free guidance amplifies the effect of the features. The stronger it is, the better descriptions
follow a request, the less likely real songs are under the model, and the more alike its descriptions become.
A strictness sets the guidance, the number of candidates that the ear chooses from, and the bias of FIGARO.
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
from emo_assets.evaluation.controllability import description_controllability, draw_features
from emo_assets.features import FeatureVector
from emo_assets.generation import Models
from emo_assets.metrics.calibration import RequestCalibration
from emo_assets.metrics.ear import LEARNED_FEATURES
from emo_assets.metrics.fidelity import agreement
from emo_assets.metrics.similarity import distance
from emo_assets.progress import Progress, no_progress
from emo_assets.reranking import best_descriptions, best_songs
from emo_assets.song_request import Strictness, TrackRequest
from emo_assets.tokens.grammar.descriptions import DescriptionGrammar
from emo_assets.tokens.tokenize import tokenize_midi

STRENGTHS = (0.0, 1.0, 1.5, 2.0, 3.0, 4.0, 6.0)
BARS = 8
NUM_SAMPLES = 12
"""Descriptions of one request whose variety is measured."""


def guidance_curve(
    models: Sequence[TrainedModel],
    songs: Sequence[DescribedSong],
    calibration: RequestCalibration,
    *,
    strengths: Sequence[float] = STRENGTHS,
    levels: int = 9,
    seed: int = 0,
    progress: Progress = no_progress,
) -> pd.DataFrame:
    """Evaluate a description model at several strengths of guidance.

    Args:
        models: the trained models that together write descriptions.
        songs: held-out songs with features.
        calibration: predicts a song's metrics from its description.
        strengths: of guidance, see `nn.sampling.SamplingParams`.
        levels: values of each swept feature.
        seed: of all sampling.
        progress: called with the number of strengths.

    Returns:
        One row per strength: `guidance`; `control`, see `description_controllability`; `bits_a_bar`, the
        negative log-likelihood of the songs; `variety`, the mean distance between descriptions of one
        request, 0 (the same tokens) to 1.
    """
    description_model = DescriptionGenerator(models)
    rows = []
    for number, strength in enumerate(strengths, 1):
        control = description_controllability(
            description_model, calibration, guidance=strength, levels=levels, bars=BARS, seed=seed
        )
        rows.append(
            {
                "guidance": strength,
                "control": control,
                "bits_a_bar": sum(cfg_nll(model, songs, strength) for model in models),
                "variety": _variety(description_model, strength, seed),
            }
        )
        progress("measuring guidance", number, len(strengths))
    return pd.DataFrame(rows)


def strictness_costs(
    models: Models,
    *,
    requests: int,
    strictnesses: Sequence[Strictness],
    bars: int = BARS,
    seed: int = 0,
    progress: Progress = no_progress,
) -> pd.DataFrame:
    """Evaluate songs at several strictnesses: how well they obey the ear, and what that costs.

    Args:
        models: generate the songs.
        requests: number of requests, with every feature drawn at random; each is made with two seeds.
        strictnesses: to compare.
        bars: length of each song.
        seed: of all that is random.
        progress: called with the number of strictnesses.

    Returns:
        One row per strictness: `strictness`; `songs`; `ear_error`, the root mean square difference of the
        places asked for and heard; `fidelity`, see `metrics.fidelity.agreement`; `variety`, the mean distance
        between the two songs of a request, 0 (the same) to 1 (nothing shared).
    """
    rng = np.random.default_rng(seed)
    drawn = [FeatureVector.from_values(draw_features(rng)) for _ in range(requests)]
    parse = DescriptionGrammar().parse
    rows = []
    for number, strictness in enumerate(strictnesses, 1):
        asked = [
            TrackRequest(
                name=f"cost-{index}-{which}",
                features=features,
                bars=bars,
                seed=seed + 2 * index + which,
                strictness=strictness,
            )
            for index, features in enumerate(drawn)
            for which in range(2)
        ]
        descriptions = best_descriptions(asked, models.description_model, models.calibration)
        songs = best_songs(asked, descriptions, models.figaro, models.calibration)
        errors = []
        for request, song in zip(asked, songs, strict=True):
            places = models.calibration.places(song)
            targets = models.calibration.target_places(request.features)
            errors += [places[name] - targets[name] for name in LEARNED_FEATURES]
        fidelity = [
            agreement(parse(description), tokenize_midi(song.midi, events=False).description)
            for description, song in zip(descriptions, songs, strict=True)
        ]
        pairs = zip(songs[::2], songs[1::2], strict=True)
        rows.append(
            {
                "strictness": strictness.value,
                "songs": len(songs),
                "ear_error": float(np.sqrt(np.mean(np.square(errors)))),
                "fidelity": float(np.mean(fidelity)),
                "variety": float(np.mean([distance(one.parsed, other.parsed) for one, other in pairs])),
            }
        )
        progress("measuring the cost of obeying", number, len(strictnesses))
    return pd.DataFrame(rows)


def _variety(description_model: DescriptionGenerator, guidance: float, seed: int) -> float:
    """Return the mean Jaccard distance between the bars of descriptions that differ in their seed only.

    The number and meter of a bar are left out, because the request fixes them.
    """
    descriptions = description_model.generate(
        [FeatureVector()] * NUM_SAMPLES, bars=BARS, seeds=range(seed, seed + NUM_SAMPLES), guidance=guidance
    )
    songs = [
        [
            {
                ("density", bar.note_density),
                ("velocity", bar.mean_velocity),
                ("pitch", bar.mean_pitch),
                ("duration", bar.mean_duration),
                *(("instrument", instrument) for instrument in bar.instruments),
                *(("chord", chord) for chord in bar.chords),
            }
            for bar in DescriptionGrammar().parse(tokens)
        ]
        for tokens in descriptions
    ]
    distances = [
        1 - len(one & other) / len(one | other)
        for song, other_song in combinations(songs, 2)
        for one, other in zip(song, other_song, strict=True)
    ]
    return float(np.mean(distances))
