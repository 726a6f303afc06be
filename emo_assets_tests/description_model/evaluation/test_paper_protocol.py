from __future__ import annotations

from emo_assets.description_model.evaluation.paper_protocol import split_rows
from emo_assets_tests.description_model.conftest import training_rows


def test_the_paper_protocol_splits_rows_regardless_of_their_song() -> None:
    table = split_rows(training_rows(60), seed=0)

    sides = table.groupby("md5")["split"].nunique()
    assert (sides > 1).any()
    assert set(table["split"]) == {"train", "validation", "test"}
