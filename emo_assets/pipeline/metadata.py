"""What people see of an asset in the Dagster UI: row counts, schemas, previews, pictures, progress.

Turns values of the domain into Dagster's metadata. What the values are is not decided here.
"""

from __future__ import annotations

import base64
import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import dagster as dg

from emo_assets.progress import Progress

if TYPE_CHECKING:
    import pandas as pd

PREVIEW_ROWS = 8
LARGEST_EMBEDDED_PICTURE = 100_000
"""Bytes. Larger pictures make the UI slow; they stay files."""


def table_metadata(
    table: pd.DataFrame, *, descriptions: Mapping[str, str] | None = None, hidden: Sequence[str] = ()
) -> dict[str, Any]:
    """Describe a table: how many rows, which columns of which type, and its first rows.

    Args:
        table: the table.
        descriptions: what columns mean, by their name.
        hidden: columns that a preview should not show (bytes, long lists).
    """
    preview = table.drop(columns=list(hidden)).head(PREVIEW_ROWS).to_dict(orient="records")
    return {
        "dagster/row_count": len(table),
        "dagster/column_schema": column_schema(table, descriptions or {}),
        "preview": dg.MetadataValue.md(markdown_table(preview)),
    }


def column_schema(table: pd.DataFrame, descriptions: Mapping[str, str]) -> dg.TableSchema:
    """Return the table's columns with their types and meanings."""
    return dg.TableSchema(
        columns=[
            dg.TableColumn(name=str(name), type=str(dtype), description=descriptions.get(str(name)))
            for name, dtype in table.dtypes.items()
        ]
    )


def markdown_table(rows: Sequence[Mapping[Any, Any]]) -> str:
    """Draw rows as a markdown table; signs that would break it are escaped."""
    if not rows:
        return "*(no rows)*"
    names = list(rows[0])
    lines = [names, ["---"] * len(names), *([row[name] for name in names] for row in rows)]
    return "\n".join("| " + " | ".join(_cell(value) for value in line) + " |" for line in lines)


def _cell(value: Any) -> str:
    text = f"{value:.4g}" if isinstance(value, float) else str(value)
    text = " ".join(text.replace("|", "\\|").split())
    return text if len(text) <= 80 else text[:77] + "..."


def counts(values: pd.Series) -> dg.MetadataValue:
    """Show how often each value stands in a column, the most frequent first."""
    return dg.MetadataValue.json({str(value): int(count) for value, count in values.value_counts().items()})


def picture(png: bytes, meaning: str) -> dg.MetadataValue:
    """Embed a PNG so that a click in the UI shows it; one that is too large is only named."""
    if len(png) > LARGEST_EMBEDDED_PICTURE:
        return dg.MetadataValue.md(f"{meaning}: {len(png):,} bytes, too large to show here")
    encoded = base64.b64encode(png).decode()
    return dg.MetadataValue.md(f"![{meaning}](data:image/png;base64,{encoded})")


def logged_progress(
    context: dg.AssetExecutionContext | dg.OpExecutionContext, *, seconds: float = 5.0
) -> Progress:
    """Return a listener that writes progress to the run's log, at most once in `seconds` and at the end."""
    started: dict[str, float] = {}
    last = 0.0

    def listener(stage: str, done: int, total: int) -> None:
        nonlocal last
        now = time.monotonic()
        begun = started.setdefault(stage, now)
        if now - last < seconds and done < total:
            return
        last = now
        rate = done / (now - begun) if now > begun else 0.0
        left = f", {(total - done) / rate:,.0f} s left" if rate > 0 and done < total else ""
        context.log.info(f"{stage}: {done:,} of {total:,} ({rate:,.1f} a second{left})")

    return listener
