"""Stage 6: every model beside the baselines on one test set, and which of them serves requests."""

from typing import Any

import dagster as dg

from emo_assets.describing.describers import DESCRIBERS
from emo_assets.pipeline.metadata import logged_progress, picture, table_metadata
from emo_assets.pipeline.resources import StoreResource
from emo_assets.pipeline.tables import Table
from emo_assets.store import written_whole

GROUP = "evaluation"
OWNERS = ["team:models"]
WEIGHTS = {spec.name: dg.AssetIn(spec.name) for spec in DESCRIBERS}


class Scoring(dg.Config):
    """How the models are scored."""

    samples: int = 64
    """Descriptions sampled of each describer, to see whether the grammar accepts all of them."""
    seed: int = 0
    """Of the sampling."""


@dg.asset(
    group_name=GROUP,
    io_manager_key="tables",
    kinds={"parquet", "torch", "matplotlib"},
    owners=OWNERS,
    ins={"training_set": dg.AssetIn("training_set"), **WEIGHTS},
)
def scoreboard(
    context: dg.AssetExecutionContext, config: Scoring, store: StoreResource, **inputs: Any
) -> dg.Output[Any]:
    """Each model and baseline on songs by artists that no model has heard: the paper's protocol and ours."""
    from emo_assets.describing.scoring import score
    from emo_assets.describing.weights import from_bytes
    from emo_assets.reports.scoreboard import scoreboard_markdown, scoreboard_png

    training_set = inputs.pop("training_set")
    board = score(
        [from_bytes(inputs[spec.name]) for spec in DESCRIBERS],
        training_set,
        samples=config.samples,
        seed=config.seed,
        progress=logged_progress(context),
    )
    drawn = scoreboard_png(board.table)
    file = store.open().reports / "scoreboard.png"
    with written_whole(file) as opened:
        opened.write(drawn)
    return dg.Output(
        board.table,
        metadata={
            **table_metadata(board.table),
            "scoreboard": dg.MetadataValue.md(scoreboard_markdown(board.table)),
            "figure": picture(drawn, "scoreboard"),
            "file": dg.MetadataValue.path(str(file)),
        },
    )


@dg.asset(
    group_name=GROUP,
    io_manager_key="documents",
    kinds={"json", "safetensors"},
    owners=OWNERS,
    ins={"training_set": dg.AssetIn("training_set"), "scoreboard": dg.AssetIn("scoreboard"), **WEIGHTS},
)
def champion(
    context: dg.AssetExecutionContext, store: StoreResource, **inputs: Any
) -> dg.Output[dict[str, Any]]:
    """The describer that serves requests; a challenger takes its place only by surely winning."""
    from emo_assets.describing.promotion import promote

    training_set: Table = inputs.pop("training_set")
    board: Table = inputs.pop("scoreboard")
    sampled = board.dropna(subset=["validity"])
    validity = dict(zip(sampled["model"], sampled["validity"], strict=True))
    record = promote(store.open(), inputs, validity, training_set)
    context.log.info(record.decision.reason)
    return dg.Output(
        record.as_json(),
        metadata={
            "champion": record.decision.champion,
            "promoted": record.decision.promoted,
            "reason": record.decision.reason,
            "validation_bits_a_bar": record.decision.bits_a_bar,
            "version": record.version,
        },
    )


class ControlGrid(dg.Config):
    """Which songs the control report is made of. The full run is `levels: 7, drawn: 260`: 302 songs."""

    levels: int = 3
    """Values of each feature that is moved by itself."""
    drawn: int = 12
    """Songs whose every feature is drawn at random."""
    bars: int = 8
    """Length of each song."""
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
    context: dg.AssetExecutionContext, config: ControlGrid, store: StoreResource
) -> dg.Output[Any]:
    """Does turning a knob change the music: asked against measured, knob by knob."""
    from emo_assets.control import control_requests, control_songs
    from emo_assets.generation import load_models
    from emo_assets.reports.control import control_table
    from emo_assets.reports.control_figures import control_png

    requests = control_requests(config.levels, config.drawn, bars=config.bars, seed=config.seed)
    songs = control_songs(requests, load_models(store.open()), progress=logged_progress(context))
    table = control_table(songs)
    drawn = control_png(songs, table)
    file = store.open().reports / "control.png"
    with written_whole(file) as opened:
        opened.write(drawn)
    return dg.Output(
        table,
        metadata={
            **table_metadata(table),
            "songs": len(songs),
            "figure": picture(drawn, "asked against measured"),
            "file": dg.MetadataValue.path(str(file)),
        },
    )
