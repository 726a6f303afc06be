from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from emo_assets.figaro.constraints import DescriptionConstraint
from emo_assets.figaro.generate import Figaro
from emo_assets.figaro.instrument_limits import max_polyphony, pitch_range
from emo_assets.figaro.logit_bias import (
    LEAD_REGISTER,
    MOTIF_BIAS,
    SOURCE_BIAS,
    StyleBias,
    StyleTargets,
    has_melody,
    melody_capable_share,
)
from emo_assets.figaro.weights import bundled_bytes, from_bytes
from emo_assets.metrics.parsed_song import ParsedSong, parse_song
from emo_assets.metrics.rhythm import groove_regularity
from emo_assets.metrics.texture import lead_share
from emo_assets.midi.general_midi import DRUMS, INSTRUMENT_NAMES, melody_suitability
from emo_assets.tokens.detokenize import detokenize
from emo_assets.tokens.grammar.descriptions import DescribedBar, DescriptionGrammar
from emo_assets.tokens.vocabulary import EVENTS

FLUTE, BASS, PIANO = (
    INSTRUMENT_NAMES.index(name) for name in ("Flute", "Acoustic Bass", "Acoustic Grand Piano")
)


def bars(count: int, instruments: Sequence[int] = (PIANO, BASS, FLUTE, DRUMS)) -> list[DescribedBar]:
    return [
        DescribedBar(
            time_signature=9,
            note_density=2,
            mean_velocity=20,
            mean_pitch=15,
            mean_duration=32,
            instruments=tuple(sorted(instruments)),
            chords=(8 * (number % 2 * 5),),
        )
        for number in range(count)
    ]


@pytest.fixture(scope="module")
def figaro() -> Figaro:
    return Figaro(from_bytes(bundled_bytes()))


def songs(figaro: Figaro, targets: StyleTargets) -> list[ParsedSong]:
    description = DescriptionGrammar().format(bars(4))
    events = figaro.generate([description] * 4, tempos=[120] * 4, seeds=range(4), style_targets=[targets] * 4)
    return [parse_song(detokenize(each)) for each in events]


@pytest.mark.slow
def test_a_steady_song_repeats_its_rhythm_and_a_loose_one_does_not(figaro: Figaro) -> None:
    steady, neutral, loose = (
        float(
            np.mean([groove_regularity(song) for song in songs(figaro, StyleTargets(steadiness=steadiness))])
        )
        for steadiness in (1.0, 0.0, -1.0)
    )
    assert min(steady, neutral) > loose + 0.2  # the network itself is steady
    assert steady > 0.85
    assert loose < 0.75


@pytest.mark.slow
def test_songs_with_a_melody_have_a_lead_and_others_have_none(figaro: Figaro) -> None:
    with_melody, without = (
        float(np.mean([lead_share(song) for song in songs(figaro, StyleTargets(melody_share=share))]))
        for share in (1.0, 0.0)
    )
    assert with_melody > 0.8
    assert without < 0.2


def test_a_lead_plays_one_note_at_a_time_in_its_register(figaro: Figaro) -> None:
    for song in songs(figaro, StyleTargets(melody_share=1.0)):
        flute = song.notes.where((song.notes.program == FLUTE) & ~song.notes.is_drum)
        assert len(flute) >= 4
        assert len(np.unique(flute.onset)) == len(flute)
        inside = (flute.pitch >= LEAD_REGISTER.start) & (flute.pitch < LEAD_REGISTER.stop)
        assert inside.mean() > 0.9


def test_without_targets_there_is_no_bias() -> None:
    described = bars(2)
    constraint, style = DescriptionConstraint(described, 120), StyleBias(described, StyleTargets())
    for token in EVENTS.encode(["Bar_1", "Time Signature_4/4", "Position_0", "Chord_C:maj", "Position_0"]):
        assert not style.biases(constraint.state, constraint.allowed()).any()
        style.advance(constraint.state, token)
        constraint.advance(token)


def test_the_melody_share_decides_how_many_bars_at_the_end_of_a_phrase_have_one() -> None:
    assert [has_melody(bar, 0.5) for bar in range(8)] == [False] * 4 + [True] * 4
    assert all(has_melody(bar, 1.0) for bar in range(20))
    assert not any(has_melody(bar, 0.0) for bar in range(20))


def test_melody_instruments_are_more_suitable_than_others_and_drums_never() -> None:
    assert (
        melody_suitability(FLUTE)
        > melody_suitability(PIANO)
        > melody_suitability(BASS)
        == melody_suitability(DRUMS)
        == 0
    )
    assert melody_capable_share([*bars(1), *bars(3, (PIANO, DRUMS))]) == 0.25


def _begun_together(events: Sequence[int]) -> dict[tuple[float, int], list[int]]:
    """Return the pitches that each instrument begins at each onset of a song."""
    notes = parse_song(detokenize(events)).notes
    begun: dict[tuple[float, int], list[int]] = {}
    for onset, program, pitch, is_drum in zip(
        notes.onset.tolist(),
        notes.program.tolist(),
        notes.pitch.tolist(),
        notes.is_drum.tolist(),
        strict=True,
    ):
        begun.setdefault((round(onset, 3), DRUMS if is_drum else program), []).append(pitch)
    return begun


def test_playable_songs_keep_to_their_limits(figaro: Figaro) -> None:
    # as many notes as a bar can be asked for, of two players: more than they can play at a time
    dense = [bar._replace(note_density=12, mean_pitch=30) for bar in bars(3, (PIANO, BASS, DRUMS))]
    description = DescriptionGrammar().format(dense)

    def written(targets: StyleTargets) -> list[int]:
        return figaro.generate([description], tempos=[120], seeds=[3], style_targets=[targets])[0]

    for (_, player), pitches in _begun_together(written(StyleTargets(playable=True))).items():
        assert len(pitches) <= max_polyphony(player)
        assert player == DRUMS or all(pitch in pitch_range(player) for pitch in pitches)
    assert any(
        len(pitches) > max_polyphony(player) or (player != DRUMS and pitches[-1] not in pitch_range(player))
        for (_, player), pitches in _begun_together(written(StyleTargets())).items()
    )


def test_every_instrument_has_limits() -> None:
    assert all(
        len(pitch_range(instrument)) >= 24 and max_polyphony(instrument) for instrument in range(DRUMS)
    )
    assert max_polyphony(DRUMS) > 1


def biases_after(
    described: Sequence[DescribedBar], targets: StyleTargets, tokens: Sequence[str]
) -> dict[str, float]:
    """Return the bias of each token that may follow `tokens`."""
    style, constraint = StyleBias(described, targets), DescriptionConstraint(described, 120)
    for token in EVENTS.encode(tokens):
        style.advance(constraint.state, token)
        constraint.advance(token)
    allowed = constraint.allowed()
    values = style.biases(constraint.state, allowed).tolist()
    return {EVENTS.tokens[token]: value for token, value in zip(allowed.tolist(), values, strict=True)}


def head(number: int, chord: str = "C:maj") -> list[str]:
    bar = [f"Bar_{number}", "Time Signature_4/4", "Position_0", f"Chord_{chord}"]
    return [*bar, "Position_0", "Tempo_16"]


def note(position: int, pitch: int, instrument: int = FLUTE, duration: int = 11) -> list[str]:
    name = f"Instrument_{INSTRUMENT_NAMES[instrument]}"
    return [f"Position_{position}", name, f"Pitch_{pitch}", "Velocity_20", f"Duration_{duration}"]


def same_chord(count: int) -> list[DescribedBar]:
    return [bar._replace(chords=(0,)) for bar in bars(count)]


def test_a_bar_prefers_the_events_of_its_source() -> None:
    targets = StyleTargets(sources=(None, 0, None, None))
    tokens = [*head(1), *note(6, 72), *head(2)]
    biases = biases_after(same_chord(4), targets, tokens)
    assert biases.pop("Position_6") == SOURCE_BIAS
    assert not any(biases.values())


def test_a_bar_without_a_source_prefers_the_events_of_two_bars_before() -> None:
    targets = StyleTargets(sources=(None, None, None, None))
    tokens = [*head(1), *note(6, 72), *head(2), *note(9, 72), *head(3)]
    biases = biases_after(same_chord(4), targets, tokens)
    assert biases.pop("Position_6") == MOTIF_BIAS
    assert not any(biases.values())


def test_the_last_notes_of_a_form_are_held_to_the_end_of_the_bar() -> None:
    begun = [*head(1), *note(24, 72)[:4]]
    biases = biases_after(same_chord(1), StyleTargets(sources=(None,)), begun)
    held = [biases[f"Duration_{duration}"] for duration in (1, 6, 12, 18)]
    assert held == sorted(held)
    assert max(biases.values()) == biases["Duration_20"]


def test_a_lead_avoids_leaps() -> None:
    begun = [*head(1), *note(0, 72), *note(12, 72)[:2]]
    biases = biases_after(same_chord(2), StyleTargets(melody_share=1.0), begun)
    assert biases["Pitch_74"] > biases["Pitch_77"] > biases["Pitch_84"]


def test_a_backbeat_has_a_snare_on_two_and_four() -> None:
    targets = StyleTargets(steadiness=1.0, backbeat=True)
    on_two = [*head(1), "Position_12", "Instrument_drum"]
    biases = biases_after(same_chord(2), targets, on_two)
    assert max(biases, key=lambda token: biases[token]) == "Pitch_drum_38"
    passing = biases_after(same_chord(2), targets, head(1))
    assert passing["Position_12"] > passing["Position_13"]


def test_tones_that_tell_the_key_from_its_rival_are_preferred() -> None:
    described = bars(4)  # C and F major chords, which fit C major as well as F major
    style = StyleBias(described, StyleTargets(key=(0, 1)))
    constraint = DescriptionConstraint(described, 120)
    piano = f"Instrument_{INSTRUMENT_NAMES[PIANO]}"
    for token in EVENTS.encode(
        [
            "Bar_1",
            "Time Signature_4/4",
            "Position_0",
            "Chord_C:maj",
            "Position_0",
            "Tempo_16",
            "Position_0",
            piano,
        ]
    ):
        style.advance(constraint.state, token)
        constraint.advance(token)
    allowed = constraint.allowed()
    by_token = dict(zip(allowed.tolist(), style.biases(constraint.state, allowed).tolist(), strict=True))
    leading_tone, supertonic = EVENTS.encode(["Pitch_71", "Pitch_74"])  # neither is in the chord
    assert by_token[leading_tone] > by_token[supertonic]
