from __future__ import annotations

from emo_assets.pipeline.assets.raw import rejection_rate, row_count_drop


def test_rejection_rate_and_row_count_drop() -> None:
    assert rejection_rate(99, 1, most=0.25).passed
    assert not rejection_rate(70, 30, most=0.25).passed
    assert not rejection_rate(0, 0, most=0.25).passed
    assert row_count_drop(50, 100).passed
    assert not row_count_drop(49, 100).passed
    assert row_count_drop(1, None).passed
