"""Offline synthesis with FluidSynth: a MIDI file's bytes to float samples."""

from __future__ import annotations

import ctypes
import importlib.util
import io
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from emo_assets.errors import InputError
from emo_assets.progress import Progress, no_progress

BLOCK_FRAMES = 16_384
"""Frames rendered between two checks of the player's position (0.37 s at 44.1 kHz)."""

SYNTH_GAIN = 0.5
"""FluidSynth's gain: dense General MIDI songs peak near full scale. Float samples are not clipped."""

SYSTEM_SOUND_FONT = Path("/usr/share/sounds/sf2/default-GM.sf2")
"""Debian's and Ubuntu's link to the default General MIDI sound font."""

_SUSTAIN, _SOSTENUTO = 64, 66


@dataclass(frozen=True)
class SoundSettings:
    """How the synthesizer sounds.

    Attributes:
        sound_font: path of an SF2 or SF3 file; None for the one in pretty_midi.
        reverb: whether its reverb is on.
        chorus: whether its chorus is on.
    """

    sound_font: Path | None = None
    reverb: bool = True
    chorus: bool = True


DEFAULT_SOUND = SoundSettings()


def default_sound_font() -> Path:
    """Return the sound font in pretty_midi's wheel (TimGM6mb), located without importing it, or the system's.

    Raises:
        InputError: there is neither.
    """
    package = importlib.util.find_spec("pretty_midi")
    if package is not None and package.origin is not None:
        bundled = Path(package.origin).with_name("TimGM6mb.sf2")
        if bundled.is_file():
            return bundled
    if SYSTEM_SOUND_FONT.is_file():
        return SYSTEM_SOUND_FONT
    raise InputError(
        "no sound font found: give the path of an .sf2 file, or install one "
        "(apt-get install timgm6mb-soundfont, or pip install pretty_midi)"
    )


def synthesize(
    midi: bytes,
    sound: SoundSettings,
    *,
    sample_rate: int,
    last_tick: int,
    max_seconds: float,
    ring_out_seconds: float,
    progress: Progress = no_progress,
) -> NDArray[np.float32]:
    """Synthesize a MIDI file up to its last note and its ring-out.

    The player's clock counts samples, so the same file gives the same samples.

    Args:
        midi: a Standard MIDI File.
        sound: sound font and effects.
        sample_rate: frames per second.
        last_tick: tick at which the last note ends.
        max_seconds: longer files are rejected.
        ring_out_seconds: seconds to render after the last note.
        progress: called with the ticks played.

    Returns:
        Samples, shape (frames, 2), with unbounded level.

    Raises:
        InputError: the library is missing, the sound font or the file cannot be read, or it is too long.
    """
    fluidsynth = _library()
    blocks: list[NDArray[np.float32]] = []
    with _synth(fluidsynth, sound, sample_rate) as synth, _midi_file(midi) as path:
        if synth.play_midi_file(path) != fluidsynth.FLUID_OK:
            raise InputError("the MIDI file cannot be played: FluidSynth does not accept it")
        player = ctypes.c_void_p(synth.player)
        try:
            max_blocks = int(max_seconds * sample_rate / BLOCK_FRAMES)
            while fluidsynth.fluid_player_get_status(synth.player) == fluidsynth.FLUID_PLAYER_PLAYING:
                if len(blocks) > max_blocks:
                    raise InputError(
                        f"the MIDI file lasts longer than {max_seconds / 60:g} minutes; shorten it"
                    )
                blocks.append(_render_block(fluidsynth, synth))
                played = int(fluidsynth._fl.fluid_player_get_current_tick(player))
                progress("rendering", min(max(played, 0), last_tick), last_tick)
                if played >= last_tick:  # the player would wait for notes that never end
                    break
            _release_all(synth)
            ring_out = round(ring_out_seconds * sample_rate / BLOCK_FRAMES)
            blocks.extend(_render_block(fluidsynth, synth) for _ in range(ring_out))
        finally:
            fluidsynth.delete_fluid_player(synth.player)
    return np.concatenate(blocks)


@cache
def _library() -> ModuleType:
    """Import pyfluidsynth, which loads libfluidsynth, without either printing.

    With `CI` set, pyfluidsynth prints the library that it found.
    """
    try:
        with redirect_stdout(io.StringIO()):
            import fluidsynth
    except (ImportError, OSError) as error:
        raise InputError(
            "the FluidSynth library is missing: apt-get install libfluidsynth3 (Debian, Ubuntu) or "
            "brew install fluid-synth (macOS)"
        ) from error
    if not hasattr(fluidsynth._fl, "fluid_player_get_current_tick"):
        raise InputError("the FluidSynth library is too old: version 2 or later is needed")
    for level in range(5):
        fluidsynth._fl.fluid_set_log_function(level, None, None)
    return fluidsynth  # type: ignore[no-any-return]


@contextmanager
def _synth(fluidsynth: ModuleType, sound: SoundSettings, sample_rate: int) -> Iterator[Any]:
    """Yield a synthesizer with the sound font loaded."""
    sound_font = sound.sound_font or default_sound_font()
    settings = {
        "player.timing-source": "sample",
        "player.reset-synth": 0,  # otherwise the last notes are cut off at the end of the file
        "synth.lock-memory": 0,
        "synth.reverb.active": int(sound.reverb),
        "synth.chorus.active": int(sound.chorus),
    }
    synth = fluidsynth.Synth(gain=SYNTH_GAIN, samplerate=sample_rate, channels=16, **settings)
    try:
        check_sound_font(sound_font)
        if synth.sfload(str(sound_font), 1) == fluidsynth.FLUID_FAILED:
            raise InputError(f"{sound_font}: {_NO_SOUND_FONT}")
        yield synth
    finally:
        synth.delete()


_NO_SOUND_FONT = "is not a sound font that FluidSynth can read (.sf2 or .sf3)"


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
        raise InputError(f"{path}: no such sound font; give the path of an .sf2 file") from error
    if beginning[:4] != b"RIFF" or beginning[8:] != b"sfbk":
        raise InputError(f"{path}: {_NO_SOUND_FONT}")
    announced = 8 + int.from_bytes(beginning[4:8], "little")
    if size < announced:
        raise InputError(
            f"{path}: is cut off after {size:,} of {announced:,} bytes; copy or download it again"
        )


@contextmanager
def _midi_file(midi: bytes) -> Iterator[str]:
    """Yield the path of a temporary file with `midi`: FluidSynth's player reads only files."""
    with tempfile.TemporaryDirectory(prefix="emo-render-") as folder:
        path = Path(folder) / "song.mid"
        path.write_bytes(midi)
        yield str(path)


def _render_block(fluidsynth: ModuleType, synth: Any) -> NDArray[np.float32]:
    """Render the next `BLOCK_FRAMES` frames, shape (frames, 2); pyfluidsynth itself renders only 16 bits."""
    block = np.empty((BLOCK_FRAMES, 2), dtype=np.float32)
    samples = block.ctypes.data_as(ctypes.c_void_p)
    handle = ctypes.c_void_p(synth.synth)
    fluidsynth._fl.fluid_synth_write_float(handle, BLOCK_FRAMES, samples, 0, 2, samples, 1, 2)
    return block


def _release_all(synth: Any) -> None:
    """Release every key and pedal, so that notes without an end decay, too."""
    for channel in range(16):
        synth.cc(channel, _SUSTAIN, 0)
        synth.cc(channel, _SOSTENUTO, 0)
        synth.all_notes_off(channel)
