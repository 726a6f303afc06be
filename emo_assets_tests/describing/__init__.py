"""Tests of `emo_assets.describing`."""
