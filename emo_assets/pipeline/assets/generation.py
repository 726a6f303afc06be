"""A request becomes a track; one dynamic partition per request."""

from collections.abc import Callable
from functools import wraps
from typing import Any

import dagster as dg

from emo_assets.errors import InputError
from emo_assets.pipeline.checks import Check, CheckOutcome, CheckRun, asset_checks
from emo_assets.pipeline.metadata import (
    description_metadata,
    logged_progress,
    midi_metadata,
    request_metadata,
    track_metadata,
)
from emo_assets.pipeline.partitions import REQUESTS, request_of_run
from emo_assets.pipeline.resources import SoundResource, StoreResource
from emo_assets.pipeline.track_store import asset_path, read_asset_json
from emo_assets.song_request import TrackRequest, read_request, validate_name
from emo_assets.store import Store


@dg.asset(partitions_def=REQUESTS, io_manager_key="documents", kinds={"json", "yaml"})
def requested_features(context: dg.AssetExecutionContext, store: StoreResource) -> dg.Output[dict[str, Any]]:
    """The request: ten features, a length and a seed, read from its file and checked."""
    name = validate_name(context.partition_key)
    path = store.open().requests / f"{name}.yaml"
    if not path.exists():
        raise InputError(
            f"there is no request file {path}: write it, or register it with `emo request {name}`"
        )
    request = read_request(path)
    return dg.Output(request.model_dump(mode="json"), metadata=request_metadata(request))


class DescriptionSearchConfig(dg.Config):
    """Options of `track_description`."""

    proposals: int | None = None
    """Descriptions to choose the best from; by default as many as the request's strictness asks for."""


class SongSearchConfig(dg.Config):
    """Options of `track_midi`."""

    candidates: int | None = None
    """Songs to choose the best from; by default as many as the request's strictness and length allow."""


@dg.asset(
    partitions_def=REQUESTS,
    io_manager_key="documents",
    kinds={"json", "torch"},
    deps=["champion", "song_metrics"],
)
def track_description(
    config: DescriptionSearchConfig, requested_features: dict[str, Any], store: StoreResource
) -> dg.Output[dict[str, Any]]:
    """The description of the song, bar by bar, written by the champion."""
    from emo_assets.generation import load_calibration, load_champion
    from emo_assets.reranking import best_descriptions

    request = TrackRequest.from_values(requested_features)
    description_model, version = load_champion(store.open())
    calibration = load_calibration(store.open())
    [tokens] = best_descriptions([request], description_model, calibration, proposals=config.proposals)
    return dg.Output({"champion": version, "tokens": tokens}, metadata=description_metadata(version, tokens))


@dg.asset(
    partitions_def=REQUESTS,
    io_manager_key="midi_files",
    kinds={"midi", "torch"},
    deps=["figaro_model", "song_metrics"],
)
def track_midi(
    context: dg.AssetExecutionContext,
    config: SongSearchConfig,
    requested_features: dict[str, Any],
    track_description: dict[str, Any],
    store: StoreResource,
) -> dg.Output[bytes]:
    """The song's notes as MIDI, written by FIGARO from the description."""
    from emo_assets.generation import load_calibration, load_figaro
    from emo_assets.reranking import best_songs

    request = TrackRequest.from_values(requested_features)
    [song] = best_songs(
        [request],
        [track_description["tokens"]],
        load_figaro(store.open()),
        load_calibration(store.open()),
        candidates=config.candidates,
        progress=logged_progress(context),
    )
    return dg.Output(song.midi, metadata=midi_metadata(song.midi, request))


@dg.asset(partitions_def=REQUESTS, io_manager_key="documents", kinds={"wav", "midi"}, deps=["song_metrics"])
def generated_track(
    context: dg.AssetExecutionContext,
    requested_features: dict[str, Any],
    track_midi: bytes,
    store: StoreResource,
    sound: SoundResource,
) -> dg.Output[dict[str, Any]]:
    """The song as WAV, OGG, MIDI and piano roll, with its metrics compared with the request."""
    from emo_assets.generation import load_calibration, render_track, track_files
    from emo_assets.metrics.song_metrics import MeasuredSong

    request = TrackRequest.from_values(requested_features)
    track = render_track(
        request,
        MeasuredSong.from_midi(track_midi),
        track_files(store.open(), request.name),
        load_calibration(store.open()),
        sound=sound.settings(),
        progress=logged_progress(context),
    )
    document = track.as_document()
    return dg.Output(document, metadata=track_metadata(document, track.piano_roll))


TEMPO_TOLERANCE = 0.1
"""Beats per minute. MIDI rounds a tempo to whole microseconds per beat."""

MAX_TAIL = 15.0
"""Seconds that may sound after the last bar."""

MAX_SILENT_BARS = 4
"""Bars that a song may be silent in one piece."""

MAX_PEAK = -0.9
"""dBFS; rendering keeps to -1, and 16 bits round."""

MIN_LOUDNESS = -50.0
"""LUFS; the quietest request is rendered at -36."""


def check_grammar(store: Store, request: TrackRequest) -> CheckOutcome:
    """It is a description of as many bars as requested."""
    from emo_assets.tokens.grammar.descriptions import DescriptionGrammar
    from emo_assets.tokens.grammar.errors import GrammarError

    tokens = read_asset_json(store, "track_description", request.name)["tokens"]
    try:
        bars = len(DescriptionGrammar().parse(tokens))
    except GrammarError as error:
        return CheckOutcome([f"is not a description ({error})"])
    problems = [] if bars == request.bars else [f"has {bars} bars, requested were {request.bars}"]
    return CheckOutcome(problems, {"bars": bars})


def check_notes(store: Store, request: TrackRequest) -> CheckOutcome:
    """It has notes, in the requested tempo and meter, and no more bars than requested."""
    from emo_assets.metrics.song_metrics import measure_midi

    try:
        song = measure_midi(asset_path(store, "track_midi", request.name).read_bytes())
    except InputError as error:
        return CheckOutcome([f"cannot be read ({error})"])
    features = request.features
    problems = [] if song.notes else ["has no notes"]
    if song.bars > request.bars:
        problems.append(f"has {song.bars} bars, requested were {request.bars}")
    if abs(song.tempo - features.tempo) > TEMPO_TOLERANCE:
        problems.append(f"has a tempo of {song.tempo:.1f}, requested was {features.tempo:.1f}")
    if song.time_signature != f"{features.time_signature}/4":
        problems.append(f"is in {song.time_signature}, requested was {features.time_signature}/4")
    return CheckOutcome(problems, {"notes": song.notes, "bars": song.bars, "tempo": song.tempo})


def check_sound(store: Store, request: TrackRequest) -> CheckOutcome:
    """It is audible, as long as its bars, below full scale and without long pauses."""
    from emo_assets.audio.files import measure_audio

    try:
        sound = measure_audio(store.tracks / request.name / f"{request.name}.wav")
    except InputError as error:
        return CheckOutcome([str(error)])
    bar_seconds = request.features.time_signature * 60 / request.features.tempo
    longest = request.bars * bar_seconds + MAX_TAIL
    metadata = {
        "seconds": sound.seconds,
        "peak": max(sound.peak, -200.0),
        "loudness": max(sound.loudness, -200.0),
        "longest_silence": sound.longest_silence,
    }
    if sound.peak < MIN_LOUDNESS:
        return CheckOutcome([f"is silent: {sound.seconds:.1f} s below {MIN_LOUDNESS:g} dBFS"], metadata)
    problems = []
    if not bar_seconds / 2 <= sound.seconds <= longest:
        problems.append(f"is {sound.seconds:.1f} s long, not {bar_seconds / 2:.1f} to {longest:.1f}")
    if sound.peak > MAX_PEAK:
        problems.append(f"peaks at {sound.peak:.1f} dBFS, above {MAX_PEAK:g}")
    if sound.seconds > 1 and sound.loudness < MIN_LOUDNESS:
        problems.append(f"has a loudness of {sound.loudness:.0f} LUFS, which is hardly audible")
    if sound.longest_silence > MAX_SILENT_BARS * bar_seconds:
        problems.append(f"is silent for {sound.longest_silence:.1f} s in the middle")
    return CheckOutcome(problems, metadata)


def of_requests(check: Callable[[Store, TrackRequest], CheckOutcome]) -> Check:
    """Turn a check of one request into a check of the run's request, or of all when it names none."""

    @wraps(check)
    def check_requests(run: CheckRun) -> CheckOutcome:
        files = (run.store.assets / run.asset).glob("*.*")
        stored = sorted(path.stem for path in files if not path.name.startswith("."))
        partition = request_of_run(run.tags)
        outcomes = {}
        for name in stored if partition is None else [partition]:
            request = TrackRequest.from_values(read_asset_json(run.store, "requested_features", name))
            outcomes[name] = check(run.store, request)
        problems = [
            f"{name}: {problem}" for name, outcome in outcomes.items() for problem in outcome.problems
        ]
        [metadata] = [outcome.metadata for outcome in outcomes.values()] if len(outcomes) == 1 else [{}]
        return CheckOutcome(problems, {**metadata, "songs": len(outcomes)})

    return check_requests


track_checks = [
    asset_checks("track_description", of_requests(check_grammar)),
    asset_checks("track_midi", of_requests(check_notes)),
    asset_checks("generated_track", of_requests(check_sound), blocking=False),
]
