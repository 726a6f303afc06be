"""Which model serves, and why."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from emo_assets.description_model.registry.model_selection import ChampionDecision, choose_champion
from emo_assets.errors import InputError

SONGS = 40


def likelihoods(**bits_a_bar: float) -> pd.DataFrame:
    """Songs of 10 bars on which each model needs about so many bits per bar."""
    rng = np.random.default_rng(0)
    noise = rng.normal(0, 0.2, SONGS)
    frames = []
    for model, bits in bits_a_bar.items():
        own = rng.normal(0, 0.2, SONGS)
        frames.append(
            pd.DataFrame(
                {
                    "model": model,
                    "md5": [f"{song:032x}" for song in range(SONGS)],
                    "bits": 10 * (bits + noise + own),
                    "bars": 10,
                }
            )
        )
    return pd.concat(frames, ignore_index=True)


VALID = {"transformer": 1.0, "lstm_full": 1.0, "combined": 1.0}
BEFORE = ChampionDecision("lstm_full", True, 20.0, None, None, None, "")


def test_the_first_champion_is_the_likeliest_of_those_that_write_only_valid_descriptions() -> None:
    scores = likelihoods(transformer=19.0, lstm_full=21.0, combined=20.0)

    assert choose_champion(scores, VALID).champion == "transformer"
    assert choose_champion(scores, {**VALID, "transformer": 0.999}).champion == "combined"
    assert choose_champion(scores, {"lstm_full": 1.0}).champion == "lstm_full"


def test_a_challenger_that_surely_wins_is_promoted() -> None:
    decision = choose_champion(likelihoods(transformer=18.0, incumbent=20.0), VALID, BEFORE)

    assert decision.promoted
    assert decision.champion == "transformer"
    assert decision.gain == pytest.approx(2, abs=0.3)
    assert decision.gain_low is not None
    assert decision.gain_low > 0


@pytest.mark.parametrize("challenger", [19.98, 20.0, 22.0])
def test_a_challenger_that_does_not_surely_win_leaves_the_champion_in_place(challenger: float) -> None:
    decision = choose_champion(likelihoods(transformer=challenger, incumbent=20.0), VALID, BEFORE)

    assert not decision.promoted
    assert decision.champion == "lstm_full"
    assert "stays" in decision.reason


def test_without_a_valid_candidate_the_incumbent_stays_or_there_is_a_clear_error() -> None:
    scores = likelihoods(transformer=18.0, incumbent=20.0)

    assert choose_champion(scores, {}, BEFORE).champion == "lstm_full"
    with pytest.raises(InputError, match="only valid descriptions"):
        choose_champion(likelihoods(transformer=18.0), {})


def test_a_challenger_that_is_less_controllable_is_not_promoted() -> None:
    scores = likelihoods(transformer=15.0, lstm_full=19.0, combined=17.0, incumbent=20.0)
    control = {"transformer": 0.2, "lstm_full": 0.5, "combined": 0.47, "incumbent": 0.5}

    assert choose_champion(scores, VALID, BEFORE, control).champion == "combined"
    stays = choose_champion(scores, VALID, BEFORE, {**dict.fromkeys(VALID, 0.1), "incumbent": 0.5})
    assert not stays.promoted
    assert stays.reason == "lstm_full stays: every challenger is less controllable"
    assert choose_champion(scores, VALID, BEFORE).champion == "transformer"
