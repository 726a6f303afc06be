"""Jobs: which assets are materialized together."""

from __future__ import annotations

import dagster as dg

from emo_assets.pipeline.partitions import ALL_SHARDS
from emo_assets.pipeline.request_track import request_track

INGEST = dg.define_asset_job(
    "ingest",
    selection=dg.AssetSelection.groups("raw", "linking", "exploration"),
    description="Read the raw data sets, link them, and report what the linked songs are like.",
)

DESCRIBE = dg.define_asset_job(
    "describe",
    selection=dg.AssetSelection.assets("figaro_descriptions", "rejected_midi"),
    description="Extract the descriptions of the MIDI files, shard by shard.",
)

TRAIN = dg.define_asset_job(
    "train",
    selection=dg.AssetSelection.assets("training_set", "song_metrics", "ear")
    | dg.AssetSelection.groups("models", "figaro"),
    description="Assemble the training set, measure its songs, train the seven description models, load or "
    "train FIGARO and measure its fidelity.",
)

EVALUATE = dg.define_asset_job(
    "evaluate",
    selection=dg.AssetSelection.groups("evaluation"),
    description="Score the models and the baselines, choose the champion, and report its controllability, "
    "what guidance gains, and the musicality of songs.",
)

GENERATE = dg.define_asset_job(
    "generate",
    selection=dg.AssetSelection.groups("generation"),
    description="Make the track of a request: features, description, MIDI, sound.",
)

RETRAIN = dg.define_asset_job(
    "retrain",
    selection=dg.AssetSelection.groups("raw", "linking", "descriptions", "models")
    | dg.AssetSelection.assets("scoreboard", "champion"),
    tags=ALL_SHARDS,
    description="From the raw data to the champion, in one run. A failed check stops it, and the champion "
    "keeps serving.",
)

JOBS = (INGEST, DESCRIBE, TRAIN, EVALUATE, GENERATE, RETRAIN, request_track)
