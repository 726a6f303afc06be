"""Which describer serves requests: the rule, and the record of a decision.

A pure function over numbers that `scoring` measured. Where champions are kept is not known here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Self

import pandas as pd

from emo_assets.description_model.evaluation.bootstrap_ci import bootstrap_ratio
from emo_assets.errors import InputError

INCUMBENT = "incumbent"
"""Name under which the present champion, with the weights it has, stands among the candidates."""


MAX_CONTROLLABILITY_DROP = 0.05
"""By how much a challenger's knobs may work worse than the champion's: what other seeds make of it."""


@dataclass(frozen=True)
class ChampionDecision:
    """Who serves from now on, and why.

    Attributes:
        champion: name of the describer that serves; an incumbent that stays keeps its name.
        promoted: whether it is another one, or other weights, than before.
        bits_a_bar: its negative log-likelihood on the validation split.
        gain: bits a bar by which it beats the incumbent (the next best candidate when there is none);
            negative when the incumbent stays because the challenger is worse. None with nobody to compare.
        gain_low: lower end of the gain's 95 % bootstrap interval over songs.
        gain_high: upper end.
        reason: all that in a sentence.
    """

    champion: str
    promoted: bool
    bits_a_bar: float
    gain: float | None
    gain_low: float | None
    gain_high: float | None
    reason: str

    def as_json(self) -> dict[str, Any]:
        """Return what `from_json` takes."""
        return asdict(self)

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        """Build the decision from what `as_json` returned.

        Raises:
            InputError: it is not that.
        """
        try:
            return cls(**values)
        except TypeError as error:
            raise InputError(f"the champion's record is damaged ({error})") from error


def choose_champion(
    likelihoods: pd.DataFrame,
    validity: Mapping[str, float],
    previous: ChampionDecision | None = None,
    control: Mapping[str, float] | None = None,
) -> ChampionDecision:
    """Choose who serves.

    The best candidate is the one with the fewest bits a bar among those whose samples were all valid and
    whose knobs work no worse than the incumbent's. An incumbent is replaced only when the whole interval of
    the challenger's gain is above 0.

    Args:
        likelihoods: what `scoring.validation_likelihoods` returned: `model`, `md5`, `bits`, `bars`, the same
            songs for each model. The present champion stands among them as `INCUMBENT`.
        validity: share of valid samples by model; a candidate without a figure counts as invalid, the
            incumbent as valid.
        previous: the decision that made the incumbent champion; None when there is no incumbent.
        control: how well each model's knobs work, -1 to 1, `INCUMBENT` among them; None or a missing model
            for not known, which excludes nobody.

    Raises:
        InputError: no candidate has full validity, and there is no incumbent.
    """
    ranking = _ranking(likelihoods)
    valid = [str(name) for name in ranking.index if name != INCUMBENT and validity.get(str(name), 0.0) == 1.0]
    incumbent = previous is not None and INCUMBENT in ranking.index
    least = (control or {}).get(INCUMBENT, -1.0) - MAX_CONTROLLABILITY_DROP if incumbent else -1.0
    fit = [name for name in valid if (control or {}).get(name, 1.0) >= least]
    if not fit:
        if previous is not None and incumbent:
            reason = f"{previous.champion} stays: no challenger writes only valid descriptions"
            if valid:
                reason = f"{previous.champion} stays: every challenger's knobs work worse"
            return _decision(previous.champion, False, float(ranking[INCUMBENT]), None, reason)
        raise InputError(
            "champion: no describer writes only valid descriptions; train transformer, lstm_full "
            "or the five specialised ones anew"
        )
    best = fit[0]
    if previous is not None and incumbent:
        return _against_incumbent(likelihoods, ranking, best, previous)
    gain = _gain(likelihoods, best, fit[1]) if len(fit) > 1 else None
    reason = f"{best} is the first champion: {ranking[best]:.2f} bits a bar on the validation songs"
    if gain is not None:
        reason += f", {gain[0]:.2f} [{gain[1]:.2f}, {gain[2]:.2f}] fewer than {fit[1]}"
    return _decision(best, True, float(ranking[best]), gain, reason)


def _against_incumbent(
    likelihoods: pd.DataFrame, ranking: pd.Series, best: str, previous: ChampionDecision
) -> ChampionDecision:
    gain = _gain(likelihoods, best, INCUMBENT)
    figures = f"{gain[0]:.2f} [{gain[1]:.2f}, {gain[2]:.2f}] bits a bar"
    if gain[1] > 0:
        reason = f"{best} replaces {previous.champion}: it saves {figures}"
        return _decision(best, True, float(ranking[best]), gain, reason)
    reason = f"{previous.champion} stays: {best} would save {figures}, which is not surely more than nothing"
    return _decision(previous.champion, False, float(ranking[INCUMBENT]), gain, reason)


def _ranking(likelihoods: pd.DataFrame) -> pd.Series:
    """Return bits a bar by model, the best first."""
    totals = likelihoods.groupby("model", sort=True)[["bits", "bars"]].sum()
    return (totals["bits"] / totals["bars"]).sort_values(kind="stable")


def _gain(likelihoods: pd.DataFrame, better: str, worse: str) -> tuple[float, float, float]:
    """Return the bits a bar that one saves against another, with the interval over songs."""
    by_song = likelihoods.pivot(index="md5", columns="model", values="bits")
    bars = likelihoods[likelihoods["model"] == better].set_index("md5")["bars"].loc[by_song.index]
    interval = bootstrap_ratio(by_song[worse] - by_song[better], bars)
    return interval.value, interval.low, interval.high


def _decision(
    champion: str, promoted: bool, bits: float, gain: tuple[float, float, float] | None, reason: str
) -> ChampionDecision:
    value, low, high = gain if gain is not None else (None, None, None)
    return ChampionDecision(champion, promoted, bits, value, low, high, reason)
