"""Level and loudness of samples: measuring, normalizing, limiting peaks, fading out.

Samples have shape (frames, 2). Loudness is integrated loudness after ITU-R BS.1770-4, in LUFS; peaks are
sample peaks.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

MAX_PEAK = 10 ** (-1 / 20)
"""-1 dBFS: leaves room below full scale for what a lossy format's decoder may add."""

MIN_SECONDS = 0.4
"""Seconds of one gating block: the loudness of shorter sound is undefined."""

_LOUDNESS_DB = (-60.0, -16.0, 5.0)
_LOUDNESS_LUFS = (-36.0, -16.0, -9.0)

_LIMITER_BLOCK = 64
_LIMITER_REACH = 4
_ROUNDS = 6
_TOLERANCE = 0.1


def target_loudness(loudness: float) -> float:
    """Return the loudness to render for a requested feature `loudness`.

    Strictly increasing and piecewise linear: -60 dB → -36 LUFS, -16 dB → -16 LUFS, 5 dB → -9 LUFS. The range
    is narrower because a song at -60 LUFS is inaudible, and one at 0 LUFS is noise.

    Args:
        loudness: Spotify's loudness in dB, -60 to 5; clipped to that range.

    Returns:
        Integrated loudness in LUFS, -36 to -9.
    """
    return float(np.interp(loudness, _LOUDNESS_DB, _LOUDNESS_LUFS))


def loudness_feature(loudness: float) -> float:
    """Return the feature `loudness` in dB for which a sound of this loudness is rendered.

    The inverse of `target_loudness`.

    Args:
        loudness: integrated loudness in LUFS; clipped to -36 to -9.
    """
    return float(np.interp(loudness, _LOUDNESS_LUFS, _LOUDNESS_DB))


def integrated_loudness(samples: NDArray[np.float32], sample_rate: int) -> float:
    """Return the integrated loudness of `samples` in LUFS (ITU-R BS.1770-4).

    Minus infinity for silence and sound shorter than `MIN_SECONDS`.
    """
    import pyloudnorm

    if len(samples) <= MIN_SECONDS * sample_rate or not samples.any():
        return float("-inf")
    return float(pyloudnorm.Meter(sample_rate).integrated_loudness(samples.astype(np.float64)))


def peak(samples: NDArray[np.float32]) -> float:
    """Return the largest absolute sample, 0 for no samples."""
    return float(max(samples.max(initial=0.0), -samples.min(initial=0.0)))


def normalize_peak(samples: NDArray[np.float32]) -> NDArray[np.float32]:
    """Scale samples whose peak is above -1 dBFS down to it; return others unchanged."""
    highest = peak(samples)
    if highest <= MAX_PEAK:
        return samples
    return _clipped(samples * np.float32(MAX_PEAK / highest))


def normalize_loudness(
    samples: NDArray[np.float32], sample_rate: int, loudness: float
) -> NDArray[np.float32]:
    """Scale samples to an integrated loudness, limiting peaks above -1 dBFS.

    Limiting lowers the loudness a little, so gain and limiter are applied up to six times, until the loudness
    is within 0.1 LU of the target. Very dynamic music may stay below a loud target.

    Args:
        samples: shape (frames, 2).
        sample_rate: frames per second.
        loudness: the target in LUFS.

    Returns:
        Samples of the same shape, peak at most -1 dBFS. Silence and sound too short to measure are only
        normalized by their peak.
    """
    gain_db = loudness - integrated_loudness(samples, sample_rate)
    if not np.isfinite(gain_db):
        return normalize_peak(samples)
    for _ in range(_ROUNDS):
        scaled = samples * np.float32(10 ** (gain_db / 20))
        levelled = limit_peaks(scaled)
        if levelled is scaled:
            break
        missing = loudness - integrated_loudness(levelled, sample_rate)
        if abs(missing) <= _TOLERANCE:
            break
        gain_db += missing
    return levelled


def limit_peaks(samples: NDArray[np.float32]) -> NDArray[np.float32]:
    """Limit peaks to -1 dBFS with a look-ahead limiter.

    The required gain of each block of 64 frames, `min(1, ceiling / peak)`, is replaced by its minimum over
    the 4 blocks on either side, averaged over 5 blocks, and interpolated linearly: the gain changes smoothly
    and never exceeds the required one. Both channels get the same gain, which keeps the stereo image.

    Args:
        samples: shape (frames, 2).

    Returns:
        Samples of the same shape; unchanged if their peak is low enough.
    """
    if peak(samples) <= MAX_PEAK:
        return samples
    from scipy.ndimage import minimum_filter1d, uniform_filter1d

    firsts = np.arange(0, len(samples), _LIMITER_BLOCK)
    peaks = np.maximum.reduceat(np.abs(samples), firsts).max(axis=1)  # (blocks,)
    needed = MAX_PEAK / np.maximum(peaks, MAX_PEAK)
    held = minimum_filter1d(needed, 2 * _LIMITER_REACH + 1, mode="nearest")
    smooth = uniform_filter1d(held, 2 * _LIMITER_REACH - 3, mode="nearest")
    middles = firsts + _LIMITER_BLOCK / 2
    gain = np.interp(np.arange(len(samples)), middles, smooth).astype(np.float32)
    return _clipped(samples * gain[:, None])


def _clipped(samples: NDArray[np.float32]) -> NDArray[np.float32]:
    """Clip what rounding left above -1 dBFS."""
    return np.clip(samples, np.float32(-MAX_PEAK), np.float32(MAX_PEAK), out=samples)


def fade_out(samples: NDArray[np.float32], frames: int) -> NDArray[np.float32]:
    """Return a copy whose last `frames` frames fade to zero along a quarter of a cosine."""
    faded = samples.copy()
    count = min(frames, len(faded))
    if count:
        slope = np.cos(np.linspace(0, np.pi / 2, count, dtype=np.float32))
        faded[-count:] *= slope[:, None]
    return faded
