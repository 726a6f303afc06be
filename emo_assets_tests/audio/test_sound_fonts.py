from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

from emo_assets.audio import sound_fonts
from emo_assets.audio.sound_fonts import (
    SMALL,
    check_sound_font,
    default_sound_font,
    find_sound_font,
    installed_sound_fonts,
)
from emo_assets.errors import InputError

EMPTY_FONT = b"RIFF\x04\x00\x00\x00sfbk"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The only folder of installed sound fonts."""
    monkeypatch.setattr(sound_fonts, "FOLDERS", (tmp_path / "missing", tmp_path))
    return tmp_path


def install(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).write_bytes(EMPTY_FONT)


def test_without_others_the_default_is_that_of_pretty_midi(folder: Path) -> None:
    assert default_sound_font().name == "TimGM6mb.sf2"
    assert default_sound_font().read_bytes()[:4] == b"RIFF"
    assert list(installed_sound_fonts()) == [SMALL]


def test_full_sound_fonts_are_preferred(folder: Path) -> None:
    install(folder, "FluidR3_GM.sf2", "Accordions.sf2")
    assert default_sound_font() == folder / "FluidR3_GM.sf2"
    install(folder, "MuseScore_General_Lite.sf3")
    assert default_sound_font() == folder / "MuseScore_General_Lite.sf3"


def test_installed_sound_fonts_are_listed_once(folder: Path) -> None:
    install(folder, "Piano.SF2", "Organ.sf3", "notes.txt")
    (folder / "default.sf2").symlink_to(folder / "Piano.SF2")
    assert list(installed_sound_fonts()) == ["Organ", "Piano", SMALL]


@pytest.mark.parametrize("name", ["musescore", "MuseScore_General", "MUSESCORE_GENERAL_LITE"])
def test_a_name_or_its_beginning_finds_a_sound_font(folder: Path, name: str) -> None:
    install(folder, "MuseScore_General_Lite.sf3")
    assert find_sound_font(Path(name)) == folder / "MuseScore_General_Lite.sf3"


def test_a_path_finds_its_file(folder: Path) -> None:
    install(folder, "piano.sf2")
    assert find_sound_font(folder / "piano.sf2") == folder / "piano.sf2"
    assert find_sound_font(None) == default_sound_font()


def test_an_unknown_name_lists_the_installed_ones(folder: Path) -> None:
    install(folder, "Piano.sf2")
    with pytest.raises(InputError, match=r"organ: no such sound font; .* a name \(Piano, TimGM6mb\)"):
        find_sound_font(Path("organ"))


def test_cut_off_sound_font_is_rejected_before_fluidsynth_prints(tmp_path: Path, folder: Path) -> None:
    whole = default_sound_font().read_bytes()
    font = tmp_path / "half.sf2"
    font.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(InputError, match=rf"half.sf2: is cut off after .* of {len(whole):,} bytes; copy or"):
        check_sound_font(font)


def test_without_any_sound_font_the_error_says_what_to_install(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(InputError, match="apt-get install musescore-general-soundfont-small"):
        default_sound_font()
