from __future__ import annotations

import math
import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emo_assets.metrics.ear_metrics import EAR_METRICS, measure_ear_metrics
from emo_assets.midi.writer import Note, Part
from emo_assets_tests.metrics.songs import (
    FINGER_BASS,
    FLUTE,
    PIANO,
    STRINGS,
    build_song,
    chord,
    drums,
    melodic,
    note,
)

KICK, SIDE_STICK, SNARE, CLOSED_HAT, RIDE = 36, 37, 38, 42, 51

RANGES = {
    "log_tempo": (-math.inf, math.inf),
    "nearness_to_120_bpm": (-math.inf, 0),
    "log_bass_interval_seconds": (math.log(0.01), math.inf),
    "log_hi_hat_interval_seconds": (math.log(0.01), math.inf),
    "log_note_seconds": (math.log(0.01), math.inf),
    "mean_velocity": (1, 127),
    "drum_velocity": (1, 127),
    "velocity_spread": (0, 63),
    "velocity_spread_in_bars": (0, 63),
    "mean_pitch": (0, 127),
    "pitch_spread": (0, 63.5),
    "mean_pitch_above_bass": (0, 127),
    "low_pitch": (0, 127),
    "bass_pitch": (0, 127),
    "bass_interval_semitones": (0, 127),
    "legato": (0, 1.5),
    "mode": (0, 1),
    "mode_strength": (-2, 2),
    "mode_strength_8s": (-2, 2),
    "scale_share": (7 / 12 - 1e-9, 1),
    "pitch_classes_per_beat": (0, 12),
    "groove_regularity": (0, 1 + 1e-9),
}
"""Range of each metric that is neither a share (0 to 1) nor a rate or count (0 or more)."""

SHARES = {"quadruple_meter", "hi_hat_regularity", "pitched_syncopation", "kick_syncopation"}

KIT = drums(
    [
        each
        for bar in range(4)
        for beat in range(4)
        for each in (
            note(4 * bar + beat, CLOSED_HAT, 0.1),
            note(4 * bar + beat + 0.5, CLOSED_HAT, 0.1),
            note(4 * bar + beat, SNARE if beat % 2 else KICK, 0.1, 100),
        )
    ]
)
"""Four bars, 8 seconds: eighths of hi-hats, kicks on beats 1 and 3, snares on 2 and 4."""


def values(*parts: Part, **timing: object) -> dict[str, float]:
    song = build_song(*parts, **timing)  # type: ignore[arg-type]
    return {name: metric(song) for name, metric in EAR_METRICS.items()}


def ranges(name: str) -> tuple[float, float]:
    if name in RANGES:
        return RANGES[name]
    is_share = "share" in name or "repetition" in name or name in SHARES
    return (0, 1 + 1e-9) if is_share else (0, math.inf)


def test_rates_count_notes_and_hits_a_second() -> None:
    measured = values(KIT)
    seconds = 7.75 + 0.05  # where the last hit starts, and its length
    assert measured["notes_per_second"] == pytest.approx(48 / seconds)
    assert measured["drum_hits_per_second"] == pytest.approx(48 / seconds)
    assert measured["onsets_per_second"] == pytest.approx(32 / seconds)
    assert measured["kick_hits_per_second"] == measured["snare_hits_per_second"] == pytest.approx(8 / seconds)
    assert measured["hi_hat_hits_per_second"] == pytest.approx(32 / seconds)
    assert measured["cymbal_hits_per_second"] == measured["pitched_onsets_per_second"] == 0


def test_a_rock_beat_has_its_pattern() -> None:
    measured = values(KIT)
    assert (
        measured["backbeat_share"] == measured["downbeat_kick_share"] == measured["kick_on_beat_share"] == 1
    )
    assert measured["four_on_the_floor_share"] == measured["kick_syncopation"] == measured["ride_share"] == 0
    assert (
        measured["hi_hat_regularity"] == measured["drum_bar_share"] == measured["drum_repetition_8_bars"] == 1
    )
    assert measured["drums_on_half_beat_share"] == pytest.approx(1 / 3)
    assert measured["sixteenth_grid_share"] == measured["quadruple_meter"] == 1
    assert measured["log_hi_hat_interval_seconds"] == pytest.approx(math.log(0.5 * 7.8 / 16 + 0.01))


def test_side_sticks_and_rides_are_shares() -> None:
    hits = [
        note(0, SIDE_STICK),
        note(1, SNARE),
        note(2, SNARE),
        note(3, SNARE),
        note(0, RIDE),
        note(1, CLOSED_HAT),
    ]
    measured = values(drums(hits))
    assert measured["side_stick_share"] == 0.25
    assert measured["ride_share"] == 0.5


def test_four_on_the_floor_needs_every_beat() -> None:
    kicks = [note(beat, KICK, 0.1) for beat in (0, 1, 2, 3, 4, 5, 6)]
    assert values(drums(kicks))["four_on_the_floor_share"] == 0.5


def test_velocity_moves_within_and_between_bars() -> None:
    within = values(melodic(PIANO, [note(beat, 60, 1, (60, 100)[beat % 2]) for beat in range(8)]))
    between = values(melodic(PIANO, [note(beat, 60, 1, (60, 100)[beat // 4]) for beat in range(8)]))
    assert within["mean_velocity"] == between["mean_velocity"] == 80
    assert within["velocity_spread"] == between["velocity_spread"] == 20
    assert (within["velocity_spread_in_bars"], between["velocity_spread_in_bars"]) == (20, 0)
    assert within["log_intensity"] == pytest.approx(math.log1p(4 * (60**2 + 100**2) / 4))
    assert within["log_drum_intensity"] == 0


@pytest.mark.parametrize(("length", "expected"), [(0.25, 0.25), (1, 1), (1.5, 1.5), (4, 1.5)])
def test_legato_is_the_filled_share_of_the_interval(length: float, expected: float) -> None:
    line = [note(beat, 60 + 2 * (beat % 2), length) for beat in range(8)]
    assert values(melodic(FLUTE, line))["legato"] == pytest.approx(expected)


def test_lengths_in_seconds_not_in_quarter_notes() -> None:
    line = [note(beat, 60, 0.5) for beat in range(4)]
    slow, fast = (values(melodic(PIANO, line), tempos=[(0, tempo)]) for tempo in (60.0, 240.0))
    assert (slow["short_note_share"], fast["short_note_share"]) == (0, 1)
    assert slow["log_note_seconds"] == pytest.approx(math.log(0.51))
    assert slow["log_tempo"] == pytest.approx(math.log(60))
    assert slow["nearness_to_120_bpm"] == fast["nearness_to_120_bpm"] == pytest.approx(-math.log(2))


def test_melodies_step_and_basses_leap() -> None:
    melody = melodic(FLUTE, [note(beat, pitch) for beat, pitch in enumerate((60, 62, 64, 71, 71))])
    bass = melodic(FINGER_BASS, [note(beat, pitch) for beat, pitch in enumerate((36, 36, 43, 36, 36))])
    measured = values(melody, bass)
    assert measured["melodic_step_share"] == 0.5
    assert measured["bass_repeated_pitch_share"] == 0.5
    assert measured["bass_interval_semitones"] == 3.5
    assert measured["bass_pitch"] == pytest.approx(37.4)
    assert measured["mean_pitch_above_bass"] == pytest.approx(65.6)
    assert measured["log_bass_interval_seconds"] == pytest.approx(math.log(0.01 + 2.5 / 8))


def test_chords_sound_together() -> None:
    triads = melodic(PIANO, chord(0, (60, 64, 67)) + chord(4, (60, 67, 72)))
    measured = values(triads)
    assert measured["sounding_notes"] == measured["notes_per_onset"] == 3
    assert measured["struck_chords_per_second"] == 2 / 4
    assert measured["power_chords_per_second"] == 1 / 4


def test_families_share_the_sounding_time() -> None:
    measured = values(
        melodic(PIANO, [note(0, 60, 3)]), melodic(STRINGS, [note(0, 60, 1)]), melodic(38, [note(4, 36, 4)])
    )
    assert measured["piano_share"] == pytest.approx(3 / 8)
    assert measured["strings_share"] == pytest.approx(1 / 8)
    assert measured["synth_bass_share"] == pytest.approx(1 / 2)
    assert measured["synth_share_of_bass_notes"] == 1
    assert measured["instruments_per_bar"] == 1.5


def test_an_orchestra_hit_is_no_piano() -> None:
    assert values(melodic(55, [note(0, 60)]))["piano_share"] == 0


def test_harmony_of_major_and_minor() -> None:
    in_major = values(
        melodic(
            PIANO,
            [
                n
                for bar, c in enumerate(((60, 64, 67), (65, 69, 72), (67, 71, 74)))
                for n in chord(4 * bar, c)
            ],
        )
    )
    in_minor = values(
        melodic(
            PIANO,
            [
                n
                for bar, c in enumerate(((57, 60, 64), (62, 65, 69), (57, 60, 64)))
                for n in chord(4 * bar, c)
            ],
        )
    )
    assert (in_major["mode"], in_minor["mode"]) == (1, 0)
    assert in_major["mode_strength"] > 0 > in_minor["mode_strength"]
    assert in_major["mode_strength_8s"] > 0 > in_minor["mode_strength_8s"]
    assert (in_major["major_chord_share"], in_minor["major_chord_share"]) == (1, 0)
    assert in_major["named_chord_share"] == in_major["scale_share"] == 1
    assert in_major["chord_changes_per_second"] == pytest.approx(2 / 6)
    assert in_major["pitch_classes_per_beat"] == 3
    assert in_major["semitone_clash_share"] == in_major["seventh_chord_share"] == 0
    assert in_major["held_bass_share"] == pytest.approx(9 / 11)
    # C to F keeps one of three pitch classes, F to G none
    assert in_major["harmonic_flux_per_second"] == pytest.approx((4 / 3 + 2) / 6)


def test_positions_of_the_beat() -> None:
    line = melodic(PIANO, [note(onset, 60, 0.1) for onset in (0, 0.5, 1, 1 + 1 / 3, 1 + 2 / 3, 2, 3)])
    measured = values(line)
    assert measured["pitched_on_beat_share"] == pytest.approx(4 / 7)
    assert measured["pitched_on_half_beat_share"] == pytest.approx(1 / 7)
    assert measured["triplet_share"] == pytest.approx(2 / 7)


@pytest.mark.parametrize(
    ("onsets", "expected"), [((0, 1, 2, 3), 0), ((0.5, 1.5), 1), ((0, 0.5, 1, 1.75), 0.25)]
)
def test_syncopation_anticipates_a_stronger_position(onsets: tuple[float, ...], expected: float) -> None:
    assert (
        values(melodic(PIANO, [note(onset, 60, 0.1) for onset in onsets]))["pitched_syncopation"] == expected
    )


def test_repetition_finds_the_most_similar_bar() -> None:
    bars = ((60, 64), (62, 65), (60, 64), (60, 65))
    line = [
        note(4 * bar + 2 * half, pitch)
        for bar, pitches in enumerate(bars)
        for half, pitch in enumerate(pitches)
    ]
    # bar 2 shares nothing with bar 1, bar 3 repeats bar 1, bar 4 shares one of three notes with bars 2 and 3
    assert values(melodic(PIANO, line))["pitched_repetition_2_bars"] == pytest.approx((0 + 1 + 1 / 3) / 3)
    assert values(melodic(FINGER_BASS, line))["bass_repetition_2_bars"] == pytest.approx(4 / 9)


def test_metrics_hardly_depend_on_the_length() -> None:
    """Two bars 4 or 40 times, apart from repetition; 8 bars have 7 changes of a chord a bar, 80 have 79."""
    bar = ((60, 64, 67), (57, 60, 64))

    def song(times: int) -> dict[str, float]:
        strings = [n for number in range(2 * times) for n in chord(4 * number, bar[number % 2])]
        hats = [note(eighth / 2, CLOSED_HAT, 0.1) for eighth in range(16 * times)]
        return values(melodic(STRINGS, strings), drums(hats))

    short, long = song(4), song(40)
    for name in EAR_METRICS:
        if "repetition" not in name and not math.isnan(short[name]):
            assert long[name] == pytest.approx(short[name], rel=0.15, abs=0.05), name


def test_a_song_without_notes_is_measured() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        measured = values()
    assert measured["notes_per_second"] == measured["piano_share"] == 0
    assert math.isnan(measured["mean_velocity"])
    assert math.isnan(measured["legato"])


notes = st.lists(
    st.builds(
        Note,
        start=st.integers(0, 480 * 12),
        end=st.integers(480 * 12 + 1, 480 * 20),
        pitch=st.integers(0, 127),
        velocity=st.integers(1, 127),
    )
    | st.builds(
        lambda start, length, pitch, velocity: Note(60 * start, 60 * start + length, pitch, velocity),
        st.integers(0, 96),
        st.integers(1, 500),
        st.integers(30, 80),
        st.integers(1, 127),
    ),
    max_size=12,
)
parts = st.lists(st.builds(Part, st.integers(0, 127), st.booleans(), notes), max_size=4)


@given(parts, st.floats(20, 300), st.sampled_from([(0, 4, 4), (0, 3, 4), (0, 6, 8), (0, 1, 64)]))
@settings(max_examples=60, deadline=None)
def test_values_are_within_their_ranges(parts: list[Part], tempo: float, meter: tuple[int, int, int]) -> None:
    song = build_song(*parts, tempos=[(0, tempo)], meters=[meter])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        measured = measure_ear_metrics(song)
    assert measured.shape == (len(EAR_METRICS),)
    for name, value in zip(EAR_METRICS, measured, strict=True):
        low, high = ranges(name)
        assert np.isnan(value) or (np.isfinite(value) and low <= value <= high), (name, value)
