"""The checks of reports: nothing is made of them, so a fault stops nothing and is shown.

Songs that were listened to are read by every request, so a fault of theirs stops what comes after.
"""

import dagster as dg

from emo_assets.pipeline.checks.report_findings import (
    check_calibration,
    check_controllability,
    check_features,
    check_fidelity,
    check_guidance_monotonic,
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
        "feature_report", "features", check_features(StoredTable(store.open(), "feature_report").read())
    )


@dg.asset_check(
    asset="control_report", description="What generation forces is heard: tempo, beats in a bar and bars."
)
def knobs(store: StoreResource) -> dg.AssetCheckResult:
    """Check the control report."""
    return result(
        "control_report", "knobs", check_controllability(StoredTable(store.open(), "control_report").read())
    )


@dg.asset_check(
    asset="fidelity_report",
    description="Songs have the meters and instruments that were forced upon them, and are nearer to the "
    "songs that were described than other songs are.",
)
def obedience(store: StoreResource) -> dg.AssetCheckResult:
    """Check the fidelity report."""
    return result(
        "fidelity_report", "obedience", check_fidelity(StoredTable(store.open(), "fidelity_report").read())
    )


@dg.asset_check(
    asset="song_metrics",
    description="Songs enough were listened to, and measured, for requests to be read by them.",
    blocking=True,
)
def calibration(store: StoreResource) -> dg.AssetCheckResult:
    """Check the songs that requests are read by."""
    return result(
        "song_metrics", "calibration", check_calibration(StoredTable(store.open(), "song_metrics").read())
    )


@dg.asset_check(
    asset="guidance_report",
    description="Descriptions follow a request more when it is followed more strictly.",
)
def curve(store: StoreResource) -> dg.AssetCheckResult:
    """Check the curve of guidance."""
    return result(
        "guidance_report",
        "curve",
        check_guidance_monotonic(StoredTable(store.open(), "guidance_report").read()),
    )
