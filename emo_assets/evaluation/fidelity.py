"""The fidelity report: songs generated from the descriptions of true ones, with a ceiling and a floor."""

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
from emo_assets.tokens.tokenize import MidiTokens, tokenize_midi
from emo_assets.tokens.vocabulary import EVENTS, EventKind

_BARS = EVENTS.span(EventKind.BAR)

TEMPO = 120.0
"""Of all songs, in quarter notes per minute; no metric depends on it."""


def unseen_songs(midi: Iterable[bytes], count: int, *, held_out_share: float = 1.0) -> list[MidiTokens]:
    """Read the first songs that a training held out, skipping unreadable files.

    Args:
        midi: contents of MIDI files; no more are read than needed.
        count: how many to return at most.
        held_out_share: share of songs that the training held out; 1 if it used other songs.
    """
    unseen = (
        tokens
        for content in midi
        if (tokens := _read(content)) is not None and is_held_out(song_of(tokens), held_out_share)
    )
    return list(islice(unseen, count))


def fidelity_report(
    figaro: Figaro,
    songs: Sequence[MidiTokens],
    *,
    bars: int = 16,
    candidates: int = 1,
    seed: int = 0,
    progress: Progress = no_progress,
) -> pd.DataFrame:
    """Measure how well songs follow their descriptions, on songs that the model was not trained on.

    The model generates a song from the description of each true song's first bars, which is compared with the
    true song. The *ceiling* is the true song written as MIDI and read again, the *floor* the next true song.

    Args:
        figaro: the model.
        songs: the true songs, at least two.
        bars: length of each song.
        candidates: if above 1, also the best of so many songs per description is measured.
        seed: of the first song; the others count up from it.
        progress: called with the bars written.

    Returns:
        One row per metric of `Fidelity`, and `agreement` of the songs' own descriptions with the given ones.
        Columns `written`, `best` if there are candidates, `ceiling`, `floor`; and `songs`, their number.

    Raises:
        InputError: there are fewer than two songs.
    """
    if len(songs) < 2:
        raise InputError(f"a fidelity report needs at least two readable songs, got {len(songs)}")
    descriptions, true_songs = zip(*(_first_bars(song, bars) for song in songs), strict=True)
    columns: dict[str, list[list[int]]] = {}
    for name, count in {"written": 1, "best": candidates}.items():
        if name == "written" or count > 1:
            columns[name] = most_faithful_songs(
                figaro,
                descriptions,
                tempos=[TEMPO] * len(songs),
                seeds=range(seed, seed + len(songs)),
                candidates=count,
                progress=progress,
            )
    columns["ceiling"] = [tokenize_midi(detokenize(events)).events for events in true_songs]
    columns["floor"] = [*true_songs[1:], true_songs[0]]
    table = pd.DataFrame(
        {name: fidelity_metrics(descriptions, true_songs, generated) for name, generated in columns.items()}
    )
    table.index.name = "measure"
    return table.assign(songs=len(songs))


def fidelity_metrics(
    descriptions: Sequence[Sequence[int]], truth: Sequence[Sequence[int]], generated: Sequence[Sequence[int]]
) -> dict[str, float]:
    """Return the mean metrics of `Fidelity`, and the mean `agreement`, of several songs.

    Args:
        descriptions: token ids of the true songs' descriptions.
        truth: event ids of the true songs.
        generated: event ids of the songs that are compared with them.
    """
    parse, parse_description = EventGrammar().parse, DescriptionGrammar().parse
    songs = [fidelity(parse(one), parse(other)) for one, other in zip(truth, generated, strict=True)]
    agreements = [
        agreement(parse_description(description), describe_events(events))
        for description, events in zip(descriptions, generated, strict=True)
    ]
    return {**asdict(mean_fidelity(songs)), "agreement": float(np.mean(agreements))}


def _read(content: bytes) -> MidiTokens | None:
    try:
        return tokenize_midi(content)
    except MidiError:
        return None


def _first_bars(tokens: MidiTokens, bars: int) -> tuple[list[int], list[int]]:
    """Return token ids of the description, and events, of a song's first bars."""
    description = split_segments(tokens.description, bars)[0].tokens
    starts = [index for index, token in enumerate(tokens.events) if token in _BARS]
    return description, tokens.events[: starts[bars]] if bars < len(starts) else tokens.events
