from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from upath import UPath

from emo_assets.datasets import table
from emo_assets.datasets.msd import COLUMNS, read_msd
from emo_assets.errors import InputError

FIRST = "TRMMMYQ128F932D901<SEP>SOQMMHC12AB0180CB8<SEP>Faster Pussy cat<SEP>Silent Night"
SECOND = "TRMMMKD128F425225D<SEP>SOVFVAK12A8C1350D9<SEP>Karkkiautomaatti<SEP>Tanssi vaan"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "unique_tracks.txt"


def write(path: Path, *lines: str | bytes) -> None:
    path.write_bytes(b"".join((line if isinstance(line, bytes) else line.encode()) + b"\n" for line in lines))


def test_lines_become_ids_artists_and_titles(path: Path) -> None:
    write(path, FIRST, "", SECOND + "\r")

    read = read_msd(path)

    assert list(read.rows.columns) == list(COLUMNS)
    assert read.rows.to_numpy().tolist() == [
        ["TRMMMYQ128F932D901", "Faster Pussy cat", "Silent Night"],
        ["TRMMMKD128F425225D", "Karkkiautomaatti", "Tanssi vaan"],
    ]
    assert read.rejects.empty


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("TRMMMKD128F425225D<SEP>SOVFVAK12A8C1350D9<SEP>Ada Quill", "must have the four fields"),
        (
            SECOND + "<SEP>more",
            "must have the four fields track<SEP>song<SEP>artist<SEP>title; with <SEP> in a name",
        ),
        ("not a track at all", "must have the four fields"),
        (SECOND.replace("TRMMMKD", "XXMMMKD"), "the track id must be like TRAAAAW128F429D538"),
        (SECOND.replace("TRMMMKD", "TRMMMKDX"), "the track id must be like TRAAAAW128F429D538"),
        (SECOND.replace("SOVFVAK", "sovfvak"), "the song id must be like SOMZWCG12A8C13C480"),
        (SECOND.replace("Karkkiautomaatti", " "), "the artist is empty"),
        (SECOND.replace("Tanssi vaan", ""), "the title is empty"),
        (SECOND.encode().replace(b"Tanssi", b"Tan\xdfi"), "is not UTF-8"),
        (FIRST, "repeats an earlier line's track id"),
    ],
)
def test_a_line_that_breaks_the_format_is_a_reject_with_its_number(
    path: Path, line: str | bytes, reason: str
) -> None:
    third = "TRMMMRX128F187A0B6<SEP>SOGTUKN12AB017F4F1<SEP>Hüdson Mohawke<SEP>No One Could Ever"
    write(path, FIRST, line, third)

    read = read_msd(path)

    assert read.rows["title"].tolist() == ["Silent Night", "No One Could Ever"]
    assert read.rejects["row"].tolist() == [2]
    assert read.rejects["source"].tolist() == ["msd"]
    assert read.rejects["reason"][0].startswith(reason)
    assert read.rejects["content"][0]


@pytest.mark.parametrize(
    ("encoding", "dialect"),
    [("utf-8", ""), ("utf-8-sig", ""), ("latin-1", "Windows-1252"), ("utf-16", "UTF-16")],
)
@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_the_lines_of_any_system_are_read(path: Path, newline: str, encoding: str, dialect: str) -> None:
    lines = (FIRST.replace("Faster", "Fäster"), SECOND, "")
    path.write_bytes(newline.join(lines).encode(encoding))

    read = read_msd(path)

    assert read.rows["artist"].tolist() == ["Fäster Pussy cat", "Karkkiautomaatti"]
    assert read.rejects.empty
    assert read.dialect == dialect


def test_the_content_of_a_reject_is_cut(path: Path) -> None:
    write(path, FIRST, "x" * 10_000)

    assert read_msd(path).rejects["content"].str.len().tolist() == [200]


def test_one_bad_line_among_many_costs_no_other(path: Path) -> None:
    lines = [f"TR{'ABCDE'}{n:011X}<SEP>SOQMMHC12AB0180CB8<SEP>Näme {n}<SEP>Títle {n}" for n in range(400)]
    write(path, *lines, b"\xff bad", lines[0])

    read = read_msd(path)

    assert read.rows["title"].tolist() == [f"Títle {n}" for n in range(400)]
    assert read.rejects["row"].tolist() == [401, 402]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is empty"),
        (b"\x1f\x8b packed", "is a gzip file"),
        (b"track_id,artist\n1,2\n", "no line has the form track<SEP>song<SEP>artist<SEP>title"),
        (b"\n\n", "no line has the form track<SEP>song<SEP>artist<SEP>title"),
    ],
)
def test_another_file_than_the_list_of_names_is_one_error_that_says_what_to_do(
    path: Path, content: bytes, message: str
) -> None:
    path.write_bytes(content)

    with pytest.raises(InputError) as caught:
        read_msd(path)

    text = str(caught.value)
    assert message in text
    assert str(path) in text
    assert "millionsongdataset.com" in text
    assert "\n" not in text


def test_a_file_of_another_size_is_refused_before_it_fills_the_memory(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(table, "MAX_FILE_BYTES", 2**20)
    path.write_bytes(bytes(2**20 + 1))

    with pytest.raises(InputError, match=r"unique_tracks\.txt: is larger than 1 MiB"):
        read_msd(path)


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=300))
def test_any_line_after_a_good_one_is_read_or_rejected(rest: bytes) -> None:
    path = UPath("memory://msd/anything.txt")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(FIRST.encode() + b"\n" + rest)

    read = read_msd(path)

    assert len(read.rows) == 1
    assert len(read.rejects) <= rest.count(b"\n") + 1


@pytest.mark.realdata
def test_the_real_sample_has_three_titles_missing(realdata: Path) -> None:
    read = read_msd(realdata / "msd" / "unique_tracks.txt")

    assert len(read.rows) == 52_533
    assert read.rejects["reason"].tolist() == ["the title is empty"] * 3
