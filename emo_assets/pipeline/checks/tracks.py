"""The checks of a song, partition by partition: its description, its notes and its sound."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import dagster as dg

from emo_assets.pipeline.checks.findings import CheckOutcome
from emo_assets.pipeline.checks.tables import result
from emo_assets.pipeline.checks.track_findings import check_description, check_midi, check_sound
from emo_assets.pipeline.resources import StoreResource
from emo_assets.pipeline.track_store import asset_path, read_asset_json
from emo_assets.song_request import TrackRequest

if TYPE_CHECKING:
    from emo_assets.store import Store

Find = Callable[["Store", TrackRequest], CheckOutcome]


def track_check(
    asset: str, name: str, meaning: str, find: Find, *, blocking: bool
) -> dg.AssetChecksDefinition:
    """Make a check of one generation asset, for the request that a run is about.

    Args:
        asset: the asset.
        name: the check's name.
        meaning: what must be true.
        find: finds it for one request.
        blocking: whether a fault stops what is made of the asset.
    """

    @dg.asset_check(asset=asset, name=name, description=meaning, blocking=blocking)
    def check(context: dg.AssetCheckExecutionContext, store: StoreResource) -> dg.AssetCheckResult:
        opened = store.open()
        problems: list[str] = []
        measured: dict[str, float] = {}
        names = _names(context, opened, asset)
        for request_name in names:
            request = TrackRequest.from_values(read_asset_json(opened, "requested_features", request_name))
            found = find(opened, request)
            problems += [f"{request_name}: {fault}" for fault in found.problems]
            measured = dict(found.measured) if len(names) == 1 else {"songs": len(names)}
        return result(asset, name, CheckOutcome(tuple(problems), measured))

    return check


def _names(context: dg.AssetCheckExecutionContext, store: "Store", asset: str) -> list[str]:
    """Return the request that a run is about, or all that there are when it names none."""
    partition = context.run.tags.get("dagster/partition")
    if partition is not None:
        return [partition]
    return sorted(path.stem for path in (store.assets / asset).glob("*.*") if not path.name.startswith("."))


def _description(store: "Store", request: TrackRequest) -> CheckOutcome:
    return check_description(read_asset_json(store, "track_description", request.name)["tokens"], request)


def _notes(store: "Store", request: TrackRequest) -> CheckOutcome:
    return check_midi(asset_path(store, "track_midi", request.name).read_bytes(), request)


def _sound(store: "Store", request: TrackRequest) -> CheckOutcome:
    return check_sound(store.tracks / request.name / f"{request.name}.wav", request)


track_checks = [
    track_check(
        "track_description",
        "grammar",
        "It is a description of as many bars as were asked for.",
        _description,
        blocking=True,
    ),
    track_check(
        "track_midi",
        "notes",
        "It has notes, in the tempo and meter that were asked for, and no more bars.",
        _notes,
        blocking=True,
    ),
    track_check(
        "generated_track",
        "sound",
        "It can be heard, is as long as its bars, keeps below full scale and has no hole.",
        _sound,
        blocking=False,
    ),
]
