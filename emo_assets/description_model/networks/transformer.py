"""The Transformer describer: a causal decoder over the description with the features as its memory."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import nn

from emo_assets.description_model.data.dataset import Batch
from emo_assets.description_model.data.output_vocab import output_vocab
from emo_assets.description_model.networks.copy_head import CopyHead
from emo_assets.description_model.networks.embeddings import FeatureEmbedding, StepEmbedding
from emo_assets.description_model.networks.lstm import State
from emo_assets.description_model.specs import ModelConfig, ModelSpec


class TransformerModel(nn.Module):
    """Attends to the tokens so far and to the ten embedded features (paper section 4.1.1).

    Args:
        spec: what it writes.
        config: its sizes.
    """

    def __init__(self, spec: ModelSpec, config: ModelConfig) -> None:
        super().__init__()
        alphabet = output_vocab(spec.writes)
        width = config.embedding
        self.reading = StepEmbedding(width)
        self.memory = FeatureEmbedding(width)
        self.layers = nn.ModuleList(DecoderLayer(config) for _ in range(config.layers))
        self.norm = nn.LayerNorm(width)
        self.dropout = nn.Dropout(config.dropout)
        self.writing = nn.Linear(width, len(alphabet.outputs))
        self.copying = CopyHead(width, 0, None) if config.copying else None
        self.register_buffer("allowed", torch.from_numpy(alphabet.allowed), persistent=False)
        self.allowed: torch.Tensor

    def forward(self, batch: Batch, state: State | None = None) -> tuple[torch.Tensor, State]:
        """Return log-probabilities of the next token at each step, and the state after the last.

        Args:
            batch: the steps.
            state: what was returned for the steps before, a key and a value tensor a layer; None at the start
                of a window.

        Returns:
            (batch, time, outputs), and the state.
        """
        memory = self.memory(batch.features, batch.present)  # (batch, 10, width)
        states = self.dropout(self.reading(batch))  # (batch, time, width)
        after: State = []
        for number, layer in enumerate(self.layers):
            before = state[2 * number : 2 * number + 2] if state else None
            states, key, value = layer(states, memory, before)
            after += [key, value]
        states = self.dropout(self.norm(states))
        allowed = self.allowed[batch.inputs]  # (batch, time, outputs)
        logits = self.writing(states).masked_fill(~allowed, -torch.inf)  # (batch, time, outputs)
        if self.copying is None:
            return logits.log_softmax(dim=-1), after
        return self.copying(states, logits, batch.hints, batch.agreement, allowed), after


class DecoderLayer(nn.Module):
    """Causal self-attention, attention to the features, feed-forward; each normalised first, then added.

    Args:
        config: its sizes.
    """

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        width = config.embedding
        self.heads = config.heads
        self.norm_self = nn.LayerNorm(width)
        self.queries_keys_values = nn.Linear(width, 3 * width)
        self.join_self = nn.Linear(width, width)
        self.norm_features = nn.LayerNorm(width)
        self.queries = nn.Linear(width, width)
        self.keys_values = nn.Linear(width, 2 * width)
        self.join_features = nn.Linear(width, width)
        self.norm_forward = nn.LayerNorm(width)
        self.widen = nn.Linear(width, config.hidden)
        self.narrow = nn.Linear(config.hidden, width)
        self.dropout = nn.Dropout(config.dropout)

    def forward(
        self, states: torch.Tensor, memory: torch.Tensor, before: State | None
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Return the new states, and all keys and values of self-attention so far.

        Args:
            states: (batch, time, width).
            memory: (batch, 10, width).
            before: keys and values of the steps before, (batch, heads, earlier, width / heads) each.
        """
        queries, key, value = self.queries_keys_values(self.norm_self(states)).chunk(3, dim=-1)
        earlier = before[0].shape[2] if before else 0
        query = apply_rope(self._by_head(queries), earlier)  # (batch, heads, time, width / heads)
        key = apply_rope(self._by_head(key), earlier)
        value = self._by_head(value)
        if before:
            key, value = torch.cat([before[0], key], dim=2), torch.cat([before[1], value], dim=2)
        # with earlier steps there is one query, and it may look at all of them
        attended = F.scaled_dot_product_attention(query, key, value, is_causal=earlier == 0)
        states = states + self.dropout(self.join_self(self._joined(attended)))
        queries = self._by_head(self.queries(self.norm_features(states)))
        keys, values = (self._by_head(part) for part in self.keys_values(memory).chunk(2, dim=-1))
        attended = F.scaled_dot_product_attention(queries, keys, values)
        states = states + self.dropout(self.join_features(self._joined(attended)))
        widened = F.gelu(self.widen(self.norm_forward(states)))  # (batch, time, hidden)
        states = states + self.dropout(self.narrow(widened))
        return states, key, value

    def _by_head(self, states: torch.Tensor) -> torch.Tensor:
        batch, time, _ = states.shape
        return states.view(batch, time, self.heads, -1).transpose(1, 2)  # (batch, heads, time, width / heads)

    def _joined(self, by_head: torch.Tensor) -> torch.Tensor:
        return by_head.transpose(1, 2).flatten(-2)  # (batch, time, width)


def apply_rope(by_head: torch.Tensor, earlier: int) -> torch.Tensor:
    """Turn each pair of channels by an angle that grows with time, so that attention sees distances.

    Rotary position embedding (arXiv 2104.09864), half of the channels against the other half.

    Args:
        by_head: (batch, heads, time, channels), an even number of channels.
        earlier: how many steps came before the first.
    """
    half = by_head.shape[-1] // 2
    time = torch.arange(earlier, earlier + by_head.shape[2], device=by_head.device)
    speed = 1000.0 ** (-torch.arange(half, device=by_head.device) / half)
    angle = time[:, None] * speed[None, :]  # (time, channels / 2)
    first, second = by_head[..., :half], by_head[..., half:]
    return torch.cat(
        [first * angle.cos() - second * angle.sin(), first * angle.sin() + second * angle.cos()], dim=-1
    )
