"""What a finished audio file holds, measured from the file itself: length, level, loudness, silence.

Reads what `files` wrote. Whether the figures are as they should be is judged by whoever asks.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from upath import UPath

from emo_assets.audio.loudness import integrated_loudness, peak
from emo_assets.errors import InputError

SILENCE_THRESHOLD = 10 ** (-60 / 20)
"""-60 dBFS: below this nobody hears anything beside music."""

BLOCK_SECONDS = 0.1


@dataclass(frozen=True)
class AudioStats:
    """What an audio file holds.

    Attributes:
        seconds: its length.
        peak: the largest sample in dBFS; minus infinity for silence.
        loudness: integrated loudness in LUFS; minus infinity for silence.
        longest_silence: seconds of the longest stretch below -60 dBFS, its end not counted.
    """

    seconds: float
    peak: float
    loudness: float
    longest_silence: float


def inspect_audio(path: Path | UPath) -> AudioStats:
    """Measure an audio file.

    Raises:
        InputError: it is missing, is no audio file, or is damaged.
    """
    import soundfile

    try:
        samples, rate = soundfile.read(io.BytesIO(path.read_bytes()), dtype="float32", always_2d=True)
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror or error})") from error
    except soundfile.LibsndfileError as error:
        raise InputError(f"{path}: is no audio file, or a damaged one") from error
    highest = peak(samples)
    return AudioStats(
        seconds=len(samples) / rate,
        peak=float(20 * np.log10(highest)) if highest > 0 else float("-inf"),
        loudness=integrated_loudness(samples, rate),
        longest_silence=_longest_silence(samples, int(rate * BLOCK_SECONDS)) * BLOCK_SECONDS,
    )


def _longest_silence(samples: np.ndarray[tuple[int, int], np.dtype[np.float32]], block: int) -> int:
    """Count the blocks of the longest silence before the last sound."""
    if not len(samples):
        return 0
    levels = np.maximum.reduceat(np.abs(samples).max(axis=1), np.arange(0, len(samples), block))
    sounding = np.flatnonzero(levels >= SILENCE_THRESHOLD)
    if not len(sounding):
        return len(levels)
    return int(np.diff(np.concatenate([[-1], sounding])).max() - 1)
