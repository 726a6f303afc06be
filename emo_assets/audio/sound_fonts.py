"""Sound fonts: which are installed, which one is played by default, and which one a name means."""

from __future__ import annotations

import importlib.util
from pathlib import Path

from emo_assets.errors import InputError

FOLDERS = (
    Path("/usr/share/sounds/sf3"),
    Path("/usr/share/sounds/sf2"),
    Path("/usr/share/soundfonts"),
    Path("/usr/local/share/soundfonts"),
    Path("/opt/homebrew/share/soundfonts"),
    Path("~/.local/share/soundfonts"),
)
"""Where Debian, Fedora, Arch, Homebrew and users keep sound fonts."""

SMALL = "TimGM6mb"
"""The sound font in pretty_midi's wheel, which is always there."""

PREFERRED = ("MuseScore_General", "MuseScore_General_Lite", "FluidR3_GM", "FluidR3Mono_GM", SMALL)
"""The default sound font is the first of these that is installed, or else any other."""

BETTER_SOUND = "apt-get install musescore-general-soundfont-small"
"""How to get a full General MIDI sound font on Debian and Ubuntu."""

_SUFFIXES = (".sf2", ".sf3")
_NO_SOUND_FONT = "is not a sound font that FluidSynth can read (.sf2 or .sf3)"


def installed_sound_fonts() -> dict[str, Path]:
    """Return the installed sound fonts by name (the file's stem), in the order of their names.

    They are those in `FOLDERS` and the one in pretty_midi's wheel (TimGM6mb), located without importing it.
    """
    files = [
        path
        for folder in FOLDERS
        for path in sorted(folder.expanduser().glob("*"))
        if path.suffix.lower() in _SUFFIXES and path.is_file() and not path.is_symlink()
    ]
    package = importlib.util.find_spec("pretty_midi")
    if package is not None and package.origin is not None:
        files += [path for path in [Path(package.origin).with_name(f"{SMALL}.sf2")] if path.is_file()]
    fonts: dict[str, Path] = {}
    for path in files:
        fonts.setdefault(path.stem, path)
    return dict(sorted(fonts.items()))


def default_sound_font() -> Path:
    """Return the best installed sound font, in the order of `PREFERRED`.

    Raises:
        InputError: none is installed.
    """
    fonts = installed_sound_fonts()
    for name in [*PREFERRED, *fonts]:
        if name in fonts:
            return fonts[name]
    raise InputError(
        f"no sound font found: give the path of an .sf2 or .sf3 file, or install one ({BETTER_SOUND}, or "
        "pip install pretty_midi)"
    )


def find_sound_font(font: Path | None) -> Path:
    """Return the path of a sound font after checking it.

    Args:
        font: path of an SF2 or SF3 file; or an installed sound font's name, or how that begins, in any case;
            None for the default.

    Raises:
        InputError: there is none, it is cut off, or not a sound font.
    """
    if font is None:
        return default_sound_font()
    path = font.expanduser()
    if len(font.parts) == 1 and not font.suffix and not path.exists():
        fonts = installed_sound_fonts()
        known = [name for name in fonts if name.lower().startswith(font.name.lower())]
        if not known:
            names = ", ".join(fonts) or "none is installed"
            raise InputError(
                f"{font}: no such sound font; give the path of an .sf2 or .sf3 file, or a name ({names})"
            )
        path = fonts[known[0]]
    check_sound_font(path)
    return path


def check_sound_font(path: Path) -> None:
    """Check a sound font's header and length, since FluidSynth prints errors for other files.

    Raises:
        InputError: the file is missing, cut off or not a sound font.
    """
    try:
        with path.open("rb") as file:
            beginning = file.read(12)
        size = path.stat().st_size
    except OSError as error:
        raise InputError(f"{path}: no such sound font; give the path of an .sf2 or .sf3 file") from error
    if beginning[:4] != b"RIFF" or beginning[8:] != b"sfbk":
        raise InputError(f"{path}: {_NO_SOUND_FONT}")
    announced = 8 + int.from_bytes(beginning[4:8], "little")
    if size < announced:
        raise InputError(
            f"{path}: is cut off after {size:,} of {announced:,} bytes; copy or download it again"
        )
