from __future__ import annotations

import csv
import io
import re
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emo_assets.datasets.spotify import COLUMNS, read_spotify
from emo_assets.errors import InputError

HEADER = (
    ",track_id,artists,album_name,track_name,popularity,duration_ms,explicit,danceability,energy,key,loudness,"
    "mode,speechiness,acousticness,instrumentalness,liveness,valence,tempo,time_signature,track_genre"
)
GOOD: dict[str, str] = dict(
    zip(
        HEADER.split(",")[1:],
        (
            *(
                "3L7RtEcu1Hw3OXrpnthngx",
                "The Human League",
                "Dare",
                "Don't You Want Me",
                "77",
                "236000",
                "False",
            ),
            *(
                "0.655",
                "0.625",
                "9",
                "-9.019",
                "0",
                "0.0335",
                "0.187",
                "0.0",
                "0.118",
                "0.944",
                "117.47",
                "4",
            ),
            "synth-pop",
        ),
        strict=True,
    )
)


def table(*changes: dict[str, str], header: str = HEADER) -> bytes:
    """A table in Kaggle's format: one row per change of the good row, each with its own track id."""
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    for number, change in enumerate(changes):
        row = {**GOOD, "track_id": f"{number:022d}", **change}
        writer.writerow([number, *(row[name] for name in header.split(",")[1:])])
    return (header + "\n" + file.getvalue()).encode()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "dataset.csv"


def test_rows_are_typed_and_the_unnamed_column_is_left_out(path: Path) -> None:
    path.write_bytes(table({}, {"explicit": "True", "artists": "Björk;The Weeknd"}))

    read = read_spotify(path)

    assert list(read.rows.columns) == list(COLUMNS)
    assert read.rejects.empty
    first, second = read.rows.to_dict("records")
    assert (first["tempo"], first["key"], first["time_signature"], first["loudness"]) == (
        117.47,
        9,
        4,
        -9.019,
    )
    assert (first["explicit"], second["explicit"]) == (False, True)
    assert second["artists"] == "Björk;The Weeknd"
    assert {str(kind) for kind in read.rows.dtypes} == {"str", "int64", "float64", "bool"}


def test_quotes_commas_and_line_breaks_within_fields_are_read(path: Path) -> None:
    name = 'Don\'t, "really"\nwant me'
    path.write_bytes(table({"track_name": name, "album_name": "a,b"}, {"energy": "loud"}))

    read = read_spotify(path)

    assert read.rows["track_name"].tolist() == [name]
    assert read.rejects["row"].tolist() == [4]  # the second row begins on the fourth line


def test_the_row_without_names_is_a_reject_with_its_line_reason_and_content(path: Path) -> None:
    path.write_bytes(table({}, {"artists": "", "album_name": "", "track_name": "", "duration_ms": "0"}))

    read = read_spotify(path)

    assert len(read.rows) == 1
    (reject,) = read.rejects.to_dict("records")
    assert reject["source"] == "spotify"
    assert reject["row"] == 3
    assert reject["reason"] == "artists is empty; track_name is empty"
    assert reject["content"].startswith("1,0000000000000000000001,,,,77,0,False,0.655")


@pytest.mark.parametrize(
    ("column", "text", "reason"),
    [
        ("energy", "loud", "energy must be a number from 0 to 1, got 'loud'"),
        ("energy", "1.2", "energy must be a number from 0 to 1, got '1.2'"),
        ("energy", "nan", "energy must be a number from 0 to 1, got 'nan'"),
        ("energy", "", "energy must be a number from 0 to 1, got ''"),
        ("tempo", "-3", "tempo must be a number from 0 to 400, got '-3'"),
        ("tempo", "inf", "tempo must be a number from 0 to 400, got 'inf'"),
        ("loudness", "-61", "loudness must be a number from -60 to 5, got '-61'"),
        ("key", "12", "key must be a whole number from -1 to 11, got '12'"),
        ("key", "2.5", "key must be a whole number from -1 to 11, got '2.5'"),
        ("mode", "2", "mode must be a whole number from 0 to 1, got '2'"),
        ("time_signature", "8", "time_signature must be a whole number from 0 to 7, got '8'"),
        ("popularity", "101", "popularity must be a whole number from 0 to 100, got '101'"),
        ("explicit", "maybe", "explicit must be True or False, got 'maybe'"),
        ("track_id", "abc", "track_id must be 22 letters and digits, got 'abc'"),
        ("track_genre", " ", "track_genre is empty"),
    ],
)
def test_a_value_that_breaks_the_schema_rejects_its_row_only(
    path: Path, column: str, text: str, reason: str
) -> None:
    path.write_bytes(table({}, {column: text}, {}))

    read = read_spotify(path)

    assert len(read.rows) == 2
    assert read.rejects[["row", "reason"]].to_numpy().tolist() == [[3, reason]]


def test_values_that_spotify_did_not_detect_are_kept(path: Path) -> None:
    path.write_bytes(table({"key": "-1", "tempo": "0.0", "time_signature": "0"}))

    read = read_spotify(path)

    assert read.rows[["key", "tempo", "time_signature"]].to_numpy().tolist() == [[-1, 0, 0]]


def test_a_track_may_have_several_genres_but_each_once(path: Path) -> None:
    same = {"track_id": GOOD["track_id"]}
    path.write_bytes(table(same, {**same, "track_genre": "pop"}, same))

    read = read_spotify(path)

    assert read.rows["track_genre"].tolist() == ["synth-pop", "pop"]
    assert read.rejects["row"].tolist() == [4]
    assert read.rejects["reason"].tolist() == ["repeats an earlier line's track and genre"]


def test_rows_with_missing_fields_and_other_encodings_are_rejects(path: Path) -> None:
    good = table({"artists": "Beyoncé"}, {"artists": "Beyonce"}).splitlines()
    path.write_bytes(b"\n".join([*good[:2], b"1,too,short", good[2].replace(b"Beyonce", b"Beyonc\xe9"), b""]))

    read = read_spotify(path)

    assert len(read.rows) == 1
    assert read.rejects["reason"].tolist() == ["must have 21 fields, has 3", "artists is not UTF-8"]
    assert "Beyonc\\xe9" in read.rejects["content"][1]


def test_columns_may_be_in_another_order_with_others_between_and_a_byte_order_mark(path: Path) -> None:
    names = HEADER.split(",")[1:]
    path.write_bytes(
        b"\xef\xbb\xbf" + table({}, header="," + ",".join(reversed(names))).replace(b"\n", b"\r\n")
    )

    assert read_spotify(path).rows["tempo"].tolist() == [117.47]


def as_saved_by_excel(content: bytes, separator: str = ";") -> bytes:
    """Return a table as a German Excel saves it: another separator, decimal commas, WAHR and FALSCH."""
    rows = list(csv.reader(io.StringIO(content.decode())))
    file = io.StringIO()
    writer = csv.writer(file, delimiter=separator, lineterminator="\r\n")
    truths = {"True": "WAHR", "False": "FALSCH"}
    for row in rows:
        writer.writerow([truths.get(value, re.sub(r"^(-?\d+)\.(\d+)$", r"\1,\2", value)) for value in row])
    return file.getvalue().encode()


PUBLISHED = table({"artists": "Beyoncé", "track_name": "Déjà Vu – “live”"}, {"tempo": "98.0"})


@pytest.mark.parametrize(
    ("content", "dialect"),
    [
        (PUBLISHED, ""),
        (b"\xef\xbb\xbf" + PUBLISHED, ""),
        (PUBLISHED.decode().encode("cp1252"), "Windows-1252"),
        (PUBLISHED.decode().encode("utf-16"), "UTF-16"),
        (PUBLISHED.replace(b"\n", b"\r"), ""),
        (HEADER.upper().replace("_", " ").encode() + PUBLISHED[len(HEADER) :], ""),
        (as_saved_by_excel(PUBLISHED), "semicolons between fields, decimal commas"),
        (b"sep=;\r\n" + as_saved_by_excel(PUBLISHED), "semicolons between fields, decimal commas"),
        (as_saved_by_excel(PUBLISHED, "\t"), "tabs between fields, decimal commas"),
        (as_saved_by_excel(PUBLISHED, ","), "decimal commas"),
        (
            as_saved_by_excel(PUBLISHED).decode().encode("cp1252"),
            "Windows-1252, semicolons between fields, decimal commas",
        ),
    ],
)
def test_the_table_as_spreadsheets_save_it_has_the_same_rows(
    path: Path, content: bytes, dialect: str
) -> None:
    path.write_bytes(PUBLISHED)
    published = read_spotify(path).rows
    path.write_bytes(content)

    read = read_spotify(path)

    assert read.dialect == dialect
    assert read.rejects.empty
    pd.testing.assert_frame_equal(read.rows, published)


def test_lines_that_a_spreadsheet_has_quoted_as_one_field_are_read(path: Path) -> None:
    header, *lines = table({"track_name": 'The "real" thing'}, {}).decode().splitlines()
    quoted = ['"' + line.replace('"', '""') + '"' for line in lines]
    path.write_text("\n".join([header, *quoted, '"1,too\nshort,2"']) + "\n")

    read = read_spotify(path)

    assert read.rows["track_name"].tolist() == ['The "real" thing', "Don't You Want Me"]
    assert read.rejects[["row", "reason"]].to_numpy().tolist() == [[4, "must have 21 fields, has 2"]]


def test_points_among_decimal_commas_may_separate_thousands_and_reject_their_row(path: Path) -> None:
    path.write_bytes(
        as_saved_by_excel(table({"duration_ms": "236 000"}, {}, {})).replace(b"236 000", b"236.000")
    )

    read = read_spotify(path)

    assert len(read.rows) == 2
    reason = "duration_ms must be a whole number from 0 to 2.14748e+09, got '236.000'"
    assert read.rejects[["row", "reason"]].to_numpy().tolist() == [[2, reason]]


@pytest.mark.parametrize("encoding", ["cp1251", "cp1250", "shift_jis", "euc_kr"])
def test_another_encoding_than_western_european_is_named_and_costs_its_rows(
    path: Path, encoding: str
) -> None:
    names = {"cp1251": "Кино и Земфира", "cp1250": "Wisława, żółć i łąka", "shift_jis": "宇多田ヒカル"}
    name = names.get(encoding, "아이유와 방탄소년단")
    path.write_bytes(table({"artists": name}, {}).decode().encode(encoding))

    read = read_spotify(path)

    assert len(read.rows) == 1
    assert read.rejects[["row", "reason"]].to_numpy().tolist() == [[2, "artists is not UTF-8"]]
    assert "save the file as UTF-8" in read.dialect


def test_a_quote_that_is_left_open_costs_rows_but_no_error(path: Path) -> None:
    content = table({}, {"track_name": "OPEN"}, *({} for _ in range(2000))).replace(b"OPEN", b'"OPEN')
    path.write_bytes(content)

    read = read_spotify(path)

    assert len(read.rows) >= 1
    assert read.rejects["row"][0] == 3


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is empty"),
        (b"PK\x03\x04zip", "is a zip archive, not text; unpack it first"),
        (b"PAR1\x15\x04", "is a Parquet file, not text"),
        (b"\xd0\xcf\x11\xe0\xa1", "is an Excel workbook, not text; save it as CSV"),
        (b"hello\nworld\n", "the first line must name the columns track_id, artists"),
        (table({}).replace(b"tempo", b"bpm"), "the first line lacks the columns tempo"),
        (table({}).replace(b",album_name", b",tempo"), "lacks the columns album_name"),
        (table(), "holds no acceptable track"),
        (table({"tempo": "-3"}), "holds no acceptable track; the first: line 2, tempo must be a number"),
    ],
)
def test_another_file_than_the_spotify_table_is_one_error_that_says_what_to_do(
    path: Path, content: bytes, message: str
) -> None:
    path.write_bytes(content)

    with pytest.raises(InputError) as caught:
        read_spotify(path)

    text = str(caught.value)
    assert message in text
    assert str(path) in text
    assert "kaggle.com" in text
    assert "\n" not in text


def test_a_missing_file_and_a_folder_are_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"nowhere\.csv: does not exist; get dataset\.csv from https"):
        read_spotify(tmp_path / "nowhere.csv")
    with pytest.raises(InputError, match="is a folder, not a file"):
        read_spotify(tmp_path)


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=300))
def test_any_line_after_the_header_is_read_or_rejected(rest: bytes) -> None:
    from upath import UPath

    path = UPath("memory://spotify/anything.csv")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(table({}) + rest)

    read = read_spotify(path)

    assert len(read.rows) == 1
    assert (read.rejects["reason"] != "").all()


@pytest.mark.realdata
def test_the_real_sample_has_one_reject(realdata: Path) -> None:
    read = read_spotify(realdata / "spotify" / "dataset.csv")

    assert len(read.rows) == 13_459
    assert read.rejects[["row", "reason"]].to_numpy().tolist() == [
        [1928, "artists is empty; track_name is empty"]
    ]
