"""Best of n: several descriptions and several songs for a request, of which the closest is taken.

The seed of a request determines the seeds of all its candidates, so the same request gives the same song.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

import numpy as np

from emo_assets.description_model.song_form import SongForm, plan_form
from emo_assets.figaro.logit_bias import StyleTargets, has_melody, melody_capable_share
from emo_assets.metrics import harmony
from emo_assets.metrics.calibration import RequestCalibration
from emo_assets.metrics.ear import LEARNED_FEATURES
from emo_assets.metrics.fidelity import agreement
from emo_assets.metrics.parsed_song import parse_song
from emo_assets.metrics.song_metrics import MeasuredSong
from emo_assets.midi.errors import MidiError
from emo_assets.midi.mixing import drum_kit
from emo_assets.progress import Progress, no_progress
from emo_assets.song_request import Strictness, TrackRequest
from emo_assets.tokens.detokenize import detokenize
from emo_assets.tokens.grammar.descriptions import DescribedBar, DescriptionGrammar
from emo_assets.tokens.tokenize import tokenize_midi
from emo_assets.tokens.transpose import transpose_events

if TYPE_CHECKING:
    from emo_assets.description_model.generate import DescriptionGenerator
    from emo_assets.figaro.generate import Figaro
    from emo_assets.figaro.parallel_figaro import ParallelFigaro


@dataclass(frozen=True)
class SearchBudget:
    """How many candidates requests of one strictness get.

    Attributes:
        guidance: strength of classifier-free guidance of the description model.
        proposals: descriptions to choose from.
        candidates: songs to choose from, at most.
        bars: bars that all candidate songs of a request may have together; one song is always generated.
    """

    guidance: float
    proposals: int
    candidates: int
    bars: int

    def songs(self, bars: int) -> int:
        """Return the number of candidate songs of `bars` bars."""
        return max(1, min(self.candidates, self.bars // bars))


SEARCH_BUDGETS: Mapping[Strictness, SearchBudget] = {
    Strictness.LOOSELY: SearchBudget(guidance=1.0, proposals=1, candidates=1, bars=0),
    Strictness.NORMALLY: SearchBudget(guidance=2.0, proposals=24, candidates=2, bars=256),
    Strictness.STRICTLY: SearchBudget(guidance=3.0, proposals=64, candidates=8, bars=256),
}
"""Chosen by experiment: the asset `guidance_report` shows what guidance gains and costs."""

MIN_LEAD_SHARE = 0.2
"""Share of the bars with a melody from which a song has a lead that pauses elsewhere."""


def best_descriptions(
    requests: Sequence[TrackRequest],
    description_model: DescriptionGenerator,
    calibration: RequestCalibration,
    *,
    proposals: int | None = None,
    progress: Progress = no_progress,
) -> list[list[int]]:
    """Generate descriptions for each request, and return the one whose song is predicted to be closest to it.

    Args:
        requests: what is asked for.
        description_model: generates the descriptions.
        calibration: predicts distances.
        proposals: descriptions per request; by default as many as its strictness asks for.
        progress: called with the descriptions generated.

    Returns:
        Token ids of one description per request, without `<bos>` and `<eos>`; the same as for a request
        alone.
    """
    best: dict[int, list[int]] = {}
    for numbers, strictness, bars in _groups(requests):
        budget = SEARCH_BUDGETS[strictness]
        count = proposals or budget.proposals
        generated = description_model.generate(
            [requests[number].features for number in numbers for _ in range(count)],
            bars=bars,
            seeds=[seed for number in numbers for seed in _seeds(requests[number].seed, count)],
            guidance=budget.guidance,
            forms=[form for number in numbers for form in [song_form(requests[number], calibration)] * count],
            progress=progress,
        )
        for first, number in enumerate(numbers):
            own = generated[first * count : (first + 1) * count]
            distances = _predicted_distances(requests[number], own, calibration)
            best[number] = own[int(np.argmin(distances))]
    return [best[number] for number in range(len(requests))]


def best_songs(
    requests: Sequence[TrackRequest],
    descriptions: Sequence[Sequence[int]],
    figaro: Figaro | ParallelFigaro,
    calibration: RequestCalibration,
    *,
    candidates: int | None = None,
    progress: Progress = no_progress,
) -> list[MeasuredSong]:
    """Write songs for each description, and return the one that is closest to its request.

    A song in the requested mode but another key is transposed to the requested key by the smallest interval.

    Args:
        requests: what is asked for; the tempo is exact.
        descriptions: token ids of the description of each.
        figaro: generates the songs.
        calibration: gives distances.
        candidates: songs per request; by default as many as its strictness and length allow.
        progress: called with the bars generated.

    Returns:
        One song per request; the same as for a request alone.
    """
    counts = [candidates or SEARCH_BUDGETS[request.strictness].songs(request.bars) for request in requests]
    numbers = [number for number, count in enumerate(counts) for _ in range(count)]
    parse = DescriptionGrammar().parse
    targets = [
        style_targets(request, bars, calibration, gain=STYLE_GAINS[candidate % len(STYLE_GAINS)])
        for request, bars, count in zip(requests, map(parse, descriptions), counts, strict=True)
        for candidate in range(count)
    ]
    generated = iter(
        figaro.generate(
            [list(descriptions[number]) for number in numbers],
            tempos=[requests[number].features.tempo for number in numbers],
            seeds=[
                seed
                for request, count in zip(requests, counts, strict=True)
                for seed in _seeds(request.seed, count)
            ],
            style_targets=targets,
            progress=progress,
        )
    )
    best = []
    for request, count in zip(requests, counts, strict=True):
        own = [_in_requested_key(request, next(generated)) for _ in range(count)]
        distances = [calibration.distance(request.features, song) for song in own]
        best.append(own[int(np.argmin(distances))])
    return best


def most_faithful_songs(
    figaro: Figaro,
    descriptions: Sequence[Sequence[int]],
    *,
    tempos: Sequence[float],
    seeds: Sequence[int],
    candidates: int = 1,
    progress: Progress = no_progress,
) -> list[list[int]]:
    """Write songs for each description, and return the one whose own description agrees with it best.

    Args:
        figaro: generates the songs.
        descriptions: token ids of descriptions.
        tempos: of each description's songs, in quarter notes per minute.
        seeds: one per description.
        candidates: songs per description; the first of them is the same for any number.
        progress: called with the bars generated.

    Returns:
        Event ids of one song per description.
    """
    generated = figaro.generate(
        [description for description in descriptions for _ in range(candidates)],
        tempos=[tempo for tempo in tempos for _ in range(candidates)],
        seeds=[one for seed in seeds for one in _seeds(seed, candidates)],
        style_targets=[StyleTargets(playable=True)] * (len(descriptions) * candidates),
        progress=progress,
    )
    if candidates == 1:
        return generated
    best = []
    for number, description in enumerate(descriptions):
        own = generated[number * candidates : (number + 1) * candidates]
        asked = DescriptionGrammar().parse(description)
        best.append(own[int(np.argmax([agreement(asked, describe_events(events)) for events in own]))])
    return best


def describe_events(events: Sequence[int]) -> list[DescribedBar]:
    """Write events as a MIDI file and extract its description; a song without notes has no bars."""
    try:
        return tokenize_midi(detokenize(events), events=False).description
    except MidiError:
        return []


NOTE_RATE_METRICS = {"notes_per_second": 1, "onsets_per_second": 1, "pitched_onsets_per_second": 1}
"""Metrics that FIGARO moves by the time between notes, and their signs."""

NOTE_LENGTH_METRICS = {"log_note_seconds": 1, "long_note_share": 1, "short_note_share": -1, "legato": 1}
"""Metrics that FIGARO moves by the length of notes, and their signs."""

DRUM_METRICS = {
    "drum_hits_per_second": 1,
    "kick_hits_per_second": 1,
    "snare_hits_per_second": 1,
    "hi_hat_hits_per_second": 1,
}
"""Metrics that FIGARO moves by the share of drums, and their signs."""

BACKBEAT_ENERGY = 0.3
"""Place of the energy from which songs have a backbeat."""

STYLE_GAINS = (4.0, 10.0)
"""Bias for a description that is a whole place short of its request, per place that the metrics move.

Candidates take turns: how much a bias moves a song differs from description to description.
"""


def song_form(request: TrackRequest, calibration: RequestCalibration) -> SongForm:
    """Return the plan of a request's song, the same for all its candidates."""
    share = _melody_share(request, calibration)
    if share is None or share < MIN_LEAD_SHARE:
        return plan_form(request.bars, request.seed)
    has_lead = [has_melody(bar, share) for bar in range(request.bars)]
    return plan_form(request.bars, request.seed, has_lead=has_lead)


def style_targets(
    request: TrackRequest,
    description: Sequence[DescribedBar],
    calibration: RequestCalibration,
    *,
    gain: float = STYLE_GAINS[0],
) -> StyleTargets:
    """Return what a request asks FIGARO for beyond its description.

    Where the song of the description is predicted to miss a feeling, FIGARO prefers the rate and length of
    notes and the share of drums by which the ear hears more, or less, of that feeling.

    Args:
        request: what is asked for.
        description: of the song.
        calibration: gives places.
        gain: see `STYLE_GAINS`.
    """
    if request.strictness is Strictness.LOOSELY:
        return StyleTargets(playable=True)
    targets = calibration.target_places(request.features)
    key = (request.features.key, request.features.mode)
    predicted = calibration.predict_places(description, request.features.tempo)

    def direction(changes: Mapping[str, float]) -> float:
        gains = [
            (targets[name] - predicted[name]) * calibration.ear.sensitivity(name, changes)
            for name in LEARNED_FEATURES
        ]
        return float(np.clip(gain * sum(gains), -1, 1))

    return StyleTargets(
        steadiness=targets["danceability"],
        melody_share=_melody_share(request, calibration),
        key=key,
        backbeat=targets["energy"] >= BACKBEAT_ENERGY,
        note_rate=direction(NOTE_RATE_METRICS),
        note_length=direction(NOTE_LENGTH_METRICS),
        drums=direction(DRUM_METRICS),
        playable=True,
        sources=tuple(bar.source for bar in song_form(request, calibration).bars),
    )


def _melody_share(request: TrackRequest, calibration: RequestCalibration) -> float | None:
    """Return the share of bars that should have a melody, 0 to 1; None if the request leaves that open."""
    if request.strictness is Strictness.LOOSELY:
        return None
    return 1 - calibration.target_places(request.features)["instrumentalness"]


def _predicted_distances(
    request: TrackRequest, descriptions: Sequence[Sequence[int]], calibration: RequestCalibration
) -> list[float]:
    """Return the predicted distance of each description, greater if too few bars have a melody instrument."""
    grammar = DescriptionGrammar()
    melody_share = _melody_share(request, calibration) or 0.0
    distances = []
    for description in descriptions:
        bars = grammar.parse(description)
        missing_melody = max(0.0, melody_share - melody_capable_share(bars))
        distances.append(calibration.predicted_distance(request.features, bars) + missing_melody**2)
    return distances


def _in_requested_key(request: TrackRequest, events: Sequence[int]) -> MeasuredSong:
    """Write events as a song, transposed to the requested key if its mode is right."""
    asked = request.features
    kit = drum_kit(asked.acousticness, asked.energy, asked.danceability)
    midi = detokenize(events, tempo=asked.tempo, drum_kit=kit)
    parsed = parse_song(midi)
    key = harmony.key(parsed)
    if key is None or key.pitch_class == asked.key or key.mode != asked.mode:
        return MeasuredSong.from_parsed(midi, parsed)
    interval = (asked.key - key.pitch_class + 5) % 12 - 5  # -5 to 6 semitones
    transposed = transpose_events(events, interval)
    return MeasuredSong.from_midi(detokenize(transposed, tempo=asked.tempo, drum_kit=kit))


def _groups(requests: Sequence[TrackRequest]) -> Iterator[tuple[list[int], Strictness, int]]:
    """Yield the indices of requests of equal strictness and length, which are described in one batch."""

    def kind(number: int) -> tuple[Strictness, int]:
        return requests[number].strictness, requests[number].bars

    for (strictness, bars), numbers in groupby(sorted(range(len(requests)), key=kind), key=kind):
        yield list(numbers), strictness, bars


def _seeds(seed: int, count: int) -> list[int]:
    """Return the seeds of a request's candidates: its own first, and others derived from it."""
    return [seed, *np.random.SeedSequence(seed).generate_state(count)[1:].tolist()]
