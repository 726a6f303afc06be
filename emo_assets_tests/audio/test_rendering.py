from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from emo_assets.audio import rendering
from emo_assets.audio.loudness import MAX_PEAK, integrated_loudness, peak
from emo_assets.audio.rendering import SAMPLE_RATE, render
from emo_assets.audio.synthesizer import SoundSettings
from emo_assets.errors import InputError
from emo_assets.midi.writer import Note, Part, encode_midi

RATE = 22_050


def test_sound_is_stereo_and_not_clipped(midi: bytes) -> None:
    samples = render(midi)
    assert samples.dtype == np.float32
    assert samples.shape[1] == 2
    assert 0.01 < peak(samples) <= MAX_PEAK
    assert not np.array_equal(samples[:, 0], samples[:, 1])


def test_sound_goes_on_after_the_last_note_and_then_fades(midi: bytes) -> None:
    samples = render(midi)
    seconds = len(samples) / SAMPLE_RATE
    assert 4.0 < seconds <= 4.0 + rendering.RING_OUT_SECONDS + 1
    end = np.abs(samples[-SAMPLE_RATE // 20 :]).max()
    assert end < 0.02 * peak(samples)


def test_same_file_gives_the_same_samples(midi: bytes) -> None:
    assert render(midi, sample_rate=RATE).tobytes() == render(midi, sample_rate=RATE).tobytes()


@pytest.mark.parametrize("sound", [SoundSettings(reverb=False), SoundSettings(chorus=False)])
def test_effects_can_be_switched_off(midi: bytes, sound: SoundSettings) -> None:
    with_effect = render(midi, sample_rate=RATE)
    without = render(midi, sound, sample_rate=RATE)
    frames = min(len(with_effect), len(without))
    assert not np.allclose(with_effect[:frames], without[:frames], atol=1e-3)


@pytest.mark.parametrize("loudness", [-36.0, -20.0, -12.0])
def test_the_target_loudness_is_reached(midi: bytes, loudness: float) -> None:
    samples = render(midi, loudness=loudness)
    assert integrated_loudness(samples, SAMPLE_RATE) == pytest.approx(loudness, abs=1)
    assert peak(samples) <= MAX_PEAK


def test_louder_notes_are_louder() -> None:
    soft, loud = (encode_midi([Part(0, False, [Note(0, 960, 60, velocity)])]) for velocity in (30, 110))
    assert peak(render(soft, sample_rate=RATE)) < 0.5 * peak(render(loud, sample_rate=RATE))


def test_a_note_that_never_ends_is_released() -> None:
    organ = encode_midi([Part(16, False, [Note(0, 480, 60, 100), Note(0, 960, 67, 100)])])
    hanging = organ.replace(bytes([0x80, 60, 0]), bytes([0x80, 61, 0]))
    assert hanging != organ
    samples = render(hanging, sample_rate=RATE)
    assert len(samples) / RATE < 1 + rendering.RING_OUT_SECONDS + 1
    assert np.abs(samples[-100:]).max() < 0.02 * peak(samples)


def test_silence_at_the_end_is_cut_off() -> None:
    quarter = 480
    notes = [Note(0, quarter, 60, 90), Note(119 * quarter, 119 * quarter + 1, 60, 1)]
    long_rest = encode_midi([Part(0, False, notes)])
    assert len(render(long_rest, sample_rate=RATE)) / RATE < 61


def test_progress_runs_to_the_end(midi: bytes) -> None:
    told: list[tuple[str, int, int]] = []
    render(midi, sample_rate=RATE, progress=lambda stage, done, total: told.append((stage, done, total)))
    assert {stage for stage, _, _ in told} == {"rendering"}
    assert all(0 <= done <= total for _, done, total in told)
    assert told[-1][1] >= 0.9 * told[-1][2]


def test_too_long_a_file_is_rejected() -> None:
    tick = 480 * 120 * 31
    endless = encode_midi([Part(0, False, [Note(0, 480, 60, 90), Note(tick, tick + 480, 60, 90)])])
    with pytest.raises(InputError, match="at most 30 can be rendered"):
        render(endless, SoundSettings(reverb=False, chorus=False), sample_rate=8_000)


@pytest.mark.parametrize(
    "content", [b"", b"RIFF", b"MThd", b"MThd\x00\x00\x00\x06\x00\x01\x00\x01\x01\xe0MTrk"]
)
def test_other_files_are_rejected_with_one_line(content: bytes) -> None:
    with pytest.raises(InputError) as caught:
        render(content, sample_rate=8_000)
    assert "\n" not in str(caught.value)


def test_a_file_without_notes_is_rejected(silent_midi: bytes) -> None:
    with pytest.raises(InputError, match="has no notes"):
        render(silent_midi, sample_rate=8_000)


@pytest.mark.parametrize("rate", [0, 4_000, 192_000])
def test_sample_rates_out_of_range_are_rejected(midi: bytes, rate: int) -> None:
    with pytest.raises(InputError, match="sample rate"):
        render(midi, sample_rate=rate)


def test_a_missing_sound_font_is_named(midi: bytes, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"piano\.sf2: no such sound font"):
        render(midi, SoundSettings(tmp_path / "piano.sf2"))


@pytest.mark.parametrize("content", [b"", bytes(64), b"RIFF\x00\x00\x10\x00sfbkLIST" + bytes(100)])
def test_a_damaged_sound_font_is_rejected(midi: bytes, tmp_path: Path, content: bytes) -> None:
    damaged = tmp_path / "damaged.sf2"
    damaged.write_bytes(content)
    with pytest.raises(InputError, match=r"is not a sound font|is cut off"):
        render(midi, SoundSettings(damaged))
