from __future__ import annotations

import numpy as np
import pytest

from emo_assets.tokens.quantization import (
    DURATION_BINS,
    MEAN_DURATION_BINS,
    MEAN_PITCH_BINS,
    NOTE_DENSITY_BINS,
    TEMPO_BINS,
    VELOCITY_BINS,
    nearest_bin,
    time_signature_positions,
)


def test_bins_have_figaros_values() -> None:
    assert VELOCITY_BINS.tolist() == list(range(0, 129, 4))
    assert TEMPO_BINS[:5].tolist() == [0, 7, 15, 22, 30]
    assert TEMPO_BINS[-1] == 240
    assert len(DURATION_BINS) == 58
    assert DURATION_BINS[12:24].tolist() == [15, 17, 18, 21, 21, 24, 30, 36, 42, 48, 60, 72]
    assert DURATION_BINS[-1] == 768
    assert (NOTE_DENSITY_BINS[0], NOTE_DENSITY_BINS[-1], MEAN_PITCH_BINS[1]) == (0, 12, 4)
    assert MEAN_DURATION_BINS[[0, -1]].tolist() == [1, 128]


def test_the_first_of_equally_near_bins_wins() -> None:
    assert nearest_bin([2, 6, 127], VELOCITY_BINS).tolist() == [0, 1, 32]
    assert nearest_bin(21, DURATION_BINS) == 15
    assert nearest_bin(np.arange(800), DURATION_BINS).tolist().count(16) == 0


@pytest.mark.parametrize(
    ("meter", "positions"), [((4, 4), 48), ((7, 8), 42), ((1, 16), 3), ((12, 4), 144), ((1, 64), 0)]
)
def test_a_bar_has_twelve_positions_a_quarter(meter: tuple[int, int], positions: int) -> None:
    assert time_signature_positions(*meter) == positions


def test_bins_cannot_be_changed() -> None:
    with pytest.raises(ValueError, match="read-only"):
        VELOCITY_BINS[0] = 1
