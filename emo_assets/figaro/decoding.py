"""The decoder one token at a time, for several songs at once, with a key/value cache.

Songs advance in step: their newest tokens share one slot of the cache, so that a slot's distance from now is
the same for all, however long each song's own window is. Which tokens a song's window holds is decided in
`windows`, what is chosen next in `sampling`.

The relative term k_r · E[l - r] changes with every step, for every cached key. Each key's products with all
distances are therefore computed once, when it enters the cache; a step reads one diagonal of them.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from emo_assets.figaro.network import (
    Attention,
    DecoderLayer,
    FigaroNetwork,
    future,
    relative_scores,
    skew,
    split_heads,
)
from emo_assets.figaro.projections import Precision, prepared, with_precision


@dataclass(frozen=True)
class FedTokens:
    """Tokens as the network takes them: ids, bar ids and position ids, each (..., time) or (lanes,)."""

    events: Tensor
    bars: Tensor
    positions: Tensor


class Cache:
    """What a step remembers of earlier ones, layer by layer, for `lanes` songs side by side.

    Lanes and heads share the first dimension of every tensor, (lanes * heads, ..).

    Attributes:
        lanes: songs side by side.
        now: the slot of the newest tokens.
        lengths: (lanes,) tokens of each song's window, at most the context.
        layers: each decoder layer's part.
    """

    def __init__(self, decoder: Decoder, lanes: int) -> None:
        config = decoder.network.config
        self.lanes = lanes
        self.context = config.context
        self.slots = 2 * config.context
        self.now = config.context - 1
        self.lengths = torch.zeros(lanes, dtype=torch.int64)
        rows = lanes * config.heads
        self.layers = [
            LayerCache(
                keys=torch.zeros(rows, self.slots, config.head_size),
                values=torch.zeros(rows, self.slots, config.head_size),
                key_distances=torch.zeros(rows, self.slots, config.context),
                memory_keys=torch.zeros(rows, config.head_size, config.context),
                memory_values=torch.zeros(rows, config.context, config.head_size),
                memory_distances=torch.zeros(rows, config.context, config.context)
                if config.relative_cross
                else None,
            )
            for _ in decoder.layers
        ]

    def advance(self) -> None:
        """Move on to the next slot, back to the front when the last is reached."""
        if self.now + 1 == self.slots:
            kept = self.context - 1
            for layer in self.layers:
                for buffer in (layer.keys, layer.values, layer.key_distances):
                    buffer[:, :kept] = buffer[:, self.slots - kept :]
            self.now = kept - 1
        self.now += 1
        self.lengths = (self.lengths + 1).clamp_max(self.context)

    def keep(self, lanes: list[int]) -> None:
        """Drop every lane but `lanes`, which move together in their order."""
        heads = self.layers[0].keys.shape[0] // self.lanes
        rows = torch.tensor([lane * heads + head for lane in lanes for head in range(heads)])
        self.layers = [layer.of_rows(rows) for layer in self.layers]
        self.lengths = self.lengths[lanes]
        self.lanes = len(lanes)

    def bytes(self) -> int:
        """Return the memory that the cache takes."""
        return sum(tensor.nbytes for layer in self.layers for tensor in layer.tensors())


@dataclass
class LayerCache:
    """One layer's part of the cache; rows are lanes times heads.

    Attributes:
        keys: (rows, slots, head_size).
        values: (rows, slots, head_size).
        key_distances: (rows, slots, context): each key's scaled products with the distances, in a window's
            order: column j is the distance context - 1 - j.
        memory_keys: (rows, head_size, context) of the encoded description.
        memory_values: (rows, context, head_size).
        memory_distances: (rows, context, context): the relative term of [description, event] where
            cross-attention has one.
    """

    keys: Tensor
    values: Tensor
    key_distances: Tensor
    memory_keys: Tensor
    memory_values: Tensor
    memory_distances: Tensor | None

    def tensors(self) -> list[Tensor]:
        """Return all tensors."""
        always = [self.keys, self.values, self.key_distances, self.memory_keys, self.memory_values]
        return always if self.memory_distances is None else [*always, self.memory_distances]

    def of_rows(self, rows: Tensor) -> LayerCache:
        """Return a copy of some rows."""
        return LayerCache(
            self.keys[rows],
            self.values[rows],
            self.key_distances[rows],
            self.memory_keys[rows],
            self.memory_values[rows],
            None if self.memory_distances is None else self.memory_distances[rows],
        )


class StepLayer:
    """One decoder layer prepared for inference: projections joined, distances in a window's order.

    Args:
        layer: the layer as trained.
        context: tokens that a step sees.
        precision: of the linear layers.
    """

    def __init__(self, layer: DecoderLayer, context: int, precision: Precision) -> None:
        own, cross, feed_forward = layer.attention, layer.cross, layer.feed_forward
        if own.distance is None:
            raise ValueError("a decoder layer's self-attention has relative positions")
        self.own, self.cross, self.feed_forward = own, cross, feed_forward
        self.heads, self.context = own.heads, context
        self.own_in = prepared([own.query, own.key, own.value], precision)
        self.own_out = prepared([own.output], precision)
        self.cross_in = prepared([cross.query], precision)
        self.cross_memory = prepared([cross.key, cross.value], precision)
        self.cross_out = prepared([cross.output], precision)
        self.inner = prepared([feed_forward.inner], precision)
        self.outer = prepared([feed_forward.outer], precision)
        zero = own.distance.shape[0] // 2
        self.scale = 1 / math.sqrt(own.distance.shape[1])
        self.distances = own.distance.detach()[zero : zero + context].flip(0).t().contiguous()
        self.cross_distances = None
        if cross.distance is not None:
            whole = cross.distance.detach()[zero - context + 1 : zero + context]
            self.cross_distances = whole.t().contiguous()  # (head_size, 2 * context - 1), ascending

    def step(self, states: Tensor, cache: Cache, layer: LayerCache, unseen: Tensor) -> Tensor:
        """Take one token of every lane.

        Args:
            states: (lanes, d_model).
            cache: of all layers; its `now` is the tokens' slot.
            layer: this layer's part of it, which takes up the tokens' keys and values.
            unseen: (lanes, 1, 1, context), minus infinity where a lane's window has not begun.
        """
        lanes, heads = states.shape[0], self.heads
        query, key, value = self.own_in(states).view(lanes, 3, heads, -1).unbind(1)  # (lanes, heads, size)
        query, scaled_key = query * self.scale, key * self.scale
        both = torch.cat([query, scaled_key], 1)  # (lanes, 2 * heads, head_size)
        distances = self.distances.expand(lanes, -1, -1)  # (lanes, head_size, context)
        of_query, of_key = torch.bmm(both, distances).chunk(2, 1)  # (lanes, heads, context)
        now, first = cache.now, cache.now - self.context + 1
        layer.keys.view(lanes, heads, cache.slots, -1)[:, :, now] = key
        layer.values.view(lanes, heads, cache.slots, -1)[:, :, now] = value
        layer.key_distances.view(lanes, heads, cache.slots, -1)[:, :, now] = of_key
        diagonal = layer.key_distances.as_strided(
            (lanes, heads, 1, self.context),
            (heads * cache.slots * self.context, cache.slots * self.context, 0, self.context + 1),
            first * self.context,
        )
        relative = of_query.unsqueeze(2) + diagonal + unseen  # (lanes, heads, 1, context)
        scores = torch.baddbmm(
            relative.view(lanes * heads, 1, -1),
            query.reshape(lanes * heads, 1, -1),
            layer.keys[:, first : now + 1].transpose(1, 2),
        )  # (lanes * heads, 1, context)
        mixed = torch.bmm(scores.softmax(-1), layer.values[:, first : now + 1])  # (lanes * heads, 1, size)
        states = self.own.norm(states + self.own_out(mixed.view(lanes, -1)))  # (lanes, d_model)
        query = (self.cross_in(states) * self.scale).view(lanes * heads, 1, -1)  # (lanes * heads, 1, size)
        scores = torch.bmm(query, layer.memory_keys)  # (lanes * heads, 1, context)
        if self.cross_distances is not None:
            scores = scores + self._cross_relative(query, layer, cache.lengths - 1)
        mixed = torch.bmm(scores.softmax(-1), layer.memory_values)  # (lanes * heads, 1, head_size)
        states = self.cross.norm(states + self.cross_out(mixed.view(lanes, -1)))  # (lanes, d_model)
        return self._feed_forward(states)

    def fill(self, states: Tensor, memory: Tensor, cache: Cache, layer: LayerCache, lane: int) -> Tensor:
        """Take a whole window of one lane in place of what the cache holds of it.

        Args:
            states: (1, time, d_model); its last token belongs into the slot `now`.
            memory: the encoded description, (1, context, d_model).
            cache: of all layers.
            layer: this layer's part of it.
            lane: which song.
        """
        time, heads = states.shape[1], self.heads
        rows = slice(lane * heads, (lane + 1) * heads)
        slots = slice(cache.now - time + 1, cache.now + 1)
        query, key, value = (
            split_heads(part, heads)[0] for part in self.own_in(states).chunk(3, -1)
        )  # (heads, time, head_size)
        layer.keys[rows, slots] = key
        layer.values[rows, slots] = value
        layer.key_distances[rows, slots] = (key * self.scale) @ self.distances
        scores = self._scores(self.own, query, key)  # (heads, time, time)
        scores += future(scores)
        mixed = (scores.softmax(-1) @ value).transpose(0, 1).flatten(1)  # (time, d_model)
        states = self.own.norm(states + self.own_out(mixed))  # (1, time, d_model)
        query = split_heads(self.cross_in(states), heads)[0]  # (heads, time, head_size)
        key, value = (
            split_heads(part, heads)[0] for part in self.cross_memory(memory).chunk(2, -1)
        )  # (heads, context, head_size)
        layer.memory_keys[rows] = key.transpose(1, 2)
        layer.memory_values[rows] = value
        if layer.memory_distances is not None and self.cross_distances is not None:
            layer.memory_distances[rows] = skew((key * self.scale) @ self.cross_distances, self.context)
        mixed = self._scores(self.cross, query, key).softmax(-1) @ value  # (heads, time, head_size)
        states = self.cross.norm(states + self.cross_out(mixed.transpose(0, 1).flatten(1)))
        return self._feed_forward(states)

    def _scores(self, attention: Attention, query: Tensor, key: Tensor) -> Tensor:
        """Scores (heads, left, right) of one lane's queries and keys, (heads, left or right, head_size)."""
        scores = (query * self.scale) @ key.transpose(1, 2)  # (heads, left, right)
        if attention.distance is None:
            return scores
        scaled = key * self.scale
        relative = relative_scores(
            query * self.scale, scaled, attention.distance.detach(), causal=attention.causal
        )
        return scores + relative  # (heads, left, right)

    def _cross_relative(self, query: Tensor, layer: LayerCache, places: Tensor) -> Tensor:
        """Both relative terms of cross-attention for tokens at `places` (lanes,) of their windows."""
        if layer.memory_distances is None or self.cross_distances is None:
            raise ValueError("this layer's cross-attention has no relative term")
        lanes, last = len(places), self.context - 1
        by_distance = query.view(lanes, self.heads, -1) @ self.cross_distances.flip(1)
        of_query = [
            products[:, last - place : last - place + self.context]
            for products, place in zip(by_distance, places.tolist(), strict=True)
        ]
        per_lane = layer.memory_distances.view(lanes, self.heads, self.context, self.context)
        of_key = [columns[:, :, place] for columns, place in zip(per_lane, places.tolist(), strict=True)]
        return (torch.stack(of_query) + torch.stack(of_key)).view(lanes * self.heads, 1, -1)

    def _feed_forward(self, states: Tensor) -> Tensor:
        inner = F.gelu(self.inner(states))  # (.., feed_forward)
        result: Tensor = self.feed_forward.norm(states + self.outer(inner))  # (.., d_model)
        return result


class Decoder:
    """A network prepared for inference.

    Args:
        network: the weights; they are not changed.
        precision: of the linear layers, the encoder's among them.
    """

    def __init__(self, network: FigaroNetwork, precision: Precision) -> None:
        self.network = network
        self.precision = precision
        self.encoder = with_precision(network.encoder, precision)
        self.layers = [
            StepLayer(layer, network.config.context, precision)
            for layer in network.decoder
            if isinstance(layer, DecoderLayer)
        ]
        self.output = prepared([network.output], precision)

    def encode(self, description: Tensor, bars: Tensor) -> Tensor:
        """Encode a padded description: ids and bar ids (1, context) to (1, context, d_model)."""
        states = self.network.embed_description(description, bars)  # (1, context, d_model)
        for layer in self.encoder:
            states = layer(states)  # (1, context, d_model)
        return states

    def step(self, cache: Cache, tokens: FedTokens) -> Tensor:
        """Take one more token of every lane, (lanes,) each, and return the next one's logits.

        The cache must have been advanced to the tokens' slot.

        Returns:
            (lanes, events).
        """
        states = self.network.embed_events(tokens.events, tokens.bars, tokens.positions)  # (lanes, d_model)
        begun = torch.arange(cache.context) >= cache.context - cache.lengths[:, None]  # (lanes, context)
        unseen = torch.zeros(begun.shape).masked_fill_(~begun, float("-inf"))[:, None, None]
        for layer, part in zip(self.layers, cache.layers, strict=True):
            states = layer.step(states, cache, part, unseen)  # (lanes, d_model)
        logits: Tensor = self.output(states)  # (lanes, events)
        return logits

    def fill(self, cache: Cache, lane: int, tokens: FedTokens, memory: Tensor) -> Tensor:
        """Put a whole window, at most the context long, in place of what a lane holds.

        Args:
            cache: advanced to the slot of the window's last token.
            lane: which song.
            tokens: the window, (1, time) each.
            memory: the encoded description, (1, context, d_model).

        Returns:
            Logits after each token of the window, (time, events).
        """
        cache.lengths[lane] = tokens.events.shape[1]
        states = self.network.embed_events(tokens.events, tokens.bars, tokens.positions)
        for layer, part in zip(self.layers, cache.layers, strict=True):
            states = layer.fill(states, memory, cache, part, lane)  # (1, time, d_model)
        logits: Tensor = self.output(states[0])  # (time, events)
        return logits
