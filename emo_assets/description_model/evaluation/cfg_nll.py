"""How likely songs are to a describer whose features are amplified by guidance."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import torch

from emo_assets.description_model.data.songs import DescribedSong
from emo_assets.description_model.evaluation.likelihood import BITS_PER_NAT, drop_padding
from emo_assets.description_model.weights import TrainedModel
from emo_assets.nn.sampling import apply_cfg

WINDOWS_AT_ONCE = 64


@torch.no_grad()
def cfg_nll(trained: TrainedModel, songs: Sequence[DescribedSong], guidance: float) -> float:
    """Return the negative log-likelihood of songs under the guided distribution, teacher-forced.

    The distribution of each token is proportional to p(·)^(1-g) · p(·|features)^g, as descriptions are
    sample_token.
    Chords are scored as written in the key that is heard.

    Args:
        trained: the describer.
        songs: with features.
        guidance: g: 1 as learned, 0 without features.

    Returns:
        Bits a bar of the kinds of tokens that it writes.
    """
    source = trained.dataset(songs)
    network = trained.network()
    examples = source.segments()
    bits, bars = 0.0, sum(len(example.window.content) for example in examples)
    for start in range(0, len(examples), WINDOWS_AT_ONCE):
        batch = source.collate(examples[start : start + WINDOWS_AT_ONCE])
        untold = replace(
            batch,
            features=torch.zeros_like(batch.features),
            feature_mask=torch.zeros_like(batch.feature_mask),
        )
        told, targets = drop_padding(network(batch)[0], batch)
        without, _ = drop_padding(network(untold)[0], untold)
        guided = apply_cfg(told.double().numpy(), without.double().numpy(), guidance)
        logs = torch.from_numpy(guided).log_softmax(dim=-1)  # (tokens, outputs)
        bits -= float(logs.gather(-1, targets[:, None]).sum()) * BITS_PER_NAT
    return bits / bars
