from __future__ import annotations

import io
from collections import Counter, defaultdict
from itertools import pairwise

import pretty_midi
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emo_assets.features import FeatureVector
from emo_assets.metrics.texture import ACOUSTIC_PROGRAMS
from emo_assets.midi.writer import Note
from emo_assets.synthetic_corpus.composition import ComposedSong, compose_song
from emo_assets.synthetic_corpus.harmony import melody_scale
from emo_assets.synthetic_corpus.melody import INSTRUMENT_RANGES
from emo_assets.synthetic_corpus.performance import RESOLUTION, TICKS_PER_POSITION
from emo_assets.synthetic_corpus.styles import STYLES, Role
from emo_assets.tokens.tokenize import tokenize_midi
from emo_assets.tokens.vocabulary import CHORDS
from emo_assets_tests.synthetic_corpus.measures import felt_meter

KICK = 36


def notes_of(song: ComposedSong, name: str) -> list[Note]:
    return [note for part in song.parts if part.name == name for note in part.notes]


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("time_signature", [1, 2, 3, 4, 5, 6, 7])
def test_every_style_plays_every_meter(style: str, time_signature: int) -> None:
    song = compose_song(FeatureVector(time_signature=time_signature), STYLES[style], 16, 1)
    end = 16 * time_signature * RESOLUTION
    notes = [note for part in song.parts for note in part.notes]
    assert max(note.end for note in notes) <= end
    assert max(note.end for note in notes) > end - RESOLUTION
    bars = {note.start // (felt_meter(song).positions * TICKS_PER_POSITION) for note in notes}
    assert bars == set(range(len(bars)))


@settings(max_examples=25, deadline=None)
@given(
    features=st.builds(
        FeatureVector,
        danceability=st.floats(0, 1),
        energy=st.floats(0, 1),
        loudness=st.floats(-60, 5),
        acousticness=st.floats(0, 1),
        instrumentalness=st.floats(0, 1),
        valence=st.floats(0, 1),
        key=st.integers(0, 11),
        mode=st.integers(0, 1),
        tempo=st.floats(30, 250),
        time_signature=st.integers(1, 7),
    ),
    style=st.sampled_from(sorted(STYLES)),
    bars=st.integers(1, 70),
    seed=st.integers(0, 2**31),
)
def test_any_features_and_length_give_a_playable_song(
    features: FeatureVector, style: str, bars: int, seed: int
) -> None:
    song = compose_song(features, STYLES[style], bars, seed)
    notes = [note for part in song.parts for note in part.notes]
    assert notes
    for note in notes:
        assert 0 <= note.start < note.end <= bars * features.time_signature * RESOLUTION
        assert 20 <= note.pitch <= 108
        assert 1 <= note.velocity <= 127
    assert song.sheet.chords[0].start == 0
    assert all(one.end == other.start for one, other in pairwise(song.sheet.chords))
    tokenize_midi(song.to_midi())


def test_a_song_without_bars_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one bar"):
        compose_song(FeatureVector(), STYLES["rock"], 0, 1)


def test_the_same_seed_gives_the_same_bytes_and_another_seed_another_song() -> None:
    features = FeatureVector()
    first, again, other = (compose_song(features, STYLES["funk"], 32, seed).to_midi() for seed in (5, 5, 6))
    assert first == again
    assert first != other


def test_tempo_meter_and_length_in_the_file_are_those_asked_for(songs: list[ComposedSong]) -> None:
    for song in songs[::12]:
        midi = pretty_midi.PrettyMIDI(io.BytesIO(song.to_midi()))
        times, tempos = midi.get_tempo_changes()
        assert list(times) == [0.0]
        assert tempos[0] == pytest.approx(song.sheet.features.tempo, abs=1e-3)
        changes = midi.time_signature_changes
        assert [(c.numerator, c.denominator, c.time) for c in changes] == [
            (song.sheet.features.time_signature, 4, 0.0)
        ]
        assert midi.resolution == RESOLUTION
        assert midi.get_end_time() == pytest.approx(
            song.bars * song.sheet.features.time_signature * 60 / song.sheet.features.tempo, abs=0.1
        )


def test_players_come_late_but_never_early_nor_into_the_next_position(songs: list[ComposedSong]) -> None:
    for song in songs:
        for part in song.parts:
            assert max(note.start % TICKS_PER_POSITION for note in part.notes) < TICKS_PER_POSITION - 5


def test_figaros_reading_finds_all_bars_and_the_chords_that_were_meant(songs: list[ComposedSong]) -> None:
    found = meant = 0
    for song in songs[::8]:
        bars = tokenize_midi(song.to_midi(), events=False).description
        if song.sheet.features.time_signature > 1:
            assert len(bars) == song.bars
        width = 12 * song.sheet.features.time_signature
        for number, bar in enumerate(bars):
            chords = {CHORDS[chord] for chord in bar.chords}
            true = {
                span.chord.name
                for span in song.sheet.chords
                if span.start < (number + 1) * width and span.end > number * width
            }
            found += bool(chords & true)
            meant += 1
    assert found / meant > 0.93


def test_no_pitch_is_struck_again_before_it_has_ended(songs: list[ComposedSong]) -> None:
    for song in songs[::4]:
        for part in song.parts:
            by_pitch: dict[int, list[Note]] = defaultdict(list)
            for note in part.notes:
                by_pitch[note.pitch].append(note)
            for notes in by_pitch.values():
                assert all(one.end <= other.start for one, other in pairwise(sorted(notes, key=_start)))


def _start(note: Note) -> int:
    return note.start


def test_songs_have_three_to_eight_instruments_and_a_sane_number_of_notes(songs: list[ComposedSong]) -> None:
    for song in songs:
        assert 3 <= len(song.parts) <= 8
    in_four = [song for song in songs if song.sheet.features.time_signature == 4]
    notes = sorted(sum(len(part.notes) for part in song.parts) / song.bars for song in in_four)
    assert notes[0] > 10
    assert notes[-1] < 80
    assert 30 < notes[len(notes) // 2] < 50


def test_no_bar_is_empty(songs: list[ComposedSong]) -> None:
    for song in songs:
        if song.sheet.features.time_signature == 1:
            continue  # the final chord sounds for four bars of one beat
        width = song.sheet.features.time_signature * RESOLUTION
        played = {note.start // width for part in song.parts for note in part.notes}
        assert played == set(range(song.bars))


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


def test_nobody_waits_for_the_final_chord(songs: list[ComposedSong]) -> None:
    for song in songs:
        width = felt_meter(song).positions * TICKS_PER_POSITION
        for part in song.parts:
            assert part.notes[0].start < song.sheet.chords[-1].end * TICKS_PER_POSITION - width, part.name


def test_melodies_stay_within_the_compass_of_their_instrument(songs: list[ComposedSong]) -> None:
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


def test_tunes_come_back() -> None:
    song = compose_song(FeatureVector(danceability=0.9, instrumentalness=0.0), STYLES["synth-pop"], 40, 7)
    choruses = [section for section in song.sheet.sections if section.kind == "chorus"]
    bar = song.sheet.features.time_signature * RESOLUTION

    def rhythm(first_bar: int) -> list[int]:
        start = first_bar * bar
        notes = notes_of(song, "lead")
        return [(n.start - start) // TICKS_PER_POSITION for n in notes if start <= n.start < start + 2 * bar]

    assert len(rhythm(choruses[0].first_bar)) > 2
    assert len(set(rhythm(choruses[0].first_bar)) & set(rhythm(choruses[1].first_bar))) > 2


@pytest.mark.parametrize("style", ["rock", "metal", "funk", "ballad", "country", "disco", "synth-pop"])
def test_the_bass_plays_with_the_kick(style: str) -> None:
    song = compose_song(FeatureVector(energy=0.7), STYLES[style], 32, 2)
    drums = next(part for part in song.parts if part.is_drum)
    kicks = {note.start // TICKS_PER_POSITION for note in drums.notes if note.pitch == KICK}
    basses = {note.start // TICKS_PER_POSITION for note in notes_of(song, "bass")}
    assert len(kicks & basses) / len(kicks) > 0.75


def test_the_bass_keeps_below_the_other_instruments(songs: list[ComposedSong]) -> None:
    for song in songs:
        bass = [note.pitch for note in notes_of(song, "bass")]
        others = [n.pitch for p in song.parts if not p.is_drum and p.name != "bass" for n in p.notes]
        assert sum(bass) / len(bass) + 7 < sum(others) / len(others)


def test_songs_end_on_the_tonic(songs: list[ComposedSong]) -> None:
    for song in songs:
        assert song.sheet.chords[-1].chord.root == song.sheet.features.key
        assert song.sheet.chords[-1].chord.quality == ("maj" if song.sheet.features.mode else "min")
        assert notes_of(song, "bass")[-1].pitch % 12 == song.sheet.features.key


def test_programs_of_styles_are_where_they_belong() -> None:
    for style in STYLES.values():
        for layer in style.layers:
            assert set(layer.acoustic) <= ACOUSTIC_PROGRAMS, (style.name, layer.role)
            assert not set(layer.electronic) & ACOUSTIC_PROGRAMS, (style.name, layer.role)


def test_what_sings_plays_nothing_else() -> None:
    singing = {
        program
        for style in STYLES.values()
        for layer in style.layers
        if layer.role is Role.LEAD
        for program in layer.acoustic + layer.electronic
    }
    for style in STYLES.values():
        for layer in style.layers:
            if layer.role is not Role.LEAD:
                assert not singing & set(layer.acoustic + layer.electronic), (style.name, layer.role)
