"""Tests of `emo_assets.datasets`."""
