from __future__ import annotations

import numpy as np
import pandas as pd

from emo_assets.pipeline.assets.descriptions import check_completeness, check_coverage, check_leakage
from emo_assets.tokens.vocabulary import DESCRIPTIONS, DescriptionKind
from emo_assets_tests.pipeline.good_store import lists, tables, tokens_of


def _files(*names: str) -> pd.DataFrame:
    return pd.DataFrame({"msd_track_id": list(names), "md5": list(names), "path": list(names)})


def test_files_in_are_files_described_and_rejected_one_by_one() -> None:
    assert check_completeness(_files("a", "b"), _files("a", "a"), _files("b"), []).passed
    both = check_completeness(_files("a", "b"), _files("a", "b"), _files("b"), [])
    assert both.problems == ["1 files are both described and rejected, first: b/b"]
    foreign = check_completeness(_files("a"), _files("a", "z"), _files(), [])
    assert foreign.problems == ["1 files are described or rejected that are not among the files, first: z/z"]
    lost = check_completeness(_files("a"), _files("a"), _files(), ["x/elsewhere.mid"])
    assert lost.problems == ["1 files are neither described nor rejected, first: x/elsewhere.mid"]


def test_an_empty_side_and_a_file_on_two_sides_are_leaks() -> None:
    training_set = tables()["training_set"]
    splits = ("train", "validation", "test")
    assert check_leakage(training_set, splits).passed
    no_test = training_set[training_set["split"] != "test"]
    assert check_leakage(no_test, splits).problems == ["no segment is in the split 'test'"]
    again = training_set.iloc[[0, *range(len(training_set))]].reset_index(drop=True)
    again["split"] = ["test", *training_set["split"]]
    again["artist_keys"] = lists([["new"], *training_set["artist_keys"]])
    [fault] = check_leakage(again, splits).problems
    assert fault.startswith("1 files are in more than one split")
    other = check_leakage(training_set.assign(split="holdout"), splits)
    assert "'holdout' is not a split" in other.problems


def test_tokens_that_only_the_test_side_has_are_a_fault_when_they_are_many() -> None:
    training_set = tables()["training_set"]
    instruments = DESCRIPTIONS.span(DescriptionKind.INSTRUMENT)
    drums = instruments[-1]
    foreign = [drums if word in instruments else word for word in tokens_of(0, 4)]
    tokens = [
        np.array(foreign if split == "test" else of, np.int16)
        for split, of in zip(training_set["split"], training_set["tokens"], strict=True)
    ]
    finding = check_coverage(training_set.assign(tokens=lists(tokens)))
    assert finding.problems == ["12.5% of the test split's tokens are absent from the training split"]
