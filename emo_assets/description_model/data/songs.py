"""The training set as songs: the bars of each MIDI file in order, with their features."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from emo_assets.description_model.data.feature_encoding import feature_matrix
from emo_assets.description_model.data.output_vocab import split_bars
from emo_assets.description_model.data.training_set import SPLITS
from emo_assets.errors import InputError
from emo_assets.features import FEATURE_NAMES

REQUIRED_COLUMNS = ("md5", "artist_keys", "split", *FEATURE_NAMES, "segment", "first_bar", "tokens")


@dataclass(frozen=True)
class BarRun:
    """Consecutive bars of a song: the whole song, unless segments in between are missing.

    Attributes:
        first_bar: number of the first bar in the song, from 1.
        bars: the tokens of each bar, starting with `BAR`.
        segments: (start, stop) of each segment, as indices of `bars`.
    """

    first_bar: int
    bars: list[list[int]]
    segments: list[tuple[int, int]]


@dataclass(frozen=True)
class DescribedSong:
    """One described MIDI file.

    Attributes:
        md5: hash of the file.
        artist: key of the primary artist.
        features: in the order of `FEATURE_NAMES`, NaN where missing, shape (10,).
        bar_runs: its bars.
    """

    md5: str
    artist: str
    features: NDArray[np.float64]
    bar_runs: list[BarRun]

    @property
    def has_features(self) -> bool:
        """Whether all features are known."""
        return not bool(np.isnan(self.features).any())


def load_songs(training_set: pd.DataFrame, split: str) -> list[DescribedSong]:
    """Return the songs of one split, sorted by MD5.

    Raises:
        InputError: the table lacks a column.
    """
    missing = [column for column in REQUIRED_COLUMNS if column not in training_set.columns]
    if missing:
        raise InputError(f"training_set: has no column {', '.join(missing)}; materialize it again")
    rows = training_set[training_set["split"] == split]
    return [_song(str(md5), segments) for md5, segments in rows.groupby("md5", sort=True)]


def load_splits(training_set: pd.DataFrame) -> dict[str, list[DescribedSong]]:
    """Return the songs of each split. Only the test split may be empty.

    Raises:
        InputError: the set is empty, has a single artist, or has no training or validation songs.
    """
    songs = {split: load_songs(training_set, split) for split in SPLITS}
    artists = {song.artist for part in songs.values() for song in part}
    if not artists:
        raise InputError("training_set: is empty; link more songs or choose another source")
    if len(artists) == 1:
        raise InputError(
            f"training_set: all songs are by one artist ({artists.pop()}); "
            "a model must be tested on songs by other artists, so link more of them"
        )
    for split in ("train", "validation"):
        if not songs[split]:
            raise InputError(f"training_set: no songs in the {split} split; more artists are needed")
    return songs


def _song(md5: str, segments: pd.DataFrame) -> DescribedSong:
    segments = segments.sort_values("segment")
    artists = list(segments["artist_keys"].iloc[0])
    return DescribedSong(
        md5=md5,
        artist=str(artists[0]) if artists else md5,
        features=feature_matrix(segments.iloc[:1])[0],
        bar_runs=list(_bar_runs(segments)),
    )


def _bar_runs(segments: pd.DataFrame) -> Iterator[BarRun]:
    """Join adjacent segments."""
    run: BarRun | None = None
    for first_bar, tokens in zip(segments["first_bar"], segments["tokens"], strict=True):
        bars = split_bars(np.asarray(tokens))
        if run is None or int(first_bar) != run.first_bar + len(run.bars):
            if run is not None:
                yield run
            run = BarRun(int(first_bar), [], [])
        start = len(run.bars)
        run.bars.extend(bars)
        run.segments.append((start, start + len(bars)))
    if run is not None:
        yield run
