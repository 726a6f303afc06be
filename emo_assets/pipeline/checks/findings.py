"""What can be wrong with any table: pure functions from a table to what is wrong with it.

What a particular table must hold stands in `rules`; what only a training set can have wrong stands in
`training_findings`. Nothing here knows Dagster.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

FAULTS_SHOWN = 5


@dataclass(frozen=True)
class CheckOutcome:
    """What a check found.

    Attributes:
        problems: one line a fault; none when all is well.
        measured: numbers that people may want to see, by their names.
    """

    problems: tuple[str, ...]
    measured: Mapping[str, float] = field(default_factory=dict)

    @property
    def passed(self) -> bool:
        """Whether there is no fault."""
        return not self.problems

    @property
    def summary(self) -> str:
        """The problems in one line, the first few of them."""
        shown = "; ".join(self.problems[:FAULTS_SHOWN])
        further = len(self.problems) - FAULTS_SHOWN
        return f"{shown}; and {further} more" if further > 0 else shown or "nothing is wrong"


class Kind(StrEnum):
    """What a column holds."""

    TEXT = "text"
    WHOLE = "whole numbers"
    NUMBER = "numbers"
    TRUTH = "truth values"
    WHOLE_LISTS = "lists of whole numbers"
    TEXT_LISTS = "lists of text"
    BYTES = "bytes"


def kind_of(arrow_type: pa.DataType) -> Kind | None:
    """Return what a column of a parquet file holds, None for anything that no table of ours has."""
    import pyarrow.types as types

    if types.is_list(arrow_type) or types.is_large_list(arrow_type):
        of = kind_of(arrow_type.value_type)
        return {Kind.WHOLE: Kind.WHOLE_LISTS, Kind.TEXT: Kind.TEXT_LISTS}.get(of) if of else None
    if types.is_string(arrow_type) or types.is_large_string(arrow_type):
        return Kind.TEXT
    if types.is_binary(arrow_type) or types.is_large_binary(arrow_type):
        return Kind.BYTES
    if types.is_integer(arrow_type):
        return Kind.WHOLE
    if types.is_floating(arrow_type):
        return Kind.NUMBER
    return Kind.TRUTH if types.is_boolean(arrow_type) else None


def schema_finding(schema: pa.Schema, kinds: Mapping[str, Kind], *, rows: int) -> CheckOutcome:
    """Hold the columns of a parquet file against what they must be.

    A column of an empty table has lost its type and is only held by its name.
    """
    missing = [f"the column {name} is missing" for name in kinds if name not in schema.names]
    further = [f"the column {name} is not known" for name in schema.names if name not in kinds]
    wrong = [
        f"the column {name} holds {kind_of(schema.field(name).type) or schema.field(name).type}, not {kind}"
        for name, kind in kinds.items()
        if rows and name in schema.names and kind_of(schema.field(name).type) is not kind
    ]
    return CheckOutcome((*missing, *further, *wrong), {"columns": len(schema.names), "rows": rows})


def values_finding(
    table: pd.DataFrame,
    *,
    ranges: Mapping[str, tuple[float, float]],
    patterns: Mapping[str, str],
    missing_in: Iterable[str] = (),
) -> CheckOutcome:
    """Find values that are missing, outside their range, or of another form than ids of their kind.

    Args:
        table: the columns that are looked at.
        ranges: smallest and largest value by column, both allowed.
        patterns: regular expressions that the whole text must match, by column.
        missing_in: columns in which values may be missing.
    """
    problems: list[str] = []
    for name in table.columns.difference(list(missing_in), sort=False):
        _note(problems, int(table[name].isna().sum()), f"{name} is missing", table)
    for name, (least, most) in ranges.items():
        outside = int((~table[name].between(least, most) & table[name].notna()).sum())
        _note(problems, outside, f"{name} is outside {least:g} to {most:g}", table)
    for name, pattern in patterns.items():
        unlike = int((~table[name].dropna().str.fullmatch(pattern)).sum())
        _note(problems, unlike, f"{name} is not like {pattern}", table)
    return CheckOutcome(tuple(problems), {"rows": len(table)})


def _note(problems: list[str], count: int, fault: str, table: pd.DataFrame) -> None:
    if count:
        problems.append(f"{fault} in {count:,} of {len(table):,} rows")


def unique_finding(table: pd.DataFrame, key: Sequence[str]) -> CheckOutcome:
    """Find rows that repeat the key of another row."""
    repeated = table[table.duplicated(list(key))]
    if repeated.empty:
        return CheckOutcome((), {"rows": len(table), "repeated": 0})
    example = ", ".join(f"{name} {repeated.iloc[0][name]}" for name in key)
    fault = f"{len(repeated):,} rows repeat ({', '.join(key)}) of another row, the first: {example}"
    return CheckOutcome((fault,), {"rows": len(table), "repeated": len(repeated)})


def check_rejection_rate(accepted: int, refused: int, *, most: float) -> CheckOutcome:
    """Find that too large a share of a source was refused, or that nothing was left of it.

    Args:
        accepted: rows or files that were taken.
        refused: those that were not.
        most: the largest share of refused ones that is still no fault, 0 to 1.
    """
    share = refused / max(accepted + refused, 1)
    measured = {"accepted": accepted, "refused": refused, "share_refused": share}
    if not accepted:
        return CheckOutcome(("nothing was accepted",), measured)
    if share > most:
        return CheckOutcome((f"{share:.0%} of it was refused, more than {most:.0%}",), measured)
    return CheckOutcome((), measured)


def check_row_count_drop(rows: int, rows_before: int | None, *, least: float) -> CheckOutcome:
    """Find that a source lost much of what it had: a table cut off, a folder only half there.

    Args:
        rows: how many there are now.
        rows_before: how many there were when this was last in order; None where that is not known.
        least: the share of them that must be there still, 0 to 1.
    """
    if rows_before is None:
        return CheckOutcome((), {"rows": rows})
    measured = {"rows": rows, "rows_before": rows_before}
    if rows < least * rows_before:
        return CheckOutcome((f"has {rows:,} rows where it had {rows_before:,} before",), measured)
    return CheckOutcome((), measured)


def check_completeness(
    files: pd.DataFrame, described: pd.DataFrame, rejected: pd.DataFrame, refused: Sequence[str]
) -> CheckOutcome:
    """Find files that are neither described nor rejected, both, or that never went in.

    Files in = described + rejected, always, and file by file.

    Args:
        files: `msd_track_id` and `md5` of the files that went in.
        described: the same of what was described, one row a segment or a file.
        rejected: `msd_track_id`, `md5` and `path` of what was rejected.
        refused: the paths of files that were not even taken in; they count as rejected.
    """
    went_in = _pairs(files) | {("", path) for path in refused}
    came_out = _pairs(described)
    turned_down = _pairs(rejected[rejected["md5"].notna()])
    turned_down |= {("", str(path)) for path in rejected.loc[rejected["md5"].isna(), "path"]}
    problems = [
        f"{len(found):,} files are {what}, the first: {'/'.join(sorted(found)[0]).lstrip('/')}"
        for what, found in (
            ("neither described nor rejected", went_in - came_out - turned_down),
            ("both described and rejected", came_out & turned_down),
            ("described or rejected that are not among the files", (came_out | turned_down) - went_in),
        )
        if found
    ]
    measured = {"files": len(went_in), "described": len(came_out), "rejected": len(turned_down)}
    return CheckOutcome(tuple(problems), measured)


def _pairs(table: pd.DataFrame) -> set[tuple[str, str]]:
    return {(str(track), str(md5)) for track, md5 in table[["msd_track_id", "md5"]].to_numpy(dtype=Any)}


def check_links(
    matched: pd.DataFrame, files: pd.DataFrame, *, least_share: float, most_fuzzy: float
) -> CheckOutcome:
    """Find that too few MIDI files were linked, or too many only by similar names.

    Args:
        matched: `msd_track_id` and `link_method` of the links.
        files: `msd_track_id` of the MIDI files.
        least_share: the share of Million Song tracks with MIDI that must be linked, 0 to 1.
        most_fuzzy: the largest share of links by similar names, 0 to 1.
    """
    with_midi = int(files["msd_track_id"].nunique())
    share = matched["msd_track_id"].nunique() / max(with_midi, 1)
    by_song = matched.drop_duplicates("msd_track_id")
    fuzzy = float((by_song["link_method"] == "fuzzy").mean()) if len(by_song) else 0.0
    problems = []
    if share < least_share:
        problems.append(
            f"only {share:.2%} of {with_midi:,} tracks with MIDI are linked, not {least_share:.0%}"
        )
    if fuzzy > most_fuzzy:
        problems.append(f"{fuzzy:.0%} of the links are by similar names only, more than {most_fuzzy:.0%}")
    return CheckOutcome(tuple(problems), {"share_linked": share, "share_fuzzy": fuzzy, "links": len(matched)})
