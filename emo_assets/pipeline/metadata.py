"""What the Dagster UI shows of assets: row counts, column schemas, previews, pictures, progress."""

from __future__ import annotations

import base64
import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import dagster as dg

from emo_assets.pipeline.resources import StoreResource
from emo_assets.progress import Progress
from emo_assets.reports.comparison_table import comparison_table, current_rows
from emo_assets.reports.markdown import markdown_table
from emo_assets.song_request import TrackRequest
from emo_assets.store import atomic_write

if TYPE_CHECKING:
    import pandas as pd

PREVIEW_ROWS = 8
MAX_EMBEDDED_BYTES = 100_000
"""Larger pictures make the UI slow."""


def table_metadata(table: pd.DataFrame, asset: str) -> dict[str, Any]:
    """Return a table's number of rows, its columns, and its first rows.

    Args:
        table: the table.
        asset: name of the asset that holds it.
    """
    from emo_assets.pipeline.schemas import column_schema

    preview = table.head(PREVIEW_ROWS).to_dict(orient="records")
    return {
        "dagster/row_count": len(table),
        "dagster/column_schema": column_schema(table, asset),
        "preview": dg.MetadataValue.md(markdown_table(preview)),
    }


def counts(values: pd.Series) -> dg.MetadataValue:
    """Return how often each value of a column occurs, the most frequent first."""
    return dg.MetadataValue.json({str(value): int(count) for value, count in values.value_counts().items()})


def picture(png: bytes, meaning: str) -> dg.MetadataValue:
    """Embed a PNG, or only its size when it is too large."""
    if len(png) > MAX_EMBEDDED_BYTES:
        return dg.MetadataValue.md(f"{meaning}: {len(png):,} bytes, too large to show here")
    encoded = base64.b64encode(png).decode()
    return dg.MetadataValue.md(f"![{meaning}](data:image/png;base64,{encoded})")


def save_picture(store: StoreResource, name: str, png: bytes, meaning: str) -> dict[str, Any]:
    """Save a picture among the store's reports; return it and its path as metadata."""
    file = store.open().reports / f"{name}.png"
    with atomic_write(file) as opened:
        opened.write(png)
    return {"figure": picture(png, meaning), "file": dg.MetadataValue.path(str(file))}


def logged_progress(
    context: dg.AssetExecutionContext | dg.OpExecutionContext, *, seconds: float = 5.0
) -> Progress:
    """Return a callback that logs progress, at most once in `seconds` and at the end."""
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
        context.log.info(f"{stage}: {done:,} of {total:,} ({rate:,.1f} per second{left})")

    return listener


def request_metadata(request: TrackRequest) -> dict[str, Any]:
    """Return the metadata of `requested_features`: the features and settings of a request."""
    rows = [{"feature": name, "asked": value} for name, value in request.features.model_dump().items()]
    return {
        "mood": request.mood or request.name,
        "key": request.features.key_name,
        "bars": request.bars,
        "seed": request.seed,
        "strictness": request.strictness.value,
        "features": dg.MetadataValue.md(markdown_table(rows)),
    }


def description_metadata(champion: str, tokens: Sequence[int], request: TrackRequest) -> dict[str, Any]:
    """Return the metadata of `track_description`: the planned form, the description bar by bar, its model.

    Args:
        champion: version of the model.
        tokens: ids of the description vocabulary.
        request: what was asked for.
    """
    from emo_assets.description_model.song_form import plan_form
    from emo_assets.reports.description_table import description_rows

    rows = description_rows(tokens)
    return {
        "bars": len(rows),
        "champion": champion,
        "form": str(plan_form(request.bars, request.seed)),
        "description": dg.MetadataValue.md(markdown_table(rows)),
    }


def midi_metadata(midi: bytes, request: TrackRequest) -> dict[str, Any]:
    """Return the metadata of `track_midi`: the size of the file, and the seed."""
    return {"bytes": len(midi), "seed": request.seed}


def track_metadata(document: Mapping[str, Any], piano_roll: bytes) -> dict[str, Any]:
    """Return the metadata of `generated_track`: files, length, key, sound font, requested and heard features.

    Args:
        document: what `generated_track` stores.
        piano_roll: the piano roll (PNG).
    """
    request, heard = document["request"], document["heard"]
    rows = current_rows(document["asked_and_measured"])
    files = {kind: dg.MetadataValue.path(path) for kind, path in document["files"].items()}
    return {
        **files,
        "mood": request["mood"] or request["name"],
        "seconds": document["seconds"],
        "tempo": heard["tempo"],
        "key": heard["key_name"],
        "bars": heard["bars"],
        "seed": request["seed"],
        "sound_font": document.get("sound_font", "unknown"),
        "asked_and_measured": dg.MetadataValue.md(markdown_table(comparison_table(rows))),
        "piano_roll_preview": picture(piano_roll, "piano roll"),
    }
