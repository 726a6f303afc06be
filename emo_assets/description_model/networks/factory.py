"""One door to all networks."""

from __future__ import annotations

from emo_assets.description_model.networks.lstm import LSTMModel
from emo_assets.description_model.networks.plain_lstm import PlainLSTM
from emo_assets.description_model.networks.transformer import TransformerModel
from emo_assets.description_model.specs import ModelConfig, ModelSpec

DescriptionNetwork = LSTMModel | PlainLSTM | TransformerModel


def build_network(spec: ModelSpec, config: ModelConfig) -> DescriptionNetwork:
    """Return an untrained network; its weights are drawn from torch's generator as it stands."""
    match spec.network:
        case "transformer":
            return TransformerModel(spec, config)
        case "plain":
            return PlainLSTM(spec, config)
        case "lstm":
            return LSTMModel(spec, config)
