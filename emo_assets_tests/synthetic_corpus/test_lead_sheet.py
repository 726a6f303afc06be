from __future__ import annotations

from emo_assets.synthetic_corpus.composition import ComposedSong


def test_every_position_has_the_chord_that_spans_it(songs: list[ComposedSong]) -> None:
    for song in songs[::24]:
        sheet = song.sheet
        for position in range(0, sheet.chords[-1].end, 5):
            span = sheet.span_at(position)
            assert span.start <= position < span.end
            assert sheet.chord_at(position) == span.chord
        assert sheet.span_at(sheet.chords[-1].end + 100) == sheet.chords[-1]


def test_the_last_bar_ends_with_the_chords(songs: list[ComposedSong]) -> None:
    for song in songs:
        assert song.sheet.last_bar_start + song.sheet.meter.positions == song.sheet.chords[-1].end
