"""The checks of every table that models learn from: schema, values, keys, and what only it can have wrong."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import dagster as dg

from emo_assets.pipeline.checks.findings import (
    CheckOutcome,
    check_completeness,
    check_links,
    check_rejection_rate,
    schema_finding,
    unique_finding,
    values_finding,
)
from emo_assets.pipeline.checks.history import shrunk_since_last_good
from emo_assets.pipeline.checks.rules import TableRules, rules_of
from emo_assets.pipeline.checks.stored import StoredTable, of_shards, shards_of_run
from emo_assets.pipeline.checks.training_findings import check_coverage, check_grammar, check_leakage
from emo_assets.pipeline.resources import RawDataSource, StoreResource
from emo_assets.store import Store

MOST_REFUSED = 0.25
"""Share of a source's rows that may be refused; the sample, dirtied on purpose, has far fewer."""

LEAST_LINKED = 0.01
"""Share of Million Song tracks with MIDI that must be linked; the paper linked 834 of 31,034."""

MOST_FUZZY = 0.5
"""Share of links that may rest on similar names only."""

MOST_REJECTED = 0.5
"""Share of MIDI files that may be impossible to describe; of the real ones it is a few in a hundred."""

MOST_UNSEEN = 0.05
"""Share of the test side's tokens that the training side may never have."""

FORM = {
    "schema": "Each column is there, holds what it must, and there are no others.",
    "values": "No value is missing, outside its range or of another form.",
    "key": "No two rows share their key.",
}
UNREAD = CheckOutcome(("not looked at, since the columns are not what they must be",))


@dataclass(frozen=True)
class Stored:
    """What a check looks at.

    Attributes:
        context: of the run.
        store: where tables are.
        shards: the shards that the run is about, for tables that are kept in shards.
    """

    context: dg.AssetCheckExecutionContext
    store: Store
    shards: list[str] | None

    def table(self, asset: str) -> StoredTable:
        """Return a table: the run's shards of one that is kept in shards."""
        return StoredTable(self.store, asset, self.shards if asset in SHARDED else None)


SHARDED = ("figaro_descriptions", "rejected_midi")

Further = Callable[[Stored], Mapping[str, CheckOutcome]]
"""Finds what only one table can have wrong: one finding a check, by its name."""


def result(asset: str, check: str, finding: CheckOutcome, **metadata: str) -> dg.AssetCheckResult:
    """Tell Dagster what a check found: its problems, and what was measured."""
    return dg.AssetCheckResult(
        asset_key=asset,
        check_name=check,
        passed=finding.passed,
        description=finding.summary,
        metadata={**finding.measured, **metadata},
    )


def specs(asset: str, meanings: Mapping[str, str], *, blocking: bool) -> list[dg.AssetCheckSpec]:
    """Declare checks of an asset, by name and meaning."""
    return [
        dg.AssetCheckSpec(name, asset=asset, description=meaning, blocking=blocking)
        for name, meaning in meanings.items()
    ]


def form_findings(table: StoredTable, rules: TableRules) -> dict[str, CheckOutcome]:
    """Find what can be wrong with the form of any table; where the columns are wrong, no more is read."""
    schema, rows = table.schema()
    found = {"schema": schema_finding(schema, rules.kinds, rows=rows)}
    if found["schema"].passed:
        values = table.read(rules.light)
        found["values"] = values_finding(
            values, ranges=rules.ranges, patterns=rules.patterns, missing_in=rules.missing_in
        )
        if rules.key:
            found["key"] = unique_finding(values, rules.key)
    return found


def _findings(looked: Stored, asset: str, find: Further) -> Mapping[str, CheckOutcome]:
    found = form_findings(looked.table(asset), rules_of(asset))
    return {**found, **find(looked)} if found["schema"].passed else found


def table_checks(
    asset: str,
    further: Mapping[str, str],
    find: Further,
) -> dg.AssetChecksDefinition:
    """Make the checks of one table.

    Args:
        asset: the table's asset.
        further: what it is checked for beside its form: meanings by name.
        find: finds them.
    """
    meanings = {**FORM, **further}

    @dg.multi_asset_check(name=f"{asset}_checks", specs=specs(asset, meanings, blocking=True))
    def checks(context: dg.AssetCheckExecutionContext, store: StoreResource) -> Iterator[dg.AssetCheckResult]:
        shards = shards_of_run(context) if asset in SHARDED else None
        found = _findings(Stored(context, store.open(), shards), asset, find)
        for name in meanings:
            yield result(asset, name, found.get(name, UNREAD))

    return checks


def raw_table_checks(asset: str, rejects: str) -> dg.AssetChecksDefinition:
    """Make the checks of one raw table: its form, what was refused, and whether much of it is gone."""
    meanings = {
        **FORM,
        "refused": f"No more than {MOST_REFUSED:.0%} of the source was refused.",
        "shrunk": "At least half of what it last held is there still.",
    }

    @dg.multi_asset_check(name=f"{asset}_checks", specs=specs(asset, meanings, blocking=True))
    def checks(
        context: dg.AssetCheckExecutionContext, store: StoreResource, raw_data: RawDataSource
    ) -> Iterator[dg.AssetCheckResult]:
        looked = Stored(context, store.open(), None)
        rows = looked.table(asset).schema()[1]
        refused = looked.table(rejects).schema()[1]
        shrunk, origin = shrunk_since_last_good(context.instance, asset, rows, forgiven=raw_data.may_shrink)
        found = _findings(looked, asset, lambda looked: {})
        for name in meanings:
            if name == "shrunk":
                yield result(asset, name, shrunk, origin=origin)
            elif name == "refused":
                yield result(asset, name, check_rejection_rate(rows, refused, most=MOST_REFUSED))
            else:
                yield result(asset, name, found.get(name, UNREAD))

    return checks


REJECTS = ("rejected_spotify_rows", "rejected_msd_rows", "rejected_lakh_files")
REJECT_FORM = {name: FORM[name] for name in ("schema", "values")}


@dg.multi_asset_check(
    specs=[spec for asset in REJECTS for spec in specs(asset, REJECT_FORM, blocking=False)],
    can_subset=True,
)
def reject_checks(
    context: dg.AssetCheckExecutionContext, store: StoreResource
) -> Iterator[dg.AssetCheckResult]:
    """Check the tables of refused rows: nothing is made of them, so a fault stops nothing."""
    found = {
        asset: form_findings(StoredTable(store.open(), asset), rules_of(asset))
        for asset in sorted({key.asset_key.to_user_string() for key in context.selected_asset_check_keys})
    }
    for key in sorted(context.selected_asset_check_keys):
        asset = key.asset_key.to_user_string()
        yield result(asset, key.name, found[asset].get(key.name, UNREAD))


def _of_matched(looked: Stored) -> dict[str, CheckOutcome]:
    matched = looked.table("matched_tracks").read(["msd_track_id", "link_method"])
    files = looked.table("lakh_midi").read(["msd_track_id"])
    return {"links": check_links(matched, files, least_share=LEAST_LINKED, most_fuzzy=MOST_FUZZY)}


def _of_descriptions(looked: Stored) -> dict[str, CheckOutcome]:
    segments = looked.table("figaro_descriptions").read(["bars", "tokens"])
    return {"grammar": check_grammar(segments)}


def _of_rejected_midi(looked: Stored) -> dict[str, CheckOutcome]:
    shards = looked.shards or []
    ids = ["msd_track_id", "md5"]
    files = of_shards(looked.table("lakh_midi").read(ids), "msd_track_id", shards)
    described = looked.table("figaro_descriptions").read(ids)
    rejected = looked.table("rejected_midi").read([*ids, "path"])
    refused = of_shards(looked.table("rejected_lakh_files").read(["content"]), "content", shards)
    accounted = check_completeness(files, described, rejected, list(refused["content"]))
    return {
        "accounted": accounted,
        "rejected": check_rejection_rate(
            int(accounted.measured["described"]), int(accounted.measured["rejected"]), most=MOST_REJECTED
        ),
    }


def _of_training_set(looked: Stored) -> dict[str, CheckOutcome]:
    from emo_assets.description_model.data.training_set import SPLITS

    table = looked.table("training_set").read(["split", "md5", "artist_keys", "tokens", "bars"])
    return {
        "leakage": check_leakage(table, SPLITS),
        "coverage": check_coverage(table, most_unseen=MOST_UNSEEN),
        "grammar": check_grammar(table),
    }


spotify_checks = raw_table_checks("spotify_tracks", "rejected_spotify_rows")
msd_checks = raw_table_checks("msd_tracks", "rejected_msd_rows")
lakh_checks = raw_table_checks("lakh_midi", "rejected_lakh_files")
matched_checks = table_checks(
    "matched_tracks",
    {"links": f"At least {LEAST_LINKED:.0%} of the tracks with MIDI are linked, most of them exactly."},
    _of_matched,
)
description_checks = table_checks(
    "figaro_descriptions",
    {"grammar": "Segments are descriptions of as many bars as they say."},
    _of_descriptions,
)
rejected_midi_checks = table_checks(
    "rejected_midi",
    {
        "accounted": "Files in = described + rejected, file by file.",
        "rejected": f"No more than {MOST_REJECTED:.0%} of the files could not be described.",
    },
    _of_rejected_midi,
)
training_set_checks = table_checks(
    "training_set",
    {
        "leakage": "No artist and no file stands on two sides of the split, and no side is empty.",
        "coverage": "The training side knows every kind of token, and nearly all that it is tested on.",
        "grammar": "Segments are descriptions of as many bars as they say.",
    },
    _of_training_set,
)
