"""Each check that the graph declares is seen passing on good data and failing on data made bad for it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import dagster as dg
import numpy as np
import pandas as pd
import pytest
from safetensors.numpy import save

from emo_assets.definitions import build_defs
from emo_assets.pipeline.checks import CheckOutcome
from emo_assets.store import Store
from emo_assets.tokens.vocabulary import DESCRIPTIONS
from emo_assets_tests.pipeline.good_store import (
    REQUEST,
    change,
    ear,
    fill,
    lists,
    tokens_of,
    tone,
    write_document,
    write_ear,
    write_midi,
    write_sound,
)

Spoil = Callable[[Store], None]


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("store")


@pytest.fixture(scope="module")
def definitions(base: Path) -> dg.Definitions:
    graph = build_defs(str(base)).resolve_asset_graph()
    assets = {key.asset_key for key in graph.asset_check_keys}
    jobs = [
        dg.define_asset_job(
            f"check_{key.to_user_string()}", selection=dg.AssetSelection.checks_for_assets(key)
        )
        for key in assets
    ]
    return dg.Definitions.merge(build_defs(str(base)), dg.Definitions(jobs=jobs))


@pytest.fixture
def store(base: Path) -> Store:
    store = Store(base)
    (base / "assets").mkdir(exist_ok=True)
    fill(store)
    return store


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as instance:
        yield instance


def evaluations(
    definitions: dg.Definitions, asset: str, instance: dg.DagsterInstance
) -> dict[str, dg.AssetCheckEvaluation]:
    """Run an asset's checks as Dagster would, and return what came of each by its name."""
    job = definitions.resolve_job_def(f"check_{asset}")
    ran = job.execute_in_process(instance=instance, raise_on_error=False)
    found = {evaluation.check_name: evaluation for evaluation in ran.get_asset_check_evaluations()}
    assert found, [event.message for event in ran.all_events if event.is_failure]
    return found


def table(asset: str, spoil: Callable[[pd.DataFrame], pd.DataFrame]) -> Spoil:
    return lambda store: change(store, asset, spoil)


def put(asset: str, column: str, value: object, row: int = 3) -> Spoil:
    """Write a value into one place of a table."""

    def spoil(of: pd.DataFrame) -> pd.DataFrame:
        values = of[column].tolist()
        values[row] = value
        return of.assign(**{column: lists(values).infer_objects()})

    return table(asset, spoil)


def twice(asset: str) -> Spoil:
    return table(asset, lambda of: pd.concat([of, of.iloc[[0]]]))


def without(asset: str, column: str) -> Spoil:
    return table(asset, lambda of: of.drop(columns=column))


def refuse_many(rejects: str) -> Spoil:
    return table(rejects, lambda of: pd.concat([of] * 30))


def weights(name: str) -> Spoil:
    def spoil(store: Store) -> None:
        broken = save({"weight": np.array([1.0, np.nan], np.float32)})
        store.assets.joinpath(f"{name}.safetensors").write_bytes(broken)

    return spoil


def tokens(words: list[str]) -> np.ndarray[tuple[int], np.dtype[np.int16]]:
    return np.array(DESCRIPTIONS.encode(words), np.int16)


BAD: dict[tuple[str, str], tuple[Spoil, str]] = {
    ("spotify_tracks", "schema"): (without("spotify_tracks", "tempo"), "the column tempo is missing"),
    ("spotify_tracks", "values"): (
        put("spotify_tracks", "energy", 1.5),
        "energy violates in_range(0, 1) in 1 of 30 rows (row 3: 1.5)",
    ),
    ("spotify_tracks", "key"): (twice("spotify_tracks"), "1 rows repeat the key (track_id, track_genre)"),
    ("spotify_tracks", "rejection_rate"): (refuse_many("rejected_spotify_rows"), "50% of it was rejected"),
    ("msd_tracks", "schema"): (
        table("msd_tracks", lambda of: of.assign(extra=1)),
        "the column extra is not in the schema",
    ),
    ("msd_tracks", "values"): (put("msd_tracks", "msd_track_id", "TR1"), "msd_track_id violates matches(TR"),
    ("msd_tracks", "key"): (twice("msd_tracks"), "1 rows repeat the key (msd_track_id)"),
    ("msd_tracks", "rejection_rate"): (refuse_many("rejected_msd_rows"), "50% of it was rejected"),
    ("lakh_midi", "schema"): (
        table("lakh_midi", lambda of: of.assign(content="text")),
        "the column content holds large_string[pyarrow], not bytes",
    ),
    ("lakh_midi", "values"): (put("lakh_midi", "md5", "0"), "md5 violates matches([0-9a-f]{32}) in 1 of 30"),
    ("lakh_midi", "key"): (twice("lakh_midi"), "1 rows repeat the key (path)"),
    ("lakh_midi", "rejection_rate"): (table("lakh_midi", lambda of: of.iloc[:0]), "nothing was accepted"),
    ("rejected_spotify_rows", "schema"): (without("rejected_spotify_rows", "reason"), "reason is missing"),
    ("rejected_spotify_rows", "values"): (
        table("rejected_spotify_rows", lambda of: pd.concat([of, of.assign(reason=None)])),
        "reason is missing in 1 of 2 rows",
    ),
    ("rejected_msd_rows", "schema"): (without("rejected_msd_rows", "row"), "row is missing"),
    ("rejected_msd_rows", "values"): (
        table("rejected_msd_rows", lambda of: pd.concat([of, of.assign(reason=None)])),
        "reason is missing",
    ),
    ("rejected_lakh_files", "schema"): (without("rejected_lakh_files", "source"), "source is missing"),
    ("rejected_lakh_files", "values"): (
        table("rejected_lakh_files", lambda of: pd.concat([of, of.assign(reason=None)])),
        "reason is missing",
    ),
    ("matched_tracks", "schema"): (without("matched_tracks", "link_score"), "link_score is missing"),
    ("matched_tracks", "values"): (
        put("matched_tracks", "link_score", 1.2),
        "link_score violates in_range(0, 1)",
    ),
    ("matched_tracks", "key"): (
        twice("matched_tracks"),
        "1 rows repeat the key (track_id, msd_track_id, md5)",
    ),
    ("matched_tracks", "links"): (
        table("matched_tracks", lambda of: of.assign(link_method="fuzzy")),
        "100% of the links are by similar names only",
    ),
    ("figaro_descriptions", "schema"): (
        table("figaro_descriptions", lambda of: of.assign(tokens=[str(list(t)) for t in of["tokens"]])),
        "the column tokens holds large_string[pyarrow], not list of integers",
    ),
    ("figaro_descriptions", "values"): (
        put("figaro_descriptions", "bars", 13),
        "bars violates in_range(1, 12)",
    ),
    ("figaro_descriptions", "key"): (twice("figaro_descriptions"), "1 rows repeat"),
    ("figaro_descriptions", "grammar"): (
        put("figaro_descriptions", "tokens", tokens(["Bar_1", "Chord_C:maj"])),
        "is not a description",
    ),
    ("figaro_descriptions", "repaired"): (
        table(
            "figaro_descriptions",
            lambda of: of.assign(
                repairs=["RIFF container unpacked", *["gzip unpacked; tracks cut off: 2"] * 4, *[""] * 24]
            ),
        ),
        "4 of 29 described files (14%) are damaged, more than 10%, most often: tracks cut off",
    ),
    ("rejected_midi", "schema"): (without("rejected_midi", "stage"), "the column stage is missing"),
    ("rejected_midi", "values"): (put("rejected_midi", "reason", None, 0), "reason is missing in 1 of 2"),
    ("rejected_midi", "key"): (twice("rejected_midi"), "1 rows repeat the key (path)"),
    ("rejected_midi", "completeness"): (
        table("figaro_descriptions", lambda of: of.iloc[2:]),
        "2 files are neither described nor rejected",
    ),
    ("rejected_midi", "rejected"): (
        table("figaro_descriptions", lambda of: of.iloc[:0]),
        "nothing was accepted",
    ),
    ("training_set", "schema"): (without("training_set", "split"), "the column split is missing"),
    ("training_set", "values"): (put("training_set", "tempo", 0.0), "tempo violates in_range(30.0, 250.0)"),
    ("training_set", "key"): (twice("training_set"), "1 rows repeat the key (md5, segment)"),
    ("training_set", "leakage"): (
        put("training_set", "artist_keys", ["artist 29"]),
        "1 artists are in more than one split, first: artist 29",
    ),
    ("training_set", "coverage"): (
        table("training_set", lambda of: of.assign(tokens=lists([tokens_of(0, 4) for _ in of.index]))),
        "the training split has 1 different tokens of instrument",
    ),
    ("training_set", "grammar"): (put("training_set", "bars", 3), "has 4 bars and says 3"),
    ("scoreboard", "scores"): (
        put("scoreboard", "accuracy", 1.1, 0),
        "accuracy violates in_range(0, 1) in 1 of 4 rows (row transformer: 1.1)",
    ),
    ("scoreboard", "sanity"): (
        put("scoreboard", "bits_a_bar", 20.0),
        "the best model, combined, needs 28.00 bits per bar and the baseline 'copy the previous bar' 20.00",
    ),
    ("feature_report", "features"): (
        put("feature_report", "mean", 2.0, 0),
        "danceability has the minimum 0.6, the mean 2 and the maximum 0.6",
    ),
    ("control_report", "controllability"): (
        put("control_report", "value", 0.5, 0),
        "tempo is right in 50% of the songs only",
    ),
    ("song_metrics", "calibration"): (
        table("song_metrics", lambda songs: songs.head(5)),
        "5 training songs are too few",
    ),
    ("ear", "audible"): (
        lambda store: write_ear(store, ear(energy=-0.1)),
        "energy is not heard: rank correlation 0.5",
    ),
    ("guidance_report", "guidance_monotonic"): (
        put("guidance_report", "control", 0.7, 0),
        "control is 0.70 without features and at most 0.70 with them",
    ),
    ("musicality_report", "musicality"): (
        table("musicality_report", lambda of: of.assign(tracks=[0.1, 0.3], tracks_met=[False, True])),
        "finished tracks miss 1 goals: copied_bars 0.1 (goal 0.2 to 0.4)",
    ),
    ("fidelity_report", "fidelity"): (
        put("fidelity_report", "written", 0.2, 0),
        "instrument_f1 is 0.200, no better than another song's 0.300",
    ),
    ("champion", "loads"): (lambda store: None, "champion.json is missing"),
    ("track_description", "grammar"): (
        lambda store: write_document(
            store, "track_description", {"champion": "v", "tokens": tokens_of(0, 3)}
        ),
        "calm: has 3 bars, requested were 2",
    ),
    ("track_midi", "notes"): (
        lambda store: write_midi(store, tempo=100.0),
        "has a tempo of 100.0, requested",
    ),
    ("generated_track", "sound"): (
        lambda store: write_sound(store, np.zeros_like(tone(4.0))),
        "calm: is silent: 4.0 s",
    ),
    **{
        (name, "weights"): (weights(name), "weight has 1 weights that are not finite")
        for name in (
            "transformer",
            "lstm_full",
            "lstm_pitch",
            "lstm_density",
            "lstm_velocity",
            "lstm_duration",
            "lstm_misc",
            "figaro_model",
        )
    },
}


@pytest.mark.parametrize(("asset", "check"), BAD)
def test_check_fails_on_invalid_data(
    definitions: dg.Definitions, instance: dg.DagsterInstance, store: Store, asset: str, check: str
) -> None:
    spoil, message = BAD[asset, check]
    spoil(store)
    evaluation = evaluations(definitions, asset, instance)[check]
    assert not evaluation.passed
    assert evaluation.description is not None
    assert message in evaluation.description
    assert "\n" not in evaluation.description


def test_every_check_is_tested_on_invalid_data_and_passes_on_valid_data(
    definitions: dg.Definitions, instance: dg.DagsterInstance, store: Store
) -> None:
    declared = {
        (key.asset_key.to_user_string(), key.name)
        for key in definitions.resolve_asset_graph().asset_check_keys
    }
    in_tests_of_their_own = {
        (asset, "row_count_drop") for asset in ("spotify_tracks", "msd_tracks", "lakh_midi")
    }
    assert declared == set(BAD) | in_tests_of_their_own
    for asset in {asset for asset, _ in declared} - {"champion"}:
        for name, evaluation in evaluations(definitions, asset, instance).items():
            assert evaluation.passed, f"{asset}, {name}: {evaluation.description}"


def test_table_without_rows_needs_no_types(
    definitions: dg.Definitions, instance: dg.DagsterInstance, store: Store
) -> None:
    for asset in ("rejected_spotify_rows", "rejected_midi"):
        change(store, asset, lambda of: of.iloc[:0].astype(object))
        found = evaluations(definitions, asset, instance)
        assert found["schema"].passed
        assert found["values"].passed
        change(store, asset, lambda of: of.iloc[:0].drop(columns="reason"))
        assert not evaluations(definitions, asset, instance)["schema"].passed


@pytest.mark.parametrize("asset", ["spotify_tracks", "msd_tracks", "lakh_midi"])
def test_row_count_drop_fails_until_may_shrink_is_set(
    definitions: dg.Definitions, instance: dg.DagsterInstance, store: Store, asset: str
) -> None:
    assert evaluations(definitions, asset, instance)["row_count_drop"].passed
    change(store, asset, lambda of: of.iloc[:10])
    for _ in range(2):
        shrunk = evaluations(definitions, asset, instance)["row_count_drop"]
        assert not shrunk.passed
        assert shrunk.description == "has 10 rows where it had 30 before"
    job = definitions.resolve_job_def(f"check_{asset}")
    forgiven = {"resources": {"raw_data": {"config": {"may_shrink": True}}}}
    assert job.execute_in_process(instance=instance, run_config=forgiven).success
    assert evaluations(definitions, asset, instance)["row_count_drop"].passed


def test_which_assets_have_blocking_checks(definitions: dg.Definitions) -> None:
    graph = definitions.resolve_asset_graph()
    blocking = {key.asset_key.to_user_string() for key in graph.asset_check_keys if graph.get(key).blocking}
    not_blocking = {
        key.asset_key.to_user_string() for key in graph.asset_check_keys if not graph.get(key).blocking
    }
    assert not_blocking == {
        "rejected_spotify_rows",
        "rejected_msd_rows",
        "rejected_lakh_files",
        "figaro_descriptions",
        "ear",
        "feature_report",
        "control_report",
        "guidance_report",
        "musicality_report",
        "fidelity_report",
        "generated_track",
    }
    assert {"training_set", "scoreboard", "champion", "figaro_model", "track_midi"} <= blocking
    assert blocking & not_blocking == {"figaro_descriptions"}
    assert not graph.get(dg.AssetCheckKey(dg.AssetKey("figaro_descriptions"), "repaired")).blocking


def test_run_of_a_partition_checks_that_request_only(
    definitions: dg.Definitions, instance: dg.DagsterInstance, store: Store
) -> None:
    write_document(store, "track_description", {"champion": "v", "tokens": tokens_of(0, 2)})
    other = store.assets / "track_description" / "broken.json"
    other.write_text("{}")
    assert REQUEST.name != "broken"
    job = definitions.resolve_job_def("check_track_description")
    tags = {"dagster/partition": REQUEST.name}
    assert job.execute_in_process(tags=tags, instance=instance).success
    other.unlink()


def test_summary_shows_the_first_problems() -> None:
    assert CheckOutcome(tuple(f"fault {number}" for number in range(8))).summary == (
        "fault 0; fault 1; fault 2; fault 3; fault 4; and 3 more"
    )
    assert CheckOutcome(()).summary == "no problems"
