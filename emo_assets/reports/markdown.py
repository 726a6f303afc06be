"""Markdown tables, for the Dagster UI and model cards."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from math import isnan
from typing import Any

MAX_CELL_LENGTH = 80
_NUMBER = re.compile(r"\**[-+]?[\d.,]*(e[-+]\d+)?%?\**|-?inf")


def markdown_table(rows: Sequence[Mapping[Any, object]], *, float_format: str = ".4g") -> str:
    """Format rows as a markdown table; columns of numbers are aligned to the right.

    Args:
        rows: one mapping per row, all with the columns of the first. Values are escaped, put on one line, and
            cut to `MAX_CELL_LENGTH` characters.
        float_format: of floats; NaN becomes an empty cell.
    """
    if not rows:
        return "*(no rows)*"
    header = [_cell(name, float_format) for name in rows[0]]
    body = [[_cell(row[name], float_format) for name in rows[0]] for row in rows]
    aligned = ["---:" if all(map(_NUMBER.fullmatch, column)) else "---" for column in zip(*body, strict=True)]
    return "\n".join(f"| {' | '.join(line)} |" for line in (header, aligned, *body))


def _cell(value: object, float_format: str) -> str:
    if isinstance(value, float):
        return "" if isnan(value) else format(value, float_format)
    if isinstance(value, bytes):
        return f"{len(value):,} bytes"
    text = " ".join(str(value).replace("|", "\\|").split())
    return text if len(text) <= MAX_CELL_LENGTH else text[: MAX_CELL_LENGTH - 3] + "..."
