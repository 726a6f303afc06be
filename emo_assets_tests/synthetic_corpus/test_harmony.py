from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emo_assets.music_theory import CHORD_TONES
from emo_assets.synthetic_corpus.harmony import (
    Chord,
    ChordVocabulary,
    chord_from_numeral,
    melody_scale,
    nearest_pitch,
    substitute_chords,
    voice_chord,
)
from emo_assets.synthetic_corpus.seeded_random import SeededRandom
from emo_assets.tokens.vocabulary import DESCRIPTIONS

chords = st.builds(Chord, st.integers(0, 11), st.sampled_from(sorted(CHORD_TONES.keys() - {"None"})))


@pytest.mark.parametrize(
    ("numeral", "key", "vocabulary", "name"),
    [
        ("I", 0, ChordVocabulary.TRIADS, "C:maj"),
        ("vi", 0, ChordVocabulary.TRIADS, "A:min"),
        ("V", 9, ChordVocabulary.TRIADS, "E:maj"),
        ("bVI", 9, ChordVocabulary.TRIADS, "F:maj"),
        ("ii", 0, ChordVocabulary.SEVENTHS, "D:min7"),
        ("IV", 0, ChordVocabulary.SEVENTHS, "F:maj7"),
        ("V", 0, ChordVocabulary.SEVENTHS, "G:dom7"),
        ("I", 0, ChordVocabulary.SEVENTHS, "C:maj"),
        ("I", 4, ChordVocabulary.DOMINANT, "E:dom7"),
        ("iio", 0, ChordVocabulary.SEVENTHS, "D:dim"),
    ],
)
def test_numerals_are_read_in_their_key(
    numeral: str, key: int, vocabulary: ChordVocabulary, name: str
) -> None:
    assert chord_from_numeral(numeral, key, vocabulary).name == name


def test_the_last_chord_is_plain() -> None:
    assert chord_from_numeral("I", 4, ChordVocabulary.DOMINANT, final=True).name == "E:maj"


@given(chords)
def test_chords_are_called_as_figaro_calls_them(chord: Chord) -> None:
    assert f"Chord_{chord.name}" in DESCRIPTIONS.tokens


@given(st.floats(0, 1), st.integers(0, 1), st.integers(0, 1000))
def test_bending_keeps_the_first_chord_and_the_length(share: float, mode: int, seed: int) -> None:
    cycle = ["I", "V", "vi", "IV"] if mode else ["i", "bVI", "iv", "V"]
    changed = substitute_chords(cycle * 2, share, mode, SeededRandom(seed))
    assert len(changed) == 8
    assert changed[0] == cycle[0]


def test_the_melodys_scale_takes_in_the_chords_foreign_tones() -> None:
    assert melody_scale(Chord(0, "maj"), 0, 1) == (0, 2, 4, 5, 7, 9, 11)
    assert melody_scale(Chord(4, "maj"), 9, 0) == (9, 11, 0, 2, 4, 5, 8)
    assert 8 in melody_scale(Chord(5, "min"), 0, 1)
    assert 9 not in melody_scale(Chord(5, "min"), 0, 1)


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
    displaced = sum(abs(a - b) for a, b in zip(before, after, strict=True))
    assert displaced <= 18


@given(st.integers(0, 11), st.integers(20, 100))
def test_the_nearest_pitch_is_at_most_a_tritone_away(pitch_class: int, pitch: int) -> None:
    found = nearest_pitch(pitch_class, pitch)
    assert found % 12 == pitch_class
    assert abs(found - pitch) <= 6
