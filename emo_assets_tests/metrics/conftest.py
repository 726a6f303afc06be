"""Composed songs and their descriptions."""

from __future__ import annotations

from emo_assets_tests.figaro.conftest import descriptions, midi, songs

__all__ = ["descriptions", "midi", "songs"]
