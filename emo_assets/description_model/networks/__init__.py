"""The networks: previous tokens, features and earlier bars in, log-probabilities of the next token out."""

from __future__ import annotations

from emo_assets.description_model.networks.lstm import LSTMModel, PlainLSTM
from emo_assets.description_model.networks.transformer import TransformerModel
from emo_assets.description_model.specs import ModelConfig, ModelSpec

DescriptionNetwork = LSTMModel | PlainLSTM | TransformerModel

_NETWORKS: dict[str, type[DescriptionNetwork]] = {
    "transformer": TransformerModel,
    "lstm": LSTMModel,
    "plain": PlainLSTM,
}


def build_network(spec: ModelSpec, config: ModelConfig) -> DescriptionNetwork:
    """Return an untrained network, initialized from torch's global generator."""
    return _NETWORKS[spec.network](spec, config)
