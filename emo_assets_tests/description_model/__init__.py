"""Tests of `emo_assets.description_model`."""
