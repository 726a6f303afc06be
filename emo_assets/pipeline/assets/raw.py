"""Stage 1: the three raw data sets as typed tables, and the rows of theirs that were refused."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import dagster as dg

from emo_assets.features import FeatureVector
from emo_assets.pipeline.metadata import counts, logged_progress, table_metadata
from emo_assets.pipeline.resources import RawDataSource, StoreResource

if TYPE_CHECKING:
    from emo_assets.datasets.table import TableRead

GROUP = "raw"
OWNERS = ["team:data"]
FEATURE_MEANINGS = {name: field.description or "" for name, field in FeatureVector.model_fields.items()}


def _table_out(description: str, *, rejects: bool = False) -> dg.AssetOut:
    return dg.AssetOut(
        group_name=GROUP,
        io_manager_key="tables",
        description=description,
        kinds={"parquet", "pandas"},
        owners=OWNERS,
        is_required=False,
        tags={"rows": "refused" if rejects else "accepted"},
    )


def _outputs(
    context: dg.AssetExecutionContext,
    read: "TableRead",
    accepted: str,
    rejected: str,
    *,
    hidden: tuple[str, ...] = (),
    **metadata: Any,
) -> Iterator[dg.Output[Any]]:
    """Yield those of the two tables that the run asked for, each with what people want to see of it."""
    refused = len(read.rejects)
    if accepted in context.op_execution_context.selected_output_names:
        described = table_metadata(read.rows, descriptions=FEATURE_MEANINGS, hidden=hidden)
        yield dg.Output(read.rows, accepted, metadata={**described, "rejected_rows": refused, **metadata})
    if rejected in context.op_execution_context.selected_output_names:
        yield dg.Output(
            read.rejects,
            rejected,
            metadata={**table_metadata(read.rejects), "reasons": counts(read.rejects["reason"])},
        )


@dg.multi_asset(
    outs={
        "spotify_tracks": _table_out("The Kaggle table of Spotify tracks, typed and validated."),
        "rejected_spotify_rows": _table_out("Rows of the Kaggle table that break its schema.", rejects=True),
    },
    can_subset=True,
)
def spotify(
    context: dg.AssetExecutionContext, raw_data: RawDataSource, store: StoreResource
) -> Iterator[dg.Output[Any]]:
    """Read the Spotify tracks."""
    from emo_assets.datasets.spotify import read_spotify

    path = raw_data.spotify_file(store.open(), logged_progress(context))
    yield from _outputs(
        context,
        read_spotify(path),
        "spotify_tracks",
        "rejected_spotify_rows",
        source=raw_data.source,
        file=dg.MetadataValue.path(str(path)),
    )


@dg.multi_asset(
    outs={
        "msd_tracks": _table_out("The Million Song Dataset's track ids, artists and titles."),
        "rejected_msd_rows": _table_out(
            "Lines of the Million Song names that break their format.", rejects=True
        ),
    },
    can_subset=True,
)
def million_songs(
    context: dg.AssetExecutionContext, raw_data: RawDataSource, store: StoreResource
) -> Iterator[dg.Output[Any]]:
    """Read the Million Song names, from their list or out of Million Song files."""
    from emo_assets.datasets.msd import read_msd
    from emo_assets.datasets.msd_h5 import read_msd_h5

    progress = logged_progress(context)
    path = raw_data.msd_file(store.open(), progress)
    yield from _outputs(
        context,
        read_msd_h5(path, progress=progress) if path.is_dir() else read_msd(path),
        "msd_tracks",
        "rejected_msd_rows",
        source=raw_data.source,
        file=dg.MetadataValue.path(str(path)),
    )


@dg.multi_asset(
    outs={
        "lakh_midi": _table_out(
            "The Lakh MIDI files that are matched to Million Song tracks, with their bytes."
        ),
        "rejected_lakh_files": _table_out("Files of the Lakh tree that cannot be taken in.", rejects=True),
    },
    can_subset=True,
)
def lakh(
    context: dg.AssetExecutionContext, raw_data: RawDataSource, store: StoreResource
) -> Iterator[dg.Output[Any]]:
    """Find and read the Lakh MIDI files."""
    from emo_assets.datasets.lakh import read_lakh

    progress = logged_progress(context)
    folder = raw_data.lakh_folder(store.open(), progress)
    read = read_lakh(folder, progress=progress)
    yield from _outputs(
        context,
        read,
        "lakh_midi",
        "rejected_lakh_files",
        hidden=("content",),
        source=raw_data.source,
        folder=dg.MetadataValue.path(str(folder)),
        megabytes=float(read.rows["content"].str.len().sum() / 1e6),
    )
