"""Audio files: writing WAV, FLAC, OGG Vorbis and MP3, and measuring finished ones."""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from upath import UPath

from emo_assets.audio.loudness import integrated_loudness, peak
from emo_assets.errors import InputError
from emo_assets.store import atomic_write

FORMATS = {
    ".wav": ("WAV", "PCM_16"),
    ".ogg": ("OGG", "VORBIS"),
    ".flac": ("FLAC", "PCM_16"),
    ".mp3": ("MP3", "MPEG_LAYER_III"),
}
"""Container and subtype of each suffix, as libsndfile names them."""

SILENCE_THRESHOLD = 10 ** (-60 / 20)
"""-60 dBFS: inaudible next to music."""

SILENCE_BLOCK_SECONDS = 0.1

MAX_SAMPLE_RATE = 192_000
"""Frames per second."""

_FRAMES_PER_WRITE = 65_536


@dataclass(frozen=True)
class AudioStats:
    """Measurements of an audio file.

    Attributes:
        seconds: its length.
        peak: the largest sample in dBFS; minus infinity for silence.
        loudness: integrated loudness in LUFS; minus infinity for silence.
        longest_silence: seconds of the longest stretch below -60 dBFS before the last sound.
    """

    seconds: float
    peak: float
    loudness: float
    longest_silence: float


def write_audio(samples: NDArray[np.float32], sample_rate: int, path: Path | UPath) -> None:
    """Write samples as an audio file, complete or not at all; the suffix of `path` determines the format.

    Args:
        samples: shape (frames, 2) or (frames, 1), from -1 to 1.
        sample_rate: frames per second.
        path: the file; `.wav` and `.flac` have 16 bits per sample, `.ogg` is Vorbis.

    Raises:
        InputError: the suffix is unknown, samples exceed full scale, or the format does not support the
            sample rate.
    """
    content = encode_audio(samples, sample_rate, path.suffix)
    with atomic_write(path) as file:
        file.write(content)


def encode_audio(samples: NDArray[np.float32], sample_rate: int, suffix: str) -> bytes:
    """Return the bytes of an audio file; arguments and errors as for `write_audio`."""
    import soundfile

    if suffix.lower() not in FORMATS:
        raise InputError(f"'{suffix}' is not a known audio suffix; use one of {', '.join(FORMATS)}")
    if np.abs(samples).max(initial=0.0) > 1:
        raise InputError("the samples exceed full scale and would be clipped; normalize their peak first")
    if sample_rate > MAX_SAMPLE_RATE:  # libvorbis crashes
        raise InputError(f"{sample_rate} frames per second cannot be written; use at most {MAX_SAMPLE_RATE}")
    container, subtype = FORMATS[suffix.lower()]
    buffer = io.BytesIO()
    try:
        with soundfile.SoundFile(
            buffer, "w", sample_rate, samples.shape[1], format=container, subtype=subtype
        ) as file:
            # libsndfile's Vorbis encoder keeps all frames of a call on the stack: short calls are safe
            for first in range(0, len(samples), _FRAMES_PER_WRITE):
                file.write(samples[first : first + _FRAMES_PER_WRITE])
    except soundfile.LibsndfileError as error:
        raise InputError(
            f"{suffix} at {sample_rate} frames per second cannot be written ({error})"
        ) from error
    return buffer.getvalue()


def measure_audio(path: Path | UPath) -> AudioStats:
    """Measure an audio file.

    Raises:
        InputError: it is missing, damaged or not an audio file.
    """
    import soundfile

    try:
        samples, rate = soundfile.read(io.BytesIO(path.read_bytes()), dtype="float32", always_2d=True)
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror or error})") from error
    except soundfile.LibsndfileError as error:
        raise InputError(f"{path}: is not an audio file, or damaged") from error
    highest = peak(samples)
    return AudioStats(
        seconds=len(samples) / rate,
        peak=float(20 * np.log10(highest)) if highest > 0 else float("-inf"),
        loudness=integrated_loudness(samples, rate),
        longest_silence=_longest_silence(samples, int(rate * SILENCE_BLOCK_SECONDS)) * SILENCE_BLOCK_SECONDS,
    )


def _longest_silence(samples: NDArray[np.float32], block: int) -> int:
    """Return the number of blocks of the longest silence before the last sound."""
    if not len(samples):
        return 0
    levels = np.maximum.reduceat(np.abs(samples).max(axis=1), np.arange(0, len(samples), block))
    sounding = np.flatnonzero(levels >= SILENCE_THRESHOLD)
    if not len(sounding):
        return len(levels)
    return int(np.diff(np.concatenate([[-1], sounding])).max() - 1)
