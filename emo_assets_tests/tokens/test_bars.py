from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emo_assets.midi.errors import MidiError
from emo_assets.midi.general_midi import DRUMS
from emo_assets.midi.score import read_midi
from emo_assets.midi.writer import Note, Part, encode_midi
from emo_assets.tokens.bars import QuantizedScore, quantize
from emo_assets.tokens.vocabulary import CHORDS

RESOLUTION = 480


def quantized(
    *parts: Part,
    meters: tuple[tuple[int, int, int], ...] = ((0, 4, 4),),
    resolution: int = RESOLUTION,
    tempos: tuple[tuple[int, float], ...] = ((0, 120.0),),
) -> QuantizedScore:
    content = encode_midi(parts, resolution=resolution, time_signatures=meters, tempos=tempos)
    return quantize(read_midi(content))


def piano(*notes: tuple[int, int, int], controls: tuple[tuple[int, int, int], ...] = ()) -> Part:
    """A piano with (start, end, pitch) notes."""
    return Part(0, False, [Note(start, end, pitch, 80) for start, end, pitch in notes], controls=controls)


@given(
    st.lists(st.tuples(st.integers(0, 20_000), st.integers(0, 127)), min_size=1, max_size=8, unique=True),
    st.sampled_from([24, 96, 480]),
)
def test_notes_start_at_the_last_position_that_has_begun(
    starts: list[tuple[int, int]], resolution: int
) -> None:
    score = quantized(*(piano((tick, tick + 1, pitch)) for tick, pitch in starts), resolution=resolution)
    step = resolution // 12
    assert sorted(score.notes.start.tolist()) == sorted(tick // step * step for tick, _ in starts)
    assert ((score.notes.end - score.notes.start) == 1).all()


def test_bars_reach_from_the_first_note_to_the_last() -> None:
    bar = 4 * RESOLUTION
    score = quantized(piano((2 * bar, 2 * bar + 100, 60), (4 * bar + 5, 4 * bar + 100, 62)))
    assert [(each.start, each.end) for each in score.bars][:2] == [(2 * bar, 3 * bar), (3 * bar, 4 * bar)]
    assert [(each.first, each.last) for each in score.bars] == [(0, 1), (1, 1), (1, 2)]
    assert {each.positions for each in score.bars} == {48}


def test_each_bar_has_the_meter_of_its_start() -> None:
    score = quantized(
        piano((0, 100, 60), (3 * RESOLUTION, 8 * RESOLUTION, 60)), meters=((0, 3, 4), (3 * RESOLUTION, 5, 8))
    )
    meters = [(bar.time_signature.numerator, bar.time_signature.denominator) for bar in score.bars]
    assert meters[:2] == [(3, 4), (5, 8)]
    assert [bar.positions for bar in score.bars][:2] == [36, 30]


def test_notes_of_one_position_are_in_figaros_order() -> None:
    flute = Part(73, False, [Note(3, 100, 50, 80)])
    drums = Part(0, True, [Note(9, 100, 36, 80)])
    score = quantized(flute, piano((5, 100, 64), (0, 100, 67), (7, 100, 60)), drums)
    assert list(zip(score.notes.instrument.tolist(), score.notes.pitch.tolist(), strict=True)) == [
        (DRUMS, 36),
        (0, 60),
        (0, 64),
        (0, 67),
        (73, 50),
    ]


def test_a_pedal_holds_notes_until_it_goes_up() -> None:
    pedal = ((50, 64, 127), (900, 64, 0))
    score = quantized(piano((0, 100, 60), (1000, 1100, 62), controls=pedal))
    assert (score.notes.end - score.notes.start).tolist() == [900, 100]


def test_a_lasting_triad_is_a_chord() -> None:
    score = quantized(piano(*((0, 4 * RESOLUTION, pitch) for pitch in (48, 52, 55))))
    tick, chord = score.chords[0]
    assert (tick, CHORDS[chord]) == (0, "C:maj")


def test_the_tempo_is_that_of_the_start() -> None:
    score = quantized(piano((0, 5000, 60)), tempos=((0, 93.0), (960, 140.0)))
    assert score.tempos == [(0, 93)]


def test_a_bar_without_positions_is_refused() -> None:
    with pytest.raises(MidiError, match="has no position") as refused:
        quantized(piano((0, 100, 60)), meters=((0, 1, 64),))
    assert refused.value.stage == "time signature"
