from __future__ import annotations

import re

import pandas as pd

from emo_assets.evaluation.exploration import explore
from emo_assets.features import FEATURE_NAMES
from emo_assets.reports.exploration_figures import feature_pngs
from emo_assets.reports.exploration_page import findings, report_page
from emo_assets_tests.reports.pictures import checked_picture


def test_report_has_pictures_and_a_page_that_needs_nothing_else(
    linked: pd.DataFrame, spotify: pd.DataFrame
) -> None:
    found = explore(linked, spotify)
    pictures = feature_pngs(found)
    assert list(pictures) == ["distributions", "genres", "correlations", "bias"]
    for content in pictures.values():
        checked_picture(content)
    page = report_page(found, pictures)
    assert page.count("data:image/png;base64,") == 4
    assert not re.findall(r"""(?:src|href)=["'](?!data:)""", page)
    for name in FEATURE_NAMES:
        assert name in page
    for sentence in findings(found):
        assert sentence.split("(")[0] in page


def test_findings_name_the_strongest_pair_and_the_bias(linked: pd.DataFrame, spotify: pd.DataFrame) -> None:
    text = " ".join(findings(explore(linked, spotify)))
    assert "Energy and loudness go together" in text
    assert "more valence" in text


def test_a_single_song_is_reported(spotify: pd.DataFrame) -> None:
    found = explore(spotify.head(1), spotify)
    for content in feature_pngs(found).values():
        checked_picture(content)


def test_names_in_the_data_cannot_break_the_page(linked: pd.DataFrame, spotify: pd.DataFrame) -> None:
    hostile = spotify.assign(track_genre="<script>alert(1)</script>")
    pictures = dict.fromkeys(("distributions", "genres", "correlations", "bias"), b"")
    page = report_page(explore(linked, hostile), pictures)
    assert "&lt;script&gt;" in page
    assert "<script>" not in page
