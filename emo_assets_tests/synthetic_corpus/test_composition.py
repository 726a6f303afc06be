from __future__ import annotations

import io
from collections import Counter
from dataclasses import replace
from itertools import pairwise

import pretty_midi
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emo_assets.features import FeatureVector
from emo_assets.midi.score import read_midi
from emo_assets.synthetic_corpus.composition import ComposedSong, compose_song
from emo_assets.synthetic_corpus.performance import RESOLUTION, TICKS_PER_POSITION
from emo_assets.synthetic_corpus.styles import STYLES
from emo_assets.tokens.quantization import POSITIONS_PER_QUARTER
from emo_assets.tokens.tokenize import tokenize_midi
from emo_assets.tokens.vocabulary import CHORDS
from emo_assets_tests.synthetic_corpus.measures import felt_meter, notes_of


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
        assert midi.resolution == song.resolution
        assert midi.get_end_time() == pytest.approx(
            song.bars * song.sheet.features.time_signature * 60 / song.sheet.features.tempo, abs=0.1
        )


def test_tokenizing_finds_all_bars_and_the_composed_chords(songs: list[ComposedSong]) -> None:
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
    assert found / meant > 0.87


def test_files_have_the_resolutions_of_real_ones_and_the_same_positions(songs: list[ComposedSong]) -> None:
    resolutions = Counter(song.resolution for song in songs)
    assert len(resolutions) >= 6
    assert resolutions[480] < 0.4 * len(songs)
    coarse, fine = (_positions(replace(songs[0], resolution=resolution)) for resolution in (48, 960))
    assert coarse == fine


def _positions(song: ComposedSong) -> list[tuple[int, int]]:
    """Return position and pitch of every note in the song's file, in order."""
    score = read_midi(song.to_midi())
    positions = score.notes.start * POSITIONS_PER_QUARTER // score.resolution
    return sorted(zip(positions.tolist(), score.notes.pitch.tolist(), strict=True))


def test_songs_have_three_to_nine_instruments_and_a_sane_number_of_notes(songs: list[ComposedSong]) -> None:
    for song in songs:
        assert 3 <= len(song.parts) <= 9
    in_four = [song for song in songs if song.sheet.features.time_signature == 4]
    notes = sorted(sum(len(part.notes) for part in song.parts) / song.bars for song in in_four)
    assert notes[0] > 4
    assert notes[-1] < 120
    assert 30 < notes[len(notes) // 2] < 50


def test_no_bar_is_empty(songs: list[ComposedSong]) -> None:
    for song in songs:
        if song.sheet.features.time_signature == 1:
            continue  # the final chord sounds for four bars of one beat
        width = song.sheet.features.time_signature * RESOLUTION
        played = {note.start // width for part in song.parts for note in part.notes}
        assert played == set(range(song.bars))


def test_every_instrument_plays_before_the_final_chord(songs: list[ComposedSong]) -> None:
    for song in songs:
        width = felt_meter(song).positions * TICKS_PER_POSITION
        for part in song.parts:
            assert part.notes[0].start < song.sheet.chords[-1].end * TICKS_PER_POSITION - width, part.name


def test_songs_end_on_the_tonic(songs: list[ComposedSong]) -> None:
    for song in songs:
        assert song.sheet.chords[-1].chord.root == song.sheet.features.key
        assert song.sheet.chords[-1].chord.quality == ("maj" if song.sheet.features.mode else "min")
        assert notes_of(song, "bass")[-1].pitch % 12 == song.sheet.features.key
