"""Requested and heard features as text, for the terminal and the Dagster UI."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

_EXACT = ("key", "mode", "tempo", "time_signature")

RANGE = "in two of three real songs that sound like this"
"""Column of `comparison_table`: the range of what is heard."""


def current_rows(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return the rows of a stored track as `metrics.comparison.compare` returns them.

    Earlier versions stored `measured` in a `unit` of its own. Key, mode, tempo and meter are on the features'
    scale in it, other features were not heard; `heard_by` says what was measured instead.

    Args:
        rows: `asked_and_measured` of a stored track.

    Raises:
        KeyError: a row has neither what is heard nor what was measured.
    """
    return [dict(row) if "heard" in row else _current_row(row) for row in rows]


def _current_row(row: Mapping[str, Any]) -> dict[str, Any]:
    name, measured = row["name"], row["measured"]
    exact = name in _EXACT
    if exact:
        by = "the notes"
    elif measured is None:
        by = "an earlier version, which measured nothing"
    else:
        by = f"an earlier version, which measured {measured} {row['unit']}".rstrip()
    return {
        "name": name,
        "asked": row["asked"],
        "aimed_at": row.get("aimed_at") if exact else None,
        "heard": measured if exact else None,
        "low": None,
        "high": None,
        "heard_by": by,
    }


def comparison_table(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, str]]:
    """Return a comparison as text, one row per feature.

    Args:
        rows: as `metrics.comparison.compare` returns them.
    """
    return [
        {
            "feature": row["name"],
            "asked": value_text(row["name"], row["asked"]),
            "aimed at": value_text(row["name"], row["aimed_at"]),
            "heard": value_text(row["name"], row["heard"]) or "not heard",
            RANGE: range_text(row),
            "heard by": row["heard_by"],
        }
        for row in rows
    ]


def range_text(row: Mapping[str, Any]) -> str:
    """Return the range of what is heard, such as `0.60 to 0.95`; empty for what is exact."""
    if row["low"] is None or row["high"] is None:
        return ""
    return f"{value_text(row['name'], row['low'])} to {value_text(row['name'], row['high'])}"


def value_text(name: str, value: float | str | None) -> str:
    """Return a feature's value with its unit, such as `0.90`, `-8.0 dB`, `120 BPM` or `minor`.

    Args:
        name: of the feature.
        value: on the feature's scale, or its name; None is an empty text.
    """
    if value is None or isinstance(value, str):
        return value or ""
    if name == "time_signature":
        return f"{value:g}"
    if name == "tempo":
        return f"{value:.4g} BPM"
    return f"{value:.1f} dB" if name == "loudness" else f"{value:.2f}"
