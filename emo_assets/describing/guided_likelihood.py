"""How likely songs are to a describer whose features are amplified by guidance."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import torch

from emo_assets.describing.batches import WindowSource
from emo_assets.describing.drawing import guided_logs
from emo_assets.describing.likelihood import BITS, counted_steps
from emo_assets.describing.songs import Song
from emo_assets.describing.weights import TrainedDescriber

WINDOWS_AT_ONCE = 64


@torch.no_grad()
def guided_bits(trained: TrainedDescriber, songs: Sequence[Song], guidance: float) -> float:
    """Return the negative log-likelihood of songs under the guided distribution, teacher-forced.

    The distribution of each token is proportional to p(·)^(1-g) · p(·|features)^g, as descriptions are drawn.
    Chords are scored as written in the key that is heard.

    Args:
        trained: the describer.
        songs: with features.
        guidance: g: 1 as learned, 0 without features.

    Returns:
        Bits a bar of the kinds of tokens that it writes.
    """
    source = WindowSource(songs, trained.spec, trained.config, trained.encoder, trained.hearing)
    network = trained.network()
    examples = source.segments()
    bits, bars = 0.0, sum(len(example.window.content) for example in examples)
    for start in range(0, len(examples), WINDOWS_AT_ONCE):
        batch = source.collate(examples[start : start + WINDOWS_AT_ONCE])
        untold = replace(
            batch, features=torch.zeros_like(batch.features), present=torch.zeros_like(batch.present)
        )
        told, targets = counted_steps(network(batch)[0], batch)
        without, _ = counted_steps(network(untold)[0], untold)
        guided = guided_logs(told.double().numpy(), without.double().numpy(), guidance)
        logs = torch.from_numpy(guided).log_softmax(dim=-1)  # (tokens, outputs)
        bits -= float(logs.gather(-1, targets[:, None]).sum()) * BITS
    return bits / bars
