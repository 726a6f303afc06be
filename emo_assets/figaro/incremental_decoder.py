"""The decoder one token at a time, for a batch of songs, with a key/value cache.

Songs advance in step: their newest tokens share one slot of the cache, so that the distance of a slot from
the newest one is the same for all, however long each song's window is. A lane is a song's index in the batch.

The relative term k_r · E[l - r] of every cached key changes with every step. Each key's products with all
distances are therefore computed once, when it enters the cache; a step reads one diagonal of them.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional as F

from emo_assets.figaro.linear import (
    FLOAT_ROWS,
    Precision,
    frozen_norm,
    fused_linear,
    gelu,
    quantized_layers,
    scaled,
)
from emo_assets.figaro.network import DecoderLayer, FigaroNetwork, attend, relative_shift
from emo_assets.nn.attention import merge_heads, split_heads


class TokenIds(NamedTuple):
    """The network's inputs for some tokens: ids, bar ids and position ids, each (..., time) or (lanes,).

    The events that earlier bars suggest, and the numbers of the bar's description, have one more dimension.
    """

    events: Tensor
    bars: Tensor
    positions: Tensor
    copied: Tensor
    numbers: Tensor


class LayerKVCache(NamedTuple):
    """The cache of one layer. The first dimension of every tensor is lanes * heads.

    Attributes:
        own: keys and values of the tokens, (lanes * heads, 2, slots, head_size).
        key_distances: each key's scaled products with the distances, (lanes * heads, slots, context); column
            j is the distance context - 1 - j. Minus infinity hides the slots before a lane's window.
        memory_keys: of the encoded description, (lanes * heads, head_size, context).
        memory_values: (lanes * heads, context, head_size).
        memory_distances: the keys' relative term of [event, description] where cross-attention has one,
            (lanes * heads, context, context); else empty.
    """

    own: Tensor
    key_distances: Tensor
    memory_keys: Tensor
    memory_values: Tensor
    memory_distances: Tensor


class KVCache:
    """Keys and values of earlier tokens.

    Args:
        decoder: whose layers the cache serves.
        lanes: size of the batch.

    Attributes:
        lanes: size of the batch.
        now: the slot of the newest tokens.
        lengths: tokens in each song's window, at most the context, (lanes,).
        layers: one cache per decoder layer.
        mixed: scratch space for the output of a step's attention, (rows, d_model); rows after the lanes are
            padding, see `linear`.
    """

    def __init__(self, decoder: IncrementalDecoder, lanes: int) -> None:
        config = decoder.network.config
        self.lanes = lanes
        self.context = config.context
        self.slots = 2 * config.context
        self.now = config.context - 1
        self.lengths = torch.zeros(lanes, dtype=torch.int64)
        self._rows = decoder.rows
        self.mixed = torch.zeros(self._rows(lanes), config.d_model)
        heads = lanes * config.heads
        cross = config.context if config.relative_cross else 0
        self.layers = [
            LayerKVCache(
                own=torch.zeros(heads, 2, self.slots, config.head_size),
                key_distances=torch.full((heads, self.slots, config.context), float("-inf")),
                memory_keys=torch.zeros(heads, config.head_size, config.context),
                memory_values=torch.zeros(heads, config.context, config.head_size),
                memory_distances=torch.zeros(heads, cross, cross),
            )
            for _ in decoder.layers
        ]

    def advance(self) -> None:
        """Move on to the next slot; at the last one, move the newest slots to the front."""
        if self.now + 1 == self.slots:
            kept = self.context - 1
            for layer in self.layers:
                layer.own[:, :, :kept] = layer.own[:, :, self.slots - kept :]
                layer.key_distances[:, :kept] = layer.key_distances[:, self.slots - kept :]
            self.now = kept - 1
        self.now += 1
        self.lengths = (self.lengths + 1).clamp_max(self.context)

    def keep(self, lanes: list[int]) -> None:
        """Drop all lanes but some, in the order given."""
        heads = self.layers[0].own.shape[0] // self.lanes
        kept = torch.tensor([lane * heads + head for lane in lanes for head in range(heads)])
        self.layers = [LayerKVCache(*(tensor[kept] for tensor in layer)) for layer in self.layers]
        self.lengths = self.lengths[lanes]
        self.lanes = len(lanes)
        self.mixed = self.mixed[: self._rows(self.lanes)]

    def nbytes(self) -> int:
        """Return the bytes that the cache takes."""
        return sum(tensor.nbytes for layer in self.layers for tensor in layer)


class IncrementalLayer:
    """One decoder layer prepared for inference: projections fused, distances in a window's order.

    The query projections include the division by sqrt(head_size).

    Args:
        layer: the trained layer.
        context: tokens that a step sees.
        precision: of the linear layers.
    """

    def __init__(self, layer: DecoderLayer, context: int, precision: Precision) -> None:
        own, cross, feed_forward = layer.attention, layer.cross, layer.feed_forward
        if own.distance is None:
            raise ValueError("the self-attention of a decoder layer has relative terms")
        self.heads, self.context = own.heads, context
        self.scale = torch.tensor(1 / math.sqrt(own.distance.shape[1]))
        self.own_in = fused_linear([scaled(own.query, self.scale), own.key, own.value], precision)
        self.own_out = fused_linear([own.output], precision)
        self.own_norm = frozen_norm(own.norm)
        self.cross_in = fused_linear([scaled(cross.query, self.scale)], precision)
        self.cross_memory = fused_linear([cross.key, cross.value], precision)
        self.cross_out = fused_linear([cross.output], precision)
        self.cross_norm = frozen_norm(cross.norm)
        self.inner = fused_linear([feed_forward.inner], precision)
        self.outer = fused_linear([feed_forward.outer], precision)
        self.last_norm = frozen_norm(feed_forward.norm)
        zero = own.distance.shape[0] // 2
        self.own_table = own.distance.detach()  # (2 * distances - 1, head_size)
        self.distances = self.own_table[zero : zero + context].flip(0).t().contiguous()
        self.cross_table = None
        if cross.distance is not None:
            self.cross_table = cross.distance.detach()  # (2 * distances - 1, head_size)
            whole = self.cross_table[zero - context + 1 : zero + context]
            self.cross_distances = whole.t().contiguous()  # (head_size, 2 * context - 1), ascending
            self.falling_distances = self.cross_distances.flip(1).contiguous()

    def step(self, states: Tensor, cache: KVCache, layer: LayerKVCache) -> Tensor:
        """Process one token per lane.

        Args:
            states: (rows, d_model), the lanes and padding.
            cache: of all layers; `now` is the tokens' slot.
            layer: this layer's cache, which the tokens' keys and values enter.

        Returns:
            (rows, d_model).
        """
        lanes, heads = cache.lanes, self.heads
        mixed = cache.mixed[:lanes].view(lanes * heads, 1, -1)  # (lanes * heads, 1, head_size)
        projected = self.own_in(states)[:lanes].view(lanes, 3 * heads, -1)  # (lanes, 3 * heads, head_size)
        self._self_attention(projected, cache, layer, mixed)
        states = self.own_norm(states + self.own_out(cache.mixed))  # (rows, d_model)
        query = self.cross_in(states)[:lanes].view(lanes * heads, 1, -1)  # (lanes * heads, 1, head_size)
        scores = torch.bmm(query, layer.memory_keys)  # (lanes * heads, 1, context)
        if self.cross_table is not None:
            scores = scores + self._cross_relative(query, layer, cache.lengths - 1)
        torch.bmm(scores.softmax(-1), layer.memory_values, out=mixed)
        states = self.cross_norm(states + self.cross_out(cache.mixed))  # (rows, d_model)
        return self._feed_forward(states)

    def _self_attention(self, projected: Tensor, cache: KVCache, layer: LayerKVCache, mixed: Tensor) -> None:
        """Let the newest tokens attend to their windows, themselves included.

        Args:
            projected: their queries, keys and values, (lanes, 3 * heads, head_size).
            cache: of all layers.
            layer: this layer's cache, which the keys and values enter.
            mixed: receives the result, (lanes * heads, 1, head_size).
        """
        lanes, heads, now, slots = cache.lanes, self.heads, cache.now, cache.slots
        first = now - self.context + 1
        parts = projected.view(lanes, 3, heads, -1).transpose(1, 2)  # (lanes, heads, 3, head_size)
        layer.own.view(lanes, heads, 2, slots, -1).select(3, now).copy_(parts[:, :, 1:])
        by_distance = torch.bmm(projected[:, : 2 * heads], self.distances.expand(lanes, -1, -1))
        of_query, of_key = by_distance.view(lanes, 2, heads, 1, -1).unbind(1)  # (lanes, heads, 1, context)
        newest = layer.key_distances.view(lanes, heads, slots, -1)[:, :, now : now + 1]
        torch.mul(of_key, self.scale, out=newest)  # (lanes, heads, 1, context)
        diagonal = layer.key_distances.as_strided(
            (lanes, heads, 1, self.context),
            (heads * slots * self.context, slots * self.context, 0, self.context + 1),
            first * self.context,
        )
        relative = (of_query + diagonal).view(lanes * heads, 1, -1)  # (lanes * heads, 1, context)
        keys, values = layer.own[:, :, first : now + 1].unbind(1)  # (lanes * heads, context, head_size)
        query = parts[:, :, 0].reshape(lanes * heads, 1, -1)  # (lanes * heads, 1, head_size)
        scores = torch.baddbmm(relative, query, keys.transpose(1, 2))  # (lanes * heads, 1, context)
        torch.bmm(scores.softmax(-1), values, out=mixed)

    def fill(self, states: Tensor, memory: Tensor, cache: KVCache, layer: LayerKVCache, lane: int) -> Tensor:
        """Process a whole window of one lane and replace what the cache holds of that lane.

        Args:
            states: (time, d_model); the last token enters the slot `now`.
            memory: the encoded description, (context, d_model).
            cache: of all layers.
            layer: this layer's cache.
            lane: which song.

        Returns:
            (time, d_model).
        """
        time, heads = states.shape[0], self.heads
        own = slice(lane * heads, (lane + 1) * heads)
        begin, end = cache.now - time + 1, cache.now + 1
        query, key, value = (
            split_heads(part[None], heads) for part in self.own_in(states).chunk(3, -1)
        )  # (1, heads, time, head_size)
        layer.own[own, 0, begin:end] = key[0]
        layer.own[own, 1, begin:end] = value[0]
        layer.key_distances[own, begin:end] = (key[0] * self.scale) @ self.distances
        layer.key_distances[own, end - self.context : begin] = float("-inf")
        [mixed] = merge_heads(attend(query, key, value, self.own_table, causal=True))  # (time, d_model)
        states = self.own_norm(states + self.own_out(mixed))  # (time, d_model)
        query = split_heads(self.cross_in(states)[None], heads)  # (1, heads, time, head_size)
        key, value = (
            split_heads(part[None], heads) for part in self.cross_memory(memory).chunk(2, -1)
        )  # (1, heads, context, head_size)
        layer.memory_keys[own] = key[0].transpose(1, 2)
        layer.memory_values[own] = value[0]
        if self.cross_table is not None:
            of_key = relative_shift((key[0] * self.scale) @ self.cross_distances, self.context)
            layer.memory_distances[own] = of_key.transpose(1, 2)  # (heads, event, description)
        [mixed] = merge_heads(attend(query, key, value, self.cross_table, causal=False))  # (time, d_model)
        states = self.cross_norm(states + self.cross_out(mixed))  # (time, d_model)
        return self._feed_forward(states)

    def _cross_relative(self, query: Tensor, layer: LayerKVCache, indices: Tensor) -> Tensor:
        """Return both relative terms of cross-attention, (lanes * heads, 1, context).

        Args:
            query: (lanes * heads, 1, head_size).
            layer: this layer's cache.
            indices: of the tokens in their windows, (lanes,).
        """
        lanes, last = len(indices), self.context - 1
        of_query = query.view(lanes, self.heads, -1) @ self.falling_distances
        of_key = layer.memory_distances.view(lanes, self.heads, self.context, self.context)
        result = torch.empty(lanes, self.heads, self.context)
        for lane, index in enumerate(indices.tolist()):
            window = of_query[lane, :, last - index : last - index + self.context]  # (heads, context)
            torch.add(window, of_key[lane, :, index], out=result[lane])
        return result.view(lanes * self.heads, 1, -1)

    def _feed_forward(self, states: Tensor) -> Tensor:
        return self.last_norm(states + self.outer(gelu(self.inner(states))))  # (..., d_model)


class IncrementalDecoder:
    """A network prepared for inference.

    Args:
        network: the weights; they are not changed.
        precision: of the linear layers, the encoder's included.
    """

    def __init__(self, network: FigaroNetwork, precision: Precision) -> None:
        self.network = network
        self.precision = precision
        self.encoder = quantized_layers(network.encoder, precision)
        self.layers = [
            IncrementalLayer(layer, network.config.context, precision)
            for layer in network.decoder
            if isinstance(layer, DecoderLayer)
        ]
        self.output = fused_linear([network.output], precision)

    def rows(self, lanes: int) -> int:
        """Return how many rows a step multiplies for a batch, see `linear`."""
        return lanes if self.precision is Precision.INT8 else FLOAT_ROWS

    def encode(self, description: Tensor, bars: Tensor) -> Tensor:
        """Encode a padded description: ids and bar ids (1, context) to (1, context, d_model)."""
        states = self.network.embed_description(description, bars)  # (1, context, d_model)
        for layer in self.encoder:
            states = layer(states)  # (1, context, d_model)
        return states

    def step(self, cache: KVCache, tokens: TokenIds) -> Tensor:
        """Process one more token per lane and return the logits of the next ones, (lanes, events).

        Args:
            cache: advanced to the tokens' slot.
            tokens: (lanes,) each.
        """
        states = self.network.embed_events(*tokens)  # (lanes, d_model)
        states = F.pad(states, (0, 0, 0, len(cache.mixed) - cache.lanes))  # (rows, d_model)
        for layer, part in zip(self.layers, cache.layers, strict=True):
            states = layer.step(states, cache, part)  # (rows, d_model)
        copied = F.pad(tokens.copied, (0, 0, 0, len(states) - cache.lanes))  # (rows, lags)
        return self.network.add_copied(self.output(states), states, copied)[: cache.lanes]  # (lanes, events)

    def fill(self, cache: KVCache, lane: int, tokens: TokenIds, memory: Tensor) -> Tensor:
        """Process a whole window and replace what the cache holds of a lane.

        Args:
            cache: advanced to the slot of the window's last token.
            lane: which song.
            tokens: the window, (1, time) each, at most the context long.
            memory: the encoded description, (1, context, d_model).

        Returns:
            Logits after each token of the window, (time, events).
        """
        cache.lengths[lane] = tokens.events.shape[1]
        [states] = self.network.embed_events(*tokens)  # (time, d_model)
        for layer, part in zip(self.layers, cache.layers, strict=True):
            states = layer.fill(states, memory[0], cache, part, lane)  # (time, d_model)
        return self.network.add_copied(self.output(states), states, tokens.copied[0])  # (time, events)
