"""Sampling: always inside the grammar, exactly what was asked, the same again with the same seed."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
import pytest

from emo_assets.description_model.generate import (
    Describer,
    combined_describer,
    describer_from,
    full_describer,
)
from emo_assets.description_model.specs import (
    MODEL_SPECS,
    SPECIALIZED_MODELS,
    ModelConfig,
    config_for,
    model_spec,
)
from emo_assets.description_model.training import train_model
from emo_assets.description_model.weights import TrainedModel, to_bytes
from emo_assets.errors import InputError
from emo_assets.features import FeatureVector
from emo_assets.nn.sampling import SamplingParams, apply_cfg, sample_token
from emo_assets.tokens.grammar.descriptions import DescriptionGrammar
from emo_assets.tokens.vocabulary import TIME_SIGNATURES


@pytest.fixture(scope="module")
def trained(tiny: ModelConfig, training_set: pd.DataFrame) -> Mapping[str, TrainedModel]:
    return {spec.name: train_model(spec, tiny, training_set) for spec in MODEL_SPECS}


@pytest.fixture(scope="module", params=["transformer", "lstm_full", "combined", "combined, as the best are"])
def describer(
    request: pytest.FixtureRequest,
    trained: Mapping[str, TrainedModel],
    tiny: ModelConfig,
    training_set: pd.DataFrame,
) -> Describer:
    if request.param == "combined":
        return combined_describer([trained[name] for name in SPECIALIZED_MODELS])
    if request.param not in trained:
        # the best read chords by their names and by their degrees, side by side
        as_best = {
            name: tiny.model_copy(
                update=config_for(name, "best").model_dump(include={"degrees", "transpose"})
            )
            for name in SPECIALIZED_MODELS
        }
        assert len({config.degrees for config in as_best.values()}) == 2
        return combined_describer(
            [train_model(model_spec(name), one, training_set) for name, one in as_best.items()]
        )
    return full_describer(trained[request.param])


@pytest.mark.parametrize("bars", [1, 12, 13, 31])
def test_every_description_is_valid_and_has_the_bars_and_the_meter_asked_for(
    describer: Describer, bars: int
) -> None:
    asked = [FeatureVector(time_signature=meter, key=meter) for meter in (1, 3, 4, 5, 7)]
    described = describer.describe(asked, bars=bars, seeds=range(5), temperature=1.5, top_p=1.0)

    for features, ids in zip(asked, described, strict=True):
        read = DescriptionGrammar().parse(ids)
        assert [bar.number for bar in read] == list(range(1, bars + 1))
        meters = {TIME_SIGNATURES[bar.time_signature or 0] for bar in read}
        assert meters == {(features.time_signature, 4)}


def test_a_seed_gives_the_same_song_alone_or_among_others(describer: Describer) -> None:
    asked = [FeatureVector(energy=value) for value in (0.1, 0.5, 0.9)]
    together = describer.describe(asked, bars=14, seeds=[3, 4, 5])

    assert describer.describe(asked, bars=14, seeds=[3, 4, 5]) == together
    assert describer.describe(asked[1:2], bars=14, seeds=[4]) == together[1:2]
    assert describer.describe(asked[1:2], bars=14, seeds=[9]) != together[1:2]


def test_chords_move_with_the_key(describer: Describer) -> None:
    [in_c], [in_e] = (
        describer.describe([FeatureVector(key=key)], bars=12, seeds=[1], guidance=0.0) for key in (0, 4)
    )
    chords_in_c = [bar.chords for bar in DescriptionGrammar().parse(in_c)]
    chords_in_e = [bar.chords for bar in DescriptionGrammar().parse(in_e)]

    moved = [tuple(c if c == 96 else (c + 4 * 8) % 96 for c in chords) for chords in chords_in_c]
    assert moved == chords_in_e


@pytest.mark.parametrize(
    "wrong",
    [
        {"bars": 0},
        {"bars": 512},
        {"seeds": [1, 2]},
        {"temperature": -1.0},
        {"top_p": 0.0},
        {"guidance": float("nan")},
    ],
)
def test_settings_out_of_range_are_refused(describer: Describer, wrong: dict[str, object]) -> None:
    settings: dict[str, object] = {"bars": 4, "seeds": [1], **wrong}
    with pytest.raises(InputError):
        describer.describe([FeatureVector()], **settings)  # type: ignore[arg-type]


def test_only_describers_that_together_write_everything_are_taken(
    trained: Mapping[str, TrainedModel],
) -> None:
    with pytest.raises(InputError, match="lstm_pitch"):
        full_describer(trained["lstm_pitch"])
    with pytest.raises(InputError, match="needs lstm_misc too"):
        combined_describer([trained[name] for name in SPECIALIZED_MODELS[1:]])


def test_a_describer_comes_back_from_its_bytes(trained: Mapping[str, TrainedModel]) -> None:
    parts = [trained[name] for name in SPECIALIZED_MODELS]
    [before] = combined_describer(parts).describe([FeatureVector()], bars=4, seeds=[0])
    [after] = describer_from([to_bytes(part) for part in parts]).describe(
        [FeatureVector()], bars=4, seeds=[0]
    )

    assert before == after


def test_guidance_exaggerates_what_the_features_change() -> None:
    with_features = np.log(np.array([[0.6, 0.4, 1.0]]))
    without = np.log(np.array([[0.4, 0.6, 1.0]]))
    with_features[0, 2] = without[0, 2] = -np.inf

    def first_share(guidance: float) -> float:
        probabilities = np.exp(apply_cfg(with_features, without, guidance)[0])
        return float(probabilities[0] / probabilities.sum())

    assert first_share(0) == pytest.approx(0.4)
    assert first_share(1) == pytest.approx(0.6)
    assert first_share(3) > 0.8
    assert apply_cfg(with_features, without, 3)[0, 2] == -np.inf


def test_the_nucleus_leaves_out_the_unlikely_and_cold_draws_take_the_likeliest() -> None:
    logs = np.log(np.array([0.05, 0.5, 0.3, 0.15]))
    generator = np.random.default_rng(0)

    assert {sample_token(logs, SamplingParams(1.0, 0.75, 1.0), generator) for _ in range(200)} == {1, 2}
    assert {sample_token(logs, SamplingParams(0.0, 1.0, 1.0), generator) for _ in range(5)} == {1}
    counts = np.bincount(
        [sample_token(logs, SamplingParams(1.0, 1.0, 1.0), generator) for _ in range(4000)], minlength=4
    )
    np.testing.assert_allclose(counts / 4000, np.exp(logs), atol=0.03)
