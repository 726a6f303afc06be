from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from emo_assets.audio.rendering import render
from emo_assets.audio.synthesizer import DEFAULT_SOUND
from emo_assets.audio.tone import MAX_WIDTH, NEUTRAL, Tone, apply_tone, suitable_tone
from emo_assets.features import FeatureVector

RATE = 22_050


def sine(hertz: float, *, seconds: float = 0.5) -> NDArray[np.float32]:
    wave = 0.5 * np.sin(2 * np.pi * hertz * np.arange(int(RATE * seconds)) / RATE)
    return np.repeat(wave[:, None], 2, axis=1).astype(np.float32)


def gain_db(hertz: float, tone: Tone) -> float:
    return float(20 * np.log10(apply_tone(sine(hertz), RATE, tone).std() / sine(hertz).std()))


def centroid(samples: NDArray[np.float32]) -> float:
    """The spectral centroid in Hz."""
    power = np.abs(np.fft.rfft(samples.mean(axis=1))) ** 2
    return float(np.average(np.fft.rfftfreq(len(samples), 1 / RATE), weights=power))


def width(samples: NDArray[np.float32]) -> float:
    return float((samples[:, 0] - samples[:, 1]).std() / (samples[:, 0] + samples[:, 1]).std())


@pytest.mark.parametrize("brightness", [-8.0, 5.0])
def test_brightness_is_the_gain_of_the_treble(brightness: float) -> None:
    tone = Tone(brightness=brightness)
    assert gain_db(60, tone) == pytest.approx(0, abs=0.5)
    assert gain_db(2_000, tone) == pytest.approx(brightness / 2, abs=0.5)
    assert gain_db(10_000, tone) == pytest.approx(brightness, abs=0.5)


def test_saturation_adds_odd_overtones_and_keeps_the_peak_below() -> None:
    clean, driven = sine(200), apply_tone(sine(200), RATE, Tone(drive=9))
    spectrum = np.abs(np.fft.rfft(driven[:, 0]))
    assert spectrum[300] > 0.03 * spectrum[100] > 100 * spectrum[200]
    assert np.abs(driven).max() < np.abs(clean).max()


def test_channels_in_opposite_phase_are_narrowed() -> None:
    one, other = sine(300)[:, 0], sine(500)[:, 0]
    wide = np.stack([one + other, other - one], axis=1)
    wide[:, 0] += one
    assert width(wide) > 1
    assert width(apply_tone(wide, RATE, NEUTRAL)) == pytest.approx(MAX_WIDTH, abs=1e-3)


def test_the_neutral_tone_changes_nothing_else() -> None:
    assert np.array_equal(apply_tone(sine(300), RATE, NEUTRAL), sine(300))


def test_silence_stays_silent() -> None:
    assert not apply_tone(np.zeros((100, 2), np.float32), RATE, Tone(5.0, 5.0)).any()


@pytest.mark.parametrize("feature", ["energy", "acousticness"])
def test_the_same_notes_sound_brighter_with_energy_and_warmer_when_acoustic(
    midi: bytes, feature: str
) -> None:
    tones = [suitable_tone(FeatureVector(**{feature: value})) for value in (0.1, 0.5, 0.9)]
    sounds = [render(midi, replace(DEFAULT_SOUND, tone=tone), sample_rate=RATE) for tone in tones]
    centroids = [centroid(sound) for sound in sounds]
    ordered = centroids if feature == "energy" else centroids[::-1]
    assert ordered[0] < 0.9 * ordered[1] < 0.81 * ordered[2]


def test_an_acoustic_song_is_clean_in_a_larger_room() -> None:
    electric, acoustic = (suitable_tone(FeatureVector(acousticness=value)) for value in (0, 1))
    assert acoustic.drive == 0 < electric.drive
    assert acoustic.room > electric.room
