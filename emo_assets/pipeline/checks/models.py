"""The checks of models and scores: weights that are numbers, and a model that has learned something."""

from collections.abc import Iterator, Sequence

import dagster as dg

from emo_assets.description_model.specs import MODEL_SPECS
from emo_assets.errors import InputError
from emo_assets.pipeline.checks.findings import CheckOutcome
from emo_assets.pipeline.checks.model_findings import check_sanity, check_scores, check_weights
from emo_assets.pipeline.checks.stored import StoredTable
from emo_assets.pipeline.checks.tables import result, specs
from emo_assets.pipeline.resources import StoreResource

BARS_TRIED = 4


def weights_checks_of(name: str, assets: Sequence[str]) -> dg.AssetChecksDefinition:
    """Make the checks of some models' weights, in one step; broken ones are neither scored nor served."""
    meaning = {"weights": "The file holds weights, and each of them is a number."}
    declared = [spec for asset in assets for spec in specs(asset, meaning, blocking=True)]

    @dg.multi_asset_check(name=name, specs=declared, can_subset=True)
    def check(context: dg.AssetCheckExecutionContext, store: StoreResource) -> Iterator[dg.AssetCheckResult]:
        for key in sorted(context.selected_asset_check_keys):
            asset = key.asset_key.to_user_string()
            content = (store.open().assets / f"{asset}.safetensors").read_bytes()
            yield result(asset, "weights", check_weights(content))

    return check


describer_checks = weights_checks_of("describer_checks", [spec.name for spec in MODEL_SPECS])
figaro_checks = weights_checks_of("figaro_checks", ["figaro_model"])


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
    yield result("scoreboard", "scores", check_scores(board))
    yield result("scoreboard", "sanity", check_sanity(board))


@dg.asset_check(
    asset="champion",
    description="The weights that the record names are there, and write a description when asked.",
    blocking=True,
)
def serves(store: StoreResource) -> dg.AssetCheckResult:
    """Ask the champion for a few bars, as a request would."""
    from emo_assets.features import FeatureVector
    from emo_assets.generation import load_champion
    from emo_assets.reports.description_table import description_rows

    asked = FeatureVector()
    try:
        describer, _ = load_champion(store.open())
        [tokens] = describer.generate([asked], bars=BARS_TRIED, seeds=[0])
        bars = len(description_rows(tokens))
    except (InputError, ValueError) as error:
        return result("champion", "serves", CheckOutcome((" ".join(str(error).split()),)))
    problems = () if bars == BARS_TRIED else (f"wrote {bars} bars where {BARS_TRIED} were asked for",)
    return result("champion", "serves", CheckOutcome(problems, {"bars": bars}))
