from __future__ import annotations

import math

import pytest

from emo_assets.metrics.repetition import copied_bar_share, phrase_contrast
from emo_assets.midi.writer import Note
from emo_assets_tests.metrics.songs import PIANO, build_song, drums, melodic, note


def phrases(letters: str) -> list[Note]:
    """Return four bars of a tune for each letter, the same for the same letter."""
    return [
        note(16 * number + beat, 60 + (ord(letter) * 7 + beat * (ord(letter) - 60)) % 12)
        for number, letter in enumerate(letters)
        for beat in range(16)
    ]


def test_bars_that_return_are_copied() -> None:
    assert copied_bar_share(build_song(melodic(PIANO, phrases("AABA")))) >= 8 / 16
    one_bar = [note(beat, 60 + beat % 4) for beat in range(16)]
    assert copied_bar_share(build_song(melodic(PIANO, one_bar))) == 3 / 4


def test_a_copy_may_differ_in_a_note_of_five() -> None:
    bar = [0, 0.5, 1, 1.5, 2, 2.5, 3, 3.5, 3.75]
    first = [note(at, 60) for at in bar]
    one_more = [note(4 + at, 60) for at in (*bar, 1.75)]
    four_more = [note(4 + at, 60) for at in (*bar, 0.25, 0.75, 1.25, 1.75)]
    assert copied_bar_share(build_song(melodic(PIANO, [*first, *one_more]))) == 0.5
    assert copied_bar_share(build_song(melodic(PIANO, [*first, *four_more]))) == 0


def test_notes_shortly_before_a_bar_line_belong_to_the_next_bar() -> None:
    strict = [note(beat, 60 + beat % 4) for beat in range(8)]
    early = [note(4 - 0.03, 60), *(each for each in strict if each.start != 4 * 480)]
    assert copied_bar_share(build_song(melodic(PIANO, early))) == 0.5


def test_bars_with_few_notes_do_not_count() -> None:
    assert math.isnan(copied_bar_share(build_song(melodic(PIANO, [note(bar * 4, 60) for bar in range(4)]))))
    assert math.isnan(copied_bar_share(build_song()))


@pytest.mark.parametrize("letters", ["AAAA", "AAA"])
def test_equal_phrases_have_no_contrast(letters: str) -> None:
    assert phrase_contrast(build_song(melodic(PIANO, phrases(letters)))) == 0


def test_returning_and_contrasting_phrases_have_contrast() -> None:
    assert phrase_contrast(build_song(melodic(PIANO, phrases("AABA")))) > 0.3
    assert phrase_contrast(build_song(melodic(PIANO, phrases("ABCD")))) < 0.15


def test_contrast_needs_three_phrases_of_pitched_notes() -> None:
    assert math.isnan(phrase_contrast(build_song(melodic(PIANO, phrases("AB")))))
    assert math.isnan(phrase_contrast(build_song(drums(phrases("AABA")))))
    assert math.isnan(phrase_contrast(build_song()))
