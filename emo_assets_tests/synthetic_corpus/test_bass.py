from __future__ import annotations

import pytest

from emo_assets.features import FeatureVector
from emo_assets.synthetic_corpus.bass import HIGHEST, LOWEST
from emo_assets.synthetic_corpus.composition import ComposedSong, compose_song
from emo_assets.synthetic_corpus.drums import KICKS
from emo_assets.synthetic_corpus.performance import TICKS_PER_POSITION
from emo_assets.synthetic_corpus.styles import STYLES
from emo_assets_tests.synthetic_corpus.measures import notes_of


@pytest.mark.parametrize("style", ["rock", "metal", "funk", "ballad", "country", "disco", "synth-pop"])
def test_the_bass_plays_with_the_kick(style: str) -> None:
    song = compose_song(FeatureVector(energy=0.7), STYLES[style], 32, 2)
    drums = next(part for part in song.parts if part.is_drum)
    kicks = {note.start // TICKS_PER_POSITION for note in drums.notes if note.pitch in KICKS}
    basses = {note.start // TICKS_PER_POSITION for note in notes_of(song, "bass")}
    assert len(kicks & basses) / len(kicks) > 0.5


def test_the_bass_keeps_below_the_other_instruments(songs: list[ComposedSong]) -> None:
    for song in songs:
        bass = [note.pitch for note in notes_of(song, "bass")]
        others = [n.pitch for p in song.parts if not p.is_drum and p.name != "bass" for n in p.notes]
        assert sum(bass) / len(bass) + 7 < sum(others) / len(others)


def test_every_chord_under_the_bass_starts_with_its_root(songs: list[ComposedSong]) -> None:
    for song in songs[::10]:
        played = {note.start // TICKS_PER_POSITION: note.pitch for note in notes_of(song, "bass")}
        starts = [span for span in song.sheet.chords if span.start in played]
        on_root = [played[span.start] % 12 == span.chord.root for span in starts]
        assert sum(on_root) >= 0.9 * len(on_root)


def test_the_bass_stays_within_its_range_until_the_final_root(songs: list[ComposedSong]) -> None:
    for song in songs:
        assert all(LOWEST <= note.pitch <= HIGHEST for note in notes_of(song, "bass")[:-1])
