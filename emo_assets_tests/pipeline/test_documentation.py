"""The documentation names every asset and every check that the graph has, and no others."""

from __future__ import annotations

import re
from pathlib import Path

from emo_assets.definitions import build_defs

PAGE = Path(__file__).parents[2] / "docs" / "assets.md"
NAME = re.compile(r"`(\w+)`")


def test_the_table_of_assets_has_each_asset_with_its_checks() -> None:
    assets, checks = PAGE.read_text(encoding="utf-8").split("## What the checks say")
    rows = [line.strip("|").split("|") for line in assets.splitlines() if line.startswith("| `")]
    documented = {NAME.findall(row[0])[0]: set(NAME.findall(row[-1])) for row in rows}
    graph = build_defs().resolve_asset_graph()
    declared: dict[str, set[str]] = {key.to_user_string(): set() for key in graph.get_all_asset_keys()}
    for key in graph.asset_check_keys:
        declared[key.asset_key.to_user_string()].add(key.name)
    assert documented == declared
    explained = [NAME.findall(line)[0] for line in checks.splitlines() if line.startswith("| `")]
    assert sorted(explained) == sorted(set().union(*declared.values()))


def test_the_operators_page_names_each_job_schedule_and_sensor() -> None:
    page = (PAGE.parent / "operating.md").read_text(encoding="utf-8")
    defs = build_defs()
    repository = defs.get_repository_def()
    names = [
        *(name for name in repository.job_names if not name.startswith("__")),
        *(schedule.name for schedule in repository.schedule_defs),
        *(sensor.name for sensor in repository.sensor_defs),
    ]
    assert len(names) >= 9
    assert [name for name in names if f"`{name}`" not in page] == []
