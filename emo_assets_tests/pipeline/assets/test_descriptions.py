from __future__ import annotations

import json
from pathlib import Path

import dagster as dg
import numpy as np
import pandas as pd
import pytest

from emo_assets.definitions import build_defs
from emo_assets.errors import InputError
from emo_assets.generation import load_ear
from emo_assets.metrics.ear import default_ear
from emo_assets.pipeline.assets.descriptions import (
    check_audible,
    check_completeness,
    check_coverage,
    check_leakage,
)
from emo_assets.pipeline.checks import CheckOutcome, CheckRun
from emo_assets.store import Store
from emo_assets.tokens.vocabulary import DESCRIPTIONS, DescriptionKind
from emo_assets_tests.pipeline.good_store import ear, lists, outcome, tables, tokens_of, write, write_ear


def _files(names: str) -> pd.DataFrame:
    return pd.DataFrame({"msd_track_id": list(names), "md5": list(names), "path": list(names)}, dtype="str")


def completeness(
    base: Path, files: str, described: str, rejected: str, not_read: tuple[str, ...] = ()
) -> CheckOutcome:
    return outcome(
        check_completeness,
        base,
        "rejected_midi",
        lakh_midi=_files(files),
        figaro_descriptions=_files(described),
        rejected_midi=_files(rejected),
        rejected_lakh_files=pd.DataFrame({"content": not_read}, dtype="str"),
    )


def test_check_completeness(tmp_path: Path) -> None:
    assert completeness(tmp_path, "ab", "aa", "b").passed
    both = completeness(tmp_path, "ab", "ab", "b")
    assert both.problems == ["1 files are both described and rejected, first: b/b"]
    foreign = completeness(tmp_path, "a", "az", "")
    assert foreign.problems == ["1 files are described or rejected that are not among the files, first: z/z"]
    lost = completeness(tmp_path, "a", "a", "", ("x/elsewhere.mid",))
    assert lost.problems == ["1 files are neither described nor rejected, first: x/elsewhere.mid"]


def test_check_leakage(tmp_path: Path) -> None:
    training_set = tables()["training_set"]

    def leakage(table: pd.DataFrame) -> CheckOutcome:
        return outcome(check_leakage, tmp_path, "training_set", training_set=table)

    assert leakage(training_set).passed
    no_test = training_set[training_set["split"] != "test"]
    assert leakage(no_test).problems == ["no segment is in the split 'test'"]
    again = training_set.iloc[[0, *range(len(training_set))]].reset_index(drop=True)
    again["split"] = ["test", *training_set["split"]]
    again["artist_keys"] = lists([["new"], *training_set["artist_keys"]])
    [fault] = leakage(again).problems
    assert fault.startswith("1 files are in more than one split")
    other = leakage(training_set.assign(split="holdout"))
    assert "'holdout' is not a split" in other.problems


def test_check_coverage(tmp_path: Path) -> None:
    training_set = tables()["training_set"]
    instruments = DESCRIPTIONS.span(DescriptionKind.INSTRUMENT)
    drums = instruments[-1]
    foreign = [drums if word in instruments else word for word in tokens_of(0, 4)]
    tokens = [
        np.array(foreign if split == "test" else of, np.int16)
        for split, of in zip(training_set["split"], training_set["tokens"], strict=True)
    ]
    spoiled = training_set.assign(tokens=lists(tokens))
    finding = outcome(check_coverage, tmp_path, "training_set", training_set=spoiled)
    assert finding.problems == ["12.5% of the test split's tokens are absent from the training split"]


def test_a_store_of_few_songs_keeps_the_ear_of_the_package(tmp_path: Path) -> None:
    store = Store(tmp_path)
    write(store, "song_metrics", tables()["song_metrics"])
    definitions = build_defs(str(tmp_path))
    job = dg.define_asset_job("learn_ear", selection=dg.AssetSelection.assets("ear").without_checks())
    ran = dg.Definitions.merge(definitions, dg.Definitions(jobs=[job])).resolve_job_def("learn_ear")
    [event] = ran.execute_in_process().asset_materializations_for_node("ear")
    assert load_ear(store) == default_ear()
    reason = event.metadata["reason"].value
    assert reason == (
        "The ear of the package is used: 30 songs by 30 artists are too few to learn an ear from; "
        "link at least 60 songs by 20 artists."
    )
    assert event.metadata["songs"].value == default_ear().card.songs
    assert "| valence |" in str(event.metadata["agreement"].value)
    assert (tmp_path / "reports" / "ear.png").read_bytes().startswith(b"\x89PNG")


def test_check_audible(tmp_path: Path) -> None:
    store = Store(tmp_path)
    (tmp_path / "assets").mkdir()
    write_ear(store, ear())
    assert check_audible(CheckRun("ear", store)).passed
    write_ear(store, ear(valence=-0.2, energy=0.0))
    assert [each.split(":")[0] for each in check_audible(CheckRun("ear", store)).problems] == [
        "valence is not heard",
        "energy is not heard",
    ]
    (tmp_path / "assets" / "ear.json").write_text(json.dumps(ear())[:-2])
    with pytest.raises(InputError, match="is no ear"):
        check_audible(CheckRun("ear", store))
