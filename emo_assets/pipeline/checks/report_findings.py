"""What can be wrong with reports: pure functions, as in `findings`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from emo_assets.features import FEATURE_NAMES, feature_range
from emo_assets.pipeline.checks.findings import Finding

if TYPE_CHECKING:
    import pandas as pd

FORCED_KNOBS = ("tempo", "time_signature")
"""Features that generation forces upon the song, whatever the models have learned."""

LEAST_RIGHT = 0.95


def features_finding(report: pd.DataFrame) -> Finding:
    """Find features that the feature report lacks, or whose figures cannot be.

    Args:
        report: `feature`, `songs`, `min`, `mean`, `max` of each feature.
    """
    faults = []
    rows = report.set_index("feature")
    if list(report["feature"]) != list(FEATURE_NAMES):
        faults.append(f"its rows are not the ten features but {', '.join(map(str, report['feature'][:12]))}")
    for name in [name for name in FEATURE_NAMES if name in rows.index]:
        least, most = feature_range(name)
        low, mean, high = rows.loc[[name], ["min", "mean", "max"]].to_numpy(dtype=float)[0].tolist()
        # Undetected values, such as a tempo of 0, are shown by their number and stand in no other figure.
        if not least <= low <= mean <= high <= most:
            faults.append(f"{name} is said to lie from {low:g} over {mean:g} to {high:g}")
    songs = int(report["songs"].min()) if len(report) else 0
    if not songs:
        faults.append("a feature has no songs")
    return Finding(tuple(faults), {"songs": songs})


def knobs_finding(report: pd.DataFrame) -> Finding:
    """Find that what generation forces is not heard, or figures that cannot be.

    Args:
        report: `knob`, `statistic` and `value` of each knob; a value is missing where nothing was measured.
    """
    values = dict(zip(report["knob"], report["value"], strict=True))
    known = {str(knob): float(str(value)) for knob, value in values.items() if value == value}
    faults = [f"{knob} has the figure {value:g}" for knob, value in known.items() if not -1 <= value <= 1]
    faults += [
        f"{knob} is right in {known.get(knob, 0):.0%} of the songs only"
        for knob in FORCED_KNOBS
        if known.get(knob, 0) < LEAST_RIGHT
    ]
    return Finding(tuple(faults), known)
