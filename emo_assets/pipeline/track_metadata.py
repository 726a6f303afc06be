"""What people see of a song in the Dagster UI, whichever way it was made.

One function for each generation asset. How metadata look in general is known by `metadata`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import dagster as dg

from emo_assets.pipeline.metadata import markdown_table, picture
from emo_assets.song_request import TrackRequest


def request_metadata(request: TrackRequest) -> dict[str, Any]:
    """Show what is asked for."""
    rows = [{"feature": name, "asked": value} for name, value in request.features.model_dump().items()]
    return {
        "mood": request.mood or request.name,
        "key": request.features.key_name,
        "bars": request.bars,
        "seed": request.seed,
        "strictness": request.strictness.value,
        "features": dg.MetadataValue.md(markdown_table(rows)),
    }


def description_metadata(champion: str, tokens: Sequence[int]) -> dict[str, Any]:
    """Show a description bar by bar, and which describer wrote it."""
    from emo_assets.reports.description_table import description_rows

    rows = description_rows(tokens)
    return {
        "bars": len(rows),
        "champion": champion,
        "description": dg.MetadataValue.md(markdown_table(rows)),
    }


def midi_metadata(midi: bytes, request: TrackRequest) -> dict[str, Any]:
    """Show how large the notes' file is, and which seed they come from."""
    return {"bytes": len(midi), "seed": request.seed}


def track_metadata(document: Mapping[str, Any], piano_roll: bytes) -> dict[str, Any]:
    """Show a track: its files, its length, tempo and key, and asked against measured.

    Args:
        document: what `generated_track` keeps of it.
        piano_roll: its picture (PNG).
    """
    request, heard = document["request"], document["heard"]
    files = {kind: dg.MetadataValue.path(path) for kind, path in document["files"].items()}
    return {
        **files,
        "mood": request["mood"] or request["name"],
        "seconds": document["seconds"],
        "tempo": heard["tempo"],
        "key": heard["key_name"],
        "bars": heard["bars"],
        "seed": request["seed"],
        "asked_and_measured": dg.MetadataValue.md(markdown_table(document["asked_and_measured"])),
        "piano_roll_preview": picture(piano_roll, "piano roll"),
    }
