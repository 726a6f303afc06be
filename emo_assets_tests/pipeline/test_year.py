from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import dagster as dg
import pytest
import yaml

from emo_assets.definitions import build_defs
from emo_assets.description_model.registry.model_registry import ChampionRecord, read_record
from emo_assets.pipeline.schedules import weekly_run
from emo_assets.store import Store
from emo_assets_tests.pipeline.year import Sources, Week, replace_training

FIRST_MONDAY = datetime(2026, 1, 5, 3, tzinfo=UTC)
WEEKS = 52


class Year:
    """A store and its weekly retraining, week after week."""

    def __init__(self, folder: Path, instance: dg.DagsterInstance) -> None:
        self.sources = Sources(folder / "sources")
        self.store = Store(folder / "store")
        self.week = Week()
        self._instance = instance
        self._job = build_defs(str(folder / "store")).resolve_job_def("retrain")
        config = folder / "store" / "schedules" / "retrain_weekly.yaml"
        config.parent.mkdir(parents=True)
        config.write_text(yaml.safe_dump(self.sources.run_config()))

    def tick(self, number: int) -> tuple[bool, str]:
        """Retrain for one week; return whether the run succeeded, and the problems that it reports."""
        asked = weekly_run(self._instance, self.store, FIRST_MONDAY + timedelta(weeks=number))
        assert isinstance(asked, dg.RunRequest), asked
        ran = self._job.execute_in_process(
            instance=self._instance, run_config=asked.run_config, raise_on_error=False
        )
        said = [
            f"{evaluation.asset_key.to_user_string()}: {evaluation.description}"
            for evaluation in ran.get_asset_check_evaluations()
            if not evaluation.passed
        ]
        for event in ran.all_events:
            if event.is_step_failure:
                error = event.step_failure_data.error
                while error is not None and error.cause is not None:
                    error = error.cause
                said.append("" if error is None else error.message)
        return ran.success, "\n".join(said)

    def champion(self) -> ChampionRecord:
        """Return the record of the champion that serves."""
        record = read_record(self.store)
        assert record is not None
        return record

    def serving(self) -> dict[str, str]:
        """Return the sums of everything that serves requests, by path."""
        base = Path(str(self.store.base))
        files = [base / "assets" / "champion.json", *base.glob("champions/*/*")]
        return {str(file): hashlib.sha256(file.read_bytes()).hexdigest() for file in files}

    def files(self) -> set[str]:
        """Return the paths of all files in the store, champions' versions left out."""
        base = Path(str(self.store.base))
        found = {str(path.relative_to(base)) for path in base.rglob("*") if path.is_file()}
        return {path for path in found if not path.startswith("champions/")}

    def size(self) -> int:
        """Return the bytes of the whole store."""
        return sum(path.stat().st_size for path in Path(str(self.store.base)).rglob("*") if path.is_file())


@pytest.fixture
def year(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Year]:
    with dg.DagsterInstance.ephemeral() as instance:
        year = Year(tmp_path, instance)
        replace_training(monkeypatch, lambda: year.week)
        yield year


def _cut_off(year: Year) -> None:
    lines = year.sources.spotify.read_text().splitlines(keepends=True)
    year.sources.spotify.write_text("".join(lines[:6]))


def _garbage(year: Year) -> None:
    year.sources.spotify.write_bytes(b"<html>moved</html>")


def _wrong_rows(year: Year) -> None:
    lines = year.sources.spotify.read_text().splitlines(keepends=True)
    year.sources.spotify.write_text("".join([*lines[:15], *(["broken\n"] * 10)]))


def _names_gone(year: Year) -> None:
    year.sources.msd.unlink()


def _broken_midi(year: Year) -> None:
    for number, path in enumerate(sorted(year.sources.lakh.rglob("*.mid"))):
        content = b"MThd" + bytes([number])
        path.unlink()
        path.with_name(f"{hashlib.md5(content).hexdigest()}.mid").write_bytes(content)


def _diverged(year: Year) -> None:
    year.week = Week(broken_weights=True)


def _nothing_learned(year: Year) -> None:
    year.week = Week(baseline=1.0)


BROKEN: dict[int, tuple[Callable[[Year], None], str]] = {
    6: (_cut_off, "spotify_tracks: has 5 rows where it had"),
    7: (_cut_off, "spotify_tracks: has 5 rows where it had"),
    12: (_garbage, "InputError"),
    18: (_wrong_rows, "spotify_tracks: 42% of it was rejected, more than 25%"),
    24: (_names_gone, "unique_tracks.txt: does not exist"),
    31: (_broken_midi, "rejected_midi: nothing was accepted"),
    38: (_diverged, "weights that are not finite"),
    45: (_nothing_learned, "scoreboard: the best model"),
}
BETTER = {0: 30.0, 9: 28.0, 10: 27.0, 20: 25.0, 33: 24.0, 50: 20.0}
"""Bits per bar in the weeks whose models are better than all before; others are a little worse."""

INVALID = 40

WITHOUT_CONTROL = 42
"""In this week models predict far better, and ignore the features."""


@pytest.mark.slow
def test_a_year_of_weeks_promotes_better_models_and_no_invalid_ones(year: Year) -> None:
    best, files_of_an_early_week, size_of_an_early_week = 0.0, set[str](), 0
    for number in range(WEEKS):
        year.sources.write(20 + number % 4)
        year.week = Week(bits=BETTER.get(number, best + 0.5 + number % 3))
        if number == INVALID:
            year.week = Week(bits=5.0, validity=0.98)
        if number == WITHOUT_CONTROL:
            year.week = Week(bits=5.0, control=0.1)
        if number in BROKEN:
            spoil, message = BROKEN[number]
            spoil(year)
            before = year.serving()
            passed, said = year.tick(number)
            assert not passed, f"week {number} went through"
            assert message in said, f"week {number} said: {said}"
            assert year.serving() == before, f"week {number} changed what serves"
            continue
        version = None if number == 0 else year.champion().version
        passed, said = year.tick(number)
        assert passed, f"week {number}: {said}"
        decision = year.champion().decision
        assert decision.promoted == (number in BETTER), f"week {number}: {decision.reason}"
        assert (year.champion().version != version) == (number in BETTER)
        best = BETTER.get(number, best)
        assert decision.bits_a_bar == pytest.approx(best, abs=0.5)
        assert len(list(year.store.champions.iterdir())) <= 2
        if number == 15:
            files_of_an_early_week, size_of_an_early_week = year.files(), year.size()
    assert year.files() == files_of_an_early_week
    assert year.size() < 1.1 * size_of_an_early_week
    weights = json.loads((year.store.assets / "champion.json").read_text())
    assert weights["previous"] in {folder.name for folder in year.store.champions.iterdir()}
