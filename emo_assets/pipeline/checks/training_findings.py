"""What can be wrong with descriptions and with a training set: pure functions, as in `findings`.

Knows the tokens of descriptions and the splits. Nothing here knows Dagster.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from emo_assets.pipeline.checks.findings import CheckOutcome
from emo_assets.tokens.vocabulary import DescriptionKind

if TYPE_CHECKING:
    import pandas as pd

PARSED = 500
"""Segments that are parsed, spread evenly over the table; parsing all of them takes minutes at full size."""

SEGMENT_BARS = 12


def check_grammar(segments: pd.DataFrame) -> CheckOutcome:
    """Find segments that are no descriptions, or of another length than they say.

    Args:
        segments: `bars` and `tokens` (ids of the description vocabulary) of each segment.
    """
    import numpy as np

    from emo_assets.tokens.grammar.descriptions import DescriptionGrammar
    from emo_assets.tokens.grammar.errors import GrammarError

    grammar = DescriptionGrammar()
    problems = []
    chosen = sorted(
        {int(place) for place in np.linspace(0, len(segments) - 1, PARSED)} if len(segments) else ()
    )
    for position in chosen:
        row = segments.iloc[position]
        try:
            bars = grammar.parse([int(token) for token in row["tokens"]])
        except GrammarError as error:
            problems.append(f"segment {position} is no description ({error})")
            continue
        if len(bars) != row["bars"] or not 1 <= len(bars) <= SEGMENT_BARS:
            problems.append(f"segment {position} has {len(bars)} bars and says {row['bars']}")
    return CheckOutcome(tuple(problems), {"segments": len(segments), "parsed": len(chosen)})


def check_leakage(training_set: pd.DataFrame, splits: Sequence[str]) -> CheckOutcome:
    """Find artists or files that stand on two sides of the split, and sides that are empty.

    Args:
        training_set: `split`, `md5` and `artist_keys` (lists) of each segment.
        splits: the sides there must be.
    """
    sides = training_set["split"].value_counts()
    problems = [f"no segment is on the side {split!r}" for split in splits if split not in sides]
    problems += [f"{split!r} is no side" for split in sides.index.difference(list(splits))]
    by_artist = training_set[["split", "artist_keys"]].explode("artist_keys").drop_duplicates()
    by_file = training_set[["split", "md5"]].drop_duplicates()
    for what, column, table in (("artist", "artist_keys", by_artist), ("file", "md5", by_file)):
        on_several = table[table.duplicated(column)][column].drop_duplicates()
        if len(on_several):
            problems.append(
                f"{len(on_several):,} {what}s stand on more than one side, the first: {on_several.iloc[0]}"
            )
    measured = {f"segments_{split}": int(sides.get(split, 0)) for split in splits}
    return CheckOutcome(tuple(problems), {**measured, "artists": int(by_artist["artist_keys"].nunique())})


MAY_BE_ONE = (DescriptionKind.TIME_SIGNATURE, DescriptionKind.MEAN_DURATION)
"""Kinds of which one token may be all there is: all songs in 4/4, all files of a fine resolution."""


def check_coverage(training_set: pd.DataFrame, *, most_unseen: float) -> CheckOutcome:
    """Find kinds of tokens that the training side hardly has, and tokens that only the test side has.

    Args:
        training_set: `split` and `tokens` of each segment.
        most_unseen: the largest share of tokens on the test side that the training side may never have.
    """
    import numpy as np

    from emo_assets.tokens.vocabulary import DESCRIPTIONS

    def counts(split: str) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
        tokens = training_set.loc[training_set["split"] == split, "tokens"]
        joined = np.concatenate([np.empty(0, np.int64), *tokens]).astype(np.int64)
        return np.bincount(joined, minlength=len(DESCRIPTIONS))

    train, test = counts("train"), counts("test")
    problems: list[str] = []
    measured: dict[str, float] = {}
    for kind in DescriptionKind:
        span = DESCRIPTIONS.span(kind)
        different = int(np.count_nonzero(train[span.start : span.stop]))
        measured[f"different_{kind.name.lower()}"] = different
        least = 1 if kind in MAY_BE_ONE else 2
        if different < least:
            problems.append(
                f"the training side has {different} different tokens of {kind.name.lower().replace('_', ' ')}"
            )
    unseen = float(test[train == 0].sum() / max(test.sum(), 1))
    measured["share_unseen"] = unseen
    if unseen > most_unseen:
        problems.append(f"{unseen:.1%} of the test side's tokens never stand on the training side")
    return CheckOutcome(tuple(problems), measured)
