"""MIDI files to finished samples: synthesis, trimming of silence, fade-out, tone and loudness."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from emo_assets.audio.loudness import fade_out, normalize_loudness, normalize_peak, peak
from emo_assets.audio.synthesizer import DEFAULT_SOUND, SoundSettings, synthesize
from emo_assets.audio.tone import apply_tone
from emo_assets.errors import InputError
from emo_assets.midi.score import Score, read_midi
from emo_assets.progress import Progress, no_progress

SAMPLE_RATE = 44_100
"""Frames per second by default."""

SAMPLE_RATES = (8_000, 96_000)
"""The lowest and highest sample rate that FluidSynth accepts."""

MAX_MINUTES = 30
"""Longest accepted MIDI file. The longest request, 128 bars of 7 beats at 30 beats per minute, fits."""

RING_OUT_SECONDS = 4.0
"""How long strings, cymbals and the reverb may sound after the end of the file."""

FADE_SECONDS = 1.0
"""The end of the ring-out that is faded out."""

TAIL_THRESHOLD = 10 ** (-60 / 20)
"""60 dB below the peak: quieter sound at the end is cut off."""

NOISE_FLOOR = 1e-6
"""Samples below that are numerical noise of the synthesizer."""


def render(
    midi: bytes,
    sound: SoundSettings = DEFAULT_SOUND,
    *,
    score: Score | None = None,
    sample_rate: int = SAMPLE_RATE,
    loudness: float | None = None,
    progress: Progress = no_progress,
) -> NDArray[np.float32]:
    """Render a MIDI file as stereo sound.

    After the last note the sound rings out for up to `RING_OUT_SECONDS`; trailing silence is cut off and the
    end faded out. The same bytes and settings give the same samples.

    Args:
        midi: a Standard MIDI File.
        sound: how the synthesizer sounds.
        score: the parsed `midi`, to save parsing it again.
        sample_rate: frames per second, 8,000 to 96,000.
        loudness: target integrated loudness in LUFS; peaks are limited. None keeps the synthesizer's level,
            scaled down if its peak is too high.
        progress: called with the ticks played.

    Returns:
        Samples, shape (frames, 2), peak at most -1 dBFS.

    Raises:
        InputError: the MIDI file cannot be read, has no sound or is longer than `MAX_MINUTES`; the sound font
            cannot be read; or FluidSynth is missing.
    """
    lowest, highest = SAMPLE_RATES
    if not lowest <= sample_rate <= highest:
        raise InputError(f"sample rate must be {lowest} to {highest} frames per second, got {sample_rate}")
    played = synthesize(
        midi,
        sound,
        sample_rate=sample_rate,
        last_tick=_last_tick(score or read_midi(midi)),
        max_seconds=MAX_MINUTES * 60,
        ring_out_seconds=RING_OUT_SECONDS,
        progress=progress,
    )
    sounding = _until_silence(played, sample_rate)
    if not len(sounding):
        raise InputError("no note of the MIDI file sounds with this sound font; try another sound font")
    faded = fade_out(sounding, round(FADE_SECONDS * sample_rate))
    toned = apply_tone(faded, sample_rate, sound.tone)
    return normalize_peak(toned) if loudness is None else normalize_loudness(toned, sample_rate, loudness)


def _last_tick(score: Score) -> int:
    """Return the tick at which the last note ends.

    Raises:
        InputError: there are no notes, or the song is too long.
    """
    if not len(score.notes.end):
        raise InputError("the MIDI file has no notes: there is nothing to render")
    last_tick = int(score.notes.end.max())
    minutes = score.tempo_map.second(last_tick) / 60
    if minutes > MAX_MINUTES:
        raise InputError(f"the MIDI file lasts {minutes:.1f} minutes; at most {MAX_MINUTES} can be rendered")
    return last_tick


def _until_silence(samples: NDArray[np.float32], sample_rate: int) -> NDArray[np.float32]:
    """Return `samples` up to the last audible frame; empty if all is silent."""
    threshold = max(TAIL_THRESHOLD * peak(samples), NOISE_FLOOR)
    for end in range(len(samples), 0, -sample_rate):
        first = max(end - sample_rate, 0)
        audible = np.flatnonzero(np.abs(samples[first:end]).max(axis=1) > threshold)
        if len(audible):
            return samples[: first + audible[-1] + 1]
    return samples[:0]
