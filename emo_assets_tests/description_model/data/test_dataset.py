"""Windows and batches."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from emo_assets.description_model.data.dataset import IGNORE_INDEX, DescriptionDataset
from emo_assets.description_model.data.feature_encoding import ENCODED_SIZE, FeatureEncoder
from emo_assets.description_model.data.key_estimation import KEY, KeyEstimator
from emo_assets.description_model.data.songs import load_songs
from emo_assets.description_model.specs import MODEL_SPECS, WINDOW_BARS, ModelConfig, ModelSpec, model_spec
from emo_assets.tokens.vocabulary import PAD


def dataset(training_set: pd.DataFrame, spec: ModelSpec, **settings: object) -> DescriptionDataset:
    songs = load_songs(training_set, "train")
    encoder = FeatureEncoder.fit(np.stack([song.features for song in songs]))
    return DescriptionDataset(songs, spec, ModelConfig(**settings), encoder, KeyEstimator.fit(songs))


@pytest.mark.parametrize("spec", MODEL_SPECS, ids=lambda spec: spec.name)
def test_a_batch_holds_its_windows_padded_on_the_right(spec: ModelSpec, training_set: pd.DataFrame) -> None:
    source = dataset(training_set, spec)
    examples = source.segments()[:5]
    batch = source.collate(examples)
    time = max(len(example.window.inputs) for example in examples)

    assert batch.inputs.shape == batch.targets.shape == (5, time)
    assert batch.features.shape == (5, ENCODED_SIZE)
    for row, example in enumerate(examples):
        length = len(example.window.inputs)
        targets = source.vocab.token_ids[batch.targets[row, :length].numpy()]
        assert targets.tolist() == example.window.targets.tolist()
        assert (batch.targets[row, length:] == IGNORE_INDEX).all()
        assert (batch.inputs[row, length:] == PAD).all()


@pytest.mark.parametrize("random_windows", [True, False])
def test_an_epoch_has_every_bar_in_windows_of_at_most_12(
    random_windows: bool, training_set: pd.DataFrame
) -> None:
    source = dataset(training_set, model_spec("lstm_density"), random_windows=random_windows)
    spans = source.epoch(np.random.default_rng(0))

    for index in {span.song for span in spans}:
        cuts = [span for span in spans if span.song == index]
        assert {bar for cut in cuts for bar in range(cut.start, cut.stop)} == set(range(20))
        assert max(cut.stop - cut.start for cut in cuts) <= WINDOW_BARS


def test_the_key_is_masked_if_chords_are_relative_to_it(training_set: pd.DataFrame) -> None:
    spec = model_spec("lstm_misc")

    assert not dataset(training_set, spec, degrees=True).segments()[0].feature_mask[KEY]
    assert dataset(training_set, spec, degrees=False).segments()[0].feature_mask.all()


def test_features_are_dropped_in_training_as_configured(training_set: pd.DataFrame) -> None:
    source = dataset(training_set, model_spec("lstm_density"), drop_all_features=0.5, drop_one_feature=0.0)
    rng = np.random.default_rng(0)
    spans = [span for _ in range(5) for span in source.epoch(rng)]
    masks = np.concatenate([batch.feature_mask.numpy() for batch in source.batches(spans, 8, rng)])

    assert {int(count) for count in masks.sum(axis=1)} == {0, 9}  # all but the key
    assert (masks.sum(axis=1) == 0).mean() == pytest.approx(0.5, abs=0.1)
