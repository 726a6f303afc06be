from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import dagster as dg
import pytest

from emo_assets.definitions import build_defs
from emo_assets.pipeline.partitions import ALL_SHARDS
from emo_assets.pipeline.resources import StoreResource
from emo_assets.pipeline.schedules import WEEKLY_GROUPS, retrain_weekly

MONDAY = datetime(2026, 3, 2, 3, tzinfo=UTC)


@pytest.fixture(scope="module")
def instance(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dg.DagsterInstance]:
    instance = dg.DagsterInstance.local_temp(str(tmp_path_factory.mktemp("instance")))
    yield instance
    instance.dispose()


def tick(instance: dg.DagsterInstance, base: Path) -> dg.RunRequest | dg.SkipReason:
    with dg.build_schedule_context(instance=instance, scheduled_execution_time=MONDAY) as context:
        result = retrain_weekly(context, store=StoreResource(base_path=str(base)))
    assert isinstance(result, dg.RunRequest | dg.SkipReason)
    return result


def configure(base: Path, content: str) -> Path:
    path = base / "schedules" / "retrain_weekly.yaml"
    path.parent.mkdir(exist_ok=True)
    path.write_text(content)
    return path


def test_tick_requests_one_run_with_the_stored_configuration(
    instance: dg.DagsterInstance, tmp_path: Path
) -> None:
    run = tick(instance, tmp_path)
    assert isinstance(run, dg.RunRequest)
    assert run.run_key == "2026-03-02T03:00:00+00:00"
    assert run.run_config == {}
    configure(tmp_path, "resources: {raw_data: {config: {source: local}}}")
    run = tick(instance, tmp_path)
    assert isinstance(run, dg.RunRequest)
    assert run.run_config == {"resources": {"raw_data": {"config": {"source": "local"}}}}


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("resources: [", "is not YAML"),
        ("- a", "must hold a run configuration"),
        ("", "must hold a run configuration"),
        ("!!python/object/apply:os.system [true]", "is not YAML"),
    ],
)
def test_invalid_configuration_is_a_skip_reason(
    instance: dg.DagsterInstance, tmp_path: Path, content: str, reason: str
) -> None:
    path = configure(tmp_path, content)
    skipped = tick(instance, tmp_path)
    assert isinstance(skipped, dg.SkipReason)
    message = str(skipped.skip_message)
    assert message.startswith(f"{path}: {reason}")
    assert "\n" not in message


def test_no_retraining_is_requested_while_one_runs(instance: dg.DagsterInstance, tmp_path: Path) -> None:
    run = instance.create_run_for_job(
        build_defs(str(tmp_path)).resolve_job_def("retrain"), status=dg.DagsterRunStatus.STARTED
    )
    skipped = tick(instance, tmp_path)
    assert isinstance(skipped, dg.SkipReason)
    assert skipped.skip_message == f"the retraining of run {run.run_id} is still in progress"
    instance.report_run_canceled(run)
    assert isinstance(tick(instance, tmp_path), dg.RunRequest)


def test_the_retraining_goes_from_raw_data_to_the_champion_over_all_shards() -> None:
    job = build_defs().resolve_job_def("retrain")
    steps = set(job.graph.node_dict)
    assert {"spotify", "million_songs", "lakh", "matched_tracks", "descriptions", "training_set"} <= steps
    assert {"transformer", "lstm_misc", "scoreboard", "champion"} <= steps
    assert {
        "spotify_tracks_checks",
        "training_set_checks",
        "transformer_checks",
        "lstm_misc_checks",
        "scoreboard_checks",
    } <= steps
    assert not {"figaro_model", "generated_track"} & steps
    assert job.tags.items() >= ALL_SHARDS.items()


def test_weekly_groups_have_freshness_policies() -> None:
    graph = build_defs().resolve_asset_graph()
    for key in graph.get_all_asset_keys():
        node = graph.get(key)
        assert (node.freshness_policy is not None) == (node.group_name in WEEKLY_GROUPS), key
