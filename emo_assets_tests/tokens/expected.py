"""The reference's outputs for MIDI files, and how to compare them with ours.

`fixtures/` holds small files written for the purpose and the reference's strict reading of each. The
reference gives the instruments of a bar in no particular order, so they are compared as a set.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

FIXTURES = Path(__file__).parent / "fixtures"


@dataclass(frozen=True)
class Expected:
    """The reference's outcome for one file: an error, or a description and events."""

    file: str
    error: str | None
    description: list[str]
    events: list[str]
    cpu_seconds: float


def read_expected(path: Path) -> Iterator[Expected]:
    """Yield the reference's outcomes from a gzipped file of JSON lines."""
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        for line in lines:
            values = json.loads(line)
            yield Expected(
                values["file"],
                values.get("error"),
                values.get("description", []),
                values.get("events", []),
                values.get("cpu_seconds", 0.0),
            )


def fixtures() -> list[Expected]:
    """Return the reference's outcomes for the files in `fixtures/`."""
    return list(read_expected(FIXTURES / "expected.jsonl.gz"))


def readable_fixtures() -> list[Expected]:
    """Return those of the fixtures that the reference reads."""
    return [expected for expected in fixtures() if expected.error is None]


def bars(description: list[str]) -> list[tuple[list[str], set[str]]]:
    """Return the tokens of each bar, instruments apart as a set."""
    by_bar: list[tuple[list[str], set[str]]] = []
    for token in description:
        if token.startswith("Bar_"):
            by_bar.append(([], set()))
        tokens, instruments = by_bar[-1]
        if token.startswith("Instrument_"):
            instruments.add(token)
        else:
            tokens.append(token)
    return by_bar


def lakh_files(realdata: Path) -> dict[str, Path]:
    """Return the real Lakh files by their name (`md5.mid`)."""
    return {
        path.name: path
        for folder in ("lmd_matched", "lmd_full")
        for path in (realdata / folder).rglob("*.mid")
    }
