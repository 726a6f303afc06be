"""FIGARO's descriptions of the MIDI files, in shards; the training set made of them; its songs' metrics."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import dagster as dg

from emo_assets.errors import InputError
from emo_assets.pipeline.assets.raw import check_rejection_rate
from emo_assets.pipeline.checks import CheckOutcome, CheckRun, asset_checks, table_checks
from emo_assets.pipeline.io_managers import Table
from emo_assets.pipeline.metadata import counts, logged_progress, table_metadata
from emo_assets.pipeline.partitions import SHARDS, shard_of
from emo_assets.reports.markdown import markdown_table
from emo_assets.tokens.vocabulary import DESCRIPTIONS, DescriptionKind

if TYPE_CHECKING:
    import pandas as pd

GROUP = "descriptions"
OWNERS = ["team:data"]

MAX_REJECTION_RATE = 0.5
"""Share of MIDI files that may be impossible to describe; of real ones it is a few percent."""

MAX_UNSEEN = 0.05
"""Share of the test split's tokens that may be absent from the training split."""

MAX_PARSED = 500
"""Segments that a check parses, spread evenly over the table; parsing all takes minutes at full size."""

SEGMENT_BARS = 12


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
        metadata = {**table_metadata(segments, "figaro_descriptions"), **files}
        yield dg.Output(_by_shard(context, segments, shards), "figaro_descriptions", metadata=metadata)
    if "rejected_midi" in context.op_execution_context.selected_output_names:
        shards = rejects["msd_track_id"].where(rejects["msd_track_id"].notna(), rejects["path"]).map(shard_of)
        metadata = {**table_metadata(rejects, "rejected_midi"), **files, "stages": counts(rejects["stage"])}
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
            **table_metadata(table, "training_set"),
            "segments_by_split": counts(table["split"]),
            "songs_by_split": counts(table.drop_duplicates("md5")["split"]),
        },
    )


@dg.asset(group_name=GROUP, io_manager_key="tables", kinds={"parquet", "midi"}, owners=["team:music"])
def song_metrics(context: dg.AssetExecutionContext, training_set: Table, lakh_midi: Table) -> dg.Output[Any]:
    """Metrics of the training set's songs next to their features: the scale on which requests are read."""
    from emo_assets.metrics.metrics_table import feature_agreement, measure_training_songs

    files = dict(zip(lakh_midi["md5"], lakh_midi["content"], strict=True))
    table = measure_training_songs(training_set, files, progress=logged_progress(context))
    agreement = feature_agreement(table)
    return dg.Output(
        table,
        metadata={
            **table_metadata(table, "song_metrics"),
            "features_and_measures": dg.MetadataValue.md(markdown_table(agreement.to_dict("records"))),
        },
    )


def check_grammar(segments: "pd.DataFrame") -> CheckOutcome:
    """Require that segments are descriptions, of as many bars as they say.

    Args:
        segments: `bars` and `tokens` (ids of the description vocabulary) of each segment.
    """
    import numpy as np

    from emo_assets.tokens.grammar.descriptions import DescriptionGrammar
    from emo_assets.tokens.grammar.errors import GrammarError

    grammar = DescriptionGrammar()
    problems = []
    parsed = np.unique(np.linspace(0, len(segments) - 1, MAX_PARSED).astype(int)) if len(segments) else ()
    for index in map(int, parsed):
        row = segments.iloc[index]
        try:
            bars = grammar.parse([int(token) for token in row["tokens"]])
        except GrammarError as error:
            problems.append(f"segment {index} is not a description ({error})")
            continue
        if len(bars) != row["bars"] or not 1 <= len(bars) <= SEGMENT_BARS:
            problems.append(f"segment {index} has {len(bars)} bars and says {row['bars']}")
    return CheckOutcome(problems, {"segments": len(segments), "parsed": len(parsed)})


def check_completeness(
    files: "pd.DataFrame", described: "pd.DataFrame", rejected: "pd.DataFrame", not_read: Sequence[str]
) -> CheckOutcome:
    """Require that every file is either described or rejected, and that there are no others.

    Args:
        files: `msd_track_id` and `md5` of the MIDI files.
        described: the same of the descriptions, one row per segment or file.
        rejected: `msd_track_id`, `md5` and `path` of the rejected files.
        not_read: paths of files that the Lakh reader rejected; they must be among the rejected ones.
    """
    went_in = _ids(files) | {("", path) for path in not_read}
    came_out = _ids(described)
    unnamed = rejected["md5"].isna()
    turned_down = _ids(rejected[~unnamed]) | {("", str(path)) for path in rejected.loc[unnamed, "path"]}
    problems = [
        f"{len(found):,} files are {what}, first: {'/'.join(sorted(found)[0]).lstrip('/')}"
        for what, found in (
            ("neither described nor rejected", went_in - came_out - turned_down),
            ("both described and rejected", came_out & turned_down),
            ("described or rejected that are not among the files", (came_out | turned_down) - went_in),
        )
        if found
    ]
    metadata = {"files": len(went_in), "described": len(came_out), "rejected": len(turned_down)}
    return CheckOutcome(problems, metadata)


def _ids(table: "pd.DataFrame") -> set[tuple[str, str]]:
    return {(str(track), str(md5)) for track, md5 in table[["msd_track_id", "md5"]].to_numpy(dtype=Any)}


def check_leakage(training_set: "pd.DataFrame", splits: Sequence[str]) -> CheckOutcome:
    """Require that no artist and no file is in two splits, and that no split is empty.

    Args:
        training_set: `split`, `md5` and `artist_keys` (lists) of each segment.
        splits: the splits there must be.
    """
    sizes = training_set["split"].value_counts()
    problems = [f"no segment is in the split {split!r}" for split in splits if split not in sizes]
    problems += [f"{split!r} is not a split" for split in sizes.index.difference(list(splits))]
    by_artist = training_set[["split", "artist_keys"]].explode("artist_keys").drop_duplicates()
    by_file = training_set[["split", "md5"]].drop_duplicates()
    for what, column, table in (("artist", "artist_keys", by_artist), ("file", "md5", by_file)):
        leaked = table[table.duplicated(column)][column].drop_duplicates()
        if len(leaked):
            problems.append(f"{len(leaked):,} {what}s are in more than one split, first: {leaked.iloc[0]}")
    segments = {f"segments_{split}": int(sizes.get(split, 0)) for split in splits}
    return CheckOutcome(problems, {**segments, "artists": int(by_artist["artist_keys"].nunique())})


MAY_BE_CONSTANT = (DescriptionKind.TIME_SIGNATURE, DescriptionKind.MEAN_DURATION)
"""Kinds of which a training set may have a single token: all songs in 4/4, all files of a fine resolution."""


def check_coverage(training_set: "pd.DataFrame") -> CheckOutcome:
    """Require that the training split has every kind of token, and nearly all tokens of the test split.

    Args:
        training_set: `split` and `tokens` of each segment.
    """
    import numpy as np

    def token_counts(split: str) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
        tokens = training_set.loc[training_set["split"] == split, "tokens"]
        joined = np.concatenate([np.empty(0, np.int64), *tokens]).astype(np.int64)
        return np.bincount(joined, minlength=len(DESCRIPTIONS))

    train, test = token_counts("train"), token_counts("test")
    problems: list[str] = []
    metadata: dict[str, float] = {}
    for kind in DescriptionKind:
        span, name = DESCRIPTIONS.span(kind), kind.name.lower()
        different = int(np.count_nonzero(train[span.start : span.stop]))
        metadata[f"different_{name}"] = different
        if different < (1 if kind in MAY_BE_CONSTANT else 2):
            problems.append(
                f"the training split has {different} different tokens of {name.replace('_', ' ')}"
            )
    unseen = float(test[train == 0].sum() / max(test.sum(), 1))
    metadata["share_unseen"] = unseen
    if unseen > MAX_UNSEEN:
        problems.append(f"{unseen:.1%} of the test split's tokens are absent from the training split")
    return CheckOutcome(problems, metadata)


def check_calibration(songs: "pd.DataFrame") -> CheckOutcome:
    """Require that requests can be calibrated by the songs, and that shares are between 0 and 1.

    Args:
        songs: the table `song_metrics`.
    """
    from emo_assets.metrics.calibration import RequestCalibration
    from emo_assets.pipeline.schemas import SCHEMAS, schema_problems

    problems = [problem for _, problem in schema_problems(SCHEMAS["song_metrics"], songs)]
    try:
        RequestCalibration(songs)
    except InputError as error:
        problems.append(str(error))
    return CheckOutcome(problems, {"songs": len(songs)})


def _check_rejected_midi(run: CheckRun) -> dict[str, CheckOutcome]:
    ids = ["msd_track_id", "md5"]
    files, refused = run.table("lakh_midi").read(ids), run.table("rejected_lakh_files").read(["content"])
    completeness = check_completeness(
        files[files["msd_track_id"].map(shard_of).isin(run.shards)],
        run.table("figaro_descriptions").read(ids),
        run.table().read([*ids, "path"]),
        [str(path) for path in refused["content"] if shard_of(path) in run.shards],
    )
    described, rejected = (int(completeness.metadata[name]) for name in ("described", "rejected"))
    return {
        "completeness": completeness,
        "rejected": check_rejection_rate(described, rejected, most=MAX_REJECTION_RATE),
    }


def _check_training_set(run: CheckRun) -> dict[str, CheckOutcome]:
    from emo_assets.description_model.data.training_set import SPLITS

    table = run.table().read(["split", "md5", "artist_keys", "tokens", "bars"])
    return {
        "leakage": check_leakage(table, SPLITS),
        "coverage": check_coverage(table),
        "grammar": check_grammar(table),
    }


GRAMMAR = {"grammar": "Segments are descriptions of as many bars as they say."}
description_checks = table_checks(
    "figaro_descriptions",
    GRAMMAR,
    lambda run: {"grammar": check_grammar(run.table().read(["bars", "tokens"]))},
)
rejected_midi_checks = table_checks(
    "rejected_midi",
    {
        "completeness": "Every file is either described or rejected.",
        "rejected": f"At most {MAX_REJECTION_RATE:.0%} of the files could not be described.",
    },
    _check_rejected_midi,
)
training_set_checks = table_checks(
    "training_set",
    {
        "leakage": "No artist and no file is in two splits, and no split is empty.",
        "coverage": "The training split has every kind of token, and nearly all tokens of the test split.",
        **GRAMMAR,
    },
    _check_training_set,
)
song_metrics_checks = asset_checks(
    "song_metrics",
    {"calibration": "Enough songs were measured to calibrate requests, and their metrics are within range."},
    lambda run: {"calibration": check_calibration(run.table().read())},
)
