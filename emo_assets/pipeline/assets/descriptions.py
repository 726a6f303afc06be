"""Stage 3: FIGARO's description of every MIDI file, in shards, and the training set made of them."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import dagster as dg

from emo_assets.pipeline.assets.raw import FEATURE_MEANINGS
from emo_assets.pipeline.metadata import counts, logged_progress, table_metadata
from emo_assets.pipeline.partitions import SHARDS, shard_of
from emo_assets.pipeline.tables import Table

if TYPE_CHECKING:
    import pandas as pd

GROUP = "descriptions"
OWNERS = ["team:data"]


SEGMENT_MEANINGS = {
    "segment": "Number of the segment in its file, from 0.",
    "first_bar": "The segment's first bar in its file, from 1.",
    "bars": "Bars in the segment: 12, or fewer at a file's end.",
    "tokens": "Ids of the description vocabulary, bars renumbered from Bar_1.",
}


class DescribingConfig(dg.Config):
    """How MIDI files are described."""

    strict: bool = False
    """Refuse files without a time signature, as the reference does; else they are read as 4/4."""
    workers: int | None = None
    """Processes; one a core by default."""


@dg.multi_asset(
    outs={
        "figaro_descriptions": dg.AssetOut(
            group_name=GROUP,
            io_manager_key="tables",
            description="One row a 12-bar segment: the token ids of its description.",
            kinds={"parquet", "python"},
            owners=OWNERS,
            is_required=False,
        ),
        "rejected_midi": dg.AssetOut(
            group_name=GROUP,
            io_manager_key="tables",
            description="Each MIDI file that could not be read, and why.",
            kinds={"parquet", "python"},
            owners=OWNERS,
            is_required=False,
        ),
    },
    partitions_def=SHARDS,
    can_subset=True,
    backfill_policy=dg.BackfillPolicy.single_run(),
    pool="describing",
)
def descriptions(
    context: dg.AssetExecutionContext,
    config: DescribingConfig,
    lakh_midi: Table,
    rejected_lakh_files: Table,
) -> Iterator[dg.Output[Any]]:
    """Describe the MIDI files of the run's shards; every file is described or rejected."""
    import pandas as pd

    from emo_assets.tokens.description_tables import extract_table

    described = extract_table(
        lakh_midi[lakh_midi["msd_track_id"].map(shard_of).isin(context.partition_keys)],
        strict=config.strict,
        workers=config.workers,
        progress=logged_progress(context),
    )
    not_taken_in = files_not_taken_in(rejected_lakh_files)
    not_taken_in = not_taken_in[not_taken_in["path"].map(shard_of).isin(context.partition_keys)]
    rejects = pd.concat([described.rejects, not_taken_in], ignore_index=True)
    files = {"files_described": described.described, "files_rejected": len(rejects)}
    if "figaro_descriptions" in context.op_execution_context.selected_output_names:
        segments = described.segments
        shards = segments["msd_track_id"].map(shard_of)
        metadata = {**table_metadata(segments, descriptions=SEGMENT_MEANINGS), **files}
        yield dg.Output(_by_shard(context, segments, shards), "figaro_descriptions", metadata=metadata)
    if "rejected_midi" in context.op_execution_context.selected_output_names:
        shards = rejects["msd_track_id"].where(rejects["msd_track_id"].notna(), rejects["path"]).map(shard_of)
        metadata = {**table_metadata(rejects), **files, "stages": counts(rejects["stage"])}
        yield dg.Output(_by_shard(context, rejects, shards), "rejected_midi", metadata=metadata)


def files_not_taken_in(rejected_lakh_files: Table) -> Table:
    """Return the files that the Lakh reader refused, in the columns of the rejected MIDI."""
    import pandas as pd

    return pd.DataFrame(
        {
            "msd_track_id": pd.Series(pd.NA, index=rejected_lakh_files.index, dtype="str"),
            "md5": pd.Series(pd.NA, index=rejected_lakh_files.index, dtype="str"),
            "path": rejected_lakh_files["content"],
            "stage": "file",
            "reason": rejected_lakh_files["reason"],
        }
    )


def _by_shard(
    context: dg.AssetExecutionContext, table: Table, shards: "pd.Series[str]"
) -> Table | dict[str, Table]:
    """Give the IO manager one table a shard of the run, or the table itself when the run has one shard."""
    if len(context.partition_keys) == 1:
        return table
    return {key: table[shards == key] for key in context.partition_keys}


@dg.asset(group_name=GROUP, io_manager_key="tables", kinds={"parquet", "pandas"}, owners=OWNERS)
def training_set(matched_tracks: Table, figaro_descriptions: dict[str, Table]) -> dg.Output[Any]:
    """Matched tracks × descriptions: ten features, tokens, and a split in which no artist is on two sides."""
    import pandas as pd

    from emo_assets.description_model.data.training_set import assemble_training_set

    table = assemble_training_set(matched_tracks, pd.concat(figaro_descriptions.values(), ignore_index=True))
    return dg.Output(
        table,
        metadata={
            **table_metadata(table, descriptions={**FEATURE_MEANINGS, **SEGMENT_MEANINGS}),
            "segments_by_split": counts(table["split"]),
            "songs_by_split": counts(table.drop_duplicates("md5")["split"]),
        },
    )
