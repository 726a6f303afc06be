"""FIGARO: events a second past the context, at a tiny, the bundled and the released size, on one thread.

Weights are random where only speed is measured; what the cuts of the window and int8 cost in likelihood is
measured with the bundled weights on composed songs that they have not seen. Seconds are CPU seconds of the
one thread, so that what else the machine does counts little.
"""

from __future__ import annotations

import resource
import time
from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor

from emo_assets.figaro.config import SMALL_NETWORK, TINY_NETWORK, FigaroConfig
from emo_assets.figaro.context_windows import BatchedContext
from emo_assets.figaro.incremental_decoder import IncrementalDecoder
from emo_assets.figaro.inputs import TrainingSong
from emo_assets.figaro.linear import Precision
from emo_assets.figaro.network import FigaroNetwork
from emo_assets.figaro.training import read_songs
from emo_assets.figaro.weights import bundled_bytes, from_bytes
from emo_assets.synthetic_corpus.composition import compose_song
from emo_assets.synthetic_corpus.sampling import sample_songs
from emo_assets_tests.benchmarks.figure import Figure

REFERENCE_SECONDS_A_TOKEN = 0.35
"""What the public code takes at expert size past the context, on one thread."""

STREAMING_SECONDS_A_TOKEN = {Precision.FLOAT32: 7.5e-3, Precision.INT8: 4.5e-3}
"""What reading the expert's weights from memory once takes: the bound of one song."""

EVENTS_A_BAR, SECONDS_A_BAR = 260, 2.0
"""A bar of real pop, in 4/4 at 120 quarter notes a minute."""

EVENTS, SLOW_EVENTS, LIKELIHOOD_EVENTS = 256, 6, 900
"""How many are measured: of each song past the context; where each takes long; for likelihoods."""


def figures() -> Iterator[Figure]:
    """Yield speeds and memory of both sizes, then the costs in likelihood."""
    torch.set_num_threads(1)
    songs = _songs()
    yield from _speeds("tiny size", TINY_NETWORK, songs)
    yield from _speeds("bundled size", SMALL_NETWORK, songs)
    yield from _speeds("expert size", FigaroConfig(), songs)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**10
    yield Figure("expert size: memory of the process at most", peak, "MiB", "both precisions loaded in turn")
    yield from _costs(songs)


def _songs() -> list[TrainingSong]:
    plans = sample_songs(8, seed=90)
    return read_songs(compose_song(plan.features, plan.style, 24, plan.seed).to_midi() for plan in plans)


def _speeds(size: str, config: FigaroConfig, songs: list[TrainingSong]) -> Iterator[Figure]:
    torch.manual_seed(0)
    network = FigaroNetwork(config).eval()
    whole = _whole_window(network, songs[0])
    yield Figure(f"{size}: whole window each token", whole, "tokens/s", "as the public code does")
    exact = _stepped(network, songs[:1], Precision.FLOAT32, SLOW_EVENTS, exact=True)
    yield Figure(f"{size}: ours, exact", exact, "tokens/s", "with the description encoded each time")
    is_expert = config == FigaroConfig()
    for precision in Precision:
        for lanes in (1, 8):
            speed = _stepped(network, songs[:lanes], precision, EVENTS)
            name = f"{size}: cached, {precision}, {lanes} song{'s' if lanes > 1 else ''}"
            against = _against(speed, lanes, precision, is_expert=is_expert)
            yield Figure(name, speed, "tokens/s", f"{speed / whole:.0f} x whole windows, {against}")
    context = BatchedContext(IncrementalDecoder(network, Precision.INT8))
    context.begin([song.description for song in songs])
    yield Figure(f"{size}: cache of 8 songs", context.nbytes() / 2**20, "MiB")


def _against(speed: float, lanes: int, precision: Precision, *, is_expert: bool) -> str:
    music = speed / EVENTS_A_BAR * SECONDS_A_BAR
    note = f"{music:.2g} s of music a second"
    if is_expert:
        note += f", {speed * REFERENCE_SECONDS_A_TOKEN:.0f} x the public code's {REFERENCE_SECONDS_A_TOKEN} s"
        if lanes == 1:
            note += f", {speed * STREAMING_SECONDS_A_TOKEN[precision]:.0%} of the bound by memory"
    return note


def _whole_window(network: FigaroNetwork, song: TrainingSong) -> float:
    """Events a second when every event computes a whole window; the description is encoded once."""
    context = network.config.context
    window = [
        torch.from_numpy(ids[None, 100 : 100 + context]) for ids in (song.events, song.bars, song.positions)
    ]
    ids = torch.arange(context)[None]
    with torch.inference_mode():
        memory = network.encode(ids, ids.clamp_max(40))
        network(*window, memory)
        begun = time.process_time()
        for _ in range(SLOW_EVENTS):
            network(*window, memory)
    return SLOW_EVENTS / (time.process_time() - begun)


def _stepped(
    network: FigaroNetwork,
    songs: list[TrainingSong],
    precision: Precision,
    tokens: int,
    *,
    exact: bool = False,
) -> float:
    """Events a second, of all songs together, past the context; cuts of windows are part of it."""
    context = BatchedContext(IncrementalDecoder(network, precision), exact=exact)
    context.begin([song.description for song in songs])
    start = network.config.context + 1
    for step in range(1, start):
        context.push([int(song.events[step]) for song in songs])
    begun = time.process_time()
    for step in range(start, start + tokens):
        context.push([int(song.events[step]) for song in songs])
    return tokens * len(songs) / (time.process_time() - begun)


def _costs(songs: list[TrainingSong]) -> Iterator[Figure]:
    network = from_bytes(bundled_bytes())
    exact = _loss(network, songs[:4], Precision.FLOAT32, exact=True)
    yield Figure("bundled: exact", exact, "nats/token", f"{LIKELIHOOD_EVENTS} events of 4 songs")
    for precision in Precision:
        loss = _loss(network, songs[:4], precision)
        yield Figure(
            f"bundled: cached, {precision}", loss, "nats/token", f"{loss - exact:+.4f} to the exact way"
        )


def _loss(
    network: FigaroNetwork, songs: list[TrainingSong], precision: Precision, *, exact: bool = False
) -> float:
    """Nats an event of songs' own events past the context, as a sampler sees them."""
    context = BatchedContext(IncrementalDecoder(network, precision), exact=exact)
    logits: Tensor = context.begin([song.description for song in songs])
    losses = []
    for step in range(1, network.config.context + LIKELIHOOD_EVENTS):
        targets = [int(song.events[step]) for song in songs]
        if step > network.config.context:
            losses.append(torch.nn.functional.cross_entropy(logits, torch.tensor(targets)).item())
        logits = context.push(targets)
    return float(np.mean(losses))
