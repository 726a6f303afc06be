from __future__ import annotations

import numpy as np

from emo_assets.metrics.ear import FEELINGS, PEOPLE_WEIGHTS, default_ear
from emo_assets.reports.ear import agreement_rows, ear_png, strongest_metrics
from emo_assets_tests.reports.pictures import checked_picture


def test_each_feeling_has_a_row_that_says_by_what_it_is_heard() -> None:
    rows = {row["feature"]: row for row in agreement_rows(default_ear())}
    assert tuple(rows) == FEELINGS
    assert len({tuple(row) for row in rows.values()}) == 1
    assert rows["valence"]["heard by"] == "the ear"
    assert rows["loudness"]["heard by"] == "a rule: mean velocity"
    assert {name for name, row in rows.items() if row["people"]} == set(PEOPLE_WEIGHTS)
    valence = default_ear().features["valence"].learned.agreement
    assert rows["valence"]["learned"] == f"{valence.value:.2f} ({valence.low:.2f} to {valence.high:.2f})"


def test_a_feature_that_is_not_heard_is_named_as_such() -> None:
    ear = default_ear()
    valence = ear.features["valence"]
    interval = valence.learned.agreement.model_copy(update={"low": -0.1})
    deaf = valence.model_copy(update={"learned": valence.learned.model_copy(update={"agreement": interval})})
    rows = agreement_rows(ear.model_copy(update={"features": {**ear.features, "valence": deaf}}))
    assert [row["feature"] for row in rows if row["heard by"] == "the ear, hardly"] == ["valence"]


def test_the_strongest_metrics_come_first() -> None:
    ear = default_ear()
    for feature, heard in ear.features.items():
        shown = [line.split() for line in strongest_metrics(ear, feature, 5)]
        weights = [abs(float(weight)) for _, weight in shown]
        assert weights == sorted(weights, reverse=True)
        assert weights[0] == round(np.abs(heard.learned.weights).max(), 3)
        assert {name for name, _ in shown} <= set(ear.metrics)


def test_the_ear_is_drawn() -> None:
    assert checked_picture(ear_png(default_ear())).shape[1] == 1100
