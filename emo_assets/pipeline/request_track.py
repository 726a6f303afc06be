"""The job `request_track`: a form in the launchpad, and a track in one run.

The fields of the form are those of `TrackRequest` and `FeatureVector`.
"""

from typing import Any, Literal

import dagster as dg
from pydantic import Field, create_model
from pydantic.fields import FieldInfo

from emo_assets.features import FEATURE_NAMES, FeatureVector
from emo_assets.open_features import OPEN_FEATURES
from emo_assets.pipeline.external_events import track_materializations
from emo_assets.pipeline.metadata import logged_progress
from emo_assets.pipeline.partitions import REQUESTS
from emo_assets.pipeline.resources import SoundResource, StoreResource
from emo_assets.pipeline.track_store import save_track
from emo_assets.song_request import Strictness, TrackRequest, write_request


def _form_field(field: FieldInfo) -> Any:
    """Return a field of a model as a field of the form, without its range, which the model checks."""
    if field.is_required():
        return (field.annotation, Field(description=field.description))
    return (field.annotation, Field(field.default, description=field.description))


def _open_field(field: FieldInfo) -> Any:
    """Return a field that may stay empty, and then follows valence and energy."""
    description = f"{field.description} Left out, it follows valence and energy."
    return (field.annotation | None, Field(None, description=description))  # type: ignore[operator]


def _choice_field(field: FieldInfo) -> Any:
    """Return a field that takes the values of an enum; Dagster would ask for the names of its members."""
    words = tuple(choice.value for choice in Strictness)
    return (Literal[words], Field(field.default.value, description=field.description))


RequestForm: type[dg.Config] = create_model(
    "RequestForm",
    __base__=dg.Config,
    __doc__="A requested song: its name, length and seed, and how it should feel.",
    **{name: _form_field(TrackRequest.model_fields[name]) for name in ("name", "mood", "bars", "seed")},
    strictness=_choice_field(TrackRequest.model_fields["strictness"]),
    **{
        name: (_open_field if name in OPEN_FEATURES else _form_field)(FeatureVector.model_fields[name])
        for name in FEATURE_NAMES
    },
)


def form_request(form: dg.Config) -> TrackRequest:
    """Return the request that a filled form asks for.

    Raises:
        InputError: a value is outside its range; the message names it.
    """
    values = form.model_dump()
    features = {name: values.pop(name) for name in FEATURE_NAMES}
    given = {name: value for name, value in features.items() if value is not None}
    return TrackRequest.from_values({**values, "features": FeatureVector.from_values(given)})


@dg.op(description="Make the song that the form asks for, and store it as a request and a track.")
def make_requested_track(
    context: dg.OpExecutionContext,
    config: RequestForm,
    store: StoreResource,
    sound: SoundResource,
) -> None:
    """Make, store and report the track."""
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
    context.instance.add_dynamic_partitions(str(REQUESTS.name), [request.name])
    save_track(opened, track)
    write_request(request, opened.requests)
    for materialization in track_materializations(opened, request.name):
        context.log_event(materialization)


@dg.job(description="Ask for a song: fill the form in the launchpad, and the run makes it.")
def request_track() -> None:
    """Make one song from a form."""
    make_requested_track()
