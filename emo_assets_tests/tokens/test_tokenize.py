from __future__ import annotations

import random
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emo_assets.midi.errors import MidiError
from emo_assets.midi.writer import Note, Part, encode_midi
from emo_assets.tokens.grammar.descriptions import DescriptionGrammar
from emo_assets.tokens.grammar.events import EventGrammar
from emo_assets.tokens.tokenize import MidiTokens, tokenize_midi
from emo_assets.tokens.vocabulary import DESCRIPTIONS, EVENTS
from emo_assets_tests.midi.random_files import random_file
from emo_assets_tests.tokens.expected import (
    FIXTURES,
    Expected,
    bars,
    fixtures,
    lakh_files,
    read_expected,
    readable_fixtures,
)

SMALL = sorted(path.read_bytes() for path in FIXTURES.glob("*.mid") if path.stat().st_size < 3000)


def scale(
    *, time_signatures: tuple[tuple[int, int, int], ...] = ((0, 4, 4),), resolution: int = 480
) -> bytes:
    """A scale of eighth notes on the piano, two bars of 4/4."""
    step = resolution // 2
    notes = [Note(number * step, (number + 1) * step, 60 + number % 8, 90) for number in range(16)]
    return encode_midi([Part(0, False, notes)], resolution=resolution, time_signatures=time_signatures)


@pytest.mark.parametrize("expected", fixtures(), ids=lambda expected: expected.file)
def test_strict_reading_agrees_with_the_reference(expected: Expected) -> None:
    content = (FIXTURES / expected.file).read_bytes()
    if expected.error is not None:
        with pytest.raises(MidiError):
            tokenize_midi(content, strict=True)
        return
    tokens = tokenize_midi(content, strict=True)
    assert bars(tokens.description_text()) == bars(expected.description)
    assert tokens.events_text() == expected.events
    assert tokens.events == EVENTS.encode(expected.events)


@pytest.mark.realdata
def test_strict_reading_of_real_files_agrees_with_the_reference(golden: Path, realdata: Path) -> None:
    files = lakh_files(realdata)
    differing = []
    compared = 0
    for expected in read_expected(golden / "lakh.jsonl.gz"):
        compared += 1
        try:
            tokens = tokenize_midi(files[expected.file].read_bytes(), strict=True)
        except MidiError:
            if expected.error is None:
                differing.append(expected.file)
            continue
        same = bars(tokens.description_text()) == bars(expected.description)
        same = same and tokens.events_text() == expected.events
        if expected.error is not None or not same:
            differing.append(expected.file)
    assert compared == 664
    assert differing == []


def test_instruments_of_a_bar_are_in_the_order_of_their_ids() -> None:
    text = tokenize_midi((FIXTURES / "many_instruments.mid").read_bytes()).description_text()
    DescriptionGrammar().check(DESCRIPTIONS.encode(text))


@pytest.mark.parametrize("expected", readable_fixtures(), ids=lambda expected: expected.file)
def test_tokens_follow_the_grammars(expected: Expected) -> None:
    tokens = tokenize_midi((FIXTURES / expected.file).read_bytes())
    assert DescriptionGrammar().parse(DESCRIPTIONS.encode(tokens.description_text())) == tokens.description
    EventGrammar().parse(tokens.events)


def test_events_are_read_only_when_they_are_asked_for() -> None:
    tokens = tokenize_midi(scale(), events=False)
    assert tokens.events == []
    assert tokens.description == tokenize_midi(scale()).description


def test_a_missing_time_signature_reads_as_four_four_unless_strict() -> None:
    without = scale(time_signatures=())
    assert tokenize_midi(without) == tokenize_midi(scale())
    with pytest.raises(MidiError) as refusal:
        tokenize_midi(without, strict=True)
    assert refusal.value.stage == "time signature"


@pytest.mark.parametrize(
    ("file", "stage"),
    [
        ("broken_empty.mid", "parse"),
        ("broken_garbage.mid", "parse"),
        ("no_notes.mid", "notes"),
    ],
)
def test_refusals_say_in_one_line_where_and_why(file: str, stage: str) -> None:
    with pytest.raises(MidiError) as refusal:
        tokenize_midi((FIXTURES / file).read_bytes())
    assert refusal.value.stage == stage
    assert str(refusal.value)
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize(
    ("file", "stage", "repairs"),
    [
        ("broken_truncated.mid", "parse", ("tracks cut off: 1", "missing tracks: 1")),
        ("broken_tick_bomb.mid", "limits", ("tracks ended before tick 10000000: 1",)),
    ],
)
def test_damaged_files_are_repaired_unless_strict(file: str, stage: str, repairs: tuple[str, ...]) -> None:
    content = (FIXTURES / file).read_bytes()
    assert tokenize_midi(content).repairs == repairs
    with pytest.raises(MidiError) as refusal:
        tokenize_midi(content, strict=True)
    assert refusal.value.stage == stage


def test_a_meter_without_positions_is_ignored_unless_strict() -> None:
    tokens = tokenize_midi(scale(time_signatures=((0, 4, 4), (960, 1, 128))))
    assert tokens.repairs == ("impossible time signatures ignored: 1",)
    assert tokens.description == tokenize_midi(scale()).description
    with pytest.raises(MidiError, match="no position"):
        tokenize_midi(scale(time_signatures=((0, 4, 4), (960, 1, 128))), strict=True)


@pytest.mark.parametrize(("velocity", "repairs"), [(0x00, None), (0x40, ("notes without an end: 1",))])
def test_controls_are_no_music_and_unpaired_notes_are_unless_strict(
    velocity: int, repairs: tuple[str, ...] | None
) -> None:
    controls = bytes.fromhex("00 ff 58 04 04 02 18 08 00 b0 40 7f 00 e0 00 50")
    track = controls + bytes.fromhex(f"00 90 40 {velocity:02x} 20 41 00")
    content = b"MThd\0\0\0\6\0\1\0\1\1\xe0MTrk" + len(track).to_bytes(4, "big") + track
    with pytest.raises(MidiError, match="no notes"):
        tokenize_midi(content, strict=True)
    if repairs:
        assert tokenize_midi(content).repairs == repairs
    else:
        with pytest.raises(MidiError, match="no notes"):
            tokenize_midi(content)


def test_a_tempo_change_at_480_seconds_is_found() -> None:
    notes = [Note(480 * beat, 480 * beat + 240, 60, 90) for beat in range(970)]
    content = encode_midi([Part(0, False, notes)], tempos=[(0, 120.0), (960 * 480, 122.0)])
    events = tokenize_midi(content).events
    assert [token for token in EVENTS.decode(events) if token.startswith("Tempo_")].count(
        "Tempo_16"
    ) == 243 + 1
    EventGrammar().parse(events)


@pytest.mark.parametrize("resolution", [24, 96, 192, 960])
def test_events_do_not_depend_on_the_resolution(resolution: int) -> None:
    assert tokenize_midi(scale(resolution=resolution)).events == tokenize_midi(scale()).events


@given(st.binary(max_size=400))
def test_random_bytes_are_refused_or_read(content: bytes) -> None:
    _read_or_refuse(content)
    _read_or_refuse(b"MThd\0\0\0\6\0\1\0\1\1\xe0MTrk" + len(content).to_bytes(4, "big") + content)


@settings(max_examples=200)
@given(st.sampled_from(SMALL), st.integers(0, 2**32), st.integers(1, 8))
def test_damaged_files_are_refused_or_read(content: bytes, seed: int, damages: int) -> None:
    chance = random.Random(seed)
    damaged = bytearray(content)
    for _ in range(damages if damaged else 0):
        place = chance.randrange(len(damaged))
        match chance.randrange(4):
            case 0:
                damaged[place] ^= 1 << chance.randrange(8)
            case 1:
                damaged[place] = chance.choice(b"\x00\x7f\x80\xf0\xf7\xf8\xff")
            case 2:
                del damaged[place : place + chance.randrange(1, 20)]
            case _:
                damaged[place:place] = chance.randbytes(chance.randrange(1, 20))
        if not damaged:
            break
    _read_or_refuse(bytes(damaged))


@given(st.integers(0, 2**32))
def test_random_files_are_refused_or_read(seed: int) -> None:
    _read_or_refuse(random_file(seed))


def _read_or_refuse(content: bytes) -> None:
    outcome = _outcome(content)
    if isinstance(outcome, MidiError):
        assert outcome.stage in {"parse", "limits", "time signature", "notes"}
        assert "\n" not in str(outcome)
    else:
        _has_repairs_if_damaged(content, outcome)
        EventGrammar().parse(outcome.events)
        assert EVENTS.encode(outcome.events_text()) == outcome.events
        ids = DescriptionGrammar().format(outcome.description)
        assert DescriptionGrammar().parse(ids) == outcome.description
        assert DESCRIPTIONS.encode(outcome.description_text()) == ids


def _has_repairs_if_damaged(content: bytes, tokens: MidiTokens) -> None:
    strictly = _outcome(content, strict=True)
    if isinstance(strictly, MidiTokens):
        assert tokens == strictly
    else:
        assert tokens.repairs or "no time signature on its first track" in str(strictly)


def _outcome(content: bytes, *, strict: bool = False) -> MidiTokens | MidiError:
    try:
        return tokenize_midi(content, strict=strict)
    except MidiError as refusal:
        return refusal
