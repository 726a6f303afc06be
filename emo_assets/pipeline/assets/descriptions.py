"""FIGARO's descriptions of the MIDI files, in shards; the training set made of them; its songs' metrics."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import dagster as dg

from emo_assets.errors import InputError
from emo_assets.pipeline.assets.raw import rejection_rate
from emo_assets.pipeline.checks import SCHEMA_CHECKS, CheckOutcome, CheckRun, asset_checks
from emo_assets.pipeline.io_managers import Table
from emo_assets.pipeline.metadata import counts, logged_progress, save_picture, table_metadata
from emo_assets.pipeline.partitions import SHARDS, shard_of
from emo_assets.pipeline.resources import StoreResource
from emo_assets.reports.markdown import markdown_table
from emo_assets.tokens.vocabulary import DESCRIPTIONS, DescriptionKind

if TYPE_CHECKING:
    import pandas as pd

IDS = ["msd_track_id", "md5"]

MAX_REJECTION_RATE = 0.5
"""Share of MIDI files that may be impossible to describe; of real ones it is a few percent."""

MAX_REPAIRED = 0.1
"""Share of the described files that may have lost messages to a repair; of 778 of Lakh's files it is none."""

MAX_UNSEEN = 0.05
"""Share of the test split's tokens that may be absent from the training split."""

MAX_PARSED = 500
"""Segments that a check parses, spread evenly over the table; parsing all takes minutes at full size."""

SEGMENT_BARS = 12

MAY_BE_CONSTANT = (DescriptionKind.TIME_SIGNATURE, DescriptionKind.MEAN_DURATION)
"""Kinds of which a training set may have a single token: all songs in 4/4, all files of a fine resolution."""


class DescribingConfig(dg.Config):
    """How MIDI files are described."""

    strict: bool = False
    """Reject damaged files and those without a time signature, as FIGARO's own code does; else damaged files
    are repaired, and those without a time signature read as 4/4."""
    workers: int | None = None
    """Processes; one a core by default."""


@dg.multi_asset(
    outs={
        name: dg.AssetOut(
            io_manager_key="tables",
            description=description,
            kinds={"parquet", "python"},
            is_required=False,
        )
        for name, description in {
            "figaro_descriptions": "One row per 12-bar segment: its tokens, and repairs of its file.",
            "rejected_midi": "Each MIDI file that could not be described, and why.",
        }.items()
    },
    partitions_def=SHARDS,
    can_subset=True,
    backfill_policy=dg.BackfillPolicy.single_run(),
    pool="describing",
)
def descriptions(
    context: dg.AssetExecutionContext, config: DescribingConfig, lakh_midi: Table, rejected_lakh_files: Table
) -> Iterator[dg.Output[Any]]:
    """Describe the MIDI files of the run's shards; every file is described or rejected."""
    import pandas as pd

    from emo_assets.tokens.description_tables import extract_table

    keys = context.partition_keys
    described = extract_table(
        lakh_midi[lakh_midi["msd_track_id"].map(shard_of).isin(keys)],
        strict=config.strict,
        workers=config.workers,
        progress=logged_progress(context),
    )
    not_read = rejected_lakh_files[rejected_lakh_files["content"].map(shard_of).isin(keys)]
    not_read = not_read.rename(columns={"content": "path"})[["path", "reason"]].assign(
        stage="file", repairs=""
    )
    rejects = pd.concat([described.rejects, not_read], ignore_index=True).astype("str")
    repairs = repairs_by_file(described.segments)
    files: dict[str, Any] = {
        "files_described": described.described,
        "files_rejected": len(rejects),
        "files_repaired": repairs.index.nunique(),
    }
    for name, table, metadata in (
        ("figaro_descriptions", described.segments, {**files, "repairs": counts(without_numbers(repairs))}),
        ("rejected_midi", rejects, {**files, "stages": counts(rejects["stage"])}),
    ):
        if name in context.op_execution_context.selected_output_names:
            shards = table["msd_track_id"].fillna(table.get("path", "")).map(shard_of)
            by_shard = {key: table[shards == key] for key in keys}
            value = by_shard if len(keys) > 1 else table
            yield dg.Output(value, name, metadata={**table_metadata(table, name), **metadata})


def repairs_by_file(segments: "pd.DataFrame") -> "pd.Series[str]":
    """Return the repairs of all described files one by one, indexed by the first segment of the file."""
    files = segments.drop_duplicates(IDS)["repairs"]
    return files[files != ""].str.split("; ").explode()


def without_numbers(repairs: "pd.Series[str]") -> "pd.Series[str]":
    """Return repairs without the numbers of lost messages."""
    return repairs.str.split(": ").str[0]


@dg.asset(io_manager_key="tables", kinds={"parquet", "pandas"})
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


@dg.asset(io_manager_key="tables", kinds={"parquet", "midi"}, owners=["team:music"])
def song_metrics(context: dg.AssetExecutionContext, training_set: Table, lakh_midi: Table) -> dg.Output[Any]:
    """Metrics of the training set's songs next to their features: the scale on which requests are read."""
    from emo_assets.metrics.metrics_table import measure_training_songs

    files = dict(zip(lakh_midi["md5"], lakh_midi["content"], strict=True))
    table = measure_training_songs(training_set, files, progress=logged_progress(context))
    return dg.Output(table, metadata=table_metadata(table, "song_metrics"))


@dg.asset(io_manager_key="documents", kinds={"json", "scikitlearn", "matplotlib"}, owners=["team:music"])
def ear(
    context: dg.AssetExecutionContext, store: StoreResource, song_metrics: Table
) -> dg.Output[dict[str, Any]]:
    """How notes sound as Spotify's features, learned from the linked songs or from those of the package."""
    from emo_assets.metrics.ear import default_ear
    from emo_assets.metrics.ear_learning import choose_ear
    from emo_assets.metrics.metrics_table import linked_songs
    from emo_assets.reports.ear import agreement_rows, ear_png, strongest_metrics

    choice = choose_ear(linked_songs(song_metrics), default_ear(), progress=logged_progress(context))
    context.log.info(choice.reason)
    strongest = [
        {"feature": feature, "metrics": ", ".join(strongest_metrics(choice.ear, feature))}
        for feature in choice.ear.features
    ]
    return dg.Output(
        choice.ear.model_dump(mode="json"),
        metadata={
            "reason": choice.reason,
            "songs": choice.ear.card.songs,
            "source": choice.ear.card.source,
            "agreement": dg.MetadataValue.md(markdown_table(agreement_rows(choice.ear))),
            "strongest_metrics": dg.MetadataValue.md(markdown_table(strongest)),
            **save_picture(store, "ear", ear_png(choice.ear), "what the ear hears, and by which metrics"),
        },
    )


def check_grammar(run: CheckRun) -> CheckOutcome:
    """Segments are descriptions of as many bars as they say."""
    import numpy as np

    from emo_assets.tokens.grammar.descriptions import DescriptionGrammar
    from emo_assets.tokens.grammar.errors import GrammarError

    segments = run.table().read(["bars", "tokens"])
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


def check_completeness(run: CheckRun) -> CheckOutcome:
    """Every MIDI file is either described or rejected, and there are no others."""
    rejected = run.table().read([*IDS, "path"])
    files = run.table("lakh_midi").read(IDS)
    not_read = run.table("rejected_lakh_files").read(["content"])["content"]
    went_in = _ids(files[files["msd_track_id"].map(shard_of).isin(run.shards)])
    went_in |= {("", path) for path in map(str, not_read) if shard_of(path) in run.shards}
    came_out = _ids(run.table("figaro_descriptions").read(IDS))
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
    return {(str(track), str(md5)) for track, md5 in table[IDS].to_numpy(dtype=Any)}


def check_rejected(run: CheckRun) -> CheckOutcome:
    """At most half of the MIDI files could not be described."""
    described = run.table("figaro_descriptions").read(IDS).drop_duplicates()
    return rejection_rate(len(described), run.table().row_count(), most=MAX_REJECTION_RATE)


def check_repaired(run: CheckRun) -> CheckOutcome:
    """At most a tenth of the described files lost notes or other messages to damage that was repaired."""
    from emo_assets.midi.repair import costs_messages

    segments = run.table().read([*IDS, "repairs"])
    files = len(segments.drop_duplicates(IDS))
    repairs = repairs_by_file(segments)
    losses = repairs[repairs.map(costs_messages)]
    damaged = losses.index.nunique()
    rate = damaged / max(files, 1)
    problems = []
    if rate > MAX_REPAIRED:
        most = without_numbers(losses).value_counts().index[0]
        problems.append(
            f"{damaged:,} of {files:,} described files ({rate:.0%}) are damaged, more than "
            f"{MAX_REPAIRED:.0%}, most often: {most}; is the copy of the data set complete?"
        )
    return CheckOutcome(problems, {"files": files, "repaired": repairs.index.nunique(), "damaged": damaged})


def check_leakage(run: CheckRun) -> CheckOutcome:
    """No artist and no file is in two splits, and no split is empty."""
    from emo_assets.description_model.data.training_set import SPLITS

    training_set = run.table().read(["split", "md5", "artist_keys"])
    sizes = training_set["split"].value_counts()
    problems = [f"no segment is in the split {split!r}" for split in SPLITS if split not in sizes]
    problems += [f"{split!r} is not a split" for split in sizes.index.difference(list(SPLITS))]
    by_artist = training_set[["split", "artist_keys"]].explode("artist_keys").drop_duplicates()
    by_file = training_set[["split", "md5"]].drop_duplicates()
    for what, column, table in (("artist", "artist_keys", by_artist), ("file", "md5", by_file)):
        leaked = table[table.duplicated(column)][column].drop_duplicates()
        if len(leaked):
            problems.append(f"{len(leaked):,} {what}s are in more than one split, first: {leaked.iloc[0]}")
    segments = {f"segments_{split}": int(sizes.get(split, 0)) for split in SPLITS}
    return CheckOutcome(problems, {**segments, "artists": int(by_artist["artist_keys"].nunique())})


def check_coverage(run: CheckRun) -> CheckOutcome:
    """The training split has every kind of token, and nearly all tokens of the test split."""
    import numpy as np

    training_set = run.table().read(["split", "tokens"])

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


def check_calibration(run: CheckRun) -> CheckOutcome:
    """Enough songs were measured to calibrate requests, and shares are between 0 and 1."""
    from emo_assets.metrics.calibration import RequestCalibration
    from emo_assets.metrics.ear import default_ear
    from emo_assets.pipeline.schemas import SCHEMAS, schema_problems

    songs = run.table().read()
    problems = [problem for _, problem in schema_problems(SCHEMAS[run.asset], songs)]
    try:
        RequestCalibration(default_ear(), songs)
    except InputError as error:
        problems.append(str(error))
    return CheckOutcome(problems, {"songs": len(songs)})


def check_audible(run: CheckRun) -> CheckOutcome:
    """Every feature that the ear is meant to hear goes with what it hears, on artists that it never met."""
    from emo_assets.generation import load_ear

    features = load_ear(run.store).features
    problems = [
        f"{name} is not heard: rank correlation {each.learned.agreement.value:.2f}, "
        f"interval from {each.learned.agreement.low:.2f}"
        for name, each in features.items()
        if not each.is_audible
    ]
    return CheckOutcome(problems, {name: each.learned.agreement.value for name, each in features.items()})


description_checks = asset_checks(
    "figaro_descriptions", check_grammar, warnings=[check_repaired], schema=SCHEMA_CHECKS
)
rejected_midi_checks = asset_checks("rejected_midi", check_completeness, check_rejected, schema=SCHEMA_CHECKS)
training_set_checks = asset_checks(
    "training_set", check_leakage, check_coverage, check_grammar, schema=SCHEMA_CHECKS
)
song_metrics_checks = asset_checks("song_metrics", check_calibration)
ear_checks = asset_checks("ear", check_audible, blocking=False)
