"""Damaged files: what is read of them, what is said about it, and that hostile ones end soon."""

from __future__ import annotations

import gzip
import random
import time
import tracemalloc
from collections import Counter
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest

from emo_assets.midi.errors import MidiError
from emo_assets.midi.parser import MAX_FILE_BYTES
from emo_assets.midi.repair import costs_messages, read_repaired
from emo_assets.midi.rewrite import Repair
from emo_assets.midi.score import Score, read_midi
from emo_assets_tests.midi.damaged_files import DAMAGES, LOSSLESS
from emo_assets_tests.midi.test_parser import file_of
from emo_assets_tests.tokens.expected import FIXTURES, lakh_files

CASES = Path(__file__).parent / "cases"
GOOD = (CASES / "good.mid").read_bytes()
BAND = (FIXTURES / "band_4_4.mid").read_bytes()

REPAIRED = {
    "keysig.mid": "impossible key signature ignored",
    "keysig255.mid": "impossible key signature ignored",
    "databyte.mid": "messages with data bytes above 127 clipped or left out: 2",
    "cut.mid": "tracks cut off: 1",
    "ntracks.mid": "missing tracks: 7",
    "riff.mid": "RIFF container unpacked",
    "macbin.mid": "MacBinary header skipped",
    "gzip.mid": "gzip unpacked",
    "junkchunk.mid": "chunk of unknown type skipped",
    "tempo0.mid": "impossible tempos ignored: 1",
    "ts0.mid": "impossible time signatures ignored: 1",
    "smpte.mid": "SMPTE frames read as ticks at 120 quarter notes per minute",
    "hugedelta.mid": "tracks ended before tick 10000000: 1",
}
"""The cases that strict reading rejects, and what is repaired in them."""

NOTES = {"cut.mid": 25, "databyte.mid": 64}
"""Notes of the cases that have not 32."""


def notes(score: Score) -> list[list[int]]:
    """Return start, end, pitch and velocity of the notes."""
    found = score.notes
    return [column.tolist() for column in (found.start, found.end, found.pitch, found.velocity)]


def read_notes(content: bytes) -> Score:
    """Read a file that has notes."""
    score = read_midi(content)
    if not score.instruments:
        raise MidiError("notes", "the file has no notes")
    return score


@pytest.mark.parametrize("path", sorted(CASES.iterdir()), ids=lambda path: path.name)
def test_cases_from_the_field_are_read_as_players_read_them(path: Path) -> None:
    content = path.read_bytes()
    score, repairs = read_repaired(content, read_midi)
    assert repairs == ((REPAIRED[path.name],) if path.name in REPAIRED else ())
    assert len(score.notes.start) == NOTES.get(path.name, 32)
    if repairs:
        with pytest.raises(MidiError):
            read_midi(content)
    if path.name not in NOTES:
        assert notes(score) == notes(read_midi(GOOD))


def test_smpte_frames_keep_their_seconds() -> None:
    score, _ = read_repaired((CASES / "smpte.mid").read_bytes(), read_midi)
    seconds = np.sort(score.tempo_map.seconds(score.notes.start))
    assert seconds[:4] == pytest.approx([0, 0.24, 0.48, 0.72])
    drop_frame = GOOD[:12] + bytes([0x100 - 29, 80]) + GOOD[14:]
    score, _ = read_repaired(drop_frame, read_midi)
    seconds = np.sort(score.tempo_map.seconds(score.notes.start))
    assert seconds[1] == pytest.approx(240 / (80 * 30 / 1.001), rel=1e-5)


@pytest.mark.parametrize("name", DAMAGES)
def test_damaged_files_are_read(name: str) -> None:
    damaged = DAMAGES[name](BAND, random.Random(5))
    score, repairs = read_repaired(damaged, read_midi)
    before = read_midi(BAND)
    assert len(score.notes.start) >= 0.5 * len(before.notes.start)
    if name == "jump in the middle":
        assert notes(score) == notes(before)
        assert repairs == ("impossible delta times ignored: 1",)
    if name in LOSSLESS:
        assert notes(score) == notes(before)
        assert (score.time_signatures, score.end) == (before.time_signatures, before.end)
        assert not any(map(costs_messages, repairs))


@pytest.mark.realdata
def test_damaged_real_files_are_read(realdata: Path) -> None:
    chance = random.Random(11)
    paths = sorted(lakh_files(realdata).values())
    outcomes: Counter[str] = Counter()
    for name, damage in DAMAGES.items():
        content = chance.choice(paths).read_bytes()
        score, _ = read_repaired(damage(content, chance), read_midi)
        outcomes["read" if len(score.notes.start) >= 20 else name] += 1
    assert outcomes == {"read": len(DAMAGES)}


@pytest.mark.parametrize(
    ("content", "stage", "words", "repairs"),
    [
        (gzip.compress(b"no MIDI file", mtime=0), "parse", "MThd", ("gzip unpacked",)),
        (gzip.compress(gzip.compress(GOOD, mtime=0), mtime=0), "parse", "MThd", ("gzip unpacked",)),
        (gzip.compress(GOOD, mtime=0)[:10] + b"\xff" * 20, "parse", "gzip stream is damaged", ()),
        (b"RIFF\4\0\0\0RMIDMThd", "parse", "inside its header", ("RIFF container unpacked",)),
        (GOOD[:30], "parse", "cut off", ("tracks cut off: 1", "missing tracks: 1")),
        (GOOD[:12] + b"\0\0" + GOOD[14:], "parse", "must be positive", ()),
        (GOOD[:12] + b"\xe7\0" + GOOD[14:], "parse", "must be positive", (Repair.SMPTE.value,)),
    ],
)
def test_files_without_notes_to_save_are_rejected(
    content: bytes, stage: str, words: str, repairs: tuple[str, ...]
) -> None:
    with pytest.raises(MidiError, match=words) as rejected:
        read_repaired(content, read_notes)
    assert rejected.value.stage == stage
    assert rejected.value.repairs == repairs


def test_a_fine_resolution_is_reduced_when_ticks_are_too_many() -> None:
    beat = b"\x87\xff\x00"  # 130,944 ticks
    track = b"".join(b"\0\x90\x3c\x40" + beat + b"\x80\x3c\0" for _ in range(100))
    score, repairs = read_repaired(file_of(track, resolution=0x7FE0), read_midi)
    assert repairs == ("resolution reduced",)
    assert score.resolution == 480
    assert len(score.notes.start) == 100
    assert score.tempo_map.seconds(score.notes.start)[99] == pytest.approx(
        99 * 130_944 / 0x7FE0 / 2, rel=1e-4
    )


def test_an_unpacked_bomb_takes_no_memory() -> None:
    bomb = gzip.compress(bytes(200 * MAX_FILE_BYTES // 8), 9)
    tracemalloc.start()
    with pytest.raises(MidiError, match="unpacks to more than") as rejected:
        read_repaired(bomb, read_midi)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert rejected.value.stage == "limits"
    assert peak < 3 * MAX_FILE_BYTES


HEADER = b"MThd\0\0\0\6\0\1\x7f\xff\1\xe0"
MEGABYTE = 1 << 20
HOSTILE = {
    "tracks without content": HEADER + b"MTrk" * (MEGABYTE // 4),
    "tracks of announced lengths": HEADER + b"MTrk\xff\xff\xff\xff" * (MEGABYTE // 8),
    "nested tracks": HEADER
    + b"".join(b"MTrk" + (MEGABYTE - 8 * n).to_bytes(4, "big") for n in range(MEGABYTE // 8)),
    "chunks without content": HEADER + b"XFIH\0\0\0\0" * (MEGABYTE // 8),
    "system messages of announced lengths": HEADER
    + b"MTrk\xff\xff\xff\xff"
    + b"\0\xf0\xff\xff\xff\x7f\xf7" * (MEGABYTE // 7),
    "headers in containers": b"RIFF\0\0\0\0RMIDdata" + b"MThd" * (MEGABYTE // 4),
    "delta times": HEADER + b"MTrk\xff\xff\xff\xff" + b"\xff" * MEGABYTE,
    "data bytes": HEADER + b"MTrk\xff\xff\xff\xff" + b"\0\x90\xff\xff" * (MEGABYTE // 4),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_files_end_soon(name: str) -> None:
    started = time.process_time()
    with suppress(MidiError):
        read_repaired(HOSTILE[name], read_midi)
    assert time.process_time() - started < 4
