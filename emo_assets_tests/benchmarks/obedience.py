"""Obedience: how well 200 songs by the bundled FIGARO follow their requests.

Requests and descriptions come from composed songs that the weights were not trained on; metrics are read from
the generated MIDI files. Fidelity has a ceiling (the songs themselves, written and read again) and a floor
(other songs), for one song per description and for the best of four.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch

from emo_assets.evaluation.fidelity import fidelity_metrics
from emo_assets.features import FeatureVector
from emo_assets.figaro.generate import Figaro
from emo_assets.figaro.inputs import TrainingSong
from emo_assets.figaro.training import read_songs
from emo_assets.figaro.weights import bundled_bytes, from_bytes
from emo_assets.metrics.song_metrics import measure_midi
from emo_assets.reranking import most_faithful_songs
from emo_assets.synthetic_corpus.composition import compose_song
from emo_assets.synthetic_corpus.sampling import sample_songs
from emo_assets.tokens.detokenize import detokenize
from emo_assets.tokens.grammar.descriptions import DescriptionGrammar
from emo_assets.tokens.grammar.events import EventGrammar
from emo_assets.tokens.tokenize import tokenize_midi
from emo_assets_tests.benchmarks.figure import Figure

SONGS, BARS, SEED = 200, 8, 95
CANDIDATES = (1, 4)
TOLERANCE = 0.01
"""Quarter notes per minute: the error of tempos in whole microseconds per quarter note."""


@dataclass(frozen=True)
class Asked:
    """A request with its description, and the song that it was taken from: ids without `<bos>`, `<eos>`."""

    features: FeatureVector
    description: list[int]
    events: list[int]


def figures() -> Iterator[Figure]:
    """Yield ceiling and floor of fidelity, then how well songs obey and their fidelity, way by way."""
    torch.set_num_threads(1)
    asked = requests()
    truths = [each.events for each in asked]
    yield from fidelity(
        asked,
        "ceiling",
        [tokenize_midi(detokenize(one)).events for one in truths],
    )
    yield from fidelity(asked, "floor", [*truths[1:], truths[0]])
    for candidates in CANDIDATES:
        name = "one song" if candidates == 1 else f"best of {candidates}"
        begun = time.process_time()
        written = songs(asked, candidates)
        seconds = time.process_time() - begun
        events = sum(map(len, written))
        note = f"{len(asked)} songs of {BARS} bars, {events * candidates / seconds:,.0f} events/s"
        yield Figure(f"{name}: writing", seconds, "CPU s", note)
        for property_, share in obeyed(asked, written).items():
            yield Figure(f"{name}: {property_} as asked", share, "of the songs")
        yield from fidelity(asked, name, written)


def fidelity(asked: Sequence[Asked], name: str, pieces: Sequence[list[int]]) -> Iterator[Figure]:
    """Yield each measure of how near some pieces are to the descriptions and the songs that they are of."""
    found = fidelity_metrics([each.description for each in asked], [each.events for each in asked], pieces)
    for measure, value in found.items():
        yield Figure(f"{measure}: {name}", value, "")


def requests(first: int = 0, count: int = SONGS) -> list[Asked]:
    """Return requests of composed songs, `count` from number `first` on of the benchmark's."""
    plans = sample_songs(SONGS, seed=SEED)[first : first + count]
    read = read_songs(compose_song(plan.features, plan.style, BARS, plan.seed).to_midi() for plan in plans)
    return [_asked(plan.features, song) for plan, song in zip(plans, read, strict=True)]


def songs(asked: Sequence[Asked], candidates: int) -> list[list[int]]:
    """Let the bundled FIGARO write a song for each request: ids of events."""
    tempos = [each.features.tempo for each in asked]
    return most_faithful_songs(
        Figaro(from_bytes(bundled_bytes())),
        [each.description for each in asked],
        tempos=tempos,
        seeds=range(len(asked)),
        candidates=candidates,
    )


def obeyed(asked: Sequence[Asked], written: Sequence[Sequence[int]]) -> dict[str, float]:
    """Return the share of songs with each property as requested, read from their files."""
    rows = [_obeyed(one, events) for one, events in zip(asked, written, strict=True)]
    return {name: sum(row[name] for row in rows) / len(rows) for name in rows[0]}


def _obeyed(asked: Asked, events: Sequence[int]) -> dict[str, bool]:
    midi = detokenize(events, tempo=asked.features.tempo)
    heard, bars = measure_midi(midi), EventGrammar().parse(events)
    wanted = DescriptionGrammar().parse(asked.description)
    return {
        "tempo": abs(heard.tempo - asked.features.tempo) <= TOLERANCE,
        "time signature": heard.time_signature == f"{asked.features.time_signature}/4"
        and [bar.time_signature for bar in bars] == [bar.time_signature for bar in wanted],
        "number of bars": len(bars) == len(wanted),
        "last bar sounds, and number of bars": heard.bars == len(wanted),
        "every bar's instruments": all(
            {note.instrument for note in bar.notes} <= set(one.instruments)
            for bar, one in zip(bars, wanted, strict=True)
        ),
    }


def _asked(features: FeatureVector, song: TrainingSong) -> Asked:
    return Asked(features, song.description.ids[1:-1].tolist(), song.events[1:-1].tolist())
