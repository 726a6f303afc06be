from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from emo_assets.figaro.inputs import DescriptionInput, Ids, TrainingSong, bar_ids, position_ids
from emo_assets.midi.general_midi import DRUMS
from emo_assets.tokens.grammar.descriptions import DescriptionGrammar
from emo_assets.tokens.grammar.events import EventGrammar
from emo_assets.tokens.quantization import MEAN_PITCH_BINS, nearest_bin
from emo_assets.tokens.vocabulary import BOS, DESCRIPTIONS, EOS, EVENTS

EVENT_TOKENS = [
    *("Bar_1", "Time Signature_4/4", "Position_0", "Chord_C:maj", "Position_0", "Tempo_16"),
    *("Position_0", "Instrument_drum", "Pitch_drum_36", "Velocity_20", "Duration_1"),
    *("Position_12", "Instrument_Violin", "Pitch_60", "Velocity_20", "Duration_11"),
    *("Bar_2", "Time Signature_4/4", "Position_0", "Chord_C:maj", "Position_0", "Tempo_16"),
    *("Position_6", "Instrument_Violin", "Pitch_64", "Velocity_20", "Duration_11"),
    *("Position_24", "Chord_N:N"),
]
DESCRIPTION_TOKENS = [
    *("Bar_1", "Time Signature_4/4", "Note Density_0", "Mean Velocity_20", "Mean Pitch_12"),
    *("Mean Duration_32", "Instrument_Violin", "Instrument_drum", "Chord_C:maj"),
    *("Bar_2", "Time Signature_4/4", "Note Density_0", "Mean Velocity_20", "Mean Pitch_16"),
    *("Mean Duration_32", "Instrument_Violin", "Chord_C:maj", "Chord_N:N"),
]
SONG = TrainingSong.from_ids(EVENTS.encode(EVENT_TOKENS), DESCRIPTIONS.encode(DESCRIPTION_TOKENS))


def test_bar_ids_count_bars_and_are_zero_for_the_specials() -> None:
    assert SONG.bars.tolist() == [0] + [1] * 16 + [2] * 13 + [0]


def test_the_number_in_a_bar_token_is_not_used() -> None:
    first, third = EVENTS.encode(["Bar_1", "Bar_3"])
    assert bar_ids(np.array([BOS, third, first])).tolist() == [0, 1, 2]


def test_position_ids_hold_the_last_position_until_the_next_bar() -> None:
    assert SONG.positions.tolist() == [0] * 12 + [12] * 5 + [0] * 6 + [6] * 5 + [24] * 3
    assert position_ids(np.array([BOS])).tolist() == [0]


def test_a_description_is_seen_from_the_bar_of_the_first_token() -> None:
    description = SONG.description
    ids, bars = description.from_bar(0, 256)
    assert (ids[0], ids[-1], bars[0], bars[-1]) == (BOS, EOS, 0, 0)
    ids, bars = description.from_bar(2, 256)
    assert DESCRIPTIONS.decode(ids)[:2] == ["Bar_2", "Time Signature_4/4"]
    assert bars.tolist() == [2] * 9 + [0]
    assert description.from_bar(2, 4)[0].tolist() == ids[:4].tolist()
    assert description.from_bar(9, 256)[0].tolist() == [EOS]


def changed(vocabulary: Any, before: Ids, after: Ids) -> list[str]:
    """The tokens that are not what they were."""
    return [
        token
        for token, old in zip(vocabulary.decode(after), vocabulary.decode(before), strict=True)
        if token != old
    ]


def test_transposing_moves_notes_chords_and_mean_pitches_but_not_drums() -> None:
    song = SONG.transpose(4)
    assert changed(EVENTS, SONG.events, song.events) == [
        "Chord_E:maj",
        "Pitch_64",
        "Chord_E:maj",
        "Pitch_68",
    ]
    described = changed(DESCRIPTIONS, SONG.description.ids, song.description.ids)
    # The first bar's mean moves by 2 of 4 semitones, from 48 to 50: its token stays the nearest.
    assert described == ["Chord_E:maj", "Mean Pitch_17", "Chord_E:maj"]


@pytest.mark.parametrize("shift", [-5, -1, 3, 6])
def test_transposed_songs_stay_songs_and_come_back(shift: int, songs: list[TrainingSong]) -> None:
    for song in songs:
        there = song.transpose(shift)
        written = EventGrammar().parse(there.events[1:-1].tolist())
        described = DescriptionGrammar().parse(there.description.ids[1:-1].tolist())
        for bar, events in zip(described, written, strict=True):
            if events.notes:
                mean = sum(note.pitch for note in events.notes) / len(events.notes)
                assert bar.mean_pitch == nearest_bin(mean, MEAN_PITCH_BINS)
        back = there.transpose(-shift)
        np.testing.assert_array_equal(back.events, song.events)
        np.testing.assert_array_equal(back.description.ids, song.description.ids)


def test_notes_may_not_leave_the_pitches(songs: list[TrainingSong]) -> None:
    highest = max(
        note.pitch
        for bar in EventGrammar().parse(songs[0].events[1:-1].tolist())
        for note in bar.notes
        if note.instrument != DRUMS
    )
    assert songs[0].transpositions(200, 200).stop == 128 - highest
    with pytest.raises(ValueError, match="beyond the 128 pitches"):
        songs[0].transpose(128 - highest)


def test_a_song_of_drums_alone_has_nothing_to_transpose() -> None:
    drums = TrainingSong.from_ids(
        EVENTS.encode(EVENT_TOKENS[:11]), DESCRIPTIONS.encode(DESCRIPTION_TOKENS[:6])
    )
    assert list(drums.transpositions(5, 6)) == [0]


def test_a_description_of_known_ids_is_framed() -> None:
    assert DescriptionInput.from_ids([]).ids.tolist() == [BOS, EOS]
