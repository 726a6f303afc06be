from __future__ import annotations

import pytest

from emo_assets.music_theory import CHORD_TONES, MAJOR_QUALITIES, MAJOR_SCALE, MINOR_SCALE, format_key


@pytest.mark.parametrize(
    ("tonic", "mode", "name"), [(0, 1, "C major"), (6, 0, "F# minor"), (11, 1, "B major")]
)
def test_keys_have_names(tonic: int, mode: int, name: str) -> None:
    assert format_key(tonic, mode) == name


def test_major_qualities_are_those_with_a_major_triad() -> None:
    assert {quality for quality, tones in CHORD_TONES.items() if tones[:3] == (0, 4, 7)} == MAJOR_QUALITIES


def test_the_minor_scale_is_the_relative_major_from_its_sixth_degree() -> None:
    sixth = MAJOR_SCALE[5]
    assert tuple(sorted((step - sixth) % 12 for step in MAJOR_SCALE)) == MINOR_SCALE
