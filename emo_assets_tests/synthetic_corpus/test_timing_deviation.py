from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from emo_assets.synthetic_corpus.form import Section, SectionKind
from emo_assets.synthetic_corpus.lead_sheet import WrittenNote
from emo_assets.synthetic_corpus.meter import Meter
from emo_assets.synthetic_corpus.seeded_random import SeededRandom
from emo_assets.synthetic_corpus.timing_deviation import (
    MAX_DELAY,
    apply_rubato,
    beat_delays,
    displaced_strokes,
)

SECTIONS = (Section(SectionKind.VERSE, 0, 8), Section(SectionKind.VERSE, 8, 8))


@given(st.floats(0, 1), st.booleans(), st.integers(1, 7), st.integers(0, 99))
def test_moved_strokes_stay_in_their_bar_and_late_beats_in_their_beat(
    looseness: float, swing: bool, beats: int, seed: int
) -> None:
    meter = Meter.of(beats)
    for displaced_here in displaced_strokes(SECTIONS, meter, looseness, swing, SeededRandom(seed)):
        assert all(0 < target < meter.positions for target in displaced_here.values())
        assert 0 not in displaced_here
    delays = beat_delays(8, meter, looseness, SeededRandom(seed))
    assert len(delays) == 8 * meter.beats
    assert set(delays) <= set(range(MAX_DELAY + 1))


def test_a_steady_groove_stays_as_it_is() -> None:
    assert displaced_strokes(SECTIONS, Meter.of(4), 0.0, False, SeededRandom(1)) == ({},) * 16
    assert set(beat_delays(4, Meter.of(4), 0.0, SeededRandom(1))) == {0}


def test_a_loose_groove_is_a_pattern_that_returns() -> None:
    displaced = displaced_strokes(SECTIONS, Meter.of(4), 0.5, False, SeededRandom(1))
    assert any(displaced)
    assert displaced[:8] == displaced[8:] or len({*map(str, displaced)}) < 8


def test_a_late_beat_takes_its_notes_along() -> None:
    written = [WrittenNote(0, 6, 60, 0), WrittenNote(13, 6, 60, 0)]
    assert [sound.start for sound in apply_rubato(written, [0, 2])] == [0, 15]
