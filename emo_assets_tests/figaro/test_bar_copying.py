from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from emo_assets.figaro.bar_copying import COPY_LAGS, CopyPointers, copied_events
from emo_assets.figaro.inputs import TrainingSong
from emo_assets.tokens.vocabulary import BOS, EVENTS, PAD, EventKind

BARS = EVENTS.span(EventKind.BAR)
DRUM = ["Instrument_drum", "Pitch_drum_36", "Velocity_20", "Duration_1"]
VIOLIN = ["Instrument_Violin", "Pitch_60", "Velocity_25", "Duration_11"]


def bar(number: int, *items: list[str], chord: str = "C:maj") -> list[str]:
    head = [f"Bar_{number}", "Time Signature_4/4", "Position_0", f"Chord_{chord}", "Position_0", "Tempo_16"]
    return head + [token for item in items for token in item]


def suggestion(*tokens: str, lag: int = 1) -> str | None:
    """What the pointer into the bar `lag` back suggests after `tokens`."""
    pointers = CopyPointers()
    for event in EVENTS.encode(tokens):
        pointers.advance(event)
    event = pointers.suggest()[COPY_LAGS.index(lag)]
    return None if event == PAD else EVENTS.tokens[event]


FIRST = bar(1, ["Position_0", *DRUM], ["Position_12", *DRUM], ["Position_12", *VIOLIN])


def test_a_repeated_bar_is_suggested_token_by_token() -> None:
    second = bar(2, ["Position_0", *DRUM], ["Position_12", *DRUM], ["Position_12", *VIOLIN])
    for length in range(1, len(second)):
        assert suggestion(*FIRST, *second[:length]) == second[length]
    assert suggestion(*FIRST, *second) == "Bar_3"


def test_nothing_is_suggested_before_there_is_a_bar_to_copy() -> None:
    assert suggestion() is None
    assert suggestion(*FIRST) is None
    assert suggestion(*FIRST, *bar(2), lag=2) is None


def test_a_pointer_goes_on_after_what_was_left_out() -> None:
    second = bar(2, ["Position_6", *DRUM])
    assert suggestion(*FIRST, *second) == "Position_12"


def test_a_position_without_items_to_copy_suggests_nothing() -> None:
    assert suggestion(*FIRST, *bar(2), "Position_6") is None


def test_an_instrument_points_to_its_own_next_note() -> None:
    assert suggestion(*FIRST, *bar(2), "Position_12", "Instrument_Violin") == "Pitch_60"
    assert suggestion(*FIRST, *bar(2), "Position_12", "Instrument_Viola") is None


def test_another_pitch_takes_velocity_and_length_of_a_note_of_its_instrument() -> None:
    begun = ["Position_12", "Instrument_Violin", "Pitch_64"]
    assert suggestion(*FIRST, *bar(2), *begun) == "Velocity_25"
    assert suggestion(*FIRST, *bar(2), *begun, "Velocity_3") == "Duration_11"


def test_each_lag_reads_its_own_bar() -> None:
    song = [*FIRST, *bar(2, ["Position_3", *DRUM]), *bar(3)]
    assert suggestion(*song, lag=1) == "Position_3"
    assert suggestion(*song, lag=2) == "Position_0"


def test_a_new_chord_at_the_bar_line_is_suggested_after_the_current_one() -> None:
    changed = ["Position_0", "Chord_G:maj"]
    song = [*bar(1, changed), *bar(2)]
    assert suggestion(*song) == "Position_0"
    assert suggestion(*song, "Position_0") == "Chord_G:maj"


def test_suggestions_of_a_song_are_those_of_its_pointers(songs: list[TrainingSong]) -> None:
    song = songs[0]
    pointers, expected = CopyPointers(), []
    for event in song.events.tolist():
        pointers.advance(event)
        expected.append(pointers.suggest())
    assert copied_events(song.events).tolist() == [list(row) for row in expected]


def test_composed_songs_repeat_their_bars(songs: list[TrainingSong]) -> None:
    hits = [(song.copied[:-1] == song.events[1:, None]).any(axis=1).mean() for song in songs]
    assert np.mean(hits) > 0.5


def test_transposed_songs_have_transposed_suggestions(songs: list[TrainingSong]) -> None:
    song = songs[0]
    shift = song.transpositions(3, 3)[-1]
    assert len(song.copied) == len(song)
    moved = song.transpose(shift)
    assert np.array_equal(moved.copied, copied_events(moved.events))


@given(st.lists(st.integers(0, len(EVENTS) - 1), max_size=60))
def test_any_tokens_of_the_vocabulary_are_followed(tokens: list[int]) -> None:
    rows = copied_events(np.array([BOS, BARS[1], *tokens]))
    assert rows.shape == (len(tokens) + 2, len(COPY_LAGS))
    assert ((rows >= 0) & (rows < len(EVENTS))).all()
