"""What a raw table held when it was last in order: the past that a refresh is held against."""

from __future__ import annotations

import dagster as dg

from emo_assets.pipeline.checks.findings import CheckOutcome, check_row_count_drop

LEAST_LEFT = 0.5
LOOKED_BACK = 100
"""Evaluations among which the last good one is looked for."""


def shrunk_since_last_good(
    instance: dg.DagsterInstance, asset: str, rows: int, *, forgiven: bool
) -> tuple[CheckOutcome, str]:
    """Find that a raw table has lost much since its last good check on the same source.

    Args:
        instance: where checks are recorded.
        asset: the table's asset, which has a check called "shrunk".
        rows: how many it has now.
        forgiven: whether somebody has said that it may.

    Returns:
        The finding, and where the table comes from: another source has no past here.
    """
    origin = _origin(instance, asset)
    before = None if forgiven else _rows_when_good(instance, asset, origin)
    return check_row_count_drop(rows, before, least=LEAST_LEFT), origin


def _origin(instance: dg.DagsterInstance, asset: str) -> str:
    event = instance.get_latest_materialization_event(dg.AssetKey(asset))
    if event is None or event.asset_materialization is None:
        return ""
    metadata = event.asset_materialization.metadata
    return " ".join(str(metadata[name].value) for name in ("source", "file", "folder") if name in metadata)


def _rows_when_good(instance: dg.DagsterInstance, asset: str, origin: str) -> int | None:
    history = instance.event_log_storage.get_asset_check_execution_history(
        check_key=dg.AssetCheckKey(dg.AssetKey(asset), "shrunk"), limit=LOOKED_BACK
    )
    for record in history:
        evaluation = record.evaluation
        if not isinstance(evaluation, dg.AssetCheckEvaluation) or not evaluation.passed:
            continue
        if evaluation.metadata["origin"].value == origin:
            rows = evaluation.metadata["rows"].value
            return rows if isinstance(rows, int) else None
    return None
