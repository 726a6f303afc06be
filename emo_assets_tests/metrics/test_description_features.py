from __future__ import annotations

import numpy as np
import pytest

from emo_assets.metrics.description_features import (
    NUM_DESCRIPTION_FEATURES,
    description_features,
    estimate_key,
)
from emo_assets.tokens.vocabulary import CHORDS
from emo_assets_tests.metrics.songs import graded_bars


def test_segments_together_have_the_features_of_the_whole() -> None:
    whole = description_features(graded_bars(3, 14), 96)
    parts = description_features(graded_bars(3, 12) + graded_bars(3, 2), 96)
    np.testing.assert_allclose(whole, parts)


def test_tempo_changes_rates_but_not_shares() -> None:
    slow, fast = (description_features(graded_bars(3), tempo) for tempo in (60, 120))
    assert slow.shape == fast.shape == (NUM_DESCRIPTION_FEATURES,)
    assert (fast - slow)[:2] == pytest.approx([np.log(2), -np.log(2)])
    changed = np.flatnonzero(~np.isclose(slow, fast))
    assert set(changed) == {0, 1, 11}, "log tempo, its distance from 120, notes per second"


def test_the_key_of_a_cadence_is_estimated_from_its_chords() -> None:
    chords = [CHORDS.index(name) for name in ("A:min", "D:min", "E:dom7", "A:min")]
    key = estimate_key([graded_bars(0, 1)[0]._replace(chords=(chord,)) for chord in chords])
    assert key is not None
    assert (key.pitch_class, key.mode) == (9, 0)


def test_without_chords_there_is_no_key() -> None:
    silence = CHORDS.index("N:N")
    assert estimate_key([bar._replace(chords=()) for bar in graded_bars(0)]) is None
    assert estimate_key([bar._replace(chords=(silence,)) for bar in graded_bars(0)]) is None
