"""The fidelity report: songs written from the descriptions of true ones, beside a ceiling and a floor."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from itertools import islice

import numpy as np
import pandas as pd

from emo_assets.errors import InputError
from emo_assets.figaro.generate import Figaro
from emo_assets.figaro.training import is_held_out, song_of
from emo_assets.metrics.fidelity import agreement, fidelity, mean_fidelity
from emo_assets.midi.errors import MidiError
from emo_assets.progress import Progress, no_progress
from emo_assets.reranking import describe_events, most_faithful_songs
from emo_assets.tokens.detokenize import detokenize
from emo_assets.tokens.grammar.descriptions import DescriptionGrammar
from emo_assets.tokens.grammar.events import EventGrammar
from emo_assets.tokens.segments import split_segments
from emo_assets.tokens.tokenize import tokenize_midi
from emo_assets.tokens.vocabulary import EVENTS, EventKind

_BARS = EVENTS.span(EventKind.BAR)

TEMPO = 120.0
"""Quarter notes a minute of the songs that are measured: no measure depends on it."""


def unseen_songs(midi: Iterable[bytes], count: int, *, held_out_share: float = 1.0) -> list[bytes]:
    """Take the first songs that can be read and that a training did not learn from.

    Args:
        midi: contents of MIDI files; no more are read than needed.
        count: how many to take.
        held_out_share: the share that the training held out; 1 if it was on other songs altogether.

    Returns:
        At most `count` of the contents.
    """
    return list(islice((content for content in midi if _is_unheard(content, held_out_share)), count))


def fidelity_report(
    figaro: Figaro,
    midi: Iterable[bytes],
    *,
    bars: int = 16,
    candidates: int = 1,
    seed: int = 0,
    progress: Progress = no_progress,
) -> pd.DataFrame:
    """Measure how well a FIGARO does what descriptions say, on songs that it was not trained on.

    Each song's description, cut to its first bars, is given to the model; what it writes is compared with
    the song itself. Beside it stand the *ceiling*, the song written as MIDI and read again, and the *floor*,
    the song compared with the next one.

    Args:
        figaro: the model.
        midi: contents of MIDI files; those that cannot be read are left out. At least two are needed.
        bars: how many bars of each song are written.
        candidates: if above 1, so many songs are also written for each description and the best is taken.
        seed: of the first song; the others count up from it.
        progress: told the bars written.

    Returns:
        One row a measure of `Fidelity`, and `agreement`, of the songs' own descriptions with those given.
        Columns `written`, `best` if there are candidates, `ceiling`, `floor`; and `songs`, their number.

    Raises:
        InputError: fewer than two songs could be read.
    """
    songs = [song for content in midi if (song := _start_of(content, bars)) is not None]
    if len(songs) < 2:
        raise InputError(f"a fidelity report needs at least two readable songs, got {len(songs)}")
    descriptions, true_songs = [song[0] for song in songs], [song[1] for song in songs]
    columns: dict[str, list[list[int]]] = {}
    for name, count in (("written", 1), ("best", candidates))[: 2 if candidates > 1 else 1]:
        columns[name] = most_faithful_songs(
            figaro,
            descriptions,
            tempos=[TEMPO] * len(songs),
            seeds=range(seed, seed + len(songs)),
            candidates=count,
            progress=progress,
        )
    columns["ceiling"] = [_read_again(events) for events in true_songs]
    columns["floor"] = [*true_songs[1:], true_songs[0]]
    table = pd.DataFrame(
        {name: measures(descriptions, true_songs, pieces) for name, pieces in columns.items()}
    )
    table.index.name = "measure"
    return table.assign(songs=len(songs))


def _is_unheard(content: bytes, held_out_share: float) -> bool:
    """Say whether a file can be read and a training with that share of songs held out left it out."""
    try:
        return is_held_out(song_of(tokenize_midi(content)), held_out_share)
    except MidiError:
        return False


def _start_of(content: bytes, bars: int) -> tuple[list[int], list[int]] | None:
    """Read a file and return description and events of its first bars, as ids; None if it is unreadable."""
    try:
        tokens = tokenize_midi(content)
    except MidiError:
        return None
    description = split_segments(tokens.description, bars)[0].tokens
    events = tokens.events
    starts = [place for place, token in enumerate(events) if token in _BARS]
    return description, events[: starts[bars]] if bars < len(starts) else events


def _read_again(events: Sequence[int]) -> list[int]:
    """Write events as a MIDI file and return the events that are read from it."""
    return tokenize_midi(detokenize(events)).events


def measures(
    descriptions: Sequence[Sequence[int]], truths: Sequence[Sequence[int]], pieces: Sequence[Sequence[int]]
) -> dict[str, float]:
    """Compare pieces, ids of events each, with the true ones and with the descriptions of these."""
    parse, asked = EventGrammar().parse, DescriptionGrammar().parse
    fidelities = [fidelity(parse(truth), parse(piece)) for truth, piece in zip(truths, pieces, strict=True)]
    agreements = [
        agreement(asked(description), describe_events(piece))
        for description, piece in zip(descriptions, pieces, strict=True)
    ]
    return {**asdict(mean_fidelity(fidelities)), "agreement": float(np.mean(agreements))}
