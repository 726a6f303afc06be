"""One door to all networks."""

from __future__ import annotations

from emo_assets.describing.describers import DescriberConfig, DescriberSpec
from emo_assets.describing.networks.lstm import LstmDescriber
from emo_assets.describing.networks.plain import PlainLstm
from emo_assets.describing.networks.transformer import TransformerDescriber

DescriberNetwork = LstmDescriber | PlainLstm | TransformerDescriber


def build_network(spec: DescriberSpec, config: DescriberConfig) -> DescriberNetwork:
    """Return an untrained network; its weights are drawn from torch's generator as it stands."""
    match spec.network:
        case "transformer":
            return TransformerDescriber(spec, config)
        case "plain":
            return PlainLstm(spec, config)
        case "lstm":
            return LstmDescriber(spec, config)
