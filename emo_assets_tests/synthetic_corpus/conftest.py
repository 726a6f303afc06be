"""A composed corpus that the tests of the composer look at, composed once."""

from __future__ import annotations

import pytest

from emo_assets.synthetic_corpus.composition import ComposedSong, compose_song
from emo_assets.synthetic_corpus.sampling import SongPlan, sample_songs


@pytest.fixture(scope="session")
def plans() -> list[SongPlan]:
    return sample_songs(240, 0)


@pytest.fixture(scope="session")
def songs(plans: list[SongPlan]) -> list[ComposedSong]:
    return [compose_song(plan.features, plan.style, plan.bars, plan.seed) for plan in plans]
