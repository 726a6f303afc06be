"""What can be wrong with reports: pure functions, as in `findings`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from emo_assets.features import FEATURE_NAMES, feature_range
from emo_assets.pipeline.checks.findings import CheckOutcome

if TYPE_CHECKING:
    import pandas as pd

FORCED_KNOBS = ("tempo", "time_signature", "bars")
"""What generation forces upon the song, whatever the models have learned."""

LEAST_RIGHT = 0.95

FORCED_MEASURES = ("time_signature", "instrument_precision")
"""Measures of fidelity that generation forces upon the song."""

TELLING_MEASURES = ("instrument_f1", "chord_f1", "chroma", "agreement")
"""Measures of fidelity in which a song written for a description must surely be nearer than another song."""


def check_features(report: pd.DataFrame) -> CheckOutcome:
    """Find features that the feature report lacks, or whose figures cannot be.

    Args:
        report: `feature`, `songs`, `min`, `mean`, `max` of each feature.
    """
    problems = []
    rows = report.set_index("feature")
    if list(report["feature"]) != list(FEATURE_NAMES):
        problems.append(
            f"its rows are not the ten features but {', '.join(map(str, report['feature'][:12]))}"
        )
    for name in [name for name in FEATURE_NAMES if name in rows.index]:
        least, most = feature_range(name)
        low, mean, high = rows.loc[[name], ["min", "mean", "max"]].to_numpy(dtype=float)[0].tolist()
        # Undetected values, such as a tempo of 0, are shown by their number and stand in no other figure.
        if not least <= low <= mean <= high <= most:
            problems.append(f"{name} is said to lie from {low:g} over {mean:g} to {high:g}")
    songs = int(report["songs"].min()) if len(report) else 0
    if not songs:
        problems.append("a feature has no songs")
    return CheckOutcome(tuple(problems), {"songs": songs})


def check_controllability(report: pd.DataFrame) -> CheckOutcome:
    """Find that what generation forces is not heard, or figures that cannot be.

    Args:
        report: `knob`, `statistic` and `value` of each knob; a value is missing where nothing was measured.
    """
    values = dict(zip(report["knob"], report["value"], strict=True))
    known = {str(knob): float(str(value)) for knob, value in values.items() if value == value}
    problems = [f"{knob} has the figure {value:g}" for knob, value in known.items() if not -1 <= value <= 1]
    problems += [
        f"{knob} is right in {known.get(knob, 0):.0%} of the songs only"
        for knob in FORCED_KNOBS
        if known.get(knob, 0) < LEAST_RIGHT
    ]
    return CheckOutcome(tuple(problems), known)


def check_calibration(songs: pd.DataFrame) -> CheckOutcome:
    """Find that too few songs were listened to for requests to be read by them, or measures that cannot be.

    Args:
        songs: the heard songs.
    """
    from emo_assets.errors import InputError
    from emo_assets.metrics.calibration import RequestCalibration
    from emo_assets.metrics.metrics_table import METRIC_PREFIX

    problems = []
    for name in (
        f"{METRIC_PREFIX}acoustic_share",
        f"{METRIC_PREFIX}groove_regularity",
        f"{METRIC_PREFIX}leadless_share",
    ):
        wrong = ~songs[name].dropna().astype(float).between(0, 1 + 1e-9)
        if wrong.any():
            problems.append(f"{name} of {int(wrong.sum()):,} songs is no share")
    try:
        RequestCalibration(songs)
    except InputError as error:
        problems.append(str(error))
    return CheckOutcome(tuple(problems), {"songs": len(songs)})


def check_guidance_monotonic(curve: pd.DataFrame) -> CheckOutcome:
    """Find that following a request more strictly does not make descriptions follow it more.

    Args:
        curve: `guidance`, `control`, `bits_a_bar`, `variety`.
    """
    control = dict(zip(curve["guidance"].astype(float), curve["control"].astype(float), strict=True))
    weakest, strongest = control[min(control)], max(control.values())
    problems = [f"control is {value:g}" for value in control.values() if not -1 <= value <= 1]
    if not strongest > weakest:
        problems.append(f"control is {weakest:.2f} without features and at most {strongest:.2f} with them")
    return CheckOutcome(
        tuple(problems), {f"control_at_{strength:g}": value for strength, value in control.items()}
    )


def check_fidelity(report: pd.DataFrame) -> CheckOutcome:
    """Find that what generation forces is not in the songs, or that they are no nearer than other songs are.

    Args:
        report: `measure`, `written`, `ceiling`, `floor`.
    """
    rows = report.set_index("measure")
    written, floor = (
        {str(measure): float(value) for measure, value in rows[column].items()}
        for column in ("written", "floor")
    )
    problems = [
        f"{measure} is {written.get(measure, 0):.3f}, and forced to be 1"
        for measure in FORCED_MEASURES
        if not LEAST_RIGHT <= written.get(measure, 0) <= 1
    ]
    pairs = {measure: (written.get(measure, 0.0), floor.get(measure, 0.0)) for measure in TELLING_MEASURES}
    problems += [
        f"{measure} is {own:.3f}, no better than another song's {other:.3f}"
        for measure, (own, other) in pairs.items()
        if not other < own <= 1
    ]
    return CheckOutcome(tuple(problems), written)
