from __future__ import annotations

from emo_assets.reports.markdown import markdown_table


def test_numbers_are_formatted_and_aligned_to_the_right() -> None:
    table = markdown_table([{"name": "a", "value": 0.12345}, {"name": "b", "value": float("nan")}])
    assert table.splitlines() == ["| name | value |", "| --- | ---: |", "| a | 0.1235 |", "| b |  |"]
    assert "| 0.12 |" in markdown_table([{"value": 0.12345}], float_format=".2f")


def test_bold_numbers_are_numbers() -> None:
    assert markdown_table([{"value": "**1.500**"}, {"value": "2.000"}]).splitlines()[1] == "| ---: |"


def test_values_cannot_break_the_table() -> None:
    lines = markdown_table([{"title": "a | b\nc", "long": "x" * 100}]).splitlines()
    assert lines[2].startswith("| a \\| b c | xxx")
    assert lines[2].endswith("... |")
    assert len(lines) == 3


def test_no_rows() -> None:
    assert markdown_table([]) == "*(no rows)*"
