from __future__ import annotations

import pandas as pd

from emo_assets.reports.guidance import guidance_png
from emo_assets_tests.reports.pictures import checked_picture


def test_the_curve_is_drawn_with_the_strengths_in_use() -> None:
    curve = pd.DataFrame(
        {
            "guidance": [0.0, 1.0, 3.0],
            "control": [0.0, 0.5, 0.8],
            "bits_a_bar": [20.0, 18.0, 25.0],
            "variety": [0.9, 0.8, 0.5],
        }
    )
    plain = guidance_png(curve, {})
    assert checked_picture(plain).shape[1] == 1200
    assert guidance_png(curve, {"strictly": 3.0}) != plain
