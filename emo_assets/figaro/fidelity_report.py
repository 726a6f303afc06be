"""The fidelity report: songs written from the descriptions of true ones, beside a ceiling and a floor."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict

import pandas as pd

from emo_assets.errors import InputError
from emo_assets.figaro.fidelity import Fidelity, fidelity, mean_fidelity
from emo_assets.figaro.sampling import Figaro
from emo_assets.progress import Progress, silent
from emo_assets.symbolic.errors import MidiError
from emo_assets.symbolic.grammar.events import EventBar, EventGrammar
from emo_assets.symbolic.reading import read_midi
from emo_assets.symbolic.segments import split_segments
from emo_assets.symbolic.vocabulary import DESCRIPTIONS, EVENTS, EventKind
from emo_assets.symbolic.writing import write_midi

_BARS = EVENTS.span(EventKind.BAR)

TEMPO = 120.0
"""Quarter notes a minute of the songs that are measured: no measure depends on it."""


def fidelity_report(
    figaro: Figaro,
    midi: Iterable[bytes],
    *,
    bars: int = 16,
    candidates: int = 1,
    seed: int = 0,
    progress: Progress = silent,
) -> pd.DataFrame:
    """Measure how well a FIGARO does what descriptions say, on songs that it was not trained on.

    Each song's description, cut to its first bars, is given to the model; what it writes is compared with
    the song itself. Beside it stand the *ceiling*, the song written as MIDI and read again, and the *floor*,
    the song compared with the next one.

    Args:
        figaro: the model.
        midi: contents of MIDI files; those that cannot be read are left out. At least two are needed.
        bars: how many bars of each song are written.
        candidates: songs written a description, of which the best is measured.
        seed: of the first song; the others count up from it.
        progress: told the bars written.

    Returns:
        One row a measure of `Fidelity`, columns `written`, `ceiling`, `floor`; and `songs`, their number.

    Raises:
        InputError: fewer than two songs could be read.
    """
    songs = [song for content in midi if (song := _start_of(content, bars)) is not None]
    if len(songs) < 2:
        raise InputError(f"a fidelity report needs at least two readable songs, got {len(songs)}")
    written = figaro.compose(
        [description for description, _ in songs],
        tempos=[TEMPO] * len(songs),
        seeds=range(seed, seed + len(songs)),
        candidates=candidates,
        progress=progress,
    )
    parse = EventGrammar().parse
    truths = [parse(events) for _, events in songs]
    columns = {
        "written": [parse(events) for events in written],
        "ceiling": [_read_again(events) for _, events in songs],
        "floor": [*truths[1:], truths[0]],
    }
    table = pd.DataFrame({name: asdict(_mean(truths, pieces)) for name, pieces in columns.items()})
    table.index.name = "measure"
    return table.assign(songs=len(songs))


def _start_of(content: bytes, bars: int) -> tuple[list[int], list[int]] | None:
    """Read a file and return description and events of its first bars, as ids; None if it is unreadable."""
    try:
        reading = read_midi(content)
    except MidiError:
        return None
    description = split_segments(DESCRIPTIONS.encode(reading.description), bars)[0].tokens
    events = EVENTS.encode(reading.events)
    starts = [place for place, token in enumerate(events) if token in _BARS]
    return description, events[: starts[bars]] if bars < len(starts) else events


def _read_again(events: Sequence[int]) -> list[EventBar]:
    """Write events as a MIDI file and parse what is read from it."""
    again = read_midi(write_midi(EVENTS.decode(events)))
    return EventGrammar().parse(EVENTS.encode(again.events))


def _mean(truths: Sequence[Sequence[EventBar]], pieces: Sequence[Sequence[EventBar]]) -> Fidelity:
    return mean_fidelity([fidelity(truth, piece) for truth, piece in zip(truths, pieces, strict=True)])
