"""Samples to audio files: WAV, FLAC, OGG Vorbis and MP3, the same bytes for the same samples.

Nothing is read here and no level is changed; samples beyond full scale are refused.
"""

from __future__ import annotations

import io
import zlib
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from upath import UPath

from emo_assets.errors import InputError
from emo_assets.store import atomic_write

FORMATS = {
    ".wav": ("WAV", "PCM_16"),
    ".flac": ("FLAC", "PCM_16"),
    ".ogg": ("OGG", "VORBIS"),
    ".mp3": ("MP3", "MPEG_LAYER_III"),
}
"""What each ending means: the container and the coding inside, as libsndfile names them."""

SERIAL_NUMBER = 1
"""The serial number of the one stream in an OGG file."""

_BLOCK_FRAMES = 65_536
_REVERSED_BITS = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))


def write_audio(samples: NDArray[np.float32], sample_rate: int, path: Path | UPath) -> None:
    """Write samples as an audio file, whole or not at all; the ending of `path` names the format.

    Args:
        samples: shape (frames, 2) or (frames, 1), from -1 to 1.
        sample_rate: frames a second.
        path: where to; `.wav` and `.flac` have 16 bits a sample, `.ogg` is Vorbis.

    Raises:
        InputError: the ending is none of these, the samples are beyond full scale, or the format does not
            take the sample rate.
    """
    content = encode_audio(samples, sample_rate, path.suffix)
    with atomic_write(path) as file:
        file.write(content)


def encode_audio(samples: NDArray[np.float32], sample_rate: int, ending: str) -> bytes:
    """Return the bytes that `write_audio` writes for the given ending (such as ".ogg")."""
    import soundfile

    if ending.lower() not in FORMATS:
        known = ", ".join(FORMATS)
        raise InputError(f"'{ending}' is no ending of an audio file that can be written; take one of {known}")
    if np.abs(samples).max(initial=0.0) > 1:
        raise InputError("the samples are beyond full scale and would be clipped; turn them down first")
    container, coding = FORMATS[ending.lower()]
    buffer = io.BytesIO()
    try:
        with soundfile.SoundFile(
            buffer, "w", sample_rate, samples.shape[1], format=container, subtype=coding
        ) as file:
            # libsndfile's Vorbis encoder keeps a whole call's frames on the stack: short calls are safe
            for first in range(0, len(samples), _BLOCK_FRAMES):
                file.write(samples[first : first + _BLOCK_FRAMES])
    except soundfile.LibsndfileError as error:
        raise InputError(f"{ending} at {sample_rate} frames a second cannot be written ({error})") from error
    content = buffer.getvalue()
    return _with_serial_number(content, SERIAL_NUMBER) if container == "OGG" else content


def _with_serial_number(content: bytes, serial: int) -> bytes:
    """Give every page of an OGG stream the serial number, which libsndfile draws at random, and its checksum.

    A page (RFC 3533, section 6): "OggS", version, type, position (8 bytes), serial number (4 bytes at 14),
    page number (4), checksum (4 bytes at 22), number of segments (at 26), their lengths, their content. The
    checksum is taken with its own four bytes zero.
    """
    rewritten = bytearray()
    first = 0
    while first < len(content):
        segments = content[first + 26]
        end = first + 27 + segments + sum(content[first + 27 : first + 27 + segments])
        page = bytearray(content[first:end])
        page[14:18] = serial.to_bytes(4, "little")
        page[22:26] = bytes(4)
        page[22:26] = _ogg_checksum(bytes(page)).to_bytes(4, "little")
        rewritten += page
        first = end
    return bytes(rewritten)


def _ogg_checksum(page: bytes) -> int:
    """Return OGG's checksum of a page: CRC-32, most significant bit first, starting from 0, not inverted.

    zlib's CRC-32 has the same polynomial with all bits the other way round, and inverts at both ends.
    """
    mirrored = zlib.crc32(page.translate(_REVERSED_BITS), 0xFFFFFFFF) ^ 0xFFFFFFFF
    return int(f"{mirrored:032b}"[::-1], 2)
