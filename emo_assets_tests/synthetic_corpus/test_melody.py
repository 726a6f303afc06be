from __future__ import annotations

from collections import Counter
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from emo_assets.features import FeatureVector
from emo_assets.synthetic_corpus.composition import ComposedSong, compose_song
from emo_assets.synthetic_corpus.form import Form, SectionKind, song_sections
from emo_assets.synthetic_corpus.harmony import melody_scale
from emo_assets.synthetic_corpus.melody import (
    INSTRUMENT_RANGES,
    Phrase,
    melody_phrases,
    opening_hook,
    split_phrases,
)
from emo_assets.synthetic_corpus.performance import RESOLUTION, TICKS_PER_POSITION
from emo_assets.synthetic_corpus.seeded_random import SeededRandom
from emo_assets.synthetic_corpus.styles import STYLES
from emo_assets_tests.synthetic_corpus.measures import notes_of


def test_long_lead_notes_are_chord_tones_and_all_are_in_the_scale(songs: list[ComposedSong]) -> None:
    for song in songs[::6]:
        for note in notes_of(song, "lead"):
            position = note.start // TICKS_PER_POSITION
            chord = next(span.chord for span in song.sheet.chords if span.start <= position < span.end)
            assert note.pitch % 12 in melody_scale(chord, song.sheet.features.key, song.sheet.features.mode)
            if note.end - note.start > 1.5 * RESOLUTION:
                assert note.pitch % 12 in chord.tones


def test_leads_move_mostly_by_step_and_stay_in_a_singers_range(songs: list[ComposedSong]) -> None:
    moves: Counter[str] = Counter()
    for song in songs:
        pitches = [note.pitch for note in notes_of(song, "lead")]
        for one, other in pairwise(pitches):
            moves["step" if abs(one - other) <= 4 else "skip" if abs(one - other) <= 12 else "jump"] += 1
        if pitches:
            assert max(pitches) - min(pitches) <= 24
            assert min(pitches) >= 48
            assert max(pitches) <= 96
    assert moves["step"] / moves.total() > 0.75
    assert moves["jump"] / moves.total() < 0.01


def test_melodies_stay_within_the_range_of_their_instrument(songs: list[ComposedSong]) -> None:
    seen = set()
    for song in songs:
        for part in song.parts:
            if part.name in ("lead", "theme") and part.program in INSTRUMENT_RANGES:
                seen.add(part.program)
                lowest, highest = INSTRUMENT_RANGES[part.program]
                assert all(lowest <= note.pitch <= highest for note in part.notes), (
                    song.sheet.style.name,
                    part.program,
                )
    assert len(seen) > 8


def test_choruses_repeat_their_theme() -> None:
    song = compose_song(FeatureVector(danceability=0.9, instrumentalness=0.0), STYLES["synth-pop"], 40, 7)
    choruses = [section for section in song.sheet.sections if section.kind == "chorus"]
    bar = song.sheet.features.time_signature * RESOLUTION

    def rhythm(first_bar: int) -> list[int]:
        start = first_bar * bar
        notes = notes_of(song, "lead")
        return [(n.start - start) // TICKS_PER_POSITION for n in notes if start <= n.start < start + 2 * bar]

    assert len(rhythm(choruses[0].first_bar)) > 2
    assert len(set(rhythm(choruses[0].first_bar)) & set(rhythm(choruses[1].first_bar))) > 2


@given(st.sampled_from(Form), st.integers(1, 80), st.floats(0, 80), st.integers(0, 99))
def test_sung_and_unsung_phrases_cover_the_melody_once(
    form: Form, bars: int, sung_bars: float, seed: int
) -> None:
    phrases = melody_phrases(song_sections(form, bars))
    sung, unsung = split_phrases(phrases, sung_bars, SeededRandom(seed))

    def covered(part: list[Phrase]) -> list[int]:
        return [phrase.first_bar + bar for phrase in part for bar in range(phrase.bars)]

    assert sorted(covered(sung) + covered(unsung)) == covered(phrases)
    for part in (sung, unsung):
        assert covered(part) == sorted(covered(part))
    assert abs(len(covered(sung)) - min(sung_bars, len(covered(phrases)))) <= 2


def test_choruses_are_sung_before_verses() -> None:
    phrases = melody_phrases(song_sections(Form.SONG, 46))
    choruses = sum(phrase.bars for phrase in phrases if phrase.material is SectionKind.CHORUS)

    sung, _ = split_phrases(phrases, choruses, SeededRandom(0))

    assert {phrase.material for phrase in sung} == {SectionKind.CHORUS}


def test_an_introduction_quotes_the_chorus() -> None:
    hook = opening_hook(song_sections(Form.SONG, 40))
    assert hook is not None
    assert (hook.material, hook.first_bar, hook.bars) == (SectionKind.CHORUS, 0, 4)
    assert opening_hook(song_sections(Form.SONG, 12)) is None
