"""A composed corpus that the tests of the composer look at, composed once."""

from __future__ import annotations

import pytest

from emo_assets.sources.composer.composition import compose_song
from emo_assets.sources.composer.sampling import SongPlan, sample_songs
from emo_assets.sources.composer.song import Song


@pytest.fixture(scope="session")
def plans() -> list[SongPlan]:
    return sample_songs(240, 0)


@pytest.fixture(scope="session")
def songs(plans: list[SongPlan]) -> list[Song]:
    return [compose_song(plan.features, plan.style, plan.bars, plan.seed) for plan in plans]
