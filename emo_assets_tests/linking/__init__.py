"""Tests of `emo_assets.linking`."""
