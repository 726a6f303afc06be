"""One measured figure, as every benchmark yields it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Figure:
    """A measurement: what was measured, how much of it, in which unit, and what to know about it."""

    name: str
    value: float
    unit: str
    note: str = ""
