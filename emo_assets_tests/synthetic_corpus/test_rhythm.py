from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emo_assets.synthetic_corpus.form import Form, SectionKind, relative_density, song_sections
from emo_assets.synthetic_corpus.lead_sheet import WrittenNote
from emo_assets.synthetic_corpus.meter import Meter, lowest_rank, onsets
from emo_assets.synthetic_corpus.seeded_random import SeededRandom
from emo_assets.synthetic_corpus.styles import STYLES
from emo_assets.synthetic_corpus.timing_deviation import (
    MAX_DELAY,
    apply_rubato,
    beat_delays,
    displaced_strokes,
)


def test_a_pattern_is_read_beat_by_beat() -> None:
    assert onsets("9...|..5.|9...|...1", Meter.of(4), 1) == (0, 18, 24, 45)
    assert onsets("9...|..5.|9...|...1", Meter.of(4), 5) == (0, 18, 24)
    assert onsets("9...|..5.|9...|...1", Meter.of(4), 9) == (0, 24)


def test_a_waltz_leaves_the_third_beat_of_four_out() -> None:
    assert onsets("9...|8...|7...|6...", Meter.of(3), 1) == (0, 12, 24)
    assert onsets("9...|....|7...|....", Meter.of(3), 1) == (0,)


def test_swung_patterns_stand_on_triplets() -> None:
    assert onsets("9.5|9.5|9.5|9.5", Meter.of(4), 1) == (0, 8, 12, 20, 24, 32, 36, 44)


def test_the_busier_the_more_strokes() -> None:
    pattern = "9164|8253|9164|7253"
    counts = [len(onsets(pattern, Meter.of(4), lowest_rank(level / 10))) for level in range(11)]
    assert counts == sorted(counts)
    assert counts[0] == 2
    assert counts[-1] == 16


@pytest.mark.parametrize("style", STYLES)
def test_all_patterns_are_four_beats_of_the_styles_steps(style: str) -> None:
    chosen = STYLES[style]
    patterns = [layer.rhythm for layer in chosen.layers if layer.rhythm]
    patterns += [line.rhythm for line in chosen.groove.lines] if chosen.groove else []
    for pattern in patterns:
        beats = pattern.split("|")
        assert [len(beat) for beat in beats] == [3 if chosen.swing else 4] * 4
        assert set(pattern) <= set(".|123456789")


@given(st.sampled_from(Form), st.integers(1, 130))
def test_sections_fill_the_song_and_end_it(form: Form, bars: int) -> None:
    sections = song_sections(form, bars)
    first_bar = 0
    for section in sections:
        assert section.first_bar == first_bar
        assert section.bars > 0
        first_bar += section.bars
    assert first_bar == bars
    assert sections[-1].kind is SectionKind.ENDING
    shares = relative_density(sections)
    assert sum(shares[section.kind] * section.bars for section in sections) == pytest.approx(bars)


def test_songs_of_the_corpus_have_introduction_verses_and_choruses() -> None:
    for form in Form:
        kinds = {section.kind for section in song_sections(form, 48)}
        assert {SectionKind.INTRO, SectionKind.VERSE, SectionKind.CHORUS, SectionKind.ENDING} <= kinds


@given(st.floats(0, 1), st.booleans(), st.integers(1, 7), st.integers(0, 99))
def test_moved_strokes_stay_in_their_bar_and_late_beats_in_their_beat(
    looseness: float, swing: bool, beats: int, seed: int
) -> None:
    meter = Meter.of(beats)
    for displaced_here in displaced_strokes(8, meter, looseness, swing, SeededRandom(seed)):
        assert all(0 <= target < meter.positions for target in displaced_here.values())
    delays = beat_delays(8, meter, looseness, SeededRandom(seed))
    assert len(delays) == 8 * meter.beats
    assert set(delays) <= set(range(MAX_DELAY + 1))


def test_a_steady_groove_stays_as_it_is() -> None:
    assert displaced_strokes(4, Meter.of(4), 0.0, False, SeededRandom(1)) == ({}, {}, {}, {})
    assert set(beat_delays(4, Meter.of(4), 0.0, SeededRandom(1))) == {0}


def test_a_late_beat_takes_its_notes_along() -> None:
    written = [WrittenNote(0, 6, 60, 0), WrittenNote(13, 6, 60, 0)]
    assert [sound.start for sound in apply_rubato(written, [0, 2])] == [0, 15]


def test_chance_is_reproducible_and_its_children_are_independent_of_what_was_drawn() -> None:
    one, other = SeededRandom(3, "song"), SeededRandom(3, "song")
    other.uniform()
    assert one.child("bass").uniform() == other.child("bass").uniform()
    assert one.child("bass").uniform() != one.child("drums").uniform()
    assert SeededRandom(3, "song").uniform() != SeededRandom(4, "song").uniform()


def test_chance_draws_the_same_numbers_on_every_machine() -> None:
    chance = SeededRandom(0, "fixed")
    drawn = [chance.below(1000) for _ in range(6)]
    assert drawn == [83, 693, 206, 615, 497, 269]


def test_weights_decide_how_often_an_option_is_drawn() -> None:
    chance = SeededRandom(1)
    drawn = [chance.weighted("abc", (1, 0, 3)) for _ in range(2000)]
    assert drawn.count("b") == 0
    assert drawn.count("c") / drawn.count("a") == pytest.approx(3, rel=0.25)
    assert sorted(chance.shuffled(range(20))) == list(range(20))
