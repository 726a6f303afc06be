"""What can be wrong with a song on its way from request to sound: pure functions, as in `findings`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from emo_assets.pipeline.checks.findings import CheckOutcome

if TYPE_CHECKING:
    from pathlib import Path

    from upath import UPath

    from emo_assets.song_request import TrackRequest

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


def check_description(tokens: Sequence[int], request: TrackRequest) -> CheckOutcome:
    """Find a description that the grammar refuses, or that is not as long as the request."""
    from emo_assets.tokens.grammar.descriptions import DescriptionGrammar
    from emo_assets.tokens.grammar.errors import GrammarError

    try:
        bars = DescriptionGrammar().parse(list(tokens))
    except GrammarError as error:
        return CheckOutcome((f"is no description ({error})",))
    problems = () if len(bars) == request.bars else (f"has {len(bars)} bars, asked were {request.bars}",)
    return CheckOutcome(problems, {"bars": len(bars)})


def check_midi(midi: bytes, request: TrackRequest) -> CheckOutcome:
    """Find MIDI that cannot be read, has no notes, or another length, tempo or meter than was asked for."""
    from emo_assets.errors import InputError
    from emo_assets.metrics.song_metrics import measure_midi

    try:
        heard = measure_midi(midi)
    except InputError as error:
        return CheckOutcome((f"cannot be read ({error})",))
    asked = request.features
    problems = [] if heard.notes else ["has no notes"]
    if heard.bars > request.bars:
        problems.append(f"has {heard.bars} bars, asked were {request.bars}")
    if abs(heard.tempo - asked.tempo) > TEMPO_TOLERANCE:
        problems.append(f"has a tempo of {heard.tempo:.1f}, asked was {asked.tempo:.1f}")
    if heard.time_signature != f"{asked.time_signature}/4":
        problems.append(f"is in {heard.time_signature}, asked was {asked.time_signature}/4")
    return CheckOutcome(tuple(problems), {"notes": heard.notes, "bars": heard.bars, "tempo": heard.tempo})


def check_sound(path: Path | UPath, request: TrackRequest) -> CheckOutcome:
    """Find sound that is silent, far too short or too long, too loud, or has a hole in it.

    Args:
        path: the audio file.
        request: what was asked for; its bars, meter and tempo say how long the song is.
    """
    from emo_assets.audio.files import measure_audio
    from emo_assets.errors import InputError

    try:
        sound = measure_audio(path)
    except InputError as error:
        return CheckOutcome((str(error),))
    bar_seconds = request.features.time_signature * 60 / request.features.tempo
    longest = request.bars * bar_seconds + LONGEST_TAIL
    measured = {
        "seconds": sound.seconds,
        "peak": max(sound.peak, -200.0),
        "loudness": max(sound.loudness, -200.0),
        "longest_silence": sound.longest_silence,
    }
    if sound.peak < LOWEST_LOUDNESS:
        return CheckOutcome((f"is silent: {sound.seconds:.1f} s below {LOWEST_LOUDNESS:g} dBFS",), measured)
    problems = []
    if not bar_seconds / 2 <= sound.seconds <= longest:
        problems.append(f"is {sound.seconds:.1f} s long, not {bar_seconds / 2:.1f} to {longest:.1f}")
    if sound.peak > HIGHEST_PEAK:
        problems.append(f"peaks at {sound.peak:.1f} dBFS, above {HIGHEST_PEAK:g}")
    if sound.seconds > 1 and sound.loudness < LOWEST_LOUDNESS:
        problems.append(f"is at {sound.loudness:.0f} LUFS, hardly to be heard")
    if sound.longest_silence > LONGEST_SILENCE_BARS * bar_seconds:
        problems.append(f"is silent for {sound.longest_silence:.1f} s in the middle")
    return CheckOutcome(tuple(problems), measured)
