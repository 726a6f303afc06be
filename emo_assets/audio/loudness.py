"""Level and loudness of samples: measuring, reaching a target, limiting peaks, fading out.

Pure functions over arrays of shape (frames, 2). Loudness is integrated loudness after ITU-R BS.1770-4, in
LUFS; peaks are sample peaks.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

MAX_PEAK = 10 ** (-1 / 20)
"""-1 dBFS: what a decoder of a lossy format may add on top still fits below full scale."""

MIN_SECONDS = 0.4
"""Seconds of one gating block: the loudness of anything shorter is not defined."""

_LOUDNESS_DB = (-60.0, -16.0, 5.0)
_LOUDNESS_LUFS = (-36.0, -16.0, -9.0)

_LIMITER_BLOCK = 64
_LIMITER_REACH = 4
_ROUNDS = 3
_TOLERANCE = 0.25


def target_loudness(loudness: float) -> float:
    """Return how loud a song is to be rendered that asks for the feature `loudness`.

    Strictly increasing and piecewise linear: -60 dB → -36 LUFS, -16 dB → -16 LUFS, 5 dB → -9 LUFS. The
    ends are drawn in because a song at -60 LUFS could not be heard, and one at 0 LUFS is noise.

    Args:
        loudness: Spotify's loudness in dB, -60 to 5; values outside are taken as the nearest end.

    Returns:
        Integrated loudness in LUFS, -36 to -9.
    """
    return float(np.interp(loudness, _LOUDNESS_DB, _LOUDNESS_LUFS))


def integrated_loudness(samples: NDArray[np.float32], sample_rate: int) -> float:
    """Measure the integrated loudness of `samples` in LUFS (ITU-R BS.1770-4).

    Silence, and anything shorter than `MIN_SECONDS`, is minus infinity.
    """
    import pyloudnorm

    if len(samples) <= MIN_SECONDS * sample_rate or not samples.any():
        return float("-inf")
    return float(pyloudnorm.Meter(sample_rate).integrated_loudness(samples.astype(np.float64)))


def peak(samples: NDArray[np.float32]) -> float:
    """Return the largest absolute sample, 0 for no samples."""
    return float(max(samples.max(initial=0.0), -samples.min(initial=0.0)))


def normalize_peak(samples: NDArray[np.float32]) -> NDArray[np.float32]:
    """Scale samples whose peak is above -1 dBFS down to it; leave quieter ones as they are."""
    highest = peak(samples)
    if highest <= MAX_PEAK:
        return samples
    return _clipped(samples * np.float32(MAX_PEAK / highest))


def normalize_loudness(
    samples: NDArray[np.float32], sample_rate: int, loudness: float
) -> NDArray[np.float32]:
    """Scale samples to an integrated loudness; where peaks would pass -1 dBFS, limit them.

    Limiting lowers the loudness a little, so gain and limiter are applied anew until the loudness is met
    within 0.25 LU or three rounds are over. Very dynamic music may stay below a loud target.

    Args:
        samples: shape (frames, 2).
        sample_rate: frames a second.
        loudness: the target in LUFS.

    Returns:
        Samples of the same shape, peak at most -1 dBFS. Silence, and what is too short to measure, is only
        turned down.
    """
    gain_db = loudness - integrated_loudness(samples, sample_rate)
    if not np.isfinite(gain_db):
        return normalize_peak(samples)
    levelled = limit_peaks(samples * np.float32(10 ** (gain_db / 20)))
    for _ in range(_ROUNDS - 1):
        if peak(levelled) < MAX_PEAK:
            break
        missing = loudness - integrated_loudness(levelled, sample_rate)
        if abs(missing) <= _TOLERANCE:
            break
        gain_db += missing
        levelled = limit_peaks(samples * np.float32(10 ** (gain_db / 20)))
    return levelled


def limit_peaks(samples: NDArray[np.float32]) -> NDArray[np.float32]:
    """Hold peaks at -1 dBFS with a look-ahead limiter.

    The gain that each block of 64 frames needs, `min(1, ceiling / peak)`, is held as a running minimum over
    the 4 blocks on either side, averaged over 5 blocks, and drawn as a line from block to block: it moves
    smoothly and is nowhere above what a frame needs. Both channels get the same gain: the stereo picture
    stays.

    Args:
        samples: shape (frames, 2).

    Returns:
        Samples of the same shape; those that need no limiting unchanged.
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
    """Take off what rounding left above -1 dBFS."""
    return np.clip(samples, np.float32(-MAX_PEAK), np.float32(MAX_PEAK), out=samples)


def fade_out(samples: NDArray[np.float32], frames: int) -> NDArray[np.float32]:
    """Return a copy whose last `frames` frames sink to nothing along a quarter of a cosine."""
    faded = samples.copy()
    count = min(frames, len(faded))
    if count:
        slope = np.cos(np.linspace(0, np.pi / 2, count, dtype=np.float32))
        faded[-count:] *= slope[:, None]
    return faded
