from __future__ import annotations

from io import BytesIO
from itertools import pairwise

import mido
import pytest

from emo_assets.midi.general_midi import DRUMS
from emo_assets.midi.mixing import CHORUS, EXPRESSION, MIXES, PAN, REVERB, VOLUME, drum_kit, mix_parts
from emo_assets.midi.writer import Note, Part, encode_midi
from emo_assets.tokens.tokenize import tokenize_midi

BAR = 4 * 480
PIANO, ORGAN, GUITAR, BASS, STRINGS, SAX = 0, 16, 25, 33, 48, 65


def part(program: int, bars: int = 8) -> Part:
    notes = [Note(BAR * bar, BAR * (bar + 1), 60, 80) for bar in range(bars)]
    return Part(0 if program == DRUMS else program, program == DRUMS, notes)


def mixed(*programs: int) -> list[Part]:
    return mix_parts([part(program) for program in programs], range(0, 8 * BAR, BAR))


def values(one: Part, controller: int) -> list[int]:
    return [value for _, number, value in one.controls if number == controller]


def pans(*programs: int) -> list[int]:
    return [values(one, PAN)[0] for one in mixed(*programs)]


def test_every_family_is_mixed() -> None:
    assert len(MIXES) == DRUMS // 8 + 1
    for program in range(0, DRUMS + 1, 8):
        [one] = mixed(program)
        at_start = {controller: value for tick, controller, value in one.controls if not tick}
        assert {VOLUME, PAN, REVERB, CHORUS} <= at_start.keys()
        assert all(0 <= value <= 127 for _, _, value in one.controls)


def test_bass_drums_and_a_single_lead_are_in_the_centre() -> None:
    assert pans(BASS, DRUMS, SAX) == [64, 64, 64]


def test_accompanying_instruments_lie_left_and_right() -> None:
    sax, guitar, piano, bass = pans(SAX, GUITAR, PIANO, BASS)
    assert guitar < 44 < 64 == bass == sax
    assert piano > 84


def test_two_instruments_of_a_family_lie_apart() -> None:
    left, right = pans(PIANO, PIANO + 1)
    assert right - left > 40


def test_the_lead_is_louder_and_drier_than_the_strings() -> None:
    sax, strings = mixed(SAX, STRINGS)
    assert values(sax, VOLUME) > values(strings, VOLUME)
    assert values(sax, REVERB) < values(strings, REVERB)


def test_strings_swell_in_every_phrase_before_the_last_note() -> None:
    piano, strings = mixed(PIANO, STRINGS)
    assert not values(piano, EXPRESSION)
    ticks = [tick for tick, controller, _ in strings.controls if controller == EXPRESSION]
    swell = values(strings, EXPRESSION)
    assert all(one < other for one, other in pairwise(ticks))
    assert ticks[-1] < 7 * BAR
    assert swell[0] == swell[16] < swell[8] == max(swell)


def test_reading_gives_the_same_events_and_description() -> None:
    programs = (PIANO, GUITAR, BASS, STRINGS, SAX, DRUMS)
    plain = tokenize_midi(encode_midi([part(program) for program in programs]))
    assert tokenize_midi(encode_midi(mixed(*programs))) == plain


def test_controls_come_before_the_first_note() -> None:
    file = mido.MidiFile(file=BytesIO(encode_midi(mixed(STRINGS))))
    kinds = [message.type for message in file.tracks[1]]
    assert kinds.index("control_change") < kinds.index("note_on")


def test_no_parts_are_no_parts() -> None:
    assert mix_parts([], []) == []


@pytest.mark.parametrize(
    ("acousticness", "energy", "danceability", "kit"),
    [
        (0.9, 0.2, 0.5, 40),
        (0.9, 0.6, 0.5, 32),
        (0.9, 0.9, 0.5, 8),
        (0.1, 0.6, 0.8, 24),
        (0.1, 0.9, 0.5, 16),
        (0.4, 0.5, 0.9, 0),
    ],
)
def test_the_drum_kit_follows_the_features(
    acousticness: float, energy: float, danceability: float, kit: int
) -> None:
    assert drum_kit(acousticness, energy, danceability) == kit
