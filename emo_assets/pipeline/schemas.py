"""Schemas of the stored tables, in pandera: columns with types, allowed values and meanings, and keys.

The checks of the assets validate tables against them, and the UI shows them as column schemas. pandera takes
0.4 s to import, so this module is imported where a table is checked or shown, not with the definitions.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import dagster as dg
import pandas as pd
import pyarrow as pa
from pandera import dtypes
from pandera.engines import pandas_engine
from pandera.errors import SchemaError, SchemaErrorReason, SchemaErrors
from pandera.pandas import Check, Column, DataFrameSchema
from pyarrow import types

from emo_assets.datasets.msd import TRACK_ID_PATTERN as MSD_ID
from emo_assets.datasets.spotify import INTEGER_RANGES, NUMBER_RANGES
from emo_assets.datasets.spotify import TRACK_ID_PATTERN as SPOTIFY_ID
from emo_assets.features import FEATURE_NAMES, FeatureVector, feature_range

MD5 = r"[0-9a-f]{32}"
LARGE = "large"
"""Key of a column's metadata: its values (bytes of files, lists) are neither previewed nor validated."""


@dataclass(frozen=True)
class ArrowFamily(pandas_engine.DataType):
    """Arrow types that hold the same kind of value, whatever their width.

    Stored tables differ in widths (int16 or int64, string or large_string) by the versions that wrote them.

    Args:
        name: what the UI and messages call the family.
        contains: tells whether an Arrow type belongs to it.
    """

    name: str
    contains: Callable[[pa.DataType], bool] = field(compare=False)
    type: Any = field(default=None, init=False)

    def check(self, pandera_dtype: dtypes.DataType, data_container: Any = None) -> bool:
        """Tell whether a column's type belongs to the family."""
        return self.contains(data_container.dtype.pyarrow_dtype)

    def __str__(self) -> str:
        return self.name


def _is_text(arrow: pa.DataType) -> bool:
    return bool(types.is_string(arrow) or types.is_large_string(arrow))


def _list_of(contains: Callable[[pa.DataType], bool]) -> Callable[[pa.DataType], bool]:
    return lambda arrow: (types.is_list(arrow) or types.is_large_list(arrow)) and contains(arrow.value_type)


TEXT = ArrowFamily("text", _is_text)
INTEGER = ArrowFamily("integer", types.is_integer)
NUMBER = ArrowFamily("float", types.is_floating)
BOOLEAN = ArrowFamily("boolean", types.is_boolean)
BYTES = ArrowFamily("bytes", lambda arrow: types.is_binary(arrow) or types.is_large_binary(arrow))
TEXTS = ArrowFamily("list of text", _list_of(_is_text))
INTEGERS = ArrowFamily("list of integers", _list_of(types.is_integer))


def _column(
    family: ArrowFamily, description: str = "", *checks: Check, nullable: bool = False, large: bool = False
) -> Column:
    return Column(
        family,
        list(checks),
        nullable=nullable,
        description=description,
        metadata={LARGE: True} if large else {},
    )


def _table(columns: dict[str, Column], key: list[str] | None = None) -> DataFrameSchema:
    return DataFrameSchema(columns, strict=True, unique=key, report_duplicates="exclude_first")


def _matches(pattern: str) -> Check:
    return Check(lambda values: values.str.fullmatch(pattern), error=f"matches({pattern})")


def _features(ranges: Mapping[str, tuple[float, float]]) -> dict[str, Column]:
    return {
        name: _column(
            INTEGER if FeatureVector.model_fields[name].annotation is int else NUMBER,
            FeatureVector.model_fields[name].description or "",
            Check.in_range(*ranges[name]),
        )
        for name in FEATURE_NAMES
    }


SPOTIFY_RANGES: dict[str, tuple[float, float]] = {**INTEGER_RANGES, **NUMBER_RANGES}

TRACK_ID = {"track_id": _column(TEXT, "Spotify's id of the track.", _matches(SPOTIFY_ID))}
MIDI_ID = {
    "msd_track_id": _column(TEXT, "Million Song id of the track.", _matches(MSD_ID)),
    "md5": _column(TEXT, "MD5 of the MIDI file.", _matches(MD5)),
}
ARTIST_KEYS = {"artist_keys": _column(TEXTS, "Normalized names of the artists.", large=True)}
POPULARITY = {"popularity": _column(INTEGER, "0 to 100.", Check.in_range(*INTEGER_RANGES["popularity"]))}
SEGMENT = {
    "segment": _column(INTEGER, "Number of the segment in its file, from 0.", Check.in_range(0, 512)),
    "first_bar": _column(INTEGER, "First bar of the segment in its file, from 1.", Check.in_range(1, 512)),
    "bars": _column(
        INTEGER, "Bars in the segment: 12, or fewer at the end of a file.", Check.in_range(1, 12)
    ),
    "tokens": _column(
        INTEGERS, "Ids of the description vocabulary; bars are numbered from Bar_1.", large=True
    ),
}

REJECTS = _table(
    {
        "source": _column(TEXT, "Name of the data set."),
        "row": _column(INTEGER, "Line in the file, from 1; 0 where the source is a folder."),
        "reason": _column(TEXT, "Why the row or file was rejected."),
        "content": _column(TEXT, "The row, or the path of the file.", nullable=True),
    }
)

SCHEMAS: dict[str, DataFrameSchema] = {
    "spotify_tracks": _table(
        {
            **TRACK_ID,
            "artists": _column(TEXT, "Names of the artists, separated by semicolons."),
            "album_name": _column(TEXT, nullable=True),
            "track_name": _column(TEXT),
            **POPULARITY,
            "duration_ms": _column(
                INTEGER, "Duration in ms.", Check.in_range(*SPOTIFY_RANGES["duration_ms"])
            ),
            "explicit": _column(BOOLEAN),
            **_features(SPOTIFY_RANGES),
            "speechiness": _column(NUMBER, "", Check.in_range(*SPOTIFY_RANGES["speechiness"])),
            "liveness": _column(NUMBER, "", Check.in_range(*SPOTIFY_RANGES["liveness"])),
            "track_genre": _column(TEXT),
        },
        key=["track_id", "track_genre"],
    ),
    "msd_tracks": _table(
        {"msd_track_id": MIDI_ID["msd_track_id"], "artist": _column(TEXT), "title": _column(TEXT)},
        key=["msd_track_id"],
    ),
    "lakh_midi": _table(
        {
            **MIDI_ID,
            "path": _column(TEXT, "Path of the file below the data set's folder."),
            "content": _column(BYTES, "Bytes of the MIDI file.", large=True),
        },
        key=["path"],
    ),
    "rejected_spotify_rows": REJECTS,
    "rejected_msd_rows": REJECTS,
    "rejected_lakh_files": REJECTS,
    "matched_tracks": _table(
        {
            **TRACK_ID,
            **MIDI_ID,
            "artists": _column(TEXT),
            **ARTIST_KEYS,
            "track_name": _column(TEXT),
            "track_genre": _column(TEXT),
            **POPULARITY,
            **_features(SPOTIFY_RANGES),
            "link_method": _column(TEXT, "How the tracks were linked.", _matches("exact|fuzzy")),
            "link_score": _column(NUMBER, "Similarity of the names, 0 to 1.", Check.in_range(0, 1)),
        },
        key=["track_id", "msd_track_id", "md5"],
    ),
    "figaro_descriptions": _table({**MIDI_ID, **SEGMENT}, key=["msd_track_id", "md5", "segment"]),
    "rejected_midi": _table(
        {
            "msd_track_id": _column(TEXT, "Million Song id of the track.", _matches(MSD_ID), nullable=True),
            "md5": _column(TEXT, "MD5 of the MIDI file.", _matches(MD5), nullable=True),
            "path": _column(TEXT),
            "stage": _column(TEXT, "Step at which the file was rejected."),
            "reason": _column(TEXT),
        },
        key=["path"],
    ),
    "training_set": _table(
        {
            **TRACK_ID,
            **MIDI_ID,
            **ARTIST_KEYS,
            "split": _column(TEXT, "Side of the split by artists.", _matches("train|validation|test")),
            **_features({name: feature_range(name) for name in FEATURE_NAMES}),
            **SEGMENT,
        },
        key=["md5", "segment"],
    ),
    "song_metrics": DataFrameSchema(
        {
            **{
                f"heard_{name}": Column(None, Check.in_range(0, 1 + 1e-9), nullable=True)
                for name in ("acoustic_share", "groove_regularity", "leadless_share")
            },
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


def any_types(schema: DataFrameSchema) -> DataFrameSchema:
    """Return a schema that requires the columns but not their types, for tables without rows."""
    return schema.update_columns({name: {"dtype": None} for name in schema.columns})


def small_columns(schema: DataFrameSchema) -> DataFrameSchema:
    """Return a schema without the large columns."""
    return schema.remove_columns(large_columns(schema))


def large_columns(schema: DataFrameSchema) -> list[str]:
    """Return the names of the large columns."""
    return [
        str(name) for name, column in schema.columns.items() if column.metadata and LARGE in column.metadata
    ]


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
