from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from emo_assets.audio.files import FORMATS, encode_audio, write_audio
from emo_assets.errors import InputError

RATE = 44_100


@pytest.fixture(scope="module")
def samples() -> NDArray[np.float32]:
    """Three seconds of two tones, one a channel: longer than one block of the writer."""
    time = np.arange(3 * RATE) / RATE
    return np.stack([0.5 * np.sin(440 * 2 * np.pi * time), 0.3 * np.sin(660 * 2 * np.pi * time)], 1).astype(
        np.float32
    )


@pytest.mark.parametrize(
    ("ending", "error"), [(".wav", 2e-5), (".flac", 2e-5), (".ogg", 0.05), (".mp3", 0.05)]
)
def test_written_samples_are_read_back(
    tmp_path: Path, samples: NDArray[np.float32], ending: str, error: float
) -> None:
    path = tmp_path / "deep" / f"song{ending}"
    write_audio(samples, RATE, path)
    read, rate = soundfile.read(path, dtype="float32")
    assert rate == RATE
    assert read.shape == samples.shape
    assert np.sqrt(np.mean((read - samples) ** 2)) < error
    assert [entry.name for entry in path.parent.iterdir()] == [path.name]


@pytest.mark.parametrize("ending", [ending for ending in FORMATS if ending != ".ogg"])
def test_same_samples_give_the_same_bytes(samples: NDArray[np.float32], ending: str) -> None:
    assert encode_audio(samples, RATE, ending) == encode_audio(samples, RATE, ending)


def test_wav_has_sixteen_bits(samples: NDArray[np.float32]) -> None:
    content = encode_audio(samples, RATE, ".wav")
    assert soundfile.info(io.BytesIO(content)).subtype == "PCM_16"
    assert len(content) == pytest.approx(samples.size * 2, abs=100)


def test_suffixes_in_capitals_are_known(tmp_path: Path, samples: NDArray[np.float32]) -> None:
    write_audio(samples, RATE, tmp_path / "SONG.WAV")
    assert soundfile.info(tmp_path / "SONG.WAV").format == "WAV"


@pytest.mark.parametrize("name", ["song", "song.aiff", "song.mid"])
def test_other_suffixes_are_rejected(tmp_path: Path, samples: NDArray[np.float32], name: str) -> None:
    with pytest.raises(InputError, match="not a known audio suffix"):
        write_audio(samples, RATE, tmp_path / name)
    assert not list(tmp_path.iterdir())


def test_samples_beyond_full_scale_are_rejected(samples: NDArray[np.float32]) -> None:
    with pytest.raises(InputError, match="full scale"):
        encode_audio(3 * samples, RATE, ".wav")


@pytest.mark.parametrize(("rate", "suffix"), [(96_000, ".mp3"), (200_001, ".ogg")])
def test_unsupported_sample_rates_are_rejected(samples: NDArray[np.float32], rate: int, suffix: str) -> None:
    with pytest.raises(InputError, match="cannot be written"):
        encode_audio(samples, rate, suffix)
