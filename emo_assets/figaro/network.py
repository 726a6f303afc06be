"""FIGARO's network: a description encoder and an event decoder with relative positions.

Source: von Rütte et al., "FIGARO: Generating Symbolic Music with Fine-Grained Artistic Control", 2022;
relative positions after Huang et al., "Improve Transformer Models with Better Relative Position
Embeddings", 2020, method 4.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from emo_assets.figaro.bar_copying import COPY_LAGS
from emo_assets.figaro.config import BAR_ROWS, POSITION_ROWS, FigaroConfig
from emo_assets.figaro.inputs import BAR_NUMBERS
from emo_assets.nn.attention import merge_heads, split_heads
from emo_assets.tokens.vocabulary import DESCRIPTIONS, EVENTS, PAD

NORM_EPSILON = 1e-12


def relative_shift(products: Tensor, columns: int) -> Tensor:
    """Shift row l of `products` left by (rows - 1 - l), so that distances become indices.

    Column c of the input belongs to the distance l - r = rows - 1 - c, so that entry [l, r] of the result
    is the input's [l, rows - 1 - l + r].

    Args:
        products: (..., rows, width); its last two dimensions are contiguous.
        columns: number of indices r: at most width - 1, or width when there is one row.

    Returns:
        A view (..., rows, columns). Entries outside a row hold values of the next one.
    """
    rows, width = products.shape[-2:]
    if rows == 1:
        return products[..., :columns]
    flat = products.flatten(-2)[..., rows - 1 : rows - 1 + rows * (width - 1)]  # (..., rows * (width - 1))
    shifted: Tensor = flat.view(*flat.shape[:-1], rows, width - 1)  # (..., rows, width - 1)
    return shifted[..., :columns]  # (..., rows, columns)


def relative_scores(query: Tensor, key: Tensor, distance: Tensor, *, causal: bool) -> Tensor:
    """Return both relative terms, q_l · E[l - r] + k_r · E[l - r].

    Args:
        query: (..., left, head_size).
        key: (..., right, head_size).
        distance: E, (2 * distances - 1, head_size), ascending; distance 0 is in the middle.
        causal: whether left equals right and entries with r > l do not matter: half the work.

    Returns:
        (..., left, right).
    """
    left, right = query.shape[-2], key.shape[-2]
    zero = distance.shape[0] // 2
    lowest = -1 if causal else 1 - right
    rows = distance[zero + lowest : zero + left]  # (width, head_size), ascending distance
    of_query = relative_shift(query @ rows.flip(0).T, right)  # (..., left, right)
    # from the key's side the distance has the opposite sign: the same shift with the two sides exchanged
    if causal:
        by_key = key @ distance[zero : zero + right + 1].T  # (..., right, right + 1), ascending distance
        flat = by_key.flatten(-2)[..., : right * right]  # (..., right * right)
        of_key = flat.view(*flat.shape[:-1], right, right)  # (..., right, left)
    else:
        of_key = relative_shift(key @ rows.T, left)  # (..., right, left)
    return of_query + of_key.transpose(-1, -2)  # (..., left, right)


def causal_mask(scores: Tensor) -> Tensor:
    """Return a mask to add to `scores` (..., left, right): minus infinity where r > l, else 0.

    A sum, unlike filling in values, costs nothing in the backward pass.
    """
    left, right = scores.shape[-2:]
    return torch.full((left, right), float("-inf"), dtype=scores.dtype, device=scores.device).triu(1)


def attend(query: Tensor, key: Tensor, value: Tensor, distance: Tensor | None, *, causal: bool) -> Tensor:
    """Return multi-head attention with the relative terms of method 4, before the output projection.

    score[l, r] = (q_l · k_r + q_l · E[l - r] + k_r · E[l - r]) / sqrt(head_size)

    Args:
        query: already divided by sqrt(head_size), (..., left, head_size).
        key: (..., right, head_size).
        value: (..., right, head_size).
        distance: E, as for `relative_scores`; None for attention without relative terms.
        causal: whether index l sees only indices r <= l.

    Returns:
        (..., left, head_size).
    """
    scores = query @ key.transpose(-1, -2)  # (..., left, right)
    if distance is not None:
        scaled = key * (1 / math.sqrt(key.shape[-1]))  # (..., right, head_size)
        scores = scores + relative_scores(query, scaled, distance, causal=causal)  # (..., left, right)
    if causal:
        scores = scores + causal_mask(scores)  # (..., left, right)
    return scores.softmax(-1) @ value  # (..., left, head_size)


class Attention(nn.Module):
    """Multi-head attention (see `attend`), followed by its residual and norm.

    Args:
        config: sizes.
        relative: whether there are relative terms.
        causal: whether index l sees only indices r <= l.
    """

    def __init__(self, config: FigaroConfig, *, relative: bool, causal: bool) -> None:
        super().__init__()
        width = config.d_model
        self.heads = config.heads
        self.causal = causal
        self.query = nn.Linear(width, width)
        self.key = nn.Linear(width, width)
        self.value = nn.Linear(width, width)
        self.output = nn.Linear(width, width)
        self.norm = nn.LayerNorm(width, eps=NORM_EPSILON)
        self.distance = (
            nn.Parameter(torch.empty(2 * config.distances - 1, config.head_size)) if relative else None
        )

    def forward(self, states: Tensor, memory: Tensor) -> Tensor:
        """Let `states` (batch, left, d_model) attend to `memory` (batch, right, d_model)."""
        scale = 1 / math.sqrt(states.shape[-1] // self.heads)
        query = split_heads(self.query(states), self.heads) * scale  # (batch, heads, left, head_size)
        key = split_heads(self.key(memory), self.heads)  # (batch, heads, right, head_size)
        value = split_heads(self.value(memory), self.heads)  # (batch, heads, right, head_size)
        mixed = attend(query, key, value, self.distance, causal=self.causal)
        result: Tensor = self.norm(states + self.output(merge_heads(mixed)))  # (batch, left, d_model)
        return result


class FeedForward(nn.Module):
    """Two linear layers with the exact GELU between them, then residual and norm."""

    def __init__(self, config: FigaroConfig) -> None:
        super().__init__()
        self.inner = nn.Linear(config.d_model, config.feed_forward)
        self.outer = nn.Linear(config.feed_forward, config.d_model)
        self.norm = nn.LayerNorm(config.d_model, eps=NORM_EPSILON)

    def forward(self, states: Tensor) -> Tensor:
        """Map (batch, time, d_model) to the same shape."""
        result: Tensor = self.norm(states + self.outer(F.gelu(self.inner(states))))  # (batch, time, d_model)
        return result


class EncoderLayer(nn.Module):
    """Self-attention over the description, then feed-forward."""

    def __init__(self, config: FigaroConfig) -> None:
        super().__init__()
        self.attention = Attention(config, relative=True, causal=False)
        self.feed_forward = FeedForward(config)

    def forward(self, states: Tensor) -> Tensor:
        """Map (batch, description, d_model) to the same shape."""
        result: Tensor = self.feed_forward(self.attention(states, states))  # (batch, description, d_model)
        return result


class DecoderLayer(nn.Module):
    """Causal self-attention over the events, attention to the encoded description, feed-forward."""

    def __init__(self, config: FigaroConfig) -> None:
        super().__init__()
        self.attention = Attention(config, relative=True, causal=True)
        self.cross = Attention(config, relative=config.relative_cross, causal=False)
        self.feed_forward = FeedForward(config)

    def forward(self, states: Tensor, memory: Tensor) -> Tensor:
        """Map (batch, time, d_model) to the same shape; `memory` is (batch, description, d_model)."""
        states = self.attention(states, states)  # (batch, time, d_model)
        states = self.cross(states, memory)  # (batch, time, d_model)
        result: Tensor = self.feed_forward(states)  # (batch, time, d_model)
        return result


class InputNorm(nn.Module):
    """BERT's input layer: adds the vector of the token type, then normalizes."""

    def __init__(self, config: FigaroConfig) -> None:
        super().__init__()
        self.token_type = nn.Parameter(torch.zeros(config.d_model))
        self.norm = nn.LayerNorm(config.d_model, eps=NORM_EPSILON)

    def forward(self, embedded: Tensor) -> Tensor:
        """Map (batch, time, d_model) to the same shape."""
        result: Tensor = self.norm(embedded + self.token_type)  # (batch, time, d_model)
        return result


class BarCopying(nn.Module):
    """Reads the events that earlier bars suggest, and makes them more or less likely.

    A sum of logits in place of a pointer network's mixture: it is as good, and cheap for one token at a time.
    """

    def __init__(self, config: FigaroConfig) -> None:
        super().__init__()
        self.read = nn.Linear(len(COPY_LAGS) * config.d_model, config.d_model, bias=False)
        self.gates = nn.Linear(config.d_model, len(COPY_LAGS))

    def embed(self, suggested: Tensor) -> Tensor:
        """Map embedded suggestions (..., lags, d_model) to (..., d_model)."""
        result: Tensor = self.read(suggested.flatten(-2))  # (..., d_model)
        return result

    def forward(self, logits: Tensor, states: Tensor, copied: Tensor) -> Tensor:
        """Add a gate per lag to the logit of the event that it suggests.

        Args:
            logits: (..., events).
            states: of the last layer, (..., d_model).
            copied: suggested events, (..., lags), `PAD` for none.

        Returns:
            (..., events).
        """
        gates = self.gates(states).masked_fill(copied == PAD, 0)  # (..., lags)
        return logits.scatter_add(-1, copied, gates)  # (..., events)


class FigaroNetwork(nn.Module):
    """The whole network: description ids and event ids in, logits of the next event out.

    Args:
        config: sizes. The initial weights come from torch's global generator.
    """

    def __init__(self, config: FigaroConfig) -> None:
        super().__init__()
        self.config = config
        self.event_embedding = nn.Embedding(len(EVENTS), config.d_model)
        self.description_embedding = nn.Embedding(len(DESCRIPTIONS), config.d_model)
        self.bar_embedding = nn.Embedding(BAR_ROWS, config.d_model)
        self.position_embedding = nn.Embedding(POSITION_ROWS, config.d_model)
        self.encoder_input = InputNorm(config)
        self.encoder = nn.ModuleList(EncoderLayer(config) for _ in range(config.encoder_layers))
        self.decoder_input = InputNorm(config)
        self.decoder = nn.ModuleList(DecoderLayer(config) for _ in range(config.decoder_layers))
        self.output = nn.Linear(config.d_model, len(EVENTS), bias=False)
        self.copying = BarCopying(config) if config.copying else None
        width = config.d_model
        self.bar_numbers = (
            nn.Linear(BAR_NUMBERS * width, width, bias=False) if config.bar_conditioning else None
        )
        self.apply(_initialize)

    def encode(self, description: Tensor, bars: Tensor) -> Tensor:
        """Encode a description.

        Args:
            description: token ids (batch, description).
            bars: bar ids (batch, description), 0 to 256.

        Returns:
            States (batch, description, d_model).
        """
        states = self.embed_description(description, bars)  # (batch, description, d_model)
        for layer in self.encoder:
            states = layer(states)  # (batch, description, d_model)
        return states

    def embed_description(self, description: Tensor, bars: Tensor) -> Tensor:
        """Embed a description: ids and bar ids (batch, description) to (batch, description, d_model)."""
        embedded = self.description_embedding(description) + self.bar_embedding(bars)
        result: Tensor = self.encoder_input(embedded)  # (batch, description, d_model)
        return result

    def embed_events(
        self,
        events: Tensor,
        bars: Tensor,
        positions: Tensor,
        copied: Tensor | None = None,
        numbers: Tensor | None = None,
    ) -> Tensor:
        """Embed events.

        Args:
            events: token ids (batch, time).
            bars: bar ids (batch, time), 0 to 256.
            positions: position ids (batch, time).
            copied: the next events that earlier bars suggest (batch, time, lags); for networks that copy.
            numbers: the tokens of the numbers of each event's bar (batch, time, BAR_NUMBERS); for networks
                with bar conditioning.

        Returns:
            (batch, time, d_model).
        """
        embedded = (
            self.event_embedding(events) + self.bar_embedding(bars) + self.position_embedding(positions)
        )
        if self.copying is not None and copied is not None:
            embedded = embedded + self.copying.embed(self.event_embedding(copied))
        if self.bar_numbers is not None and numbers is not None:
            embedded = embedded + self.bar_numbers(self.description_embedding(numbers).flatten(-2))
        result: Tensor = self.decoder_input(embedded)  # (batch, time, d_model)
        return result

    def add_copied(self, logits: Tensor, states: Tensor, copied: Tensor | None) -> Tensor:
        """Add what earlier bars suggest to logits (..., events), see `BarCopying`; others pass unchanged."""
        if self.copying is None or copied is None:
            return logits
        result: Tensor = self.copying(logits, states, copied)  # (..., events)
        return result

    def forward(
        self,
        events: Tensor,
        bars: Tensor,
        positions: Tensor,
        memory: Tensor,
        copied: Tensor | None = None,
        numbers: Tensor | None = None,
    ) -> Tensor:
        """Return the logits of each next event.

        Args:
            events: token ids (batch, time).
            bars: bar ids (batch, time), 0 to 256.
            positions: position ids (batch, time).
            memory: encoder states (batch, description, d_model). If shorter than the events, it is padded
                with zero vectors, which are attended to like any other.
            copied: the next events that earlier bars suggest (batch, time, lags); for networks that copy.
            numbers: the tokens of the numbers of each event's bar (batch, time, BAR_NUMBERS); for networks
                with bar conditioning.

        Returns:
            (batch, time, events).
        """
        missing = events.shape[1] - memory.shape[1]
        if missing > 0:
            memory = F.pad(memory, (0, 0, 0, missing))  # (batch, time, d_model)
        states = self.embed_events(events, bars, positions, copied, numbers)  # (batch, time, d_model)
        for layer in self.decoder:
            states = layer(states, memory)  # (batch, time, d_model)
        logits: Tensor = self.output(states)  # (batch, time, events)
        return self.add_copied(logits, states, copied)


def _initialize(module: nn.Module) -> None:
    """Initialize a module's own weights as BERT does: normal with deviation 0.02, biases 0."""
    if isinstance(module, nn.Linear | nn.Embedding):
        nn.init.normal_(module.weight, std=0.02)
        if isinstance(module, nn.Linear) and module.bias is not None:
            nn.init.zeros_(module.bias)
    elif isinstance(module, Attention) and module.distance is not None:
        nn.init.normal_(module.distance, std=0.02)
