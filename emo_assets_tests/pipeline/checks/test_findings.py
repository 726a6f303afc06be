from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from safetensors.numpy import save

from emo_assets.pipeline.checks.findings import (
    Finding,
    accounted_finding,
    links_finding,
    refused_finding,
    shrunk_finding,
)
from emo_assets.pipeline.checks.model_findings import sanity_finding, scores_finding, weights_finding
from emo_assets.pipeline.checks.training_findings import coverage_finding, leakage_finding
from emo_assets.symbolic.vocabulary import DESCRIPTIONS, DescriptionKind
from emo_assets_tests.pipeline.checks.good_store import lists, scoreboard, tables, tokens_of


def test_many_faults_are_told_in_one_line() -> None:
    assert Finding(tuple(f"fault {number}" for number in range(8))).summary == (
        "fault 0; fault 1; fault 2; fault 3; fault 4; and 3 more"
    )
    assert Finding(()).summary == "nothing is wrong"


def _files(*names: str) -> pd.DataFrame:
    return pd.DataFrame({"msd_track_id": list(names), "md5": list(names), "path": list(names)})


def test_files_in_are_files_described_and_rejected_one_by_one() -> None:
    assert accounted_finding(_files("a", "b"), _files("a", "a"), _files("b"), []).passed
    both = accounted_finding(_files("a", "b"), _files("a", "b"), _files("b"), [])
    assert both.faults == ("1 files are both described and rejected, the first: b/b",)
    foreign = accounted_finding(_files("a"), _files("a", "z"), _files(), [])
    assert foreign.faults == (
        "1 files are described or rejected that are not among the files, the first: z/z",
    )
    lost = accounted_finding(_files("a"), _files("a"), _files(), ["x/elsewhere.mid"])
    assert lost.faults == ("1 files are neither described nor rejected, the first: x/elsewhere.mid",)


def test_a_source_may_refuse_a_little_and_shrink_by_half() -> None:
    assert refused_finding(99, 1, most=0.25).passed
    assert not refused_finding(70, 30, most=0.25).passed
    assert not refused_finding(0, 0, most=0.25).passed
    assert shrunk_finding(50, 100, least=0.5).passed
    assert not shrunk_finding(49, 100, least=0.5).passed
    assert shrunk_finding(1, None, least=0.5).passed


def test_links_must_be_enough_and_mostly_exact() -> None:
    matched, files = tables()["matched_tracks"], tables()["lakh_midi"]
    assert links_finding(matched, files, least_share=0.01, most_fuzzy=0.5).passed
    none = links_finding(matched.iloc[:0], files, least_share=0.01, most_fuzzy=0.5)
    assert none.faults == ("only 0.00% of 30 tracks with MIDI are linked, not 1%",)


def test_an_empty_side_and_a_file_on_two_sides_are_leaks() -> None:
    training_set = tables()["training_set"]
    splits = ("train", "validation", "test")
    assert leakage_finding(training_set, splits).passed
    no_test = training_set[training_set["split"] != "test"]
    assert leakage_finding(no_test, splits).faults == ("no segment is on the side 'test'",)
    again = training_set.iloc[[0, *range(len(training_set))]].reset_index(drop=True)
    again["split"] = ["test", *training_set["split"]]
    again["artist_keys"] = lists([["new"], *training_set["artist_keys"]])
    [fault] = leakage_finding(again, splits).faults
    assert fault.startswith("1 files stand on more than one side")
    other = leakage_finding(training_set.assign(split="holdout"), splits)
    assert "'holdout' is no side" in other.faults


def test_tokens_that_only_the_test_side_has_are_a_fault_when_they_are_many() -> None:
    training_set = tables()["training_set"]
    instruments = DESCRIPTIONS.span(DescriptionKind.INSTRUMENT)
    drums = instruments[-1]
    foreign = [drums if word in instruments else word for word in tokens_of(0, 4)]
    tokens = [
        np.array(foreign if split == "test" else of, np.int16)
        for split, of in zip(training_set["split"], training_set["tokens"], strict=True)
    ]
    finding = coverage_finding(training_set.assign(tokens=lists(tokens)), most_unseen=0.05)
    assert finding.faults == ("12.5% of the test side's tokens never stand on the training side",)


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (b"nonsense", "is no safetensors file"),
        (b"", "is no safetensors file"),
        (save({"bias": np.array([np.inf, 1], np.float32)}), "bias holds 1 weights that are no number"),
        (save({}), "holds no weights"),
    ],
)
def test_weights_that_are_no_numbers_are_found(content: bytes, fault: str) -> None:
    assert fault in weights_finding(content).summary


def test_a_model_of_parts_is_not_held_against_a_baseline_of_whole_descriptions() -> None:
    board = scoreboard()
    assert sanity_finding(board).measured["bits_a_bar"] == 28.0
    worse = board.assign(bits_a_bar=[50.0, 5.0, 60.0, 40.0])
    assert "transformer, needs 50.00" in sanity_finding(worse).summary
    assert not sanity_finding(board[board["role"] == "baseline"]).passed


@pytest.mark.parametrize(
    ("column", "values"),
    [
        ("bits_a_token", [1.0, 1.0, float("nan"), 1.0]),
        ("bits_a_bar", [1.0, -1.0, 1.0, 1.0]),
        ("validity", [1.0, 1.2, None, None]),
        ("songs", [1, 1, 0, 1]),
        ("model", ["a", "a", "b", "c"]),
        ("role", ["describer"] * 4),
    ],
)
def test_figures_that_cannot_be_are_found(column: str, values: list[object]) -> None:
    assert scores_finding(scoreboard()).passed
    assert not scores_finding(scoreboard().assign(**{column: lists(values).infer_objects()})).passed
