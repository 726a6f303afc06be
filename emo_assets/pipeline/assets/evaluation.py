"""All models and baselines on one test set, and which model serves requests."""

from collections.abc import Sequence
from contextlib import closing
from typing import Any, Literal

import dagster as dg
from pydantic import Field

from emo_assets.description_model.specs import MODEL_SPECS
from emo_assets.errors import InputError
from emo_assets.features import FeatureVector
from emo_assets.pipeline.assets.models import TRAINING_POOL, limit_torch_threads
from emo_assets.pipeline.checks import CheckOutcome, CheckRun, asset_checks
from emo_assets.pipeline.io_managers import Table
from emo_assets.pipeline.metadata import logged_progress, save_picture, table_metadata
from emo_assets.pipeline.resources import StoreResource
from emo_assets.reports.markdown import markdown_table

BARS_GENERATED = 4
"""Bars that the check of the champion generates."""

ENFORCED_FEATURES = ("tempo", "time_signature", "bars")
"""Features that generation enforces."""

MIN_ENFORCED = 0.95
"""Minimum share of songs with an enforced feature right."""

WEIGHTS = {spec.name: dg.AssetIn(spec.name) for spec in MODEL_SPECS}


class ScoreboardConfig(dg.Config):
    """How the models are scored."""

    samples: int = 64
    """Descriptions sampled per model, to measure which share of them is valid."""
    seed: int = 0
    """Of the sampling."""
    paper_protocol: bool = False
    """Whether to train all models again on rows split at random, for the accuracy as the paper computes it.
    This takes as long as training them."""


@dg.asset(
    io_manager_key="tables",
    kinds={"parquet", "torch", "matplotlib"},
    ins={"training_set": dg.AssetIn("training_set"), **WEIGHTS},
    pool=TRAINING_POOL,
)
def scoreboard(
    context: dg.AssetExecutionContext, config: ScoreboardConfig, store: StoreResource, **inputs: Any
) -> dg.Output[Any]:
    """All models and baselines on songs by held-out artists: the paper's protocol and ours."""
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
            **table_metadata(board, "scoreboard"),
            "scoreboard": dg.MetadataValue.md(scoreboard_markdown(board)),
            **save_picture(store, "scoreboard", scoreboard_png(board), "scoreboard"),
        },
    )


@dg.asset(
    io_manager_key="documents",
    kinds={"json", "safetensors"},
    ins={
        "training_set": dg.AssetIn("training_set"),
        "scoreboard": dg.AssetIn("scoreboard"),
        **WEIGHTS,
    },
    deps=["song_metrics", "ear"],
)
def champion(
    context: dg.AssetExecutionContext, store: StoreResource, **inputs: Any
) -> dg.Output[dict[str, Any]]:
    """The model that serves requests; a challenger replaces it only by a significant gain."""
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
    """The requests of the control report.

    The full run is `levels: 10, sweeps: 3, drawn: 90, repeated: 8` with `features` left out as
    `features: [valence, energy, danceability, acousticness, loudness, instrumentalness]`: 302 songs.
    """

    levels: int = 5
    """Values of each feature in a sweep, which keeps the others constant."""
    sweeps: int = 3
    """Sweeps per feature."""
    features: list[str] = Field(["valence", "energy"])
    """The feelings to sweep."""
    drawn: int = 3
    """Songs with every feature drawn at random."""
    repeated: int = 1
    """Requests that are generated with four seeds each."""
    bars: int = 8
    """Length of each song."""
    strictness: Literal["loosely", "normally", "strictly"] = "normally"
    """How closely the songs follow their requests."""
    seed: int = 0
    """Of all that is random."""


@dg.asset(
    io_manager_key="tables",
    kinds={"parquet", "torch", "matplotlib"},
    deps=["champion", "figaro_model", "ear"],
)
def control_report(
    context: dg.AssetExecutionContext,
    config: ControlReportConfig,
    store: StoreResource,
    song_metrics: Table,
    lakh_midi: Table,
) -> dg.Output[Any]:
    """Controllability: does changing a requested feature change the music, by how much, and what else."""
    from emo_assets.evaluation.controllability import (
        asked_and_heard,
        controllability_requests,
        controllability_table,
        distinct_bars,
        leak_table,
        measure_requests,
    )
    from emo_assets.generation import load_models
    from emo_assets.metrics.ear import FEELINGS
    from emo_assets.reports.controllability import controllability_png, leak_rows
    from emo_assets.song_request import Strictness

    _check_choices("features", config.features, FEELINGS)
    limit_torch_threads()
    requests = controllability_requests(
        config.levels,
        config.drawn,
        features=config.features,
        sweeps=config.sweeps,
        repeated=config.repeated,
        bars=config.bars,
        strictness=Strictness(config.strictness),
        seed=config.seed,
    )
    learned = lakh_midi[lakh_midi["md5"].isin(song_metrics["md5"])].drop_duplicates("md5")
    with closing(load_models(store.open(), parallel=True)) as models:
        songs = measure_requests(
            requests, models, known=distinct_bars(learned["content"]), progress=logged_progress(context)
        )
        table = controllability_table(songs, models.calibration.ear)
    leaks = leak_table(songs, song_metrics)
    figure = controllability_png(asked_and_heard(songs), table)
    return dg.Output(
        table,
        metadata={
            **table_metadata(table, "control_report"),
            "songs": len(songs),
            "controllability": dg.MetadataValue.md(markdown_table(table.to_dict("records"))),
            "leaks": dg.MetadataValue.md(markdown_table(leak_rows(leaks))),
            **save_picture(store, "control", figure, "asked against heard"),
        },
    )


class GuidanceReportConfig(dg.Config):
    """The requests of the guidance report.

    The full run is `levels: 9, requests: 24, strictnesses: [loosely, normally, strictly]`.
    """

    levels: int = 3
    """Values of each feature in a sweep."""
    requests: int = 2
    """Requests with every feature drawn at random, each made with two seeds at each strictness."""
    strictnesses: list[str] = Field(["loosely", "normally"])
    """How closely these songs follow their requests."""
    seed: int = 0
    """Of all sampling."""


@dg.asset(
    io_manager_key="tables",
    kinds={"parquet", "torch", "matplotlib"},
    deps=["champion", "figaro_model", "song_metrics", "ear"],
)
def guidance_report(
    context: dg.AssetExecutionContext,
    config: GuidanceReportConfig,
    store: StoreResource,
    training_set: Table,
) -> dg.Output[Any]:
    """What following a request gains in controllability and costs in likelihood, fidelity and variety."""
    from emo_assets.description_model.data.songs import load_songs
    from emo_assets.description_model.registry.model_registry import load_champion_models
    from emo_assets.evaluation.guidance import guidance_curve, strictness_costs
    from emo_assets.generation import load_models
    from emo_assets.reports.guidance import guidance_png
    from emo_assets.reranking import SEARCH_BUDGETS
    from emo_assets.song_request import Strictness

    _check_choices("strictnesses", config.strictnesses, list(Strictness))
    limit_torch_threads()
    networks, _ = load_champion_models(store.open())
    with closing(load_models(store.open(), parallel=True)) as models:
        curve = guidance_curve(
            networks,
            load_songs(training_set, "validation"),
            models.calibration,
            levels=config.levels,
            seed=config.seed,
            progress=logged_progress(context),
        )
        costs = strictness_costs(
            models,
            requests=config.requests,
            strictnesses=[Strictness(name) for name in config.strictnesses],
            seed=config.seed,
            progress=logged_progress(context),
        )
    figure = guidance_png(curve, {name.value: budget.guidance for name, budget in SEARCH_BUDGETS.items()})
    return dg.Output(
        curve,
        metadata={
            **table_metadata(curve, "guidance_report"),
            "costs_by_strictness": dg.MetadataValue.md(markdown_table(costs.to_dict("records"))),
            **save_picture(store, "guidance", figure, "controllability, likelihood and variety by guidance"),
        },
    )


class MusicalityReportConfig(dg.Config):
    """Songs of the musicality report, besides the finished tracks. A full run is `seeds: 3, drawn: 60`."""

    seeds: int | None = Field(default=None, ge=0)
    """Songs written for each request file of the store, presets included; by default 1 if the store holds too
    few tracks for a figure, otherwise none."""
    drawn: int = Field(default=0, ge=0)
    """Songs written with every feature drawn at random, 16 bars each."""
    corpus: int = Field(default=96, ge=0)
    """Songs of `song_metrics` that are measured, at most: in the order of their MD5 sums."""
    seed: int = Field(default=0, ge=0)
    """Of all that is random."""


@dg.asset(
    io_manager_key="tables",
    kinds={"parquet", "torch", "matplotlib"},
    deps=["champion", "figaro_model", "ear"],
)
def musicality_report(
    context: dg.AssetExecutionContext,
    config: MusicalityReportConfig,
    store: StoreResource,
    song_metrics: Table,
    lakh_midi: Table,
) -> dg.Output[Any]:
    """Musicality: tunes, bass, groove, form and endings of songs, with the corpus, real songs and goals."""
    from emo_assets.evaluation.musicality import MIN_SONGS, musicality_table, read_songs, write_songs
    from emo_assets.generation import load_models
    from emo_assets.reports.musicality import musicality_markdown, musicality_png
    from emo_assets.song_request import read_request

    opened = store.open()
    tracks = sorted((opened.assets / "track_midi").glob("*.mid"))
    files = lakh_midi[lakh_midi["md5"].isin(song_metrics["md5"])].drop_duplicates("md5").sort_values("md5")
    groups = {
        "tracks": read_songs(file.read_bytes() for file in tracks),
        "corpus": read_songs(files["content"].head(config.corpus)),
    }
    seeds = int(len(tracks) < MIN_SONGS) if config.seeds is None else config.seeds
    requests = [read_request(file) for file in sorted(opened.requests.glob("*.yaml"))] if seeds else []
    if requests or config.drawn:
        limit_torch_threads()
        with closing(load_models(opened, parallel=True)) as models:
            groups |= write_songs(
                requests,
                models,
                seeds=seeds,
                drawn=config.drawn,
                seed=config.seed,
                progress=logged_progress(context),
            )
    table = musicality_table(groups, seeds=seeds)
    return dg.Output(
        table,
        metadata={
            **table_metadata(table, "musicality_report"),
            "musicality": dg.MetadataValue.md(musicality_markdown(table)),
            **save_picture(store, "musicality", musicality_png(table), "songs against goals"),
        },
    )


def _check_choices(field: str, chosen: Sequence[str], choices: Sequence[str]) -> None:
    """Raise InputError if a field of a config names something else than its choices."""
    unknown = sorted(set(chosen) - set(choices))
    if unknown:
        raise InputError(f"{field}: unknown value {', '.join(unknown)}; choose from {', '.join(choices)}")


def check_scores(run: CheckRun) -> CheckOutcome:
    """One row per model; all metrics within their valid ranges."""
    from emo_assets.pipeline.schemas import SCHEMAS, schema_problems

    board = run.table().read()
    problems = [f"it has no {role}" for role in ("describer", "baseline") if role not in set(board["role"])]
    by_model = board.set_index(board["model"].rename(None))
    problems += [problem for _, problem in schema_problems(SCHEMAS[run.asset], by_model)]
    return CheckOutcome(problems, {"models": len(board), "test_songs": int(board["songs"].min())})


def check_sanity(run: CheckRun) -> CheckOutcome:
    """The best model needs fewer bits per bar than the best baseline, which learns nothing from features."""
    board = run.table().read(["model", "role", "bits_a_bar"])
    whole = board.dropna(subset=["bits_a_bar"]).sort_values("bits_a_bar")
    # A specialized model predicts a part of each bar only; the row "combined" has all five together.
    partial = (whole["role"] == "describer") & whole["model"].str.match("lstm_(?!full$)")
    models = whole[~partial & (whole["role"] != "baseline")]
    baselines = whole[whole["role"] == "baseline"]
    if models.empty or baselines.empty:
        return CheckOutcome(["it lacks a model or a baseline of whole descriptions"])
    (best, bits), (baseline, baseline_bits) = (
        (str(rows["model"].iloc[0]), float(rows["bits_a_bar"].iloc[0])) for rows in (models, baselines)
    )
    problems = []
    if bits >= baseline_bits:
        needs = f"needs {bits:.2f} bits per bar and the baseline '{baseline}' {baseline_bits:.2f}"
        problems.append(f"the best model, {best}, {needs}")
    return CheckOutcome(problems, {"bits_a_bar": bits, "bits_a_bar_of_the_best_baseline": baseline_bits})


def check_loads(run: CheckRun) -> CheckOutcome:
    """The weights that the record names load, and generate a description."""
    from emo_assets.generation import load_champion
    from emo_assets.reports.description_table import description_rows

    try:
        description_model, _ = load_champion(run.store)
        [tokens] = description_model.generate([FeatureVector()], bars=BARS_GENERATED, seeds=[0])
        bars = len(description_rows(tokens))
    except (InputError, ValueError) as error:
        return CheckOutcome([" ".join(str(error).split())])
    problems = [] if bars == BARS_GENERATED else [f"generated {bars} bars of {BARS_GENERATED}"]
    return CheckOutcome(problems, {"bars": bars})


def check_controllability(run: CheckRun) -> CheckOutcome:
    """Tempo, meter and bars, which generation enforces, are as requested; no figure is beyond -1 and 1."""
    values = run.table().read(["knob", "value"]).dropna().set_index("knob")["value"].astype(float)
    known = {str(name): float(value) for name, value in values.items()}
    problems = [f"{name} has the value {value:g}" for name, value in known.items() if not -1 <= value <= 1]
    problems += [
        f"{name} is right in {known.get(name, 0):.0%} of the songs only"
        for name in ENFORCED_FEATURES
        if known.get(name, 0) < MIN_ENFORCED
    ]
    return CheckOutcome(problems, known)


def check_guidance_monotonic(run: CheckRun) -> CheckOutcome:
    """Descriptions follow a request more with guidance than without features."""
    curve = run.table().read(["guidance", "control"]).astype(float)
    control = dict(zip(curve["guidance"], curve["control"], strict=True))
    weakest, strongest = control[min(control)], max(control.values())
    problems = [f"control is {value:g}" for value in control.values() if not -1 <= value <= 1]
    if not strongest > weakest:
        problems.append(f"control is {weakest:.2f} without features and at most {strongest:.2f} with them")
    return CheckOutcome(problems, {f"control_at_{scale:g}": value for scale, value in control.items()})


def check_musicality(run: CheckRun) -> CheckOutcome:
    """The means of the songs meet the goals of all measures that have a figure."""
    from emo_assets.reports.musicality import GROUPS, goal_text, groups_of

    table = run.table().read().set_index("measure")
    problems, metadata = [], {}
    for group in groups_of(table):
        known = table.dropna(subset=[group])
        missed = known[~known[f"{group}_met"].astype(bool)]
        metadata[f"{group}: goals met"] = f"{len(known) - len(missed)} of {len(known)}"
        if group != "corpus" and len(missed):
            named = ", ".join(
                f"{measure} {row[group]:.2g} (goal {goal_text(row['goal_low'], row['goal_high'])})"
                for measure, row in missed.iterrows()
            )
            problems.append(f"{GROUPS[group][0]} miss {len(missed)} goals: {named}")
    return CheckOutcome(problems, metadata)


scoreboard_checks = asset_checks("scoreboard", check_scores, check_sanity)
champion_checks = asset_checks("champion", check_loads)
control_report_checks = asset_checks("control_report", check_controllability, blocking=False)
guidance_report_checks = asset_checks("guidance_report", check_guidance_monotonic, blocking=False)
musicality_report_checks = asset_checks("musicality_report", warnings=[check_musicality])
