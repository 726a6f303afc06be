from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emo_assets.synthetic_corpus.form import Form, SectionKind, relative_density, song_sections


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
