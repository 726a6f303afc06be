"""Jobs: which assets are materialized together.

What an asset does is written beside it in `assets`; schedules and sensors belong here too.
"""

from __future__ import annotations

import dagster as dg

INGEST = dg.define_asset_job(
    "ingest",
    selection=dg.AssetSelection.groups("raw", "linking"),
    description="Read the raw data sets and link them.",
)

DESCRIBE = dg.define_asset_job(
    "describe",
    selection=dg.AssetSelection.assets("figaro_descriptions", "rejected_midi"),
    description="Describe the MIDI files, shard by shard.",
)

TRAIN = dg.define_asset_job(
    "train",
    selection=dg.AssetSelection.assets("training_set")
    | dg.AssetSelection.groups("models", "evaluation", "exploration", "figaro"),
    description="Train the seven describers and FIGARO, score them and choose the champion.",
)

GENERATE = dg.define_asset_job(
    "generate",
    selection=dg.AssetSelection.groups("generation"),
    description="Make the track of a request: features, description, MIDI, sound.",
)

JOBS = (INGEST, DESCRIBE, TRAIN, GENERATE)
