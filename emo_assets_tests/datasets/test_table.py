from __future__ import annotations

from pathlib import Path

import pytest

from emo_assets.datasets.table import REJECT_COLUMNS, Reject, open_source, rejects_table
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


def test_a_file_is_opened_at_its_beginning(tmp_path: Path) -> None:
    path = tmp_path / "table.txt"
    path.write_bytes(b"abc")

    with open_source(path, "get it somewhere") as file:
        assert file.read() == b"abc"


def test_the_error_says_where_to_get_the_file(tmp_path: Path) -> None:
    with (
        pytest.raises(InputError, match="get it somewhere"),
        open_source(tmp_path / "nothing", "get it somewhere"),
    ):
        pass
