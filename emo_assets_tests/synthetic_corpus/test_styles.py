from __future__ import annotations

import pytest

from emo_assets.metrics.texture import ACOUSTIC_PROGRAMS
from emo_assets.synthetic_corpus.harmony import ChordVocabulary, chord_from_numeral
from emo_assets.synthetic_corpus.meter import Meter, strokes
from emo_assets.synthetic_corpus.styles import DRUM_PITCHES, STYLES, PlayingPattern, Role


def test_programs_of_styles_are_where_they_belong() -> None:
    for style in STYLES.values():
        for layer in style.layers:
            assert set(layer.acoustic) <= ACOUSTIC_PROGRAMS, (style.name, layer.role)
            assert not set(layer.electronic) & ACOUSTIC_PROGRAMS, (style.name, layer.role)


def test_programs_of_the_lead_play_no_other_role_in_its_style() -> None:
    for style in STYLES.values():
        lead = style.layers[-1]
        for layer in style.layers[:-1]:
            others = set(layer.acoustic + layer.electronic)
            assert not set(lead.acoustic + lead.electronic) & others, (style.name, layer.role)


@pytest.mark.parametrize("name", STYLES)
def test_rhythms_and_progressions_of_styles_can_be_read(name: str) -> None:
    style = STYLES[name]
    assert style.name == name
    assert style.genres
    assert style.layers[-1].role is Role.LEAD
    for layer in style.layers:
        is_melody = layer.playing is PlayingPattern.MELODY
        assert bool(strokes(layer.rhythm, Meter.of(4)) if layer.rhythm else ()) != is_melody
        assert layer.acoustic
        assert layer.electronic
    for line in style.groove.lines if style.groove else ():
        assert line.pitch == DRUM_PITCHES[line.drum]
        assert strokes(line.rhythm, Meter.of(4))
    for progressions in (style.major, style.minor):
        assert len(progressions) in (1, 3)
        for progression in progressions:
            for numeral in progression.split():
                chord_from_numeral(numeral, 0, ChordVocabulary.TRIADS)
