"""Assets of FIGARO: its weights, and how well it follows descriptions."""

import re
from collections.abc import Iterator
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Literal

import dagster as dg
from pydantic import Field

from emo_assets.errors import InputError
from emo_assets.pipeline.assets.models import TRAINING_POOL, SizeConfig, check_weights
from emo_assets.pipeline.checks import CheckOutcome, CheckRun, asset_checks
from emo_assets.pipeline.io_managers import Table
from emo_assets.pipeline.metadata import logged_progress, picture, save_picture, table_metadata
from emo_assets.pipeline.resources import RawDataSource, StoreResource, downloads_folder
from emo_assets.progress import Progress

if TYPE_CHECKING:
    from emo_assets.figaro.training import TrainingRecord


HELD_OUT_SHARE = "held_out_share"
"""Key in the provenance of trained weights: the share of songs that were held out."""


class FigaroModelConfig(SizeConfig):
    """Where FIGARO's weights come from."""

    source: Literal["bundled", "checkpoint", "train"] = "bundled"
    """`bundled`: small weights that ship with the package; `checkpoint`: a released Lightning file; `train`:
    trained on the asset `lakh_midi`."""
    checkpoint: str | None = None
    """`checkpoint`: path or web address (http, https) of the file, such as figaro-expert.ckpt."""
    sha256: str | None = None
    """`checkpoint`: the file's expected checksum in hexadecimal; another file is rejected."""
    size: Literal["tiny", "small", "paper"] = "tiny"
    """`train`: sizes and steps by name: minutes on a core, hours on a core, and the paper's for a GPU."""
    steps: int | None = None
    """`train`: optimizer steps; by default those of the size."""
    lakh_full: int = 0
    """`train`: most additional files from Lakh's full set, which have no Million Song id."""
    seed: int = 0
    """`train`: same seed, same weights."""


@dg.asset(io_manager_key="weights", kinds={"torch", "safetensors"}, pool=TRAINING_POOL)
def figaro_model(
    context: dg.AssetExecutionContext,
    config: FigaroModelConfig,
    store: StoreResource,
    raw_data: RawDataSource,
    lakh_midi: Table,
) -> dg.Output[bytes]:
    """FIGARO: description in, events out. By default the small one that ships with the package."""
    from emo_assets.figaro.weights import bundled_bytes, from_bytes, read_provenance

    _check(config)
    learned: dict[str, Any] = {}
    match config.source:
        case "bundled":
            weights = bundled_bytes()
        case "checkpoint":
            weights = _convert(config, store, logged_progress(context))
        case "train":
            songs = _training_files(context, config, store, raw_data, lakh_midi)
            weights, learned = _train(context, config, store, songs)
    network = from_bytes(weights)
    return dg.Output(
        weights,
        metadata={
            "source": config.source,
            **learned,
            "parameters": sum(weight.numel() for weight in network.parameters()),
            "sizes": dg.MetadataValue.json(network.config.model_dump()),
            "about": dg.MetadataValue.json(read_provenance(weights)),
        },
    )


def _check(config: FigaroModelConfig) -> None:
    """Reject checkpoint settings that are incomplete or would be ignored."""
    if config.source == "checkpoint" and config.checkpoint is None:
        raise InputError(
            "figaro_model: source is 'checkpoint' but no checkpoint is named; set its path or address"
        )
    if config.source != "checkpoint" and (config.checkpoint or config.sha256):
        raise InputError(
            f"figaro_model: a checkpoint is given but source is {config.source!r}; set it to 'checkpoint'"
        )
    if config.sha256 is not None and not re.fullmatch("[0-9a-f]{64}", config.sha256.lower()):
        raise InputError(f"figaro_model: {config.sha256!r} is not a sha256 (64 hexadecimal digits)")


def _convert(config: FigaroModelConfig, store: StoreResource, progress: Progress) -> bytes:
    """Convert a checkpoint, downloaded if its path is a URL; a download that is rejected is removed."""
    from upath import UPath

    from emo_assets.datasets.downloads.checkpoints import checkpoint_file, is_url, redact_url
    from emo_assets.figaro.released_checkpoint import read_checkpoint
    from emo_assets.figaro.weights import to_bytes

    place, sha256 = str(config.checkpoint), config.sha256 and config.sha256.lower()
    if not is_url(place):
        path = UPath(place).expanduser()
        return to_bytes(read_checkpoint(path, sha256=sha256), provenance={"checkpoint": path.name})
    file = checkpoint_file(place, downloads_folder(store.open()), sha256=sha256, progress=progress)
    try:
        network = read_checkpoint(file)
    except InputError as error:
        file.unlink()
        raise InputError(f"{place}: the downloaded file was rejected and removed. {error}") from error
    return to_bytes(network, provenance={"checkpoint": redact_url(place)})


def _training_files(
    context: dg.AssetExecutionContext,
    config: FigaroModelConfig,
    store: StoreResource,
    raw_data: RawDataSource,
    lakh_midi: Table,
) -> Iterator[bytes]:
    """Yield the MIDI files to train on: `lakh_midi` and additional files without an id."""
    songs = lakh_midi.drop_duplicates("md5")
    yield from songs["content"]
    if config.lakh_full:
        from emo_assets.datasets.lakh import additional_midi

        progress = logged_progress(context)
        folder = raw_data.path("lakh_full", store.open(), progress)
        yield from additional_midi(
            folder, exclude=set(songs["md5"]), limit=config.lakh_full, progress=progress
        )


def _train(
    context: dg.AssetExecutionContext, config: FigaroModelConfig, store: StoreResource, songs: Iterator[bytes]
) -> tuple[bytes, dict[str, Any]]:
    """Train on MIDI files; return the weights, and metadata of the training."""
    import pandas as pd

    from emo_assets.figaro.config import TRAININGS
    from emo_assets.figaro.training import read_songs, train_figaro
    from emo_assets.figaro.weights import to_bytes
    from emo_assets.reports.learning_curves import learning_curve_png

    changes = {"seed": config.seed, **({} if config.steps is None else {"steps": config.steps})}
    progress, checkpoints = logged_progress(context), store.open().checkpoints
    checkpoints.mkdir(parents=True, exist_ok=True)
    trained = train_figaro(
        read_songs(songs, progress=progress),
        TRAININGS[config.size].model_copy(update=changes),
        checkpoint=checkpoints / "figaro_model.safetensors",
        progress=progress,
        on_record=lambda record: context.log_event(
            dg.AssetObservation("figaro_model", metadata=_record_metadata(record))
        ),
    )
    best, curve = trained.best, pd.DataFrame([asdict(record) for record in trained.history])
    drawn = learning_curve_png(curve, "figaro_model", clock="step", unit="nats per token")
    provenance = {
        "steps": str(best.step),
        "held_out_perplexity": f"{best.perplexity:.3f}",
        HELD_OUT_SHARE: str(trained.config.held_out_share),
    }
    metadata = {**_record_metadata(best), "learning_curve": picture(drawn, "learning curve of figaro_model")}
    return to_bytes(trained.network, provenance=provenance), metadata


def _record_metadata(record: "TrainingRecord") -> dict[str, Any]:
    return {**asdict(record), "perplexity": record.perplexity}


class FidelityReportConfig(dg.Config):
    """Songs of the fidelity report. A full run is `songs: 200, bars: 16, candidates: 4`."""

    songs: int = Field(default=6, ge=2)
    """Number of songs: files of `lakh_midi`, in the order of their MD5 sums."""
    bars: int = Field(default=8, ge=1)
    """Bars of each."""
    candidates: int = Field(default=1, ge=1, le=64)
    """If above 1, also the best of so many generated songs per description is measured."""
    seed: int = Field(default=0, ge=0)
    """Seed of the first song."""


@dg.asset(io_manager_key="tables", kinds={"parquet", "torch", "matplotlib"})
def fidelity_report(
    context: dg.AssetExecutionContext,
    config: FidelityReportConfig,
    store: StoreResource,
    figaro_model: bytes,
    lakh_midi: Table,
) -> dg.Output[Any]:
    """Fidelity: how well FIGARO follows descriptions, with a ceiling and a floor."""
    from emo_assets.evaluation.fidelity import fidelity_report, unseen_songs
    from emo_assets.figaro.generate import Figaro
    from emo_assets.figaro.weights import from_bytes, read_provenance
    from emo_assets.reports.fidelity import fidelity_markdown, fidelity_png

    songs = unseen_songs(
        lakh_midi.drop_duplicates("md5").sort_values("md5")["content"],
        config.songs,
        held_out_share=float(read_provenance(figaro_model).get(HELD_OUT_SHARE, 1)),
    )
    table = fidelity_report(
        Figaro(from_bytes(figaro_model)),
        songs,
        **config.model_dump(include={"bars", "candidates", "seed"}),
        progress=logged_progress(context),
    ).reset_index()
    return dg.Output(
        table,
        metadata={
            **table_metadata(table, "fidelity_report"),
            "fidelity": dg.MetadataValue.md(fidelity_markdown(table)),
            **save_picture(store, "fidelity", fidelity_png(table), "fidelity"),
        },
    )


MIN_ENFORCED = 0.95
ENFORCED_METRICS = ("time_signature", "instrument_precision")
"""Fidelity metrics that generation enforces."""

COMPARED_METRICS = ("instrument_f1", "chord_f1", "chroma", "agreement")
"""Fidelity metrics in which a song written for a description must exceed another song."""


def check_fidelity(run: CheckRun) -> CheckOutcome:
    """Songs have the enforced meters and instruments, and fit their descriptions better than others do."""
    rows = run.table().read(["measure", "written", "floor"]).set_index("measure")
    written, floor = (
        {str(measure): float(value) for measure, value in rows[column].items()}
        for column in ("written", "floor")
    )
    problems = [
        f"{measure} is {written.get(measure, 0):.3f} although generation enforces it"
        for measure in ENFORCED_METRICS
        if not MIN_ENFORCED <= written.get(measure, 0) <= 1
    ]
    problems += [
        f"{measure} is {own:.3f}, no better than another song's {other:.3f}"
        for measure in COMPARED_METRICS
        for own, other in [(written.get(measure, 0.0), floor.get(measure, 0.0))]
        if not other < own <= 1
    ]
    return CheckOutcome(problems, written)


figaro_checks = asset_checks("figaro_model", check_weights)
fidelity_checks = asset_checks("fidelity_report", check_fidelity, blocking=False)
