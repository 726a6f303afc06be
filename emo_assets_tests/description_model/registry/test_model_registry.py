"""The champion in the store: promotions that are complete, and nothing lost when one fails."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import pandas as pd
import pytest

from emo_assets.description_model.generate import DescriptionGenerator
from emo_assets.description_model.registry.model_registry import (
    CANDIDATE_MODELS,
    ChampionRecord,
    load_champion_models,
    promote,
    read_record,
    record_path,
)
from emo_assets.description_model.registry.model_selection import ChampionDecision
from emo_assets.description_model.specs import MODEL_SPECS, ModelConfig
from emo_assets.description_model.training import train_model
from emo_assets.description_model.weights import to_bytes
from emo_assets.errors import InputError
from emo_assets.features import FeatureVector
from emo_assets.store import Store, atomic_write

VALID = dict.fromkeys(CANDIDATE_MODELS, 1.0)


@pytest.fixture(scope="module")
def weak(training_set: pd.DataFrame, tiny: ModelConfig) -> dict[str, bytes]:
    """The seven models after one epoch that taught them nothing."""
    config = tiny.model_copy(update={"epochs": 1, "learning_rate": 1e-9})
    return {spec.name: to_bytes(train_model(spec, config, training_set)) for spec in MODEL_SPECS}


@pytest.fixture(scope="module")
def strong(training_set: pd.DataFrame, tiny: ModelConfig) -> dict[str, bytes]:
    """The seven models after some epochs that taught them something."""
    config = tiny.model_copy(update={"epochs": 4, "learning_rate": 1e-2})
    return {spec.name: to_bytes(train_model(spec, config, training_set)) for spec in MODEL_SPECS}


def put_in_force(store: Store, record: ChampionRecord) -> None:
    with atomic_write(record_path(store)) as file:
        file.write(json.dumps(record.as_json()).encode())


def promoted(store: Store, weights: dict[str, bytes], training_set: pd.DataFrame) -> ChampionRecord:
    record = promote(store, weights, VALID, training_set)
    put_in_force(store, record)
    return record


def test_the_first_champion_serves_descriptions(
    tmp_path: Path, strong: dict[str, bytes], training_set: pd.DataFrame
) -> None:
    store = Store(tmp_path)
    record = promoted(store, strong, training_set)
    assert record.previous is None
    assert read_record(store) == record
    models, version = load_champion_models(store)
    assert version == record.version
    [tokens] = DescriptionGenerator(models).generate([FeatureVector()], bars=3, seeds=[1])
    assert tokens


def test_a_surely_better_challenger_takes_over_and_the_old_weights_are_kept(
    tmp_path: Path, weak: dict[str, bytes], strong: dict[str, bytes], training_set: pd.DataFrame
) -> None:
    store = Store(tmp_path)
    first = promoted(store, weak, training_set)
    second = promoted(store, strong, training_set)
    assert second.decision.promoted
    assert second.previous == first.version
    assert {folder.name for folder in store.champions.iterdir()} == {first.version, second.version}


def test_a_worse_challenger_changes_nothing(
    tmp_path: Path, weak: dict[str, bytes], strong: dict[str, bytes], training_set: pd.DataFrame
) -> None:
    store = Store(tmp_path)
    first = promoted(store, strong, training_set)
    second = promoted(store, weak, training_set)
    assert not second.decision.promoted
    assert (second.version, second.previous) == (first.version, None)
    assert [folder.name for folder in store.champions.iterdir()] == [first.version]


def test_until_the_record_is_written_the_old_champion_serves(
    tmp_path: Path, weak: dict[str, bytes], strong: dict[str, bytes], training_set: pd.DataFrame
) -> None:
    store = Store(tmp_path)
    first = promoted(store, weak, training_set)
    promote(store, strong, VALID, training_set)
    assert load_champion_models(store)[1] == first.version


def test_without_a_champion_the_error_says_how_to_get_one(tmp_path: Path) -> None:
    assert read_record(Store(tmp_path)) is None
    with pytest.raises(InputError, match="run `make demo`, or materialize champion"):
        load_champion_models(Store(tmp_path))


@pytest.mark.parametrize(
    "record",
    ["{", "[]", '{"version": "x"}', '{"version": "../x", "previous": null, "decision": {}}'],
)
def test_a_damaged_record_is_refused(tmp_path: Path, record: str) -> None:
    store = Store(tmp_path)
    with atomic_write(record_path(store)) as file:
        file.write(record.encode())
    with pytest.raises(InputError):
        load_champion_models(store)


def test_a_record_cannot_lead_out_of_the_store(
    tmp_path: Path, strong: dict[str, bytes], training_set: pd.DataFrame
) -> None:
    store = Store(tmp_path)
    record = promoted(store, strong, training_set).as_json()
    with atomic_write(record_path(store)) as file:
        file.write(json.dumps({**record, "version": "../champions"}).encode())
    with pytest.raises(InputError, match="record is damaged"):
        load_champion_models(store)


def test_missing_weights_are_an_error(
    tmp_path: Path, strong: dict[str, bytes], training_set: pd.DataFrame
) -> None:
    store = Store(tmp_path)
    record = promoted(store, strong, training_set)
    for file in (store.champions / record.version).iterdir():
        file.unlink()
    with pytest.raises(InputError, match="weights are not complete"):
        load_champion_models(store)


def test_a_record_survives_json(tmp_path: Path) -> None:
    store = Store(tmp_path)
    decision = ChampionDecision("transformer", True, 18.0, 2.0, 1.5, 2.5, "it is the first")
    record = ChampionRecord("abc", decision, None)
    put_in_force(store, record)

    assert read_record(store) == record


@pytest.mark.parametrize("damage", [{"champion": "transformer"}, {"champion": "unknown"}])
def test_a_damaged_decision_is_refused(tmp_path: Path, damage: dict[str, str]) -> None:
    store = Store(tmp_path)
    decision = {**asdict(ChampionDecision("x", True, 1.0, None, None, None, "")), **damage}
    if damage["champion"] == "transformer":
        del decision["reason"]
    with atomic_write(record_path(store)) as file:
        file.write(json.dumps({"version": "abc", "previous": None, "decision": decision}).encode())
    with pytest.raises(InputError, match="damaged"):
        read_record(store)
