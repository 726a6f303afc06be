"""The Spotify table of the tests of exploration."""

from __future__ import annotations

from emo_assets_tests.evaluation.conftest import linked, spotify

__all__ = ["linked", "spotify"]
