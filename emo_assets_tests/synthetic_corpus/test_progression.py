from __future__ import annotations

import pytest

from emo_assets.synthetic_corpus.form import song_sections
from emo_assets.synthetic_corpus.meter import Meter
from emo_assets.synthetic_corpus.progression import chord_progression
from emo_assets.synthetic_corpus.seeded_random import SeededRandom
from emo_assets.synthetic_corpus.styles import STYLES
from emo_assets_tests.synthetic_corpus.measures import major_share_of


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("mode", [0, 1])
def test_progressions_become_as_bright_as_asked_for(style: str, mode: int) -> None:
    sections = song_sections(STYLES[style].form, 40)

    def share(wanted: float) -> float:
        spans = chord_progression(
            STYLES[style],
            sections,
            Meter.of(4),
            key=3,
            mode=mode,
            major_share=wanted,
            rng=SeededRandom(1),
        )
        assert spans[0].start == 0
        assert spans[-1].end == 40 * 48
        return major_share_of(spans)

    assert share(0.6) == pytest.approx(0.6, abs=0.13)
    assert share(0.35) == pytest.approx(0.35, abs=0.15)
    assert share(0.8) > share(0.4) > share(0.1)
