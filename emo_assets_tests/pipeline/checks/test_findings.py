from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from safetensors.numpy import save

from emo_assets.pipeline.checks.findings import (
    CheckOutcome,
    check_completeness,
    check_links,
    check_rejection_rate,
    check_row_count_drop,
)
from emo_assets.pipeline.checks.model_findings import check_sanity, check_scores, check_weights
from emo_assets.pipeline.checks.training_findings import check_coverage, check_leakage
from emo_assets.tokens.vocabulary import DESCRIPTIONS, DescriptionKind
from emo_assets_tests.pipeline.checks.good_store import lists, scoreboard, tables, tokens_of


def test_many_faults_are_told_in_one_line() -> None:
    assert CheckOutcome(tuple(f"fault {number}" for number in range(8))).summary == (
        "fault 0; fault 1; fault 2; fault 3; fault 4; and 3 more"
    )
    assert CheckOutcome(()).summary == "nothing is wrong"


def _files(*names: str) -> pd.DataFrame:
    return pd.DataFrame({"msd_track_id": list(names), "md5": list(names), "path": list(names)})


def test_files_in_are_files_described_and_rejected_one_by_one() -> None:
    assert check_completeness(_files("a", "b"), _files("a", "a"), _files("b"), []).passed
    both = check_completeness(_files("a", "b"), _files("a", "b"), _files("b"), [])
    assert both.problems == ("1 files are both described and rejected, the first: b/b",)
    foreign = check_completeness(_files("a"), _files("a", "z"), _files(), [])
    assert foreign.problems == (
        "1 files are described or rejected that are not among the files, the first: z/z",
    )
    lost = check_completeness(_files("a"), _files("a"), _files(), ["x/elsewhere.mid"])
    assert lost.problems == ("1 files are neither described nor rejected, the first: x/elsewhere.mid",)


def test_a_source_may_refuse_a_little_and_shrink_by_half() -> None:
    assert check_rejection_rate(99, 1, most=0.25).passed
    assert not check_rejection_rate(70, 30, most=0.25).passed
    assert not check_rejection_rate(0, 0, most=0.25).passed
    assert check_row_count_drop(50, 100, least=0.5).passed
    assert not check_row_count_drop(49, 100, least=0.5).passed
    assert check_row_count_drop(1, None, least=0.5).passed


def test_links_must_be_enough_and_mostly_exact() -> None:
    matched, files = tables()["matched_tracks"], tables()["lakh_midi"]
    assert check_links(matched, files, least_share=0.01, most_fuzzy=0.5).passed
    none = check_links(matched.iloc[:0], files, least_share=0.01, most_fuzzy=0.5)
    assert none.problems == ("only 0.00% of 30 tracks with MIDI are linked, not 1%",)


def test_an_empty_side_and_a_file_on_two_sides_are_leaks() -> None:
    training_set = tables()["training_set"]
    splits = ("train", "validation", "test")
    assert check_leakage(training_set, splits).passed
    no_test = training_set[training_set["split"] != "test"]
    assert check_leakage(no_test, splits).problems == ("no segment is on the side 'test'",)
    again = training_set.iloc[[0, *range(len(training_set))]].reset_index(drop=True)
    again["split"] = ["test", *training_set["split"]]
    again["artist_keys"] = lists([["new"], *training_set["artist_keys"]])
    [fault] = check_leakage(again, splits).problems
    assert fault.startswith("1 files stand on more than one side")
    other = check_leakage(training_set.assign(split="holdout"), splits)
    assert "'holdout' is no side" in other.problems


def test_tokens_that_only_the_test_side_has_are_a_fault_when_they_are_many() -> None:
    training_set = tables()["training_set"]
    instruments = DESCRIPTIONS.span(DescriptionKind.INSTRUMENT)
    drums = instruments[-1]
    foreign = [drums if word in instruments else word for word in tokens_of(0, 4)]
    tokens = [
        np.array(foreign if split == "test" else of, np.int16)
        for split, of in zip(training_set["split"], training_set["tokens"], strict=True)
    ]
    finding = check_coverage(training_set.assign(tokens=lists(tokens)), most_unseen=0.05)
    assert finding.problems == ("12.5% of the test side's tokens never stand on the training side",)


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
    assert fault in check_weights(content).summary


def test_a_model_of_parts_is_not_held_against_a_baseline_of_whole_descriptions() -> None:
    board = scoreboard()
    assert check_sanity(board).measured["bits_a_bar"] == 28.0
    worse = board.assign(bits_a_bar=[50.0, 5.0, 60.0, 40.0])
    assert "transformer, needs 50.00" in check_sanity(worse).summary
    assert not check_sanity(board[board["role"] == "baseline"]).passed


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
    assert check_scores(scoreboard()).passed
    assert not check_scores(scoreboard().assign(**{column: lists(values).infer_objects()})).passed
