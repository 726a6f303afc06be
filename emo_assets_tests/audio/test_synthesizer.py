from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from emo_assets.audio import synthesizer
from emo_assets.audio.rendering import render
from emo_assets.audio.synthesizer import SoundSettings, check_sound_font, default_sound_font
from emo_assets.errors import InputError


@pytest.fixture
def _library_anew() -> Iterator[None]:
    synthesizer._library.cache_clear()
    yield
    synthesizer._library.cache_clear()


def test_the_default_sound_font_is_that_of_pretty_midi() -> None:
    path = default_sound_font()
    assert path.name == "TimGM6mb.sf2"
    assert path.read_bytes()[:4] == b"RIFF"


def test_cut_off_sound_font_is_rejected_before_fluidsynth_prints(tmp_path: Path) -> None:
    whole = default_sound_font().read_bytes()
    font = tmp_path / "half.sf2"
    font.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(InputError, match=rf"half.sf2: is cut off after .* of {len(whole):,} bytes; copy or"):
        check_sound_font(font)


def test_importing_the_audio_package_is_light() -> None:
    code = (
        "import sys; from emo_assets.audio import rendering, files, loudness, synthesizer\n"
        "synthesizer.default_sound_font()\n"
        "print([name for name in ('pretty_midi', 'scipy', 'soundfile', 'fluidsynth') if name in sys.modules])"
    )
    finished = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert finished.stdout.strip() == "[]"


def test_without_any_sound_font_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    monkeypatch.setattr(synthesizer, "SYSTEM_SOUND_FONT", Path("/nowhere/default.sf2"))
    with pytest.raises(InputError, match="apt-get install timgm6mb-soundfont"):
        default_sound_font()


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
