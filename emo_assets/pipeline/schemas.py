"""Schemas of the stored tables, in pandera: columns with types, allowed values and meanings, and keys.

The checks of the assets validate tables against them, and the UI shows them as column schemas. pandera takes
0.4 s to import, so this module is imported where a table is checked or shown, not with the definitions.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import dagster as dg
import pandas as pd
from pandera import dtypes
from pandera.engines import pandas_engine
from pandera.errors import SchemaError, SchemaErrorReason, SchemaErrors
from pandera.pandas import Check, Column, DataFrameSchema

from emo_assets.datasets.msd import TRACK_ID_PATTERN as MSD_ID
from emo_assets.datasets.spotify import INTEGER_RANGES, NUMBER_RANGES
from emo_assets.datasets.spotify import TRACK_ID_PATTERN as SPOTIFY_ID
from emo_assets.features import FEATURE_NAMES, FeatureVector, feature_range


@dataclass(frozen=True)
class ArrowFamily(pandas_engine.DataType):
    """Arrow types of any width that hold the same kind of value; stored tables differ in widths.

    Args:
        name: what messages call the family.
        pattern: regular expression of the Arrow types.
    """

    name: str
    pattern: str
    type: Any = field(default=None, init=False)

    def check(self, pandera_dtype: dtypes.DataType, data_container: Any = None) -> bool:
        """Tell whether a column's type belongs to the family."""
        return re.fullmatch(self.pattern, str(data_container.dtype.pyarrow_dtype)) is not None

    def __str__(self) -> str:
        return self.name


TEXT = ArrowFamily("text", "(large_)?string")
INTEGER = ArrowFamily("integer", r"u?int\d+")
NUMBER = ArrowFamily("float", "halffloat|float|double")
BOOLEAN = ArrowFamily("boolean", "bool")
BYTES = ArrowFamily("bytes", "(large_)?binary")
TEXTS = ArrowFamily("list of text", r"(large_)?list<\w+: (large_)?string( not null)?>")
INTEGERS = ArrowFamily("list of integers", r"(large_)?list<\w+: u?int\d+( not null)?>")
LARGE = (BYTES, TEXTS, INTEGERS)
"""Families of columns that schema checks do not read."""


def _column(family: ArrowFamily, description: str = "", check: Check | None = None, **options: Any) -> Column:
    return Column(family, check, description=description, **options)


def _matches(pattern: str) -> Check:
    return Check(lambda values: values.str.fullmatch(pattern), error=f"matches({pattern})")


def _features(ranges: Mapping[str, tuple[float, float]]) -> dict[str, Column]:
    fields = FeatureVector.model_fields
    return {
        name: _column(
            INTEGER if fields[name].annotation is int else NUMBER,
            fields[name].description or "",
            Check.in_range(*ranges[name]),
        )
        for name in FEATURE_NAMES
    }


SPOTIFY_RANGES: dict[str, tuple[float, float]] = {**INTEGER_RANGES, **NUMBER_RANGES}
COLUMNS = {
    "track_id": _column(TEXT, "Spotify's id of the track.", _matches(SPOTIFY_ID)),
    "msd_track_id": _column(TEXT, "Million Song id of the track.", _matches(MSD_ID)),
    "md5": _column(TEXT, "MD5 of the MIDI file.", _matches("[0-9a-f]{32}")),
    "artists": _column(TEXT, "Names of the artists, separated by semicolons."),
    "artist_keys": _column(TEXTS, "Normalized names of the artists."),
    "album_name": _column(TEXT, nullable=True),
    "track_name": _column(TEXT),
    "track_genre": _column(TEXT),
    "popularity": _column(INTEGER, "0 to 100.", Check.in_range(*SPOTIFY_RANGES["popularity"])),
    "duration_ms": _column(INTEGER, "Duration in ms.", Check.in_range(*SPOTIFY_RANGES["duration_ms"])),
    "explicit": _column(BOOLEAN),
    **_features(SPOTIFY_RANGES),
    "speechiness": _column(NUMBER, "Share of speech.", Check.in_range(*SPOTIFY_RANGES["speechiness"])),
    "liveness": _column(NUMBER, "Sureness of an audience.", Check.in_range(*SPOTIFY_RANGES["liveness"])),
    "artist": _column(TEXT),
    "title": _column(TEXT),
    "link_method": _column(TEXT, "How the tracks were linked.", _matches("exact|fuzzy")),
    "link_score": _column(NUMBER, "Similarity of the names, 0 to 1.", Check.in_range(0, 1)),
    "path": _column(TEXT, "Path of the file below the folder of its data set."),
    "split": _column(TEXT, "Split by artists.", _matches("train|validation|test")),
    "segment": _column(INTEGER, "Number of the segment in its file, from 0.", Check.in_range(0, 512)),
    "first_bar": _column(INTEGER, "First bar of the segment in its file, from 1.", Check.in_range(1, 512)),
    "bars": _column(INTEGER, "Bars in the segment: 12, or fewer at the end.", Check.in_range(1, 12)),
    "tokens": _column(INTEGERS, "Ids of the description vocabulary; bars are numbered from Bar_1."),
    "repairs": _column(TEXT, "What was repaired in the file; a number counts what was lost."),
    "source": _column(TEXT, "Name of the data set."),
    "row": _column(INTEGER, "Line in the file, from 1; 0 where the source is a folder."),
    "stage": _column(TEXT, "Step at which the file was rejected."),
    "reason": _column(TEXT, "Why the row or file was rejected."),
    "content": _column(TEXT, "The rejected row, or the path of the rejected file.", nullable=True),
}
"""The columns of all tables; a name means the same in each table that has it."""


def _table(names: str, unique: str = "", **changes: Column) -> DataFrameSchema:
    columns = {name: COLUMNS[name] for name in names.split()} | changes
    return DataFrameSchema(
        columns, strict=True, unique=unique.split() or None, report_duplicates="exclude_first"
    )


FEATURES = " ".join(FEATURE_NAMES)
SEGMENT = "segment first_bar bars tokens"
REJECTS = _table("source row reason content")
SCHEMAS: dict[str, DataFrameSchema] = {
    "spotify_tracks": _table(
        "track_id artists album_name track_name popularity duration_ms explicit "
        f"{FEATURES} speechiness liveness track_genre",
        unique="track_id track_genre",
    ),
    "msd_tracks": _table("msd_track_id artist title", unique="msd_track_id"),
    "lakh_midi": _table(
        "msd_track_id md5 path", unique="path", content=_column(BYTES, "Bytes of the MIDI file.")
    ),
    "rejected_spotify_rows": REJECTS,
    "rejected_msd_rows": REJECTS,
    "rejected_lakh_files": REJECTS,
    "matched_tracks": _table(
        "track_id msd_track_id md5 artists artist_keys track_name track_genre popularity "
        f"{FEATURES} link_method link_score",
        unique="track_id msd_track_id md5",
    ),
    "figaro_descriptions": _table(f"msd_track_id md5 {SEGMENT} repairs", unique="msd_track_id md5 segment"),
    "rejected_midi": _table("msd_track_id md5 path stage reason repairs", unique="path").update_columns(
        {"msd_track_id": {"nullable": True}, "md5": {"nullable": True}}
    ),
    "training_set": _table(
        f"track_id msd_track_id md5 artist_keys split {SEGMENT}",
        unique="md5 segment",
        **_features({name: feature_range(name) for name in FEATURE_NAMES}),
    ),
    "song_metrics": DataFrameSchema(
        {
            f"heard_{name}": Column(None, Check.in_range(0, 1 + 1e-9), nullable=True)
            for name in ("acoustic_share", "groove_regularity", "leadless_share")
        }
    ),
    "scoreboard": DataFrameSchema(
        {
            "model": Column(None, unique=True, description="Name of the model."),
            "songs|segments|tokens": Column(None, Check.ge(1), regex=True),
            "accuracy.*|validity": Column(None, Check.in_range(0, 1), nullable=True, regex=True),
            "bits_a_token": Column(None, Check.in_range(0, 1e6)),
            "bits(?!_a_token$).*": Column(None, Check.in_range(0, 1e6), nullable=True, regex=True),
        }
    ),
}
"""The schemas by asset. `unique` is the key; `strict` schemas allow no other columns."""

_REASONS = {
    SchemaErrorReason.COLUMN_NOT_IN_DATAFRAME: "schema",
    SchemaErrorReason.COLUMN_NOT_IN_SCHEMA: "schema",
    SchemaErrorReason.WRONG_DATATYPE: "schema",
    SchemaErrorReason.DUPLICATES: "key",
}


def column_schema(table: pd.DataFrame, asset: str) -> dg.TableSchema:
    """Return the columns of a table for the UI: types, and meanings and constraints where there is a schema.

    Args:
        table: the table.
        asset: name of the asset that holds it.
    """
    known = SCHEMAS[asset].columns if asset in SCHEMAS else {}
    columns = []
    for name, dtype in table.dtypes.items():
        column = known.get(name)
        constraints = description = None
        if column is not None:
            rules = [str(check.error) for check in column.checks]
            constraints = dg.TableColumnConstraints(nullable=column.nullable, other=rules)
            description = column.description
        columns.append(dg.TableColumn(str(name), str(dtype), description or None, constraints))
    return dg.TableSchema(columns)


def schema_problems(schema: DataFrameSchema, table: pd.DataFrame) -> list[tuple[str, str]]:
    """Validate a table.

    Args:
        schema: what the table must hold.
        table: the table.

    Returns:
        One pair for each violated rule: "schema", "key" or "values", and a line that describes it.
    """
    try:
        schema.validate(table, lazy=True)
    except SchemaErrors as errors:
        return [
            (_REASONS.get(error.reason_code, "values"), _problem(error, len(table)))
            for error in errors.schema_errors
        ]
    return []


def _problem(error: SchemaError, rows: int) -> str:
    schema, cases = error.schema, error.failure_cases
    match error.reason_code:
        case SchemaErrorReason.COLUMN_NOT_IN_DATAFRAME:
            return f"the column {cases} is missing"
        case SchemaErrorReason.COLUMN_NOT_IN_SCHEMA:
            return f"the column {cases} is not in the schema"
        case SchemaErrorReason.WRONG_DATATYPE:
            return f"the column {schema.name} holds {cases}, not {schema.dtype}"
        case SchemaErrorReason.DUPLICATES:
            first = cases.loc[cases["index"] == cases["index"].iloc[0], "failure_case"]
            return (
                f"{cases['index'].nunique():,} rows repeat the key ({', '.join(schema.unique)}) of "
                f"another row, first: {', '.join(map(str, first))}"
            )
        case SchemaErrorReason.SERIES_CONTAINS_NULLS:
            return f"{schema.name} is missing in {len(cases):,} of {rows:,} rows"
    rule = error.check.error if isinstance(error.check, Check) else str(error.check)
    row, value = cases["index"].iloc[0], cases["failure_case"].iloc[0]
    return f"{schema.name} violates {rule} in {len(cases):,} of {rows:,} rows (row {row}: {value})"
