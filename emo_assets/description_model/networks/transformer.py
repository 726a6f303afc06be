"""The Transformer description model: a causal decoder that attends to the features."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from emo_assets.description_model.data.dataset import Batch
from emo_assets.description_model.data.output_vocab import output_vocab
from emo_assets.description_model.networks.copy_head import CopyHead
from emo_assets.description_model.networks.embeddings import FeatureEmbedding, StepEmbedding
from emo_assets.description_model.specs import ModelConfig, ModelSpec
from emo_assets.nn.attention import apply_rope, merge_heads, split_heads


class TransformerModel(nn.Module):
    """Attends to the previous tokens and to the ten embedded features (paper section 4.1.1).

    Args:
        spec: the kinds of tokens.
        config: the sizes.
    """

    def __init__(self, spec: ModelSpec, config: ModelConfig) -> None:
        super().__init__()
        vocab = output_vocab(spec.target_kinds)
        width = config.embedding
        self.reading = StepEmbedding(width)
        self.memory = FeatureEmbedding(width)
        self.layers = nn.ModuleList(DecoderLayer(config) for _ in range(config.layers))
        self.norm = nn.LayerNorm(width)
        self.dropout = nn.Dropout(config.dropout)
        self.writing = nn.Linear(width, len(vocab.token_ids))
        self.copying = CopyHead(width, 0, None) if config.copying else None
        self.register_buffer("allowed", torch.from_numpy(vocab.allowed), persistent=False)
        self.allowed: Tensor

    def forward(self, batch: Batch, state: list[Tensor] | None = None) -> tuple[Tensor, list[Tensor]]:
        """Return log-probabilities of each next token, and the state after the last step.

        Args:
            batch: the steps; one step when there is a state.
            state: keys and values of the steps before, one pair per layer; None at the start of a window.

        Returns:
            (batch, time, outputs), and the keys and values of all steps.
        """
        memory = self.memory(batch.features, batch.feature_mask)  # (batch, 10, width)
        states = self.dropout(self.reading(batch))  # (batch, time, width)
        cache: list[Tensor] = []
        for index, layer in enumerate(self.layers):
            states, key, value = layer(states, memory, state[2 * index : 2 * index + 2] if state else None)
            cache += [key, value]
        states = self.dropout(self.norm(states))  # (batch, time, width)
        allowed = self.allowed[batch.inputs]  # (batch, time, outputs)
        logits = self.writing(states).masked_fill(~allowed, -torch.inf)  # (batch, time, outputs)
        if self.copying is None:
            return logits.log_softmax(dim=-1), cache
        return self.copying(states, logits, batch.hints, batch.agreement, allowed), cache


class DecoderLayer(nn.Module):
    """Pre-norm layer: causal self-attention, attention to the features, feed-forward.

    Args:
        config: the sizes.
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
        self, states: Tensor, memory: Tensor, cache: list[Tensor] | None
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Return the new states, and the self-attention's keys and values of all steps so far.

        Args:
            states: (batch, time, width).
            memory: embedded features, (batch, 10, width).
            cache: keys and values of the steps before, (batch, heads, earlier, head_size) each.
        """
        projected = self.queries_keys_values(self.norm_self(states))  # (batch, time, 3 · width)
        query, key, value = (split_heads(part, self.heads) for part in projected.chunk(3, dim=-1))
        earlier = cache[0].shape[2] if cache else 0
        query, key = apply_rope(query, earlier), apply_rope(key, earlier)  # (batch, heads, time, head_size)
        if cache:
            key = torch.cat([cache[0], key], dim=2)  # (batch, heads, earlier + time, head_size)
            value = torch.cat([cache[1], value], dim=2)  # (batch, heads, earlier + time, head_size)
        # with a cache there is one query, which may attend to every step
        attended = F.scaled_dot_product_attention(query, key, value, is_causal=earlier == 0)
        states = states + self.dropout(self.join_self(merge_heads(attended)))  # (batch, time, width)
        query = split_heads(self.queries(self.norm_features(states)), self.heads)
        memory_key, memory_value = (  # (batch, heads, 10, head_size)
            split_heads(part, self.heads) for part in self.keys_values(memory).chunk(2, dim=-1)
        )
        attended = F.scaled_dot_product_attention(query, memory_key, memory_value)
        states = states + self.dropout(self.join_features(merge_heads(attended)))  # (batch, time, width)
        widened = F.gelu(self.widen(self.norm_forward(states)))  # (batch, time, hidden)
        states = states + self.dropout(self.narrow(widened))  # (batch, time, width)
        return states, key, value
