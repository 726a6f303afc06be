"""Weight files of description models."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import pytest
import torch

from emo_assets.description_model.specs import ModelConfig, model_spec
from emo_assets.description_model.training import train_model
from emo_assets.description_model.weights import METADATA_KEY, TrainedModel, from_bytes, to_bytes
from emo_assets.errors import InputError
from emo_assets.nn.weight_files import decode_weights, encode_weights


@pytest.fixture(scope="module")
def trained(tiny: ModelConfig, training_set: pd.DataFrame) -> TrainedModel:
    return train_model(model_spec("lstm_density"), tiny, training_set)


def test_a_model_is_read_as_it_was_written(trained: TrainedModel) -> None:
    content = to_bytes(trained)
    read = from_bytes(content)

    assert read.weights.keys() == trained.weights.keys()
    assert all(torch.equal(read.weights[name], trained.weights[name]) for name in trained.weights)
    assert (read.spec, read.config, read.encoder) == (trained.spec, trained.config, trained.encoder)
    assert read.history == trained.history
    assert to_bytes(read) == content


def test_options_of_earlier_versions_are_ignored(trained: TrainedModel) -> None:
    metadata, tensors = decode_weights(to_bytes(trained), key=METADATA_KEY, name="model")
    metadata["config"] |= {"feature_noise": 0.0, "feature_decay": 0.01}
    earlier = encode_weights(tensors, metadata, key=METADATA_KEY)

    assert from_bytes(earlier).config == trained.config


def test_other_files_are_refused(trained: TrainedModel) -> None:
    content = to_bytes(trained)
    for wrong in (
        b"",
        b"x",
        b"\x80\x04cos\nsystem\n.",
        content[:100],
        content[:-4],
        content.replace(b"lstm_density", b"lstm_unheard"),
        content.replace(b"emo_assets.describer.1", b"emo_assets.describer.2"),
        content.replace(b"deviations", b"diviations"),
        content.replace(b"offsets", b"offsits"),
    ):
        with pytest.raises(InputError) as caught:
            from_bytes(wrong)
        assert "\n" not in str(caught.value)


def test_weights_that_do_not_fit_the_settings_are_refused(trained: TrainedModel) -> None:
    other = replace(trained, config=trained.config.model_copy(update={"hidden": 48}))

    with pytest.raises(InputError, match="do not fit"):
        from_bytes(to_bytes(other))
