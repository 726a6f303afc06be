"""Selection of the champion, the model that serves requests, by likelihood on the validation songs."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd
from pydantic.dataclasses import dataclass

from emo_assets.description_model.evaluation.bootstrap_ci import ConfidenceInterval, bootstrap_ratio
from emo_assets.errors import InputError

INCUMBENT = "incumbent"
"""Name of the present champion, with its present weights, among the candidates."""

MAX_CONTROLLABILITY_DROP = 0.05
"""How much less controllable than the incumbent a challenger may be: the variation between seeds."""


@dataclass(frozen=True)
class ChampionDecision:
    """Which model serves from now on, and why.

    Attributes:
        champion: name of the model that serves; an incumbent that stays keeps its name.
        promoted: whether the model or its weights change.
        bits_a_bar: its negative log-likelihood on the validation split.
        gain: bits per bar that the best candidate saves against the incumbent, or else the next best one;
            negative if it is worse, None with nothing to compare.
        gain_low: lower end of the gain's 95 % bootstrap interval over songs.
        gain_high: upper end.
        reason: all of this in a sentence.
    """

    champion: str
    promoted: bool
    bits_a_bar: float
    gain: float | None
    gain_low: float | None
    gain_high: float | None
    reason: str


def choose_champion(
    likelihoods: pd.DataFrame,
    validity: Mapping[str, float],
    previous: ChampionDecision | None = None,
    controllability: Mapping[str, float] | None = None,
) -> ChampionDecision:
    """Choose the model that serves.

    The best candidate has the fewest bits per bar among those whose samples are all valid and whose
    controllability is at most `MAX_CONTROLLABILITY_DROP` below the incumbent's. It replaces the incumbent
    only if the whole interval of its gain is above 0.

    Args:
        likelihoods: what `likelihood.validation_nll` returns: `model`, `md5`, `bits`, `bars`, the same songs
            for each model; the present champion is among them as `INCUMBENT`.
        validity: share of valid samples by model; a missing candidate counts as invalid, the incumbent as
            valid.
        previous: the decision that made the incumbent champion; None without an incumbent.
        controllability: by model, -1 to 1, `INCUMBENT` among them; a model that is missing is not excluded.

    Raises:
        InputError: there is neither a valid candidate nor an incumbent.
    """
    totals = likelihoods.groupby("model", sort=True)[["bits", "bars"]].sum()
    ranking = (totals["bits"] / totals["bars"]).sort_values(kind="stable")  # bits per bar, the best first
    bits = {str(name): float(value) for name, value in ranking.items()}
    incumbent = previous if INCUMBENT in bits else None
    control = controllability or {}
    least = control.get(INCUMBENT, -1.0) - MAX_CONTROLLABILITY_DROP if incumbent else -1.0
    valid = [name for name in bits if name != INCUMBENT and validity.get(name, 0.0) == 1.0]
    eligible = [name for name in valid if control.get(name, 1.0) >= least]
    if not eligible and incumbent is None:
        raise InputError(
            "champion: no model generates only valid descriptions; train transformer, lstm_full or the five "
            "specialized ones again"
        )
    if incumbent and not eligible:
        why = "challenger is less controllable" if valid else "challenger generates invalid descriptions"
        reason = f"{incumbent.champion} stays: every {why}"
        return ChampionDecision(incumbent.champion, False, bits[INCUMBENT], None, None, None, reason)
    best, *others = eligible
    first = f"{best} is the first champion: {bits[best]:.2f} bits per bar on the validation songs"
    rival = INCUMBENT if incumbent else next(iter(others), None)
    if rival is None:
        return ChampionDecision(best, True, bits[best], None, None, None, first)
    gain = _gain(likelihoods, best, rival)
    interval = f"{gain.value:.2f} [{gain.low:.2f}, {gain.high:.2f}]"
    champion, promoted, own = best, True, bits[best]
    if incumbent is None:
        reason = f"{first}, {interval} fewer than {rival}"
    elif gain.low > 0:
        reason = f"{best} replaces {incumbent.champion}: it saves {interval} bits per bar"
    else:
        champion, promoted, own = incumbent.champion, False, bits[INCUMBENT]
        reason = f"{champion} stays: {best} would save {interval} bits per bar, not significantly more than 0"
    return ChampionDecision(champion, promoted, own, gain.value, gain.low, gain.high, reason)


def _gain(likelihoods: pd.DataFrame, better: str, worse: str) -> ConfidenceInterval:
    """Return the bits per bar that one model saves against another, with the interval over songs."""
    by_song = likelihoods.pivot(index="md5", columns="model", values="bits")
    bars = likelihoods[likelihoods["model"] == better].set_index("md5")["bars"].loc[by_song.index]
    return bootstrap_ratio(by_song[worse] - by_song[better], bars)
