"""Generation: valid by the grammar, exactly as requested, the same for the same seed."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd
import pytest

from emo_assets.description_model.form_constraint import MAX_HOLD_BARS
from emo_assets.description_model.generate import DescriptionGenerator
from emo_assets.description_model.song_form import plan_form
from emo_assets.description_model.specs import (
    MODEL_SPECS,
    SPECIALIZED_MODELS,
    ModelConfig,
    config_for,
    model_spec,
)
from emo_assets.description_model.training import train_model
from emo_assets.description_model.weights import TrainedModel, from_bytes, to_bytes
from emo_assets.errors import InputError
from emo_assets.features import FeatureVector
from emo_assets.midi.general_midi import BASS_PROGRAMS
from emo_assets.tokens.grammar.descriptions import DescriptionGrammar
from emo_assets.tokens.vocabulary import CHORD_QUALITIES, TIME_SIGNATURES


@pytest.fixture(scope="module")
def trained(tiny: ModelConfig, training_set: pd.DataFrame) -> Mapping[str, TrainedModel]:
    return {spec.name: train_model(spec, tiny, training_set) for spec in MODEL_SPECS}


@pytest.fixture(scope="module", params=["transformer", "lstm_full", "combined", "combined, like size best"])
def generator(
    request: pytest.FixtureRequest,
    trained: Mapping[str, TrainedModel],
    tiny: ModelConfig,
    training_set: pd.DataFrame,
) -> DescriptionGenerator:
    if request.param == "combined":
        return DescriptionGenerator([trained[name] for name in SPECIALIZED_MODELS])
    if request.param not in trained:
        # some of the best models read absolute chords, some relative ones
        like_best = {
            name: tiny.model_copy(
                update=config_for(name, "best").model_dump(include={"degrees", "transpose"})
            )
            for name in SPECIALIZED_MODELS
        }
        assert len({config.degrees for config in like_best.values()}) == 2
        return DescriptionGenerator(
            [train_model(model_spec(name), one, training_set) for name, one in like_best.items()]
        )
    return DescriptionGenerator([trained[request.param]])


@pytest.mark.parametrize("bars", [1, 12, 13, 31])
def test_every_description_is_valid_and_has_the_bars_and_the_meter_asked_for(
    generator: DescriptionGenerator, bars: int
) -> None:
    asked = [FeatureVector(time_signature=meter, key=meter) for meter in (1, 3, 4, 5, 7)]
    generated = generator.generate(asked, bars=bars, seeds=range(5), temperature=1.5, top_p=1.0)

    for features, ids in zip(asked, generated, strict=True):
        read = DescriptionGrammar().parse(ids)
        assert len(read) == bars
        meters = {TIME_SIGNATURES[bar.time_signature or 0] for bar in read}
        assert meters == {(features.time_signature, 4)}


def test_a_seed_gives_the_same_song_alone_or_among_others(generator: DescriptionGenerator) -> None:
    asked = [FeatureVector(energy=value) for value in (0.1, 0.5, 0.9)]
    together = generator.generate(asked, bars=14, seeds=[3, 4, 5])

    assert generator.generate(asked, bars=14, seeds=[3, 4, 5]) == together
    assert generator.generate(asked[1:2], bars=14, seeds=[4]) == together[1:2]
    assert generator.generate(asked[1:2], bars=14, seeds=[9]) != together[1:2]


def test_chords_move_with_the_key(generator: DescriptionGenerator) -> None:
    [in_c], [in_e] = (
        generator.generate([FeatureVector(key=key)], bars=12, seeds=[1], guidance=0.0) for key in (0, 4)
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
def test_settings_out_of_range_are_refused(generator: DescriptionGenerator, wrong: dict[str, object]) -> None:
    settings: dict[str, object] = {"bars": 4, "seeds": [1], **wrong}
    with pytest.raises(InputError):
        generator.generate([FeatureVector()], **settings)  # type: ignore[arg-type]


def test_only_models_that_together_generate_everything_are_accepted(
    trained: Mapping[str, TrainedModel],
) -> None:
    with pytest.raises(InputError, match="together: lstm_pitch"):
        DescriptionGenerator([trained["lstm_pitch"]])
    with pytest.raises(InputError, match="or all of lstm_misc"):
        DescriptionGenerator([trained[name] for name in SPECIALIZED_MODELS[1:]])


def test_models_generate_the_same_from_their_files_and_in_any_order(
    trained: Mapping[str, TrainedModel],
) -> None:
    models = [trained[name] for name in SPECIALIZED_MODELS]
    read = [from_bytes(to_bytes(model)) for model in reversed(models)]
    [before], [after] = (
        DescriptionGenerator(each).generate([FeatureVector()], bars=4, seeds=[0]) for each in (models, read)
    )

    assert before == after


@pytest.mark.parametrize("bars", [1, 16])
def test_a_planned_song_repeats_its_sections_and_ends(generator: DescriptionGenerator, bars: int) -> None:
    asked = [FeatureVector(key=key, mode=key % 2, acousticness=0.9) for key in (0, 5)]
    forms = [plan_form(bars, seed) for seed in range(2)]
    generated = generator.generate(asked, bars=bars, seeds=[1, 2], forms=forms)

    for features, form, ids in zip(asked, forms, generated, strict=True):
        described = DescriptionGrammar().parse(ids)
        assert len(described) == bars
        assert len({tuple(set(bar.instruments) & set(BASS_PROGRAMS)) for bar in described}) == 1
        for index, (plan, bar) in enumerate(zip(form.bars, described, strict=True)):
            if plan.source is not None:
                source = described[plan.source]
                held = {one.chords for one in described[max(index - MAX_HOLD_BARS, 0) : index]}
                assert bar.chords == source.chords or held == {source.chords}
                assert abs(bar.mean_pitch - source.mean_pitch) <= 1
                assert abs(bar.mean_duration - source.mean_duration) <= 1
        tonic = features.key * len(CHORD_QUALITIES) + CHORD_QUALITIES.index("maj" if features.mode else "min")
        assert described[-1].chords == (tonic,)
        if bars > 1:
            densities = [bar.note_density for bar in described]
            assert densities[-1] <= 0.5 * sum(densities[:-1]) / (bars - 1)
            assert described[-1].mean_duration == max(bar.mean_duration for bar in described)


def test_a_planned_song_is_the_same_alone_or_among_others(generator: DescriptionGenerator) -> None:
    asked = [FeatureVector(energy=value) for value in (0.1, 0.9)]
    forms = [plan_form(14, seed) for seed in (3, 4)]
    together = generator.generate(asked, bars=14, seeds=[3, 4], forms=forms)

    assert generator.generate(asked[1:], bars=14, seeds=[4], forms=forms[1:]) == together[1:]
