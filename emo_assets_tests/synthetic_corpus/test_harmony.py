from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emo_assets.music_theory import CHORD_TONES
from emo_assets.synthetic_corpus.form import sections_of
from emo_assets.synthetic_corpus.harmony import (
    Chord,
    Colour,
    chord_of,
    scale_of,
    substitute_chords,
)
from emo_assets.synthetic_corpus.meter import Meter
from emo_assets.synthetic_corpus.progression import chords_of
from emo_assets.synthetic_corpus.seeded_random import SeededRandom
from emo_assets.synthetic_corpus.styles import STYLES
from emo_assets.synthetic_corpus.voicing import nearest_pitch, voice_chord
from emo_assets.tokens.vocabulary import DESCRIPTIONS

chords = st.builds(Chord, st.integers(0, 11), st.sampled_from(sorted(CHORD_TONES.keys() - {"None"})))


@pytest.mark.parametrize(
    ("numeral", "key", "colour", "name"),
    [
        ("I", 0, Colour.TRIADS, "C:maj"),
        ("vi", 0, Colour.TRIADS, "A:min"),
        ("V", 9, Colour.TRIADS, "E:maj"),
        ("bVI", 9, Colour.TRIADS, "F:maj"),
        ("ii", 0, Colour.SEVENTHS, "D:min7"),
        ("IV", 0, Colour.SEVENTHS, "F:maj7"),
        ("V", 0, Colour.SEVENTHS, "G:dom7"),
        ("I", 0, Colour.SEVENTHS, "C:maj"),
        ("I", 4, Colour.DOMINANT, "E:dom7"),
        ("iio", 0, Colour.SEVENTHS, "D:dim"),
    ],
)
def test_numerals_are_read_in_their_key(numeral: str, key: int, colour: Colour, name: str) -> None:
    assert chord_of(numeral, key, colour).name == name


def test_the_last_chord_is_plain() -> None:
    assert chord_of("I", 4, Colour.DOMINANT, ending=True).name == "E:maj"


@given(chords)
def test_chords_are_called_as_figaro_calls_them(chord: Chord) -> None:
    assert f"Chord_{chord.name}" in DESCRIPTIONS.tokens


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("mode", [0, 1])
def test_progressions_become_as_bright_as_asked_for(style: str, mode: int) -> None:
    sections = sections_of(STYLES[style].form, 40)

    def share(wanted: float) -> float:
        spans = chords_of(
            STYLES[style],
            sections,
            Meter.of(4),
            key=3,
            mode=mode,
            bright_share=wanted,
            rng=SeededRandom(1),
        )
        assert spans[0].start == 0
        assert spans[-1].end == 40 * 48
        return sum(span.end - span.start for span in spans if span.chord.is_bright) / spans[-1].end

    assert share(0.6) == pytest.approx(0.6, abs=0.13)
    assert share(0.35) == pytest.approx(0.35, abs=0.15)
    assert share(0.8) > share(0.4) > share(0.1)


@given(st.floats(0, 1), st.integers(0, 1), st.integers(0, 1000))
def test_bending_keeps_the_first_chord_and_the_length(share: float, mode: int, seed: int) -> None:
    cycle = ["I", "V", "vi", "IV"] if mode else ["i", "bVI", "iv", "V"]
    changed = substitute_chords(cycle * 2, share, mode, SeededRandom(seed))
    assert len(changed) == 8
    assert changed[0] == cycle[0]


def test_the_melodys_scale_takes_in_the_chords_foreign_tones() -> None:
    assert scale_of(Chord(0, "maj"), 0, 1) == (0, 2, 4, 5, 7, 9, 11)
    assert scale_of(Chord(4, "maj"), 9, 0) == (9, 11, 0, 2, 4, 5, 8)
    assert 8 in scale_of(Chord(5, "min"), 0, 1)
    assert 9 not in scale_of(Chord(5, "min"), 0, 1)


@given(chords, st.integers(45, 75), st.integers(2, 4))
def test_voicings_have_chord_tones_near_the_centre_without_doublings(
    chord: Chord, centre: int, voices: int
) -> None:
    pitches = voice_chord(chord, None, centre, voices)
    assert len(set(pitches)) == voices
    assert list(pitches) == sorted(pitches)
    assert {pitch % 12 for pitch in pitches} <= set(chord.tones)
    assert abs(sum(pitches) / voices - centre) <= 8
    assert chord.tones[1] in {pitch % 12 for pitch in pitches}


@given(chords, chords)
def test_voices_lead_smoothly(first: Chord, second: Chord) -> None:
    before = voice_chord(first, None, 60, 3)
    after = voice_chord(second, before, 60, 3)
    moved = sum(abs(a - b) for a, b in zip(before, after, strict=True))
    assert moved <= 18


@given(st.integers(0, 11), st.integers(20, 100))
def test_the_nearest_pitch_is_at_most_a_tritone_away(pitch_class: int, pitch: int) -> None:
    found = nearest_pitch(pitch_class, pitch)
    assert found % 12 == pitch_class
    assert abs(found - pitch) <= 6
