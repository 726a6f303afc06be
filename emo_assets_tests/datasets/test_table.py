from __future__ import annotations

import os
import threading
from pathlib import Path

import pandas as pd
import pytest

from emo_assets.datasets.table import REJECT_COLUMNS, Reject, TableRead, read_source, rejects_table
from emo_assets.errors import InputError


def test_rejects_are_in_the_order_of_their_rows_cut_and_printable() -> None:
    table = rejects_table(
        [
            Reject("msd", 7, "late", "x" * 500),
            Reject("msd", 2, "early", b"caf\xe9".decode("utf-8", "surrogateescape")),
        ]
    )

    assert tuple(table.columns) == REJECT_COLUMNS
    assert table["row"].tolist() == [2, 7]
    assert table["content"].tolist() == ["caf\\xe9", "x" * 200]


def test_no_rejects_have_the_same_columns_and_types() -> None:
    none, some = rejects_table([]), rejects_table([Reject("msd", 1, "why", "what")])

    assert none.empty
    assert none.dtypes.equals(some.dtypes)


def test_a_pipe_is_read_like_a_file(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = threading.Thread(target=pipe.write_bytes, args=(b"abc",))
    writer.start()

    assert read_source(pipe, "get it somewhere") == (b"abc", "UTF-8")
    writer.join()


def test_the_error_says_where_to_get_the_file(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="get it somewhere"):
        read_source(tmp_path / "nothing", "get it somewhere")


def test_a_workbook_is_told_from_other_archives(tmp_path: Path) -> None:
    path = tmp_path / "table.xlsx"
    path.write_bytes(b"PK\x03\x04")

    with pytest.raises(InputError, match="is an Excel workbook, not text; save it as CSV"):
        read_source(path, "get it somewhere")


def test_notes_give_the_dialect_and_the_first_lines_of_each_reason() -> None:
    rejects = [
        *(Reject("spotify", row, f"tempo must be a number, got '{row}'", "") for row in range(2, 8)),
        Reject("spotify", 9, "artists is empty", ""),
    ]
    read = TableRead(pd.DataFrame(), rejects_table(rejects), "Windows-1252")

    assert read.notes() == [
        "read as Windows-1252",
        "6 rejected: tempo must be a number (lines 2, 3, 4, …)",
        "1 rejected: artists is empty (line 9)",
    ]
    assert TableRead(pd.DataFrame(), rejects_table([])).notes() == []
