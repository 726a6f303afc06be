"""The training set as songs: the bars of each MIDI file in order, with their features.

Reads the `training_set` table alone. How it was put together is `training_set`'s business; how songs become
steps and batches is `steps`' and `batches`'.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from emo_assets.description_model.data.feature_encoding import feature_matrix
from emo_assets.description_model.data.output_vocab import split_bars
from emo_assets.errors import InputError
from emo_assets.features import FEATURE_NAMES

SPLITS = ("train", "validation", "test")
REQUIRED_COLUMNS = ("md5", "artist_keys", "split", *FEATURE_NAMES, "segment", "first_bar", "tokens")


@dataclass(frozen=True)
class BarRun:
    """Consecutive bars of a song: all of it, unless segments between are missing.

    Attributes:
        first_bar: number of the first bar in the song, from 1.
        bars: the bars, each from `alphabet.BAR` on.
        segments: (start, stop) of each segment within `bars`, counted from 0.
    """

    first_bar: int
    bars: list[list[int]]
    segments: list[tuple[int, int]]


@dataclass(frozen=True)
class DescribedSong:
    """One described MIDI file.

    Attributes:
        md5: which file it is.
        artist: who it is by, for intervals and checks.
        features: shape (10,), in the order of `FEATURE_NAMES`; NaN where it has none.
        bar_runs: its bars.
    """

    md5: str
    artist: str
    features: NDArray[np.float64]
    bar_runs: list[BarRun]

    @property
    def has_features(self) -> bool:
        """Whether it has features at all."""
        return not bool(np.isnan(self.features).any())


def load_songs(training_set: pd.DataFrame, split: str) -> list[DescribedSong]:
    """Read one split of the training set, songs in the order of their md5.

    Raises:
        InputError: the table lacks a column.
    """
    missing = [column for column in REQUIRED_COLUMNS if column not in training_set.columns]
    if missing:
        raise InputError(f"training_set: has no column {', '.join(missing)}; materialise it anew")
    part = training_set[training_set["split"] == split]
    return [_song(str(md5), rows) for md5, rows in part.groupby("md5", sort=True)]


def load_splits(training_set: pd.DataFrame) -> dict[str, list[DescribedSong]]:
    """Read the splits that training needs, and refuse what nothing can be learned from.

    Returns:
        The songs of "train", "validation" and "test"; only the last may be empty.

    Raises:
        InputError: the set is empty, is by one artist, or has no training or validation songs.
    """
    songs = {split: load_songs(training_set, split) for split in SPLITS}
    everyone = {song.artist for part in songs.values() for song in part}
    if not everyone:
        raise InputError("training_set: is empty; link more songs or choose another source")
    if len(everyone) == 1:
        raise InputError(
            f"training_set: all songs are by one artist ({everyone.pop()}); "
            "a model must be tested on others' songs, so link more of them"
        )
    for split in ("train", "validation"):
        if not songs[split]:
            raise InputError(f"training_set: no songs in the {split} split; more artists are needed")
    return songs


def _song(md5: str, rows: pd.DataFrame) -> DescribedSong:
    rows = rows.sort_values("segment")
    keys = list(rows["artist_keys"].iloc[0])
    return DescribedSong(
        md5=md5,
        artist=str(keys[0]) if keys else md5,
        features=feature_matrix(rows.iloc[:1])[0],
        bar_runs=list(_stretches(rows)),
    )


def _stretches(rows: pd.DataFrame) -> Iterator[BarRun]:
    """Join segments that follow one another without a gap."""
    current: BarRun | None = None
    for first_bar, tokens in zip(rows["first_bar"], rows["tokens"], strict=True):
        bars = split_bars(np.asarray(tokens))
        if current is None or int(first_bar) != current.first_bar + len(current.bars):
            if current is not None:
                yield current
            current = BarRun(int(first_bar), [], [])
        start = len(current.bars)
        current.bars.extend(bars)
        current.segments.append((start, start + len(bars)))
    if current is not None:
        yield current
