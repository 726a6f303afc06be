"""The model registry: the champion's weights in the store, and the record that names their version.

Each version is a folder named after a hash of its weights. One document, the asset `champion`, names the
version that serves. The weights are complete before the record names them, and those of the version before
are kept, so that a failed promotion changes nothing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import asdict
from typing import Annotated, Any

import pandas as pd
from pydantic import Field, TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass
from upath import UPath

from emo_assets.description_model.evaluation.likelihood import validation_nll
from emo_assets.description_model.registry.model_selection import INCUMBENT, ChampionDecision, choose_champion
from emo_assets.description_model.specs import COMBINED, SPECIALIZED_MODELS
from emo_assets.description_model.weights import TrainedModel, from_bytes
from emo_assets.errors import InputError
from emo_assets.store import Store, atomic_write

CANDIDATE_MODELS: Mapping[str, tuple[str, ...]] = {
    "transformer": ("transformer",),
    "lstm_full": ("lstm_full",),
    COMBINED: SPECIALIZED_MODELS,
}
"""The candidates for champion, each with its models in the order of generation."""


@dataclass(frozen=True)
class ChampionRecord:
    """Which weights serve, and why.

    Attributes:
        version: the folder of the weights, a hash of their content.
        decision: how the champion was chosen, or why it stayed.
        previous: the version that served before; None for the first.
    """

    version: Annotated[str, Field(pattern="^[0-9A-Za-z]+$")]
    decision: ChampionDecision
    previous: str | None

    def as_json(self) -> dict[str, Any]:
        """Return the record as values for JSON."""
        return asdict(self)


def record_path(store: Store) -> UPath:
    """Return where the store keeps the champion's record."""
    return store.assets / "champion.json"


def read_record(store: Store) -> ChampionRecord | None:
    """Return the champion's record, None if there was never a champion.

    Raises:
        InputError: the record is damaged.
    """
    try:
        content = record_path(store).read_bytes()
    except FileNotFoundError:
        return None
    try:
        record = TypeAdapter(ChampionRecord).validate_json(content)
        if record.decision.champion not in CANDIDATE_MODELS:
            raise InputError(f"unknown champion {record.decision.champion!r}")
    except ValueError as error:
        why = error.errors()[0]["msg"] if isinstance(error, ValidationError) else error
        raise InputError(
            f"{record_path(store)}: the champion's record is damaged ({why}); materialize champion again"
        ) from error
    return record


def load_champion_models(store: Store) -> tuple[list[TrainedModel], str]:
    """Load the champion's models, in the order of generation, and return them with its version.

    Raises:
        InputError: there is none yet, or one of its files is missing or damaged.
    """
    record = read_record(store)
    if record is None:
        raise InputError(f"{record_path(store)} is missing: run `make demo`, or materialize champion")
    return _load_models(store, record), record.version


def load_candidates(store: Store, weights: Mapping[str, bytes]) -> dict[str, list[TrainedModel]]:
    """Return the models of each candidate, the present champion among them as `INCUMBENT`.

    Args:
        store: where champions are kept.
        weights: the seven models by name, as written by `weights.to_bytes`.

    Raises:
        InputError: a file is damaged, or the champion's files are incomplete.
    """
    candidates = {
        name: [from_bytes(weights[model]) for model in models] for name, models in CANDIDATE_MODELS.items()
    }
    serving = read_record(store)
    if serving is not None:
        candidates[INCUMBENT] = _load_models(store, serving)
    return candidates


def promote(
    store: Store,
    weights: Mapping[str, bytes],
    validity: Mapping[str, float],
    training_set: pd.DataFrame,
    controllability: Mapping[str, float] | None = None,
) -> ChampionRecord:
    """Choose the champion among new models and the one that serves, and keep its weights.

    The returned record takes effect when it is written to `record_path`; until then the old champion serves.

    Args:
        store: where champions are kept.
        weights: the seven models by name, as written by `weights.to_bytes`.
        validity: share of valid samples by candidate.
        training_set: the `training_set` table; its validation split decides.
        controllability: by candidate, -1 to 1, the incumbent's as `INCUMBENT`; None if unknown.

    Raises:
        InputError: no candidate generates only valid descriptions, or a file is damaged.
    """
    serving = read_record(store)
    likelihoods = validation_nll(load_candidates(store, weights), training_set)
    previous = None if serving is None else serving.decision
    decision = choose_champion(likelihoods, validity, previous, controllability)
    if serving is not None and not decision.promoted:
        return ChampionRecord(serving.version, decision, serving.previous)
    chosen = {model: weights[model] for model in CANDIDATE_MODELS[decision.champion]}
    version = _version(chosen)
    for model, blob in chosen.items():
        with atomic_write(store.champions / version / f"{model}.safetensors") as file:
            file.write(blob)
    if serving is None:
        return ChampionRecord(version, decision, None)
    _delete_other_versions(store, {version, serving.version})
    before = serving.version if serving.version != version else serving.previous
    return ChampionRecord(version, decision, before)


def _load_models(store: Store, record: ChampionRecord) -> list[TrainedModel]:
    """Load the models that a record names, in the order of generation."""
    folder = store.champions / record.version
    paths = [folder / f"{model}.safetensors" for model in CANDIDATE_MODELS[record.decision.champion]]
    try:
        blobs = [path.read_bytes() for path in paths]
    except OSError as error:
        raise InputError(
            f"{folder}: the champion's weights are not complete ({error}); materialize champion again"
        ) from error
    return [from_bytes(blob, str(path)) for blob, path in zip(blobs, paths, strict=True)]


def _version(weights: Mapping[str, bytes]) -> str:
    digest = hashlib.sha256()
    for name, blob in sorted(weights.items()):
        digest.update(name.encode() + b"\0" + hashlib.sha256(blob).digest())
    return digest.hexdigest()[:16]


def _delete_other_versions(store: Store, kept: set[str]) -> None:
    for folder in store.champions.iterdir():
        if folder.name not in kept:
            for file in folder.iterdir():
                file.unlink()
            folder.rmdir()
