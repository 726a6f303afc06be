from __future__ import annotations

import numpy as np
import pytest

from emo_assets.errors import InputError
from emo_assets.midi.general_midi import PROGRAM_NAMES
from emo_assets.midi.writer import Note, Part, encode_midi
from emo_assets.reports.piano_roll import FAMILY_COLOURS, chord_sign, piano_roll_png
from emo_assets_tests.reports.pictures import checked_picture

QUARTER = 480


def song(bars: int, *programs: int) -> bytes:
    tune = [Note(beat * QUARTER, (beat + 1) * QUARTER - 10, 60 + beat % 12, 127) for beat in range(4 * bars)]
    beats = [
        Note(beat * QUARTER, beat * QUARTER + 60, (36, 38, 42, 49)[beat % 4], 100) for beat in range(4 * bars)
    ]
    return encode_midi([*(Part(program, False, tune) for program in programs), Part(0, True, beats)])


@pytest.mark.parametrize("bars", [1, 16, 33, 300])
def test_songs_of_any_length_are_drawn(bars: int) -> None:
    assert checked_picture(piano_roll_png(song(bars, 0, 33), "song")).shape[:2] == (620, 1200)


@pytest.mark.parametrize("program", [0, 33, 73, 127])
def test_notes_have_the_colour_of_their_family(program: int) -> None:
    dots = checked_picture(piano_roll_png(song(8, program), "song")).astype(int)
    colour = FAMILY_COLOURS[program // 8][1]
    wanted = np.array([int(colour[first : first + 2], 16) for first in (1, 3, 5)])
    near = np.abs(dots - wanted).max(axis=2) < 24
    assert near.sum() > 1000


def test_there_is_a_family_for_every_program() -> None:
    assert len(FAMILY_COLOURS) * 8 == len(PROGRAM_NAMES)


@pytest.mark.parametrize(
    "midi", [encode_midi([]), song(2), encode_midi([Part(0, False, [Note(0, 1, 0, 1)])])]
)
def test_songs_that_lack_something_are_drawn(midi: bytes) -> None:
    checked_picture(piano_roll_png(midi, "song"))


def test_chords_are_written_above_the_bars() -> None:
    midi = song(4, 0)
    plain = piano_roll_png(midi, "song")
    with_chords = piano_roll_png(midi, "song", chords=[["C:maj"], ["A:min7", "N:N"], [], ["G:dom7"]])
    checked_picture(with_chords)
    assert with_chords != plain


def test_more_chords_than_bars_do_no_harm() -> None:
    checked_picture(piano_roll_png(song(2, 0), "song", chords=[["C:maj"]] * 9))


@pytest.mark.parametrize(
    ("name", "sign"),
    [
        ("C:maj", "C"),
        ("A:min7", "Am7"),
        ("F#:dim", "F♯°"),
        ("G:dom7", "G7"),
        ("D#:None", "D♯5"),
        ("E:aug", "E+"),
        ("F:maj7", "Fmaj7"),
        ("N:N", ""),
    ],
)
def test_chords_are_signed_as_musicians_do(name: str, sign: str) -> None:
    assert chord_sign(name) == sign


def test_what_is_no_midi_file_is_refused() -> None:
    with pytest.raises(InputError):
        piano_roll_png(b"no music", "song")
