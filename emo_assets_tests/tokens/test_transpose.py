from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from emo_assets.tokens.transpose import transpose_events
from emo_assets.tokens.vocabulary import EVENTS, EventKind


def moved(*tokens: str, semitones: int) -> list[str]:
    return EVENTS.decode(transpose_events(EVENTS.encode(tokens), semitones))


def test_pitches_and_chord_roots_move_together() -> None:
    assert moved("Pitch_60", "Chord_A:min7", semitones=3) == ["Pitch_63", "Chord_C:min7"]
    assert moved("Pitch_60", "Chord_C:None", semitones=-1) == ["Pitch_59", "Chord_B:None"]


def test_drums_silence_and_all_else_stay() -> None:
    tokens = ("Bar_3", "Position_7", "Pitch_drum_36", "Chord_N:N", "Velocity_20", "Instrument_Flute")
    assert moved(*tokens, semitones=5) == list(tokens)


def test_a_pitch_that_would_leave_the_range_moves_an_octave_less() -> None:
    assert moved("Pitch_126", "Pitch_2", semitones=4) == ["Pitch_118", "Pitch_6"]
    assert moved("Pitch_126", "Pitch_2", semitones=-4) == ["Pitch_122", "Pitch_10"]


@given(
    st.lists(st.integers(EVENTS.span(EventKind.PITCH).start + 12, EVENTS.span(EventKind.PITCH).stop - 13)),
    st.integers(-12, 12),
)
def test_moving_back_gives_the_events_back(events: list[int], semitones: int) -> None:
    assert transpose_events(transpose_events(events, semitones), -semitones) == events
