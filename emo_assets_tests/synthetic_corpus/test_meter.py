from __future__ import annotations

import pytest

from emo_assets.synthetic_corpus.meter import Meter, lowest_rank, onsets
from emo_assets.synthetic_corpus.styles import STYLES


def test_a_pattern_is_read_beat_by_beat() -> None:
    assert onsets("9...|..5.|9...|...1", Meter.of(4), 1) == (0, 18, 24, 45)
    assert onsets("9...|..5.|9...|...1", Meter.of(4), 5) == (0, 18, 24)
    assert onsets("9...|..5.|9...|...1", Meter.of(4), 9) == (0, 24)


def test_a_waltz_leaves_the_third_beat_of_four_out() -> None:
    assert onsets("9...|8...|7...|6...", Meter.of(3), 1) == (0, 12, 24)
    assert onsets("9...|....|7...|....", Meter.of(3), 1) == (0,)


def test_swung_patterns_are_on_triplets() -> None:
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
