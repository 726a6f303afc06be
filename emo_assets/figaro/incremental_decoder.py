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

from emo_assets.figaro.linear import (
    FLOAT_ROWS,
    FrozenLayerNorm,
    Precision,
    gelu,
    prepared,
    quantized_layers,
    scaled,
)
from emo_assets.figaro.network import (
    Attention,
    DecoderLayer,
    FigaroNetwork,
    future,
    relative_scores,
    relative_shift,
    split_heads,
)


@dataclass(frozen=True)
class TokenIds:
    """Tokens as the network takes them: ids, bar ids and position ids, each (..., time) or (lanes,)."""

    events: Tensor
    bars: Tensor
    positions: Tensor


class KVCache:
    """What a step remembers of earlier ones, layer by layer, for `lanes` songs side by side.

    Lanes and heads share one dimension of every tensor, lanes * heads.

    Attributes:
        lanes: songs side by side.
        now: the slot of the newest tokens.
        lengths: (lanes,) tokens of each song's window, at most the context.
        layers: each decoder layer's part.
        mixed: (rows, d_model), where a step puts what its heads have mixed; the rows after the lanes are for
            company, see `projections`.
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
        self.layers = [
            LayerKVCache(
                own=torch.zeros(2, heads, self.slots, config.head_size),
                key_distances=torch.full((heads, self.slots, config.context), float("-inf")),
                memory_keys=torch.zeros(heads, config.head_size, config.context),
                memory_values=torch.zeros(heads, config.context, config.head_size),
                memory_distances=torch.zeros(heads, config.context, config.context)
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
                layer.own[:, :, :kept] = layer.own[:, :, self.slots - kept :]
                layer.key_distances[:, :kept] = layer.key_distances[:, self.slots - kept :]
            self.now = kept - 1
        self.now += 1
        self.lengths = (self.lengths + 1).clamp_max(self.context)

    def keep(self, lanes: list[int]) -> None:
        """Drop every lane but `lanes`, which move together in their order."""
        heads = self.layers[0].memory_keys.shape[0] // self.lanes
        kept = torch.tensor([lane * heads + head for lane in lanes for head in range(heads)])
        self.layers = [layer.of_heads(kept) for layer in self.layers]
        self.lengths = self.lengths[lanes]
        self.lanes = len(lanes)
        self.mixed = self.mixed[: self._rows(self.lanes)]

    def bytes(self) -> int:
        """Return the memory that the cache takes."""
        return sum(tensor.nbytes for layer in self.layers for tensor in layer.tensors())


@dataclass
class LayerKVCache:
    """One layer's part of the cache; heads are those of all lanes.

    Attributes:
        own: (2, heads, slots, head_size), keys and values of the tokens.
        key_distances: (heads, slots, context): each key's scaled products with the distances, in a window's
            order: column j is the distance context - 1 - j. Minus infinity where a lane's window has not
            begun: such a key is not seen.
        memory_keys: (heads, head_size, context) of the encoded description.
        memory_values: (heads, context, head_size).
        memory_distances: (heads, context, context): the relative term of [event, description] where
            cross-attention has one.
    """

    own: Tensor
    key_distances: Tensor
    memory_keys: Tensor
    memory_values: Tensor
    memory_distances: Tensor | None

    def tensors(self) -> list[Tensor]:
        """Return all tensors."""
        always = [self.own, self.key_distances, self.memory_keys, self.memory_values]
        return always if self.memory_distances is None else [*always, self.memory_distances]

    def of_heads(self, heads: Tensor) -> LayerKVCache:
        """Return a copy of some heads."""
        return LayerKVCache(
            self.own[:, heads],
            self.key_distances[heads],
            self.memory_keys[heads],
            self.memory_values[heads],
            None if self.memory_distances is None else self.memory_distances[heads],
        )


class IncrementalLayer:
    """One decoder layer prepared for inference: projections joined, distances in a window's order.

    Queries come out of their projections divided by the root of the head size.

    Args:
        layer: the layer as trained.
        context: tokens that a step sees.
        precision: of the linear layers.
    """

    def __init__(self, layer: DecoderLayer, context: int, precision: Precision) -> None:
        own, cross, feed_forward = layer.attention, layer.cross, layer.feed_forward
        if own.distance is None:
            raise ValueError("a decoder layer's self-attention has relative positions")
        self.own, self.cross = own, cross
        self.heads, self.context = own.heads, context
        self.scale = torch.tensor(1 / math.sqrt(own.distance.shape[1]))
        self.own_in = prepared([scaled(own.query, self.scale), own.key, own.value], precision)
        self.own_out = prepared([own.output], precision)
        self.own_norm = FrozenLayerNorm(own.norm)
        self.cross_in = prepared([scaled(cross.query, self.scale)], precision)
        self.cross_memory = prepared([cross.key, cross.value], precision)
        self.cross_out = prepared([cross.output], precision)
        self.cross_norm = FrozenLayerNorm(cross.norm)
        self.inner = prepared([feed_forward.inner], precision)
        self.outer = prepared([feed_forward.outer], precision)
        self.last_norm = FrozenLayerNorm(feed_forward.norm)
        zero = own.distance.shape[0] // 2
        self.distances = own.distance.detach()[zero : zero + context].flip(0).t().contiguous()
        self.cross_distances = None
        if cross.distance is not None:
            whole = cross.distance.detach()[zero - context + 1 : zero + context]
            self.cross_distances = whole.t().contiguous()  # (head_size, 2 * context - 1), ascending
            self.falling_distances = self.cross_distances.flip(1).contiguous()

    def step(self, states: Tensor, cache: KVCache, layer: LayerKVCache) -> Tensor:
        """Take one token of every lane.

        Args:
            states: (rows, d_model), the lanes' and whatever stands in the rows after them.
            cache: of all layers; its `now` is the tokens' slot.
            layer: this layer's part of it, which takes up the tokens' keys and values.
        """
        lanes, heads = cache.lanes, self.heads
        mixed = cache.mixed[:lanes].view(lanes * heads, 1, -1)  # (lanes * heads, 1, head_size)
        projected = self.own_in(states)[:lanes].view(lanes, 3 * heads, -1)  # (lanes, 3 * heads, head_size)
        self._own_attention(projected, cache, layer, mixed)
        states = self.own_norm(states + self.own_out(cache.mixed))  # (rows, d_model)
        query = self.cross_in(states)[:lanes].view(lanes * heads, 1, -1)  # (lanes * heads, 1, head_size)
        scores = torch.bmm(query, layer.memory_keys)  # (lanes * heads, 1, context)
        if self.cross_distances is not None:
            scores = scores + self._cross_relative(query, layer, cache.lengths - 1)
        torch.bmm(scores.softmax(-1), layer.memory_values, out=mixed)
        states = self.cross_norm(states + self.cross_out(cache.mixed))  # (rows, d_model)
        return self._feed_forward(states)

    def _own_attention(self, projected: Tensor, cache: KVCache, layer: LayerKVCache, mixed: Tensor) -> None:
        """Let the newest tokens look at their windows, themselves included.

        Args:
            projected: their queries, keys and values, (lanes, 3 * heads, head_size).
            cache: of all layers.
            layer: this layer's part of it, which takes up keys and values.
            mixed: what is seen goes here, (lanes * heads, 1, head_size).
        """
        lanes, heads, now, slots = cache.lanes, self.heads, cache.now, cache.slots
        first = now - self.context + 1
        parts = projected.view(lanes, 3, heads, -1).transpose(0, 1)  # (3, lanes, heads, head_size)
        layer.own.view(2, lanes, heads, slots, -1).select(3, now).copy_(parts[1:])
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
        keys, values = layer.own[:, :, first : now + 1].unbind(0)  # (lanes * heads, context, head_size)
        query = parts[0].reshape(lanes * heads, 1, -1)  # (lanes * heads, 1, head_size)
        scores = torch.baddbmm(relative, query, keys.transpose(1, 2))  # (lanes * heads, 1, context)
        torch.bmm(scores.softmax(-1), values, out=mixed)

    def fill(self, states: Tensor, memory: Tensor, cache: KVCache, layer: LayerKVCache, lane: int) -> Tensor:
        """Take a whole window of one lane in place of what the cache holds of it.

        Args:
            states: (time, d_model); its last token belongs into the slot `now`.
            memory: the encoded description, (context, d_model).
            cache: of all layers.
            layer: this layer's part of it.
            lane: which song.
        """
        time, heads = states.shape[0], self.heads
        own = slice(lane * heads, (lane + 1) * heads)
        begin, end = cache.now - time + 1, cache.now + 1
        query, key, value = (
            split_heads(part[None], heads)[0] for part in self.own_in(states).chunk(3, -1)
        )  # (heads, time, head_size)
        layer.own[0, own, begin:end] = key
        layer.own[1, own, begin:end] = value
        layer.key_distances[own, begin:end] = (key * self.scale) @ self.distances
        layer.key_distances[own, end - self.context : begin] = float("-inf")
        scores = self._scores(self.own, query, key)  # (heads, time, time)
        scores += future(scores)
        mixed = (scores.softmax(-1) @ value).transpose(0, 1).flatten(1)  # (time, d_model)
        states = self.own_norm(states + self.own_out(mixed))  # (time, d_model)
        query = split_heads(self.cross_in(states)[None], heads)[0]  # (heads, time, head_size)
        key, value = (
            split_heads(part[None], heads)[0] for part in self.cross_memory(memory).chunk(2, -1)
        )  # (heads, context, head_size)
        layer.memory_keys[own] = key.transpose(1, 2)
        layer.memory_values[own] = value
        if layer.memory_distances is not None and self.cross_distances is not None:
            of_key = relative_shift((key * self.scale) @ self.cross_distances, self.context)
            layer.memory_distances[own] = of_key.transpose(1, 2)  # (heads, event, description)
        mixed = self._scores(self.cross, query, key).softmax(-1) @ value  # (heads, time, head_size)
        states = self.cross_norm(states + self.cross_out(mixed.transpose(0, 1).flatten(1)))
        return self._feed_forward(states)

    def _scores(self, attention: Attention, query: Tensor, key: Tensor) -> Tensor:
        """Scores (heads, left, right) of one lane's queries and keys, (heads, left or right, head_size)."""
        scores = query @ key.transpose(1, 2)  # (heads, left, right)
        if attention.distance is None:
            return scores
        relative = relative_scores(
            query, key * self.scale, attention.distance.detach(), causal=attention.causal
        )
        return scores + relative  # (heads, left, right)

    def _cross_relative(self, query: Tensor, layer: LayerKVCache, places: Tensor) -> Tensor:
        """Both relative terms of cross-attention for tokens at `places` (lanes,) of their windows."""
        if layer.memory_distances is None or self.cross_distances is None:
            raise ValueError("this layer's cross-attention has no relative term")
        lanes, last = len(places), self.context - 1
        of_query = query.view(lanes, self.heads, -1) @ self.falling_distances
        of_key = layer.memory_distances.view(lanes, self.heads, self.context, self.context)
        result = torch.empty(lanes, self.heads, self.context)
        for lane, place in enumerate(places.tolist()):
            seen = of_query[lane, :, last - place : last - place + self.context]  # (heads, context)
            torch.add(seen, of_key[lane, :, place], out=result[lane])
        return result.view(lanes * self.heads, 1, -1)

    def _feed_forward(self, states: Tensor) -> Tensor:
        return self.last_norm(states + self.outer(gelu(self.inner(states))))  # (.., d_model)


class IncrementalDecoder:
    """A network prepared for inference.

    Args:
        network: the weights; they are not changed.
        precision: of the linear layers, the encoder's among them.
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
        self.output = prepared([network.output], precision)

    def rows(self, lanes: int) -> int:
        """Return how many rows a step multiplies for some lanes, see `projections`."""
        return lanes if self.precision is Precision.INT8 else FLOAT_ROWS

    def encode(self, description: Tensor, bars: Tensor) -> Tensor:
        """Encode a padded description: ids and bar ids (1, context) to (1, context, d_model)."""
        states = self.network.embed_description(description, bars)  # (1, context, d_model)
        for layer in self.encoder:
            states = layer(states)  # (1, context, d_model)
        return states

    def step(self, cache: KVCache, tokens: TokenIds) -> Tensor:
        """Take one more token of every lane, (lanes,) each, and return the next one's logits.

        The cache must have been advanced to the tokens' slot.

        Returns:
            (lanes, events).
        """
        states = self.network.embed_events(tokens.events, tokens.bars, tokens.positions)  # (lanes, d_model)
        states = F.pad(states, (0, 0, 0, len(cache.mixed) - cache.lanes))  # (rows, d_model)
        for layer, part in zip(self.layers, cache.layers, strict=True):
            states = layer.step(states, cache, part)  # (rows, d_model)
        logits = self.output(states)  # (rows, events)
        return logits[: cache.lanes]

    def fill(self, cache: KVCache, lane: int, tokens: TokenIds, memory: Tensor) -> Tensor:
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
        [states] = self.network.embed_events(tokens.events, tokens.bars, tokens.positions)  # (time, d_model)
        for layer, part in zip(self.layers, cache.layers, strict=True):
            states = layer.fill(states, memory[0], cache, part, lane)  # (time, d_model)
        return self.output(states)  # (time, events)
