"""The checks of reports: nothing is made of them, so a fault stops nothing and is shown."""

import dagster as dg

from emo_assets.pipeline.checks.report_findings import (
    features_finding,
    fidelity_finding,
    knobs_finding,
)
from emo_assets.pipeline.checks.stored import StoredTable
from emo_assets.pipeline.checks.tables import result
from emo_assets.pipeline.resources import StoreResource


@dg.asset_check(
    asset="feature_report", description="Each of the ten features stands there, with figures in its range."
)
def features(store: StoreResource) -> dg.AssetCheckResult:
    """Check the feature report."""
    return result(
        "feature_report", "features", features_finding(StoredTable(store.open(), "feature_report").read())
    )


@dg.asset_check(
    asset="control_report", description="What generation forces is heard: tempo and beats in a bar."
)
def knobs(store: StoreResource) -> dg.AssetCheckResult:
    """Check the control report."""
    return result(
        "control_report", "knobs", knobs_finding(StoredTable(store.open(), "control_report").read())
    )


@dg.asset_check(
    asset="fidelity_report",
    description="Songs have the meters and instruments that were forced upon them, and are nearer to the "
    "songs that were described than other songs are.",
)
def obedience(store: StoreResource) -> dg.AssetCheckResult:
    """Check the fidelity report."""
    return result(
        "fidelity_report", "obedience", fidelity_finding(StoredTable(store.open(), "fidelity_report").read())
    )
