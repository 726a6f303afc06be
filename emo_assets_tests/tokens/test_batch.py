from __future__ import annotations

import gzip
import json
import os
import random
import struct
import subprocess
import sys
from pathlib import Path

import pytest

from emo_assets.errors import InputError
from emo_assets.midi.errors import MidiError
from emo_assets.midi.parser import MAX_FILE_BYTES, is_midi_name
from emo_assets.tokens.batch import (
    ExtractionResult,
    _extract,
    _Task,
    extract_files,
    extracted_names,
    find_midi_files,
)
from emo_assets.tokens.tokenize import tokenize_midi
from emo_assets_tests.midi.test_parser import file_of
from emo_assets_tests.tokens.expected import FIXTURES, fixtures

GOOD = (FIXTURES / "one_bar.mid").read_bytes()
METER = b"\x00\xff\x58\x04\x04\x02\x18\x08"
NOTE = b"\x00\x90\x40\x40\x83\x60\x40\x00"

BOMBS = {
    "endless delta.mid": file_of(b"\xff" * 200_000),
    "bomb.mid": gzip.compress(bytes(10 * MAX_FILE_BYTES)),
    "nested.mid": gzip.compress(gzip.compress(GOOD)),
    "slow and sparse.mid": file_of(
        b"\x00\xff\x51\x03\xff\xff\xff" + METER + b"\x00\x90\x40\x40\x83\xff\xff\x7f\x40\x00", resolution=1
    ),
    "32,000 tracks.mid": file_of(METER, *[NOTE] * 32_000),
    "announced tracks.mid": b"MThd\0\0\0\6\0\1\x7f\xff\1\xe0",
    "bends.mid": file_of(
        b"\x00\xff\x51\x03\xff\xff\xff"
        + METER
        + b"".join(b"\0\x90" + bytes([pitch, 64]) for pitch in range(128))
        + b"\1\xe0\1\x41" * 200_000
        + b"".join(b"\1\x90" + bytes([pitch, 0]) for pitch in range(128))
    ),
}


DAMAGED = {
    "late tick.mid": file_of(METER + NOTE + b"\xff\xff\xff\x7f\x90\x40\x40"),
    "no tempo.mid": file_of(b"\x00\xff\x51\x03\x00\x00\x00" + METER + NOTE),
    "meter without positions.mid": file_of(b"\x00\xff\x58\x04\x01\xff\x18\x08" + NOTE),
    "meter of nothing.mid": file_of(b"\x00\xff\x58\x04\x00\x02\x18\x08" + NOTE),
    "announced length.mid": b"MThd\0\0\0\6\0\1\0\1\1\xe0MTrk\xff\xff\xff\xff" + METER + NOTE,
    "container.RMI": b"RIFF\0\0\0\0RMIDdata\0\0\0\0" + GOOD,
    "packed.Kar": gzip.compress(GOOD),
}
"""Files that are described by default and rejected in strict mode."""


def write_broken_files(folder: Path) -> None:
    """Fill a folder with files that a reader might stumble over."""
    chance = random.Random(3)
    for length in range(0, len(GOOD), 9):
        (folder / f"cut off {length:04d}.mid").write_bytes(GOOD[:length])
    for number in range(60):
        flipped = bytearray(GOOD)
        flipped[chance.randrange(len(GOOD))] ^= 1 << chance.randrange(8)
        (folder / f"flipped {number}.mid").write_bytes(flipped)
    for number in range(20):
        (folder / f"random {number}.mid").write_bytes(chance.randbytes(chance.randrange(5000)))
        body = chance.randbytes(2000)
        track = b"MThd\0\0\0\6\0\1\0\1\1\xe0MTrk" + struct.pack(">I", len(body)) + body
        (folder / f"random track {number}.MID").write_bytes(track)
    for name, content in (BOMBS | DAMAGED).items():
        (folder / name).write_bytes(content)
    with (folder / "gigabyte of zeros.mid").open("wb") as file:
        file.truncate(1 << 30)
    (folder / "folder.mid").mkdir()
    (folder / "folder.mid" / "inside.midi").write_bytes(GOOD)
    (folder / "link to nothing.mid").symlink_to(folder / "nowhere")
    (folder / "good.mid").write_bytes(GOOD)
    (folder / "notes.txt").write_text("no MIDI file, and not looked at")
    (folder / "._good.mid").write_bytes(b"what macOS keeps of a file")
    os.mkfifo(folder / "pipe.mid")
    Path(os.fsdecode(os.fsencode(folder) + b"/name \xff.mid")).write_bytes(GOOD)


def test_a_folder_of_broken_files_is_described_to_the_end(tmp_path: Path) -> None:
    write_broken_files(tmp_path)
    found = list(extract_files(find_midi_files([tmp_path]), workers=2))
    names = [Path(described.name).name for described in found]
    expected = [path.name for path in tmp_path.rglob("*") if is_midi_name(path.name)]
    assert "._good.mid" not in names
    assert len(names) == len(expected)
    assert set(expected) - set(names) == {"name \udcff.mid"}
    by_name = dict(zip(names, found, strict=True))
    for described in found:
        assert (described.tokens is None) == (described.error is not None)
        assert described.error is None or (str(described.error) and "\n" not in str(described.error))
        json.dumps(described.as_document(), ensure_ascii=False).encode()
    assert by_name["good.mid"].tokens == by_name["name \\xff.mid"].tokens == tokenize_midi(GOOD, events=False)
    assert by_name["inside.midi"].tokens is not None
    refused = {name: described.error.stage for name, described in by_name.items() if described.error}
    assert refused["folder.mid"] == refused["pipe.mid"] == refused["link to nothing.mid"] == "file"
    assert refused["gigabyte of zeros.mid"] == refused["bomb.mid"] == refused["bends.mid"] == "limits"
    assert refused["cut off 0000.mid"] == "parse"
    assert set(BOMBS) <= refused.keys()
    assert "unexpected" not in refused.values()
    for name in DAMAGED:
        assert by_name[name].tokens is not None
        assert by_name[name].repairs
        assert by_name[name].as_document()["repairs"] == list(by_name[name].repairs)
    strictly = list(extract_files(DAMAGED.items(), workers=1, strict=True))
    assert all(described.error is not None and not described.repairs for described in strictly)


def test_results_are_in_the_order_of_the_files() -> None:
    items = [(expected.file, (FIXTURES / expected.file).read_bytes()) for expected in fixtures()]
    told: list[tuple[int, int]] = []
    found = list(
        extract_files(
            items,
            workers=2,
            strict=True,
            events=True,
            progress=lambda _, done, total: told.append((done, total)),
        )
    )
    assert [described.name for described in found] == [name for name, _ in items]
    for described, (_, content) in zip(found, items, strict=True):
        if described.tokens is not None:
            assert described.tokens == tokenize_midi(content, strict=True)
    assert [described.name for described in found if described.tokens is None] == [
        expected.file for expected in fixtures() if expected.error is not None
    ]
    assert told == [(number, len(items)) for number in range(1, len(items) + 1)]


def test_a_path_that_does_not_exist_is_a_wrong_input(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such file"):
        find_midi_files([tmp_path / "missing.mid"])


def test_single_files_are_described_with_any_name(tmp_path: Path) -> None:
    path = tmp_path / "song.dat"
    path.write_bytes(GOOD)
    (described,) = extract_files(find_midi_files([path]), workers=1, events=True)
    assert described.as_document() == {
        "file": str(path),
        "description": tokenize_midi(GOOD).description_text(),
        "events": tokenize_midi(GOOD).events_text(),
    }


def test_reading_resumes_where_it_stopped(tmp_path: Path) -> None:
    for number in range(6):
        (tmp_path / f"{number}.mid").write_bytes((GOOD, b"RIFF" + GOOD[:-30], b"broken")[number % 3])
    out = tmp_path / "out.jsonl"
    lines = [json.dumps(item.as_document()) for item in extract_files(find_midi_files([tmp_path]), workers=1)]
    out.write_text("\n".join(lines[:3]) + "\n" + lines[3][:40])
    done = extracted_names(out)
    assert done == {str(tmp_path / f"{number}.mid") for number in range(3)}
    assert out.read_text() == "\n".join(lines[:3]) + "\n"
    files = find_midi_files([tmp_path], done=done)
    rest = [json.dumps(item.as_document()) for item in extract_files(files, workers=1)]
    assert lines[:3] + rest == lines


@pytest.mark.parametrize(
    "content", ["no JSON\n", "MThd", '{"name": "x"}\n', "[]\n", '{"file": 3}\n', "\xff\n"]
)
def test_a_file_of_something_else_is_not_resumed(tmp_path: Path, content: str) -> None:
    path = tmp_path / "other.jsonl"
    path.write_text(content, encoding="latin-1")
    with pytest.raises(InputError, match="line 1"):
        extracted_names(path)
    assert path.read_text(encoding="latin-1") == content


def test_a_bug_in_reading_one_file_does_not_end_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    def read(*_: object, **__: object) -> None:
        raise ZeroDivisionError("oops")

    monkeypatch.setattr("emo_assets.tokens.batch.tokenize_midi", read)
    error = _extract(_Task(GOOD, strict=False, events=False))
    assert isinstance(error, MidiError)
    assert (error.stage, str(error)) == ("unexpected", "ZeroDivisionError: oops")


def test_a_refusal_is_a_document_with_stage_and_error() -> None:
    document = ExtractionResult("x.mid", error=MidiError("parse", "the file is empty")).as_document()
    assert document == {"file": "x.mid", "stage": "parse", "error": "the file is empty"}


@pytest.mark.parametrize("before", [b"", b"RIFF"])
def test_a_file_that_needs_more_memory_than_allowed_is_refused(before: bytes) -> None:
    script = (
        "from emo_assets.tokens.batch import _extract, _limit_memory, _Task\n"
        "from emo_assets_tests.tokens.test_batch import METER, NOTE, file_of\n"
        f"content = {before!r} + file_of(METER + NOTE * 500_000)\n"
        "_limit_memory(30_000_000)\n"
        "print(_extract(_Task(content, False, True)))\n"
    )
    path = os.pathsep.join(entry or str(Path.cwd()) for entry in sys.path)
    run = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, env={**os.environ, "PYTHONPATH": path}
    )
    assert run.stdout.strip() == "reading the file takes more memory than there is", run.stderr
