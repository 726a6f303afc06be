"""What can be wrong with models and scores: pure functions, as in `findings`.

Nothing here knows Dagster, and weights are looked at without loading a network.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from emo_assets.pipeline.checks.findings import CheckOutcome

if TYPE_CHECKING:
    import pandas as pd


def check_weights(content: bytes) -> CheckOutcome:
    """Find weights that are no numbers, or a file that holds none.

    Args:
        content: a safetensors file.
    """
    import numpy as np
    from safetensors import SafetensorError
    from safetensors.numpy import load

    try:
        tensors = load(content)
    except (SafetensorError, ValueError, KeyError) as error:
        return CheckOutcome((f"is no safetensors file ({' '.join(str(error).split())[:80]})",))
    count = sum(tensor.size for tensor in tensors.values())
    problems = [] if count else ["holds no weights"]
    for name, tensor in sorted(tensors.items()):
        if tensor.dtype.kind == "f" and not np.isfinite(tensor).all():
            problems.append(
                f"{name} holds {np.count_nonzero(~np.isfinite(tensor)):,} weights that are no number"
            )
    return CheckOutcome(tuple(problems), {"weights": count})


def check_scores(board: pd.DataFrame) -> CheckOutcome:
    """Find figures in a scoreboard that cannot be.

    Args:
        board: the scoreboard's table.
    """
    problems = []
    if board["model"].duplicated().any():
        problems.append("a model stands in it twice")
    problems += [
        f"there is no {role} in it" for role in ("describer", "baseline") if role not in set(board["role"])
    ]
    for name in board.columns:
        column = board[name].dropna()
        if name.startswith("accuracy") or name == "validity":
            wrong = ~column.between(0, 1)
        elif name.startswith("bits"):
            wrong = ~column.between(0, 1e6)
        elif name in ("songs", "segments", "tokens"):
            wrong = column < 1
        else:
            continue
        if wrong.any():
            problems.append(
                f"{name} of {board.loc[column.index[wrong][0], 'model']} is {column[wrong].iloc[0]:g}"
            )
    if board["bits_a_token"].isna().any():
        problems.append("bits_a_token is missing")
    return CheckOutcome(tuple(problems), {"models": len(board), "test_songs": int(board["songs"].min())})


def check_sanity(board: pd.DataFrame) -> CheckOutcome:
    """Find that no model has learned more than the best baseline, which learns nothing from features.

    Args:
        board: the scoreboard's table: `model`, `role` and `bits_a_bar` of whole descriptions.
    """
    whole = board.dropna(subset=["bits_a_bar"]).sort_values("bits_a_bar")
    # A specialised describer predicts a part of each bar only; the five stand in it together.
    partial = (whole["role"] == "describer") & whole["model"].str.match("lstm_(?!full$)")
    models = whole[~partial & (whole["role"] != "baseline")]
    baselines = whole[whole["role"] == "baseline"]
    if models.empty or baselines.empty:
        return CheckOutcome(("there is no model and baseline of whole descriptions to compare",))
    best, baseline = models.iloc[0], baselines.iloc[0]
    measured = {
        "bits_a_bar": float(best["bits_a_bar"]),
        "bits_a_bar_of_the_best_baseline": float(baseline["bits_a_bar"]),
    }
    if best["bits_a_bar"] < baseline["bits_a_bar"]:
        return CheckOutcome((), measured)
    fault = (
        f"the best model, {best['model']}, needs {best['bits_a_bar']:.2f} bits a bar and the baseline "
        f"'{baseline['model']}' {baseline['bits_a_bar']:.2f}"
    )
    return CheckOutcome((fault,), measured)
