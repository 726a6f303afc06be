"""Offline synthesis with FluidSynth: a MIDI file's bytes to float samples."""

from __future__ import annotations

import ctypes
import io
import tempfile
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from emo_assets.audio.sound_fonts import find_sound_font
from emo_assets.audio.tone import NEUTRAL, Tone
from emo_assets.errors import InputError
from emo_assets.midi.general_midi import DRUM_CHANNEL
from emo_assets.midi.parser import Messages, read_messages
from emo_assets.progress import Progress, no_progress

BLOCK_FRAMES = 16_384
"""Frames rendered between two checks of the player's position (0.37 s at 44.1 kHz)."""

SYNTH_GAIN = 0.5
"""FluidSynth's gain: dense General MIDI songs peak near full scale. Float samples are not clipped."""

_SUSTAIN, _SOSTENUTO = 64, 66
_NOTE_ON, _PROGRAM_CHANGE = 0x9, 0xC
_DRUM_BANK = 128

_MAX_KEPT = 4
_kept: deque[Any] = deque()
"""The synthesizers of the latest songs."""


@dataclass(frozen=True)
class SoundSettings:
    """How the synthesizer sounds.

    Attributes:
        sound_font: path of an SF2 or SF3 file, or an installed sound font's name; None for the default.
        reverb: whether its reverb is on.
        chorus: whether its chorus is on.
        tone: the colour of the sound.
    """

    sound_font: Path | None = None
    reverb: bool = True
    chorus: bool = True
    tone: Tone = NEUTRAL


DEFAULT_SOUND = SoundSettings()


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
    with _synth(fluidsynth, sound, sample_rate, midi) as synth, _midi_file(midi) as path:
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
    if not hasattr(fluidsynth._fl, "fluid_synth_pin_preset"):
        raise InputError("the FluidSynth library is too old: version 2.2 or later is needed")
    for level in range(5):
        fluidsynth._fl.fluid_set_log_function(level, None, None)
    return fluidsynth  # type: ignore[no-any-return]


@contextmanager
def _synth(fluidsynth: ModuleType, sound: SoundSettings, sample_rate: int, midi: bytes) -> Iterator[Any]:
    """Yield a synthesizer with those presets of the sound font loaded that a MIDI file selects.

    Most of the time goes into decoding a compressed sound font's samples. FluidSynth shares decoded samples
    between synthesizers, so the last ones are kept.
    """
    sound_font = find_sound_font(sound.sound_font)
    settings = {
        "player.timing-source": "sample",
        "player.reset-synth": 0,  # otherwise the last notes are cut off at the end of the file
        "synth.lock-memory": 0,
        "synth.dynamic-sample-loading": 1,
        "synth.reverb.active": int(sound.reverb),
        "synth.reverb.room-size": sound.tone.room,
        "synth.reverb.damp": sound.tone.damping,
        "synth.chorus.active": int(sound.chorus),
    }
    synth = fluidsynth.Synth(gain=SYNTH_GAIN, samplerate=sample_rate, channels=16, **settings)
    try:
        # without resetting presets, which would load a piano for each channel
        font_id = synth.sfload(str(sound_font), 0)
        if font_id == fluidsynth.FLUID_FAILED:
            raise InputError(f"{sound_font}: is damaged: FluidSynth cannot read it")
        _load_presets(fluidsynth, synth, font_id, read_messages(midi))
        yield synth
    finally:
        _keep_samples(synth)


def _load_presets(fluidsynth: ModuleType, synth: Any, font_id: int, messages: Messages) -> None:
    """Load what a file's program changes select, and program 0 for channels that play before any.

    Pinned presets stay loaded when a channel changes its program.
    """
    kinds, channels = messages.status >> 4, messages.status & 0x0F
    selects, plays = kinds == _PROGRAM_CHANGE, kinds == _NOTE_ON
    presets = set(zip(channels[selects].tolist(), messages.first[selects].tolist(), strict=True))
    for channel in np.unique(channels[plays]).tolist():
        own = channels == channel
        first_note = messages.tick[plays & own].min()
        if first_note < messages.tick[selects & own].min(initial=first_note + 1):
            presets.add((channel, 0))
            synth.program_change(channel, 0)
    for channel, program in sorted(presets):
        bank = _DRUM_BANK if channel == DRUM_CHANNEL else 0
        fluidsynth._fl.fluid_synth_pin_preset(ctypes.c_void_p(synth.synth), font_id, bank, program)


def _keep_samples(synth: Any) -> None:
    """Keep a synthesizer for the samples that later ones may need, and delete the oldest of those kept."""
    _kept.append(synth)
    if len(_kept) > _MAX_KEPT:
        _kept.popleft().delete()


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
