"""Stage 8: a request becomes a track; one dynamic partition a request."""

from typing import Any

import dagster as dg

from emo_assets.errors import InputError
from emo_assets.pipeline.metadata import logged_progress
from emo_assets.pipeline.partitions import REQUESTS
from emo_assets.pipeline.resources import SoundResource, StoreResource
from emo_assets.pipeline.track_metadata import (
    description_metadata,
    midi_metadata,
    request_metadata,
    track_metadata,
)
from emo_assets.song_request import TrackRequest, read_request, validate_name

GROUP = "generation"
OWNERS = ["team:music"]


@dg.asset(
    group_name=GROUP,
    partitions_def=REQUESTS,
    io_manager_key="documents",
    kinds={"json", "yaml"},
    owners=OWNERS,
)
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
    """How many descriptions are written for a request."""

    proposals: int | None = None
    """Descriptions to choose the nearest from; by default as many as the request's strictness asks for."""


class SongSearchConfig(dg.Config):
    """How many songs are written for a description."""

    candidates: int | None = None
    """Songs to choose the nearest from; by default as many as the request's strictness asks for and its
    length allows."""


@dg.asset(
    group_name=GROUP,
    partitions_def=REQUESTS,
    io_manager_key="documents",
    kinds={"json", "torch"},
    owners=OWNERS,
    deps=["champion", "song_metrics"],
)
def track_description(
    config: DescriptionSearchConfig, requested_features: dict[str, Any], store: StoreResource
) -> dg.Output[dict[str, Any]]:
    """What the champion writes for the request: FIGARO's description, bar by bar."""
    from emo_assets.generation import load_calibration, load_champion
    from emo_assets.reranking import best_descriptions

    request = TrackRequest.from_values(requested_features)
    describer, version = load_champion(store.open())
    calibration = load_calibration(store.open())
    [tokens] = best_descriptions([request], describer, calibration, proposals=config.proposals)
    return dg.Output({"champion": version, "tokens": tokens}, metadata=description_metadata(version, tokens))


@dg.asset(
    group_name=GROUP,
    partitions_def=REQUESTS,
    io_manager_key="midi_files",
    kinds={"midi", "torch"},
    owners=OWNERS,
    deps=["figaro_model", "song_metrics"],
)
def track_midi(
    context: dg.AssetExecutionContext,
    config: SongSearchConfig,
    requested_features: dict[str, Any],
    track_description: dict[str, Any],
    store: StoreResource,
) -> dg.Output[bytes]:
    """The song's notes: FIGARO's events for the description, as MIDI."""
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


@dg.asset(
    group_name=GROUP,
    partitions_def=REQUESTS,
    io_manager_key="documents",
    kinds={"wav", "midi"},
    owners=OWNERS,
    deps=["song_metrics"],
)
def generated_track(
    context: dg.AssetExecutionContext,
    requested_features: dict[str, Any],
    track_midi: bytes,
    store: StoreResource,
    sound: SoundResource,
) -> dg.Output[dict[str, Any]]:
    """The song: WAV and OGG, its MIDI and piano roll, and what was asked beside what is heard."""
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
