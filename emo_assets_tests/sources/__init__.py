"""Tests of `emo_assets.sources`."""
