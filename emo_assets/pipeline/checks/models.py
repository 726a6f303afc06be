"""The checks of models and scores: weights that are numbers, and a model that has learned something."""

from collections.abc import Iterator

import dagster as dg

from emo_assets.describing.describers import DESCRIBERS
from emo_assets.errors import InputError
from emo_assets.pipeline.checks.findings import Finding
from emo_assets.pipeline.checks.model_findings import sanity_finding, scores_finding, weights_finding
from emo_assets.pipeline.checks.stored import StoredTable
from emo_assets.pipeline.checks.tables import result, specs
from emo_assets.pipeline.resources import StoreResource

BARS_TRIED = 4


def weights_check(asset: str) -> dg.AssetChecksDefinition:
    """Make the check of a model's weights; broken ones are neither scored nor served."""

    @dg.asset_check(
        asset=asset,
        name="weights",
        description="The file holds weights, and each of them is a number.",
        blocking=True,
    )
    def check(store: StoreResource) -> dg.AssetCheckResult:
        path = store.open().assets / f"{asset}.safetensors"
        return result(asset, "weights", weights_finding(path.read_bytes()))

    return check


weights_checks = [weights_check(name) for name in (*(spec.name for spec in DESCRIBERS), "figaro_model")]


@dg.multi_asset_check(
    specs=specs(
        "scoreboard",
        {
            "scores": "Each model stands there once, and its figures can be.",
            "sanity": "The best model needs fewer bits a bar than the best baseline.",
        },
        blocking=True,
    )
)
def scoreboard_checks(store: StoreResource) -> Iterator[dg.AssetCheckResult]:
    """Check the scoreboard; where no model has learned anything, no champion is chosen."""
    board = StoredTable(store.open(), "scoreboard").read()
    yield result("scoreboard", "scores", scores_finding(board))
    yield result("scoreboard", "sanity", sanity_finding(board))


@dg.asset_check(
    asset="champion",
    description="The weights that the record names are there, and write a description when asked.",
    blocking=True,
)
def serves(store: StoreResource) -> dg.AssetCheckResult:
    """Ask the champion for a few bars, as a request would."""
    from emo_assets.generation import describe_request, description_rows, load_describer
    from emo_assets.requests import TrackRequest

    request = TrackRequest(name="check", bars=BARS_TRIED)
    try:
        describer, _ = load_describer(store.open())
        bars = len(description_rows(describe_request(request, describer)))
    except (InputError, ValueError) as error:
        return result("champion", "serves", Finding((" ".join(str(error).split()),)))
    faults = () if bars == BARS_TRIED else (f"wrote {bars} bars where {BARS_TRIED} were asked for",)
    return result("champion", "serves", Finding(faults, {"bars": bars}))
