"""The three raw data sets as typed tables, and the rows of theirs that were rejected."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import dagster as dg

from emo_assets.pipeline.checks import SCHEMA_CHECKS, CheckOutcome, CheckRun, asset_checks
from emo_assets.pipeline.metadata import counts, logged_progress, table_metadata
from emo_assets.pipeline.resources import Dataset, RawDataSource, StoreResource
from emo_assets.progress import Progress

if TYPE_CHECKING:
    from pathlib import Path

    from emo_assets.datasets.table import TableRead

REJECTS = {
    "spotify_tracks": "rejected_spotify_rows",
    "msd_tracks": "rejected_msd_rows",
    "lakh_midi": "rejected_lakh_files",
}

MAX_REJECTION_RATE = 0.25
"""Share of a source's rows that may be rejected; the sample has far fewer."""

MIN_ROWS_LEFT = 0.5
"""Share of the rows of the last good table that must be left."""

MAX_HISTORY = 100
"""Evaluations among which the last good one is searched."""


def raw_tables(name: str, dataset: Dataset, descriptions: Mapping[str, str]) -> dg.AssetsDefinition:
    """Define the two tables of a raw data set.

    Args:
        name: name of the step that reads the data set.
        dataset: the data set.
        descriptions: the names of the two assets, and what they hold: accepted rows, then rejected ones.
    """
    accepted, rejected = descriptions

    @dg.multi_asset(
        name=name,
        outs={
            asset: dg.AssetOut(
                io_manager_key="tables",
                description=description,
                kinds={"parquet", "pandas"},
                is_required=False,
                tags={"rows": "accepted" if asset == accepted else "refused"},
            )
            for asset, description in descriptions.items()
        },
        can_subset=True,
    )
    def read(
        context: dg.AssetExecutionContext, raw_data: RawDataSource, store: StoreResource
    ) -> Iterator[dg.Output[Any]]:
        progress = logged_progress(context)
        path = raw_data.path(dataset, store.open(), progress)
        read = _read(dataset, path, progress)
        if accepted in context.op_execution_context.selected_output_names:
            metadata = {
                **table_metadata(read.rows, accepted),
                "rejected_rows": len(read.rejects),
                "source": raw_data.source,
                "folder" if dataset == "lakh" else "file": dg.MetadataValue.path(str(path)),
            }
            if read.dialect:
                metadata["read_as"] = read.dialect
            if dataset == "lakh":
                metadata["megabytes"] = float(read.rows["content"].str.len().sum() / 1e6)
            yield dg.Output(read.rows, accepted, metadata=metadata)
        if rejected in context.op_execution_context.selected_output_names:
            reasons = counts(read.rejects["reason"])
            metadata = {**table_metadata(read.rejects, rejected), "reasons": reasons}
            yield dg.Output(read.rejects, rejected, metadata=metadata)

    return read


def _read(dataset: Dataset, path: "Path", progress: Progress) -> "TableRead":
    match dataset:
        case "spotify":
            from emo_assets.datasets.spotify import read_spotify

            return read_spotify(path)
        case "msd" if path.is_dir():
            from emo_assets.datasets.msd_h5 import read_msd_h5

            return read_msd_h5(path, progress=progress)
        case "msd":
            from emo_assets.datasets.msd import read_msd

            return read_msd(path)
    from emo_assets.datasets.lakh import read_lakh

    return read_lakh(path, progress=progress)


spotify = raw_tables(
    "spotify",
    "spotify",
    {
        "spotify_tracks": "The Kaggle table of Spotify tracks, typed and validated.",
        "rejected_spotify_rows": "Rows of the Kaggle table that break its schema.",
    },
)
million_songs = raw_tables(
    "million_songs",
    "msd",
    {
        "msd_tracks": "The Million Song Dataset's track ids, artists and titles.",
        "rejected_msd_rows": "Lines of the Million Song names that break their format.",
    },
)
lakh = raw_tables(
    "lakh",
    "lakh",
    {
        "lakh_midi": "The Lakh MIDI files that are matched to Million Song tracks, with their bytes.",
        "rejected_lakh_files": "Files of the Lakh tree that cannot be read in.",
    },
)


def rejection_rate(accepted: int, rejected: int, *, most: float) -> CheckOutcome:
    """Require that something was accepted, and that at most a share of `most` was rejected."""
    rate = rejected / max(accepted + rejected, 1)
    problems = []
    if not accepted:
        problems.append("nothing was accepted")
    elif rate > most:
        problems.append(f"{rate:.0%} of it was rejected, more than {most:.0%}")
    return CheckOutcome(problems, {"accepted": accepted, "rejected": rejected, "rejection_rate": rate})


def row_count_drop(rows: int, rows_before: int | None) -> CheckOutcome:
    """Require half of the rows that a table had when it last passed, where that is known."""
    if rows_before is None:
        return CheckOutcome((), {"rows": rows})
    shrunk = rows < MIN_ROWS_LEFT * rows_before
    problems = [f"has {rows:,} rows where it had {rows_before:,} before"] if shrunk else []
    return CheckOutcome(problems, {"rows": rows, "rows_before": rows_before})


def check_rejection_rate(run: CheckRun) -> CheckOutcome:
    """At most a quarter of the source was rejected."""
    rejected = run.table(REJECTS[run.asset]).row_count()
    return rejection_rate(run.table().row_count(), rejected, most=MAX_REJECTION_RATE)


def check_row_count_drop(run: CheckRun) -> CheckOutcome:
    """At least half of the rows are left that the table last had from the same source."""
    if run.context is None:
        raise TypeError("the check compares with the history of an instance, and needs its context")
    raw_data: RawDataSource = run.context.op_execution_context.resources.raw_data
    origin = _origin(run.context.instance, run.asset)
    before = None if raw_data.may_shrink else _rows_when_passed(run.context.instance, run.asset, origin)
    drop = row_count_drop(run.table().row_count(), before)
    return CheckOutcome(drop.problems, {**drop.metadata, "origin": origin})


def _origin(instance: dg.DagsterInstance, asset: str) -> str:
    """Return where a raw table was read from; a table from elsewhere is not compared with it."""
    event = instance.get_latest_materialization_event(dg.AssetKey(asset))
    if event is None or event.asset_materialization is None:
        return ""
    metadata = event.asset_materialization.metadata
    return " ".join(str(metadata[name].value) for name in ("source", "file", "folder") if name in metadata)


def _rows_when_passed(instance: dg.DagsterInstance, asset: str, origin: str) -> int | None:
    """Return the number of rows of the last table from `origin` that passed."""
    for name in ("row_count_drop", "shrunk"):  # the check's former name, in the history of older instances
        history = instance.event_log_storage.get_asset_check_execution_history(
            check_key=dg.AssetCheckKey(dg.AssetKey(asset), name), limit=MAX_HISTORY
        )
        for evaluation in (record.evaluation for record in history):
            if not isinstance(evaluation, dg.AssetCheckEvaluation) or not evaluation.passed:
                continue
            if evaluation.metadata["origin"].value == origin:
                rows = evaluation.metadata["rows"].value
                return rows if isinstance(rows, int) else None
    return None


raw_checks = [
    asset_checks(
        asset, check_rejection_rate, check_row_count_drop, schema=SCHEMA_CHECKS, resources=["raw_data"]
    )
    for asset in REJECTS
]
reject_checks = [
    asset_checks(asset, schema=("schema", "values"), blocking=False) for asset in REJECTS.values()
]
