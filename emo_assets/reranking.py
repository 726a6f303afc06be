"""Several descriptions and several songs for one request, and the nearest of them.

Describers and FIGARO propose, `listening` judges. The seed of a request gives the seeds of all its proposals,
so the same request gives the same song. How one description or song is written is known by `describing` and
`figaro`; what a track is made of by `generation`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

import numpy as np

from emo_assets.progress import Progress, no_progress
from emo_assets.song_request import Strictness, TrackRequest

if TYPE_CHECKING:
    from emo_assets.description_model.generate import DescriptionGenerator
    from emo_assets.figaro.generate import Figaro
    from emo_assets.figaro.logit_bias import StyleTargets
    from emo_assets.figaro.pair import FigaroPair
    from emo_assets.metrics.calibration import RequestCalibration


@dataclass(frozen=True)
class SearchBudget:
    """How closely requests of one strictness are followed.

    Attributes:
        guidance: of the describer, see `nn.sampling.Draw`.
        proposals: descriptions that are written, for the nearest to be taken.
        candidates: songs that are written for that description, at most.
        bars: songs are written only while all of a request's together have no more bars than this.
    """

    guidance: float
    proposals: int
    candidates: int
    bars: int

    def songs(self, bars: int) -> int:
        """Return how many songs of some bars are written: as many as the time allows, and at least one."""
        return max(1, min(self.candidates, self.bars // bars))


SEARCH_BUDGETS: Mapping[Strictness, SearchBudget] = {
    Strictness.LOOSELY: SearchBudget(guidance=1.0, proposals=1, candidates=1, bars=0),
    Strictness.NORMALLY: SearchBudget(guidance=2.0, proposals=24, candidates=2, bars=32),
    Strictness.STRICTLY: SearchBudget(guidance=3.0, proposals=64, candidates=8, bars=128),
}
"""Found by experiment: `control_report` shows what each step of guidance gains and costs."""


def best_descriptions(
    requests: Sequence[TrackRequest],
    describer: DescriptionGenerator,
    calibration: RequestCalibration,
    *,
    proposals: int | None = None,
    progress: Progress = no_progress,
) -> list[list[int]]:
    """Write descriptions for each request, and return the one whose song is expected to be nearest to it.

    Args:
        requests: what is asked for.
        describer: who writes.
        calibration: tells what is near.
        proposals: descriptions a request; by default as many as its strictness asks for.
        progress: told the descriptions written.

    Returns:
        Ids of a whole description a request, without `<bos>` and `<eos>`.
    """
    chosen: dict[int, list[int]] = {}
    for numbers, strictness, bars in _alike(requests):
        effort = SEARCH_BUDGETS[strictness]
        count = proposals or effort.proposals
        asked = [requests[number].features for number in numbers for _ in range(count)]
        seeds = [seed for number in numbers for seed in _seeds(requests[number].seed, count)]
        written = describer.generate(
            asked, bars=bars, seeds=seeds, guidance=effort.guidance, progress=progress
        )
        for place, number in enumerate(numbers):
            own = written[place * count : (place + 1) * count]
            distances = [_expected_distance(requests[number], each, calibration) for each in own]
            chosen[number] = own[int(np.argmin(distances))]
    return [chosen[number] for number in range(len(requests))]


def best_songs(
    requests: Sequence[TrackRequest],
    descriptions: Sequence[Sequence[int]],
    figaro: Figaro | FigaroPair,
    calibration: RequestCalibration,
    *,
    candidates: int | None = None,
    progress: Progress = no_progress,
) -> list[bytes]:
    """Write songs for each description, and return the one that sounds nearest to its request.

    A song that came out in another key than the one asked for is moved there by the smallest shift.

    Args:
        requests: what is asked for; the tempo is written exactly.
        descriptions: the description of each.
        figaro: who writes.
        calibration: tells what is near.
        candidates: songs a request; by default as many as its strictness asks for and its length allows.
        progress: told the bars written.

    Returns:
        A MIDI file a request, the same as if it had been made alone.
    """
    counts = [candidates or SEARCH_BUDGETS[request.strictness].songs(request.bars) for request in requests]
    numbers = [number for number, count in enumerate(counts) for _ in range(count)]
    written = figaro.compose(
        [list(descriptions[number]) for number in numbers],
        tempos=[requests[number].features.tempo for number in numbers],
        seeds=[
            seed
            for request, count in zip(requests, counts, strict=True)
            for seed in _seeds(request.seed, count)
        ],
        style_targets=[_style_targets(requests[number], calibration) for number in numbers],
        progress=progress,
    )
    songs = iter(written)
    return [
        _nearest(request, [next(songs) for _ in range(count)], calibration)
        for request, count in zip(requests, counts, strict=True)
    ]


def _expected_distance(
    request: TrackRequest, description: Sequence[int], calibration: RequestCalibration
) -> float:
    """Return how far a description's song is expected to be; farther, where nobody could sing as asked."""
    from emo_assets.figaro.logit_bias import melody_capable_share
    from emo_assets.tokens.grammar.descriptions import DescriptionGrammar

    melody_share = _style_targets(request, calibration).melody_share or 0.0
    unsung = max(0.0, melody_share - melody_capable_share(DescriptionGrammar().parse(description)))
    return calibration.predicted_distance(request.features, description) + unsung**2


def _style_targets(request: TrackRequest, calibration: RequestCalibration) -> StyleTargets:
    """Return what a song leans to so that it dances and has_melody as is asked for, in the key asked for."""
    from emo_assets.figaro.logit_bias import StyleTargets

    if request.strictness is Strictness.LOOSELY:
        return StyleTargets(playable=True)
    steadiness = 2 * calibration.places(request.features)["danceability"] - 1
    melody_share = 1 - calibration.aims(request.features)["instrumentalness"]
    key = (request.features.key, request.features.mode)
    return StyleTargets(steadiness, melody_share, key, playable=True)


def _nearest(request: TrackRequest, songs: Sequence[Sequence[int]], calibration: RequestCalibration) -> bytes:
    """Return the song that is nearest to the request, as MIDI; the first of equals."""
    best, nearest = b"", np.inf
    for events in songs:
        midi, distance = _in_key(request, events, calibration)
        if not best or distance < nearest:
            best, nearest = midi, distance
    return best


def _in_key(
    request: TrackRequest, events: Sequence[int], calibration: RequestCalibration
) -> tuple[bytes, float]:
    """Write a song, in the key asked for where its mode is right; return it with its distance."""
    from emo_assets.metrics.song_metrics import measure_midi
    from emo_assets.tokens.detokenize import detokenize
    from emo_assets.tokens.transpose import transpose_events

    asked = request.features
    midi = detokenize(events, tempo=asked.tempo)
    heard = measure_midi(midi)
    if heard.key is not None and heard.key != asked.key and heard.mode == asked.mode:
        # -5 to 6 semitones: never further than half an octave
        shift = (asked.key - heard.key + 5) % 12 - 5
        midi = detokenize(transpose_events(events, shift), tempo=asked.tempo)
        heard = measure_midi(midi)
    return midi, calibration.distance(asked, heard)


def _alike(requests: Sequence[TrackRequest]) -> Iterator[tuple[list[int], Strictness, int]]:
    """Group the numbers of requests of equal strictness and length: they are described together."""

    def kind(number: int) -> tuple[Strictness, int]:
        return requests[number].strictness, requests[number].bars

    for (strictness, bars), numbers in groupby(sorted(range(len(requests)), key=kind), key=kind):
        yield list(numbers), strictness, bars


def _seeds(seed: int, count: int) -> list[int]:
    """Return the seeds of a request's proposals: its own, and others that hang on it."""
    return [seed, *np.random.SeedSequence(seed).generate_state(count)[1:].tolist()]
