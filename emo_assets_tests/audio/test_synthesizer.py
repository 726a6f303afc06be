from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from emo_assets.audio import synthesizer
from emo_assets.audio.rendering import render
from emo_assets.audio.synthesizer import SoundSettings
from emo_assets.errors import InputError
from emo_assets_tests.midi.test_parser import file_of


@pytest.fixture
def _library_anew() -> Iterator[None]:
    synthesizer._library.cache_clear()
    yield
    synthesizer._library.cache_clear()


def test_importing_the_audio_package_is_light() -> None:
    code = (
        "import sys; from emo_assets.audio import rendering, files, loudness, sound_fonts\n"
        "sound_fonts.default_sound_font()\n"
        "print([name for name in ('pretty_midi', 'scipy', 'soundfile', 'fluidsynth') if name in sys.modules])"
    )
    finished = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert finished.stdout.strip() == "[]"


@pytest.mark.usefixtures("_library_anew")
def test_without_the_library_the_error_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, midi: bytes
) -> None:
    monkeypatch.setitem(sys.modules, "fluidsynth", None)
    with pytest.raises(InputError, match="apt-get install libfluidsynth3"):
        render(midi)


def test_fluidsynth_prints_nothing(midi: bytes, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    damaged = tmp_path / "damaged.sf2"
    damaged.write_bytes(bytes(64))
    with pytest.raises(InputError):
        render(midi, SoundSettings(damaged))
    render(midi, sample_rate=8_000)
    assert capfd.readouterr() == ("", "")


def test_importing_pyfluidsynth_prints_nothing() -> None:
    code = "from emo_assets.audio import synthesizer; synthesizer._library()"
    environment = {**os.environ, "CI": "true"}
    finished = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, check=True)
    assert (finished.stdout, finished.stderr) == (b"", b"")


def test_channels_without_a_program_play_the_piano() -> None:
    played, ended = b"\x00\x90\x3c\x5a\x83\x60\x80\x3c\x00", b"\x00\xff\x2f\x00"
    unnamed, piano, organ = (
        render(file_of(program + played + ended), sample_rate=8_000)
        for program in (b"", b"\x00\xc0\x00", b"\x00\xc0\x10")
    )
    assert unnamed.tobytes() == piano.tobytes() != organ.tobytes()
