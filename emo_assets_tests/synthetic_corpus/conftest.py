"""A composed corpus that the tests share."""

from __future__ import annotations

import pytest

from emo_assets.synthetic_corpus.catalogue import Work, make_catalogue
from emo_assets.synthetic_corpus.composition import ComposedSong, compose_song
from emo_assets.synthetic_corpus.sampling import SongPlan, sample_songs


@pytest.fixture(scope="session")
def plans() -> list[SongPlan]:
    return sample_songs(240, 0)


@pytest.fixture(scope="session")
def songs(plans: list[SongPlan]) -> list[ComposedSong]:
    return [compose_song(plan.features, plan.style, plan.bars, plan.seed) for plan in plans]


@pytest.fixture(scope="session")
def works(plans: list[SongPlan]) -> list[Work]:
    return make_catalogue(plans, 0)
