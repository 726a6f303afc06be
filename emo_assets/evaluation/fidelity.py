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
from emo_assets.tokens.tokenize import tokenize_midi
from emo_assets.tokens.vocabulary import EVENTS, EventKind

_BARS = EVENTS.span(EventKind.BAR)

TEMPO = 120.0
"""Of all songs, in quarter notes per minute; no metric depends on it."""


def unseen_songs(midi: Iterable[bytes], count: int, *, held_out_share: float = 1.0) -> list[bytes]:
    """Return the first readable songs that a training held out.

    Args:
        midi: contents of MIDI files; no more are read than needed.
        count: how many to return at most.
        held_out_share: share of songs that the training held out; 1 if it used other songs.
    """
    return list(islice((content for content in midi if _is_unseen(content, held_out_share)), count))


def fidelity_report(
    figaro: Figaro,
    midi: Iterable[bytes],
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
        midi: contents of MIDI files; unreadable ones are left out. At least two are needed.
        bars: length of each song.
        candidates: if above 1, also the best of so many songs per description is measured.
        seed: of the first song; the others count up from it.
        progress: called with the bars written.

    Returns:
        One row per metric of `Fidelity`, and `agreement` of the songs' own descriptions with the given ones.
        Columns `written`, `best` if there are candidates, `ceiling`, `floor`; and `songs`, their number.

    Raises:
        InputError: fewer than two songs are readable.
    """
    songs = [song for content in midi if (song := _first_bars(content, bars)) is not None]
    if len(songs) < 2:
        raise InputError(f"a fidelity report needs at least two readable songs, got {len(songs)}")
    descriptions, true_songs = [song[0] for song in songs], [song[1] for song in songs]
    columns: dict[str, list[list[int]]] = {}
    for name, count in {"written": 1, "best": candidates}.items():
        if name == "written" or candidates > 1:
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


def _is_unseen(content: bytes, held_out_share: float) -> bool:
    """Return whether a file is readable and held out by a training with that share of held-out songs."""
    try:
        return is_held_out(song_of(tokenize_midi(content)), held_out_share)
    except MidiError:
        return False


def _first_bars(content: bytes, bars: int) -> tuple[list[int], list[int]] | None:
    """Return description and event ids of a file's first bars; None if it is unreadable."""
    try:
        tokens = tokenize_midi(content)
    except MidiError:
        return None
    description = split_segments(tokens.description, bars)[0].tokens
    starts = [index for index, token in enumerate(tokens.events) if token in _BARS]
    return description, tokens.events[: starts[bars]] if bars < len(starts) else tokens.events
