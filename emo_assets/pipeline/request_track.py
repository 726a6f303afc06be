"""The job `request_track`: a form in the launchpad, and a song in one run.

The form's fields are made from `FeatureVector` and `TrackRequest`. How a song is made is known by
`generation`; the songs of request files are made by the assets of the group `generation`.
"""

from typing import Any, Literal

import dagster as dg
from pydantic import Field, create_model
from pydantic.fields import FieldInfo

from emo_assets.features import FEATURE_NAMES, FeatureVector
from emo_assets.pipeline.metadata import logged_progress
from emo_assets.pipeline.resources import SoundResource, StoreResource
from emo_assets.pipeline.track_metadata import (
    description_metadata,
    midi_metadata,
    request_metadata,
    track_metadata,
)
from emo_assets.pipeline.track_store import asset_path, save_track
from emo_assets.song_request import Strictness, TrackRequest, write_request


def _form_field(field: FieldInfo) -> Any:
    """Return a field of a model as a field of the form; its range is told, and checked by the model."""
    if field.is_required():
        return (field.annotation, Field(description=field.description))
    return (field.annotation, Field(field.default, description=field.description))


def _choice_field(field: FieldInfo) -> Any:
    """Return a field that takes one of several words; Dagster would ask for their Python names."""
    words = tuple(choice.value for choice in Strictness)
    return (Literal[words], Field(field.default.value, description=field.description))


RequestForm: type[dg.Config] = create_model(
    "RequestForm",
    __base__=dg.Config,
    __doc__="A song that somebody asks for: what it is called, and how it should feel.",
    **{name: _form_field(TrackRequest.model_fields[name]) for name in ("name", "mood", "bars", "seed")},
    strictness=_choice_field(TrackRequest.model_fields["strictness"]),
    **{name: _form_field(FeatureVector.model_fields[name]) for name in FEATURE_NAMES},
)
"""The launchpad's form: the request's name, its ten features, its length, its seed and its strictness."""


def form_request(form: dg.Config) -> TrackRequest:
    """Return the request that a filled form asks for.

    Raises:
        InputError: a value is outside its range; the message names it.
    """
    values = form.model_dump()
    features = FeatureVector.from_values({name: values.pop(name) for name in FEATURE_NAMES})
    return TrackRequest.from_values({**values, "features": features})


@dg.op(description="Make the song that the form asks for, and keep it as a request and a track.")
def make_requested_track(
    context: dg.OpExecutionContext,
    config: RequestForm,
    store: StoreResource,
    sound: SoundResource,
) -> None:
    """Take a request from form to sound."""
    from emo_assets.generation import generate_track, load_models, track_files

    request = form_request(config)
    opened = store.open()
    track = generate_track(
        request,
        load_models(opened),
        track_files(opened, request.name),
        sound=sound.settings(),
        progress=logged_progress(context),
    )
    context.instance.add_dynamic_partitions("requests", [request.name])
    save_track(opened, track)
    write_request(request, opened.requests)
    shown: dict[str, dict[str, Any]] = {
        "requested_features": request_metadata(request),
        "track_description": description_metadata(track.champion, track.description),
        "track_midi": midi_metadata(track.midi, request),
        "generated_track": track_metadata(track.as_document(), track.piano_roll),
    }
    for asset, metadata in shown.items():
        path = dg.MetadataValue.path(str(asset_path(opened, asset, request.name)))
        context.log_event(
            dg.AssetMaterialization(asset, partition=request.name, metadata={"path": path, **metadata})
        )


@dg.job(description="Ask for a song: fill the form in the launchpad, and the run makes it.")
def request_track() -> None:
    """Make one song from a form."""
    make_requested_track()
