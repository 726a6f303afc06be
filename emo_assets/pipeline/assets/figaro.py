"""Stage 7: FIGARO's weights: those that ship with the package, a released checkpoint, or trained here."""

from collections.abc import Iterator
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Literal

import dagster as dg

from emo_assets.errors import InputError
from emo_assets.pipeline.assets.models import TRAINING_POOL
from emo_assets.pipeline.metadata import logged_progress
from emo_assets.pipeline.resources import RawDataSource, StoreResource
from emo_assets.pipeline.tables import Table

if TYPE_CHECKING:
    from emo_assets.figaro.training import EpochRecord


class FigaroSource(dg.Config):
    """Where FIGARO's weights come from."""

    source: Literal["bundled", "checkpoint", "train"] = "bundled"
    """`bundled`: the small ones that ship with the package; `checkpoint`: a released Lightning file;
    `train`: trained on the Lakh files at hand."""
    checkpoint: str | None = None
    """`checkpoint`: path of the file, such as figaro-expert.ckpt."""
    preset: Literal["tiny", "small", "paper"] = "tiny"
    """`train`: sizes and steps by name: minutes on a core, hours on a core, and the paper's for a GPU."""
    steps: int | None = None
    """`train`: optimizer steps; the preset's by default."""
    lakh_full: int = 0
    """`train`: also on at most so many files of Lakh's full set, which have no Million Song id."""
    seed: int = 0
    """`train`: same seed, same weights."""


@dg.asset(
    group_name="figaro",
    io_manager_key="weights",
    kinds={"torch", "safetensors"},
    owners=["team:models"],
    pool=TRAINING_POOL,
)
def figaro_model(
    context: dg.AssetExecutionContext,
    config: FigaroSource,
    store: StoreResource,
    raw_data: RawDataSource,
    lakh_midi: Table,
) -> dg.Output[bytes]:
    """FIGARO: description in, events out. By default the small one that ships with the package."""
    from emo_assets.figaro.weights import about, bundled_bytes, from_bytes

    match config.source:
        case "bundled":
            weights = bundled_bytes()
        case "checkpoint":
            weights = _converted(config)
        case "train":
            weights = _trained(context, config, store, _songs(context, config, store, raw_data, lakh_midi))
    network = from_bytes(weights)
    return dg.Output(
        weights,
        metadata={
            "source": config.source,
            "parameters": sum(weight.numel() for weight in network.parameters()),
            "sizes": dg.MetadataValue.json(network.config.model_dump()),
            "about": dg.MetadataValue.json(about(weights)),
        },
    )


def _converted(config: FigaroSource) -> bytes:
    from upath import UPath

    from emo_assets.figaro.checkpoint import read_checkpoint
    from emo_assets.figaro.weights import to_bytes

    if config.checkpoint is None:
        raise InputError("figaro_model: source is 'checkpoint' but no checkpoint is named; set its path")
    path = UPath(config.checkpoint).expanduser()
    return to_bytes(read_checkpoint(path), about={"checkpoint": path.name})


def _songs(
    context: dg.AssetExecutionContext,
    config: FigaroSource,
    store: StoreResource,
    raw_data: RawDataSource,
    lakh_midi: Table,
) -> Iterator[bytes]:
    """Yield what FIGARO is trained on: the MIDI at hand and, if wanted, further files without an id."""
    songs = lakh_midi.drop_duplicates("md5")
    yield from songs["content"]
    if config.lakh_full:
        from emo_assets.sources.lakh import further_midi

        progress = logged_progress(context)
        folder = raw_data.lakh_full_folder(store.open(), progress)
        yield from further_midi(folder, known=set(songs["md5"]), most=config.lakh_full, progress=progress)


def _trained(
    context: dg.AssetExecutionContext, config: FigaroSource, store: StoreResource, songs: Iterator[bytes]
) -> bytes:
    from emo_assets.figaro.config import TRAININGS
    from emo_assets.figaro.training import train_figaro
    from emo_assets.figaro.weights import to_bytes

    changes = {"seed": config.seed, **({} if config.steps is None else {"steps": config.steps})}
    checkpoints = store.open().checkpoints
    checkpoints.mkdir(parents=True, exist_ok=True)
    trained = train_figaro(
        songs,
        TRAININGS[config.preset].model_copy(update=changes),
        checkpoint=checkpoints / "figaro_model.safetensors",
        progress=logged_progress(context),
        on_epoch=lambda record: context.log_event(
            dg.AssetObservation("figaro_model", metadata=_epoch_metadata(record))
        ),
    )
    best = trained.best
    return to_bytes(
        trained.network, about={"steps": str(best.step), "held_out_perplexity": f"{best.perplexity:.3f}"}
    )


def _epoch_metadata(record: "EpochRecord") -> dict[str, Any]:
    return {**asdict(record), "perplexity": record.perplexity}
