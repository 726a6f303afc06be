"""What can be wrong with a song on its way from request to sound: pure functions, as in `findings`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from emo_assets.pipeline.checks.findings import Finding

if TYPE_CHECKING:
    from pathlib import Path

    from upath import UPath

    from emo_assets.requests import TrackRequest

TEMPO_TOLERANCE = 0.1
"""Beats a minute. MIDI keeps a tempo in whole microseconds a beat."""

LONGEST_TAIL = 15.0
"""Seconds that may sound after the last bar."""

LONGEST_SILENCE_BARS = 4
"""Bars that a song may be silent in one piece."""

HIGHEST_PEAK = -0.9
"""dBFS; rendering keeps to -1, and 16 bits round."""

LOWEST_LOUDNESS = -50.0
"""LUFS; the quietest request is rendered at -36."""


def description_finding(tokens: Sequence[int], request: TrackRequest) -> Finding:
    """Find a description that the grammar refuses, or that is not as long as the request."""
    from emo_assets.symbolic.grammar.descriptions import DescriptionGrammar
    from emo_assets.symbolic.grammar.errors import GrammarError

    try:
        bars = DescriptionGrammar().parse(list(tokens))
    except GrammarError as error:
        return Finding((f"is no description ({error})",))
    faults = () if len(bars) == request.bars else (f"has {len(bars)} bars, asked were {request.bars}",)
    return Finding(faults, {"bars": len(bars)})


def midi_finding(midi: bytes, request: TrackRequest) -> Finding:
    """Find MIDI that cannot be read, has no notes, or another length, tempo or meter than was asked for."""
    from emo_assets.errors import InputError
    from emo_assets.listening.heard import listen

    try:
        heard = listen(midi)
    except InputError as error:
        return Finding((f"cannot be read ({error})",))
    asked = request.features
    faults = [] if heard.notes else ["has no notes"]
    if heard.bars > request.bars:
        faults.append(f"has {heard.bars} bars, asked were {request.bars}")
    if abs(heard.tempo - asked.tempo) > TEMPO_TOLERANCE:
        faults.append(f"has a tempo of {heard.tempo:.1f}, asked was {asked.tempo:.1f}")
    if heard.time_signature != f"{asked.time_signature}/4":
        faults.append(f"is in {heard.time_signature}, asked was {asked.time_signature}/4")
    return Finding(tuple(faults), {"notes": heard.notes, "bars": heard.bars, "tempo": heard.tempo})


def sound_finding(path: Path | UPath, request: TrackRequest) -> Finding:
    """Find sound that is silent, far too short or too long, too loud, or has a hole in it.

    Args:
        path: the audio file.
        request: what was asked for; its bars, meter and tempo say how long the song is.
    """
    from emo_assets.audio.inspection import inspect_audio
    from emo_assets.errors import InputError

    try:
        sound = inspect_audio(path)
    except InputError as error:
        return Finding((str(error),))
    bar_seconds = request.features.time_signature * 60 / request.features.tempo
    longest = request.bars * bar_seconds + LONGEST_TAIL
    measured = {
        "seconds": sound.seconds,
        "peak": max(sound.peak, -200.0),
        "loudness": max(sound.loudness, -200.0),
        "longest_silence": sound.longest_silence,
    }
    if sound.peak < LOWEST_LOUDNESS:
        return Finding((f"is silent: {sound.seconds:.1f} s below {LOWEST_LOUDNESS:g} dBFS",), measured)
    faults = []
    if not bar_seconds / 2 <= sound.seconds <= longest:
        faults.append(f"is {sound.seconds:.1f} s long, not {bar_seconds / 2:.1f} to {longest:.1f}")
    if sound.peak > HIGHEST_PEAK:
        faults.append(f"peaks at {sound.peak:.1f} dBFS, above {HIGHEST_PEAK:g}")
    if sound.seconds > 1 and sound.loudness < LOWEST_LOUDNESS:
        faults.append(f"is at {sound.loudness:.0f} LUFS, hardly to be heard")
    if sound.longest_silence > LONGEST_SILENCE_BARS * bar_seconds:
        faults.append(f"is silent for {sound.longest_silence:.1f} s in the middle")
    return Finding(tuple(faults), measured)
