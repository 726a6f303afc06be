"""Stage 6: every model beside the baselines on one test set, and which of them serves requests."""

from contextlib import closing
from typing import Any, Literal

import dagster as dg

from emo_assets.description_model.specs import MODEL_SPECS
from emo_assets.pipeline.assets.models import TRAINING_POOL, limit_torch_threads
from emo_assets.pipeline.metadata import logged_progress, markdown_table, picture, table_metadata
from emo_assets.pipeline.resources import StoreResource
from emo_assets.pipeline.tables import Table
from emo_assets.store import atomic_write

GROUP = "evaluation"
OWNERS = ["team:models"]
WEIGHTS = {spec.name: dg.AssetIn(spec.name) for spec in MODEL_SPECS}


class ScoreboardConfig(dg.Config):
    """How the models are scored."""

    samples: int = 64
    """Descriptions sampled of each describer, to see whether the grammar accepts all of them."""
    seed: int = 0
    """Of the sampling."""
    paper_protocol: bool = False
    """Whether all are trained once more on rows split at random, for the accuracy as the paper counted it. It
    takes as long as training did."""


@dg.asset(
    group_name=GROUP,
    io_manager_key="tables",
    kinds={"parquet", "torch", "matplotlib"},
    owners=OWNERS,
    ins={"training_set": dg.AssetIn("training_set"), **WEIGHTS},
    pool=TRAINING_POOL,
)
def scoreboard(
    context: dg.AssetExecutionContext, config: ScoreboardConfig, store: StoreResource, **inputs: Any
) -> dg.Output[Any]:
    """Each model and baseline on songs by artists that no model has heard: the paper's protocol and ours."""
    from emo_assets.description_model.evaluation.scoreboard import score
    from emo_assets.description_model.weights import from_bytes
    from emo_assets.reports.scoreboard import scoreboard_markdown, scoreboard_png

    limit_torch_threads()
    training_set = inputs.pop("training_set")
    board = score(
        [from_bytes(inputs[spec.name]) for spec in MODEL_SPECS],
        training_set,
        samples=config.samples,
        seed=config.seed,
        paper_protocol=config.paper_protocol,
        progress=logged_progress(context),
    )
    return dg.Output(
        board,
        metadata={
            **table_metadata(board),
            "scoreboard": dg.MetadataValue.md(scoreboard_markdown(board)),
            **_kept_picture(store, "scoreboard", scoreboard_png(board), "scoreboard"),
        },
    )


@dg.asset(
    group_name=GROUP,
    io_manager_key="documents",
    kinds={"json", "safetensors"},
    owners=OWNERS,
    ins={
        "training_set": dg.AssetIn("training_set"),
        "scoreboard": dg.AssetIn("scoreboard"),
        **WEIGHTS,
    },
    deps=["song_metrics"],
)
def champion(
    context: dg.AssetExecutionContext, store: StoreResource, **inputs: Any
) -> dg.Output[dict[str, Any]]:
    """The describer that serves requests; a challenger takes its place only by surely winning."""
    from emo_assets.description_model.registry.model_registry import load_candidates, promote
    from emo_assets.evaluation.controllability import controllability_by_candidate
    from emo_assets.generation import load_calibration

    limit_torch_threads()
    training_set: Table = inputs.pop("training_set")
    board: Table = inputs.pop("scoreboard")
    sampled = board.dropna(subset=["validity"])
    validity = dict(zip(sampled["model"], sampled["validity"], strict=True))
    opened = store.open()
    control = controllability_by_candidate(load_candidates(opened, inputs), load_calibration(opened))
    record = promote(opened, inputs, validity, training_set, control)
    context.log.info(record.decision.reason)
    return dg.Output(
        record.as_json(),
        metadata={
            "champion": record.decision.champion,
            "promoted": record.decision.promoted,
            "reason": record.decision.reason,
            "validation_bits_a_bar": record.decision.bits_a_bar,
            "control": dg.MetadataValue.json(control),
            "version": record.version,
        },
    )


class ControlReportConfig(dg.Config):
    """Which songs the control report is made of.

    The full run is `levels: 12, sweeps: 3, drawn: 80, repeated: 8`: 328 songs.
    """

    levels: int = 3
    """Values of each feature in a sweep, which holds the others."""
    sweeps: int = 1
    """Times that each feature is moved."""
    drawn: int = 3
    """Songs whose every feature is drawn at random."""
    repeated: int = 1
    """Requests that are made with four seeds each."""
    bars: int = 8
    """Length of each song."""
    strictness: Literal["loosely", "normally", "strictly"] = "normally"
    """How closely the songs must follow what is asked for."""
    seed: int = 0
    """Of everything drawn."""


@dg.asset(
    group_name=GROUP,
    io_manager_key="tables",
    kinds={"parquet", "torch", "matplotlib"},
    owners=OWNERS,
    deps=["champion", "figaro_model"],
)
def control_report(
    context: dg.AssetExecutionContext,
    config: ControlReportConfig,
    store: StoreResource,
    song_metrics: Table,
    lakh_midi: Table,
) -> dg.Output[Any]:
    """Does turning a knob change the music: asked against measured, knob by knob."""
    from emo_assets.evaluation.control_table import controllability_table
    from emo_assets.evaluation.controllability import (
        controllability_requests,
        distinct_bars,
        measure_requests,
    )
    from emo_assets.generation import load_models
    from emo_assets.metrics.metrics_table import feature_agreement
    from emo_assets.reports.controllability import controllability_png
    from emo_assets.song_request import Strictness

    limit_torch_threads()
    requests = controllability_requests(
        config.levels,
        config.drawn,
        sweeps=config.sweeps,
        repeated=config.repeated,
        bars=config.bars,
        strictness=Strictness(config.strictness),
        seed=config.seed,
    )
    learned = lakh_midi[lakh_midi["md5"].isin(song_metrics["md5"])].drop_duplicates("md5")
    with closing(load_models(store.open(), in_pair=True)) as models:
        songs = measure_requests(
            requests, models, known=distinct_bars(learned["content"]), progress=logged_progress(context)
        )
    table = controllability_table(songs, feature_agreement(song_metrics))
    figure = controllability_png(songs, table)
    return dg.Output(
        table,
        metadata={
            **table_metadata(table),
            "songs": len(songs),
            "knobs": dg.MetadataValue.md(markdown_table(table.to_dict("records"))),
            **_kept_picture(store, "control", figure, "asked against measured"),
        },
    )


class GuidanceReportConfig(dg.Config):
    """How finely guidance is measured."""

    levels: int = 3
    """Values of each feature that is moved."""
    seed: int = 0
    """Of all sampling."""


@dg.asset(
    group_name=GROUP,
    io_manager_key="tables",
    kinds={"parquet", "torch", "matplotlib"},
    owners=OWNERS,
    deps=["champion"],
)
def guidance_report(
    context: dg.AssetExecutionContext,
    config: GuidanceReportConfig,
    store: StoreResource,
    training_set: Table,
    song_metrics: Table,
) -> dg.Output[Any]:
    """What following a request more strictly gains in control and costs in likelihood and variety."""
    from emo_assets.description_model.data.songs import load_songs
    from emo_assets.description_model.registry.model_registry import load_champion_models
    from emo_assets.evaluation.guidance import guidance_curve
    from emo_assets.metrics.calibration import RequestCalibration
    from emo_assets.reports.guidance import guidance_png
    from emo_assets.reranking import SEARCH_BUDGETS

    limit_torch_threads()
    curve = guidance_curve(
        load_champion_models(store.open()),
        load_songs(training_set, "validation"),
        RequestCalibration(song_metrics),
        levels=config.levels,
        seed=config.seed,
        progress=logged_progress(context),
    )
    figure = guidance_png(curve, {name.value: effort.guidance for name, effort in SEARCH_BUDGETS.items()})
    return dg.Output(
        curve,
        metadata={
            **table_metadata(curve),
            **_kept_picture(store, "guidance", figure, "control, likelihood and variety by guidance"),
        },
    )


def _kept_picture(store: StoreResource, name: str, png: bytes, meaning: str) -> dict[str, Any]:
    """Keep a picture among the store's reports; return what shows it and where it is."""
    file = store.open().reports / f"{name}.png"
    with atomic_write(file) as opened:
        opened.write(png)
    return {"figure": picture(png, meaning), "file": dg.MetadataValue.path(str(file))}
