"""One measured figure, as every benchmark yields it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Figure:
    """A measurement: its name, value and unit, and a note."""

    name: str
    value: float
    unit: str
    note: str = ""
