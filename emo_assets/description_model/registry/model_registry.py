"""The champion in the store: whose weights serve requests, and how a challenger takes its place.

Weights lie in a folder a version, named after their content; the record that says which version serves is
one document, the asset `champion`. The rule itself is `champion`'s. A version's files are complete before
a record names it, and the one before it is kept, so that a promotion which fails changes nothing.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import pandas as pd
from upath import UPath

from emo_assets.description_model.evaluation.scoreboard import COMBINED, validation_nll
from emo_assets.description_model.generate import DescriptionGenerator
from emo_assets.description_model.registry.model_selection import INCUMBENT, ChampionDecision, choose_champion
from emo_assets.description_model.specs import SPECIALIZED_MODELS
from emo_assets.description_model.weights import TrainedModel, from_bytes
from emo_assets.errors import InputError
from emo_assets.store import Store, atomic_write

CANDIDATE_MODELS: Mapping[str, tuple[str, ...]] = {
    "transformer": ("transformer",),
    "lstm_full": ("lstm_full",),
    COMBINED: SPECIALIZED_MODELS,
}
"""The describers that may serve, and the models that each is made of."""


@dataclass(frozen=True)
class ChampionRecord:
    """Which weights serve, and why.

    Attributes:
        version: the folder of the weights, a hash of their content.
        decision: how the champion was chosen, or why it stayed.
        previous: the version that served before this one; None for the first.
    """

    version: str
    decision: ChampionDecision
    previous: str | None

    def as_json(self) -> dict[str, Any]:
        """Return what `from_json` takes."""
        return {"version": self.version, "previous": self.previous, "decision": self.decision.as_json()}

    @classmethod
    def from_json(cls, values: Any) -> Self:
        """Build the record from what `as_json` returned.

        Raises:
            InputError: it is not that.
        """
        try:
            decision = ChampionDecision.from_json(values["decision"])
            version, previous = str(values["version"]), values["previous"]
        except (KeyError, TypeError) as error:
            raise InputError(
                f"the champion's record is damaged ({error}); materialize champion anew"
            ) from error
        if decision.champion not in CANDIDATE_MODELS or not version.isalnum():
            raise InputError(f"the champion's record is damaged ({version!r}); materialize champion anew")
        return cls(version, decision, previous)


def record_path(store: Store) -> UPath:
    """Return where the store keeps the champion's record."""
    return store.assets / "champion.json"


def read_record(store: Store) -> ChampionRecord | None:
    """Return the record of the champion that serves, None when there was never one.

    Raises:
        InputError: the record is damaged.
    """
    try:
        content = record_path(store).read_bytes()
    except FileNotFoundError:
        return None
    try:
        return ChampionRecord.from_json(json.loads(content))
    except ValueError as error:
        raise InputError(f"{record_path(store)}: {error}") from error


def read_champion(store: Store) -> tuple[DescriptionGenerator, str]:
    """Load the champion, and return it with its version.

    Raises:
        InputError: there is none yet, or one of its files is missing or damaged.
    """
    record = _serving(store)
    models = [from_bytes(content) for content in _weights(store, record).values()]
    return DescriptionGenerator(models), record.version


def load_champion_models(store: Store) -> list[TrainedModel]:
    """Load the trained describers that the champion is made of.

    Raises:
        InputError: as `read_champion`.
    """
    return [from_bytes(blob) for blob in _weights(store, _serving(store)).values()]


def _serving(store: Store) -> ChampionRecord:
    record = read_record(store)
    if record is None:
        raise InputError(f"{record_path(store)} is missing: run `make demo`, or materialize champion")
    return record


def load_candidates(store: Store, weights: Mapping[str, bytes]) -> dict[str, list[TrainedModel]]:
    """Return the describers that may serve, and the one that does as `INCUMBENT`, each by its members.

    Args:
        store: where champions are kept.
        weights: the seven models, as `weights.to_bytes` wrote them, by name.

    Raises:
        InputError: a file is damaged, or the champion's are not complete.
    """
    serving = read_record(store)
    candidates = {
        name: [from_bytes(weights[member]) for member in members]
        for name, members in CANDIDATE_MODELS.items()
    }
    if serving is not None:
        candidates[INCUMBENT] = [from_bytes(blob) for blob in _weights(store, serving).values()]
    return candidates


def promote(
    store: Store,
    weights: Mapping[str, bytes],
    validity: Mapping[str, float],
    training_set: pd.DataFrame,
    control: Mapping[str, float] | None = None,
) -> ChampionRecord:
    """Choose the champion among new describers and the one that serves, and keep its weights.

    The record that is returned takes effect when it is written to `record_path`; until then the weights of
    the old champion serve, and stay complete.

    Args:
        store: where champions are kept.
        weights: the seven models, as `weights.to_bytes` wrote them, by name.
        validity: share of valid samples by describer.
        training_set: the `training_set` table; its validation split decides.
        control: how well each describer's knobs work, -1 to 1, the incumbent's as `INCUMBENT`; None for not
            known.

    Raises:
        InputError: no describer writes only valid descriptions, or a file is damaged.
    """
    serving = read_record(store)
    likelihoods = validation_nll(load_candidates(store, weights), training_set)
    previous = None if serving is None else serving.decision
    decision = choose_champion(likelihoods, validity, previous, control)
    if serving is not None and not decision.promoted:
        return ChampionRecord(serving.version, decision, serving.previous)
    chosen = {member: weights[member] for member in CANDIDATE_MODELS[decision.champion]}
    version = _version(chosen)
    for member, blob in chosen.items():
        with atomic_write(store.champions / version / f"{member}.safetensors") as file:
            file.write(blob)
    if serving is None:
        return ChampionRecord(version, decision, None)
    _forget_all_but(store, {version, serving.version})
    return ChampionRecord(
        version, decision, serving.version if serving.version != version else serving.previous
    )


def _weights(store: Store, record: ChampionRecord) -> dict[str, bytes]:
    """Read the weights that a record names."""
    folder = store.champions / record.version
    try:
        return {
            member: (folder / f"{member}.safetensors").read_bytes()
            for member in CANDIDATE_MODELS[record.decision.champion]
        }
    except OSError as error:
        raise InputError(
            f"{folder}: the champion's weights are not complete ({error}); materialize champion anew"
        ) from error


def _version(weights: Mapping[str, bytes]) -> str:
    digest = hashlib.sha256()
    for name, blob in sorted(weights.items()):
        digest.update(name.encode() + b"\0" + hashlib.sha256(blob).digest())
    return digest.hexdigest()[:16]


def _forget_all_but(store: Store, versions: set[str]) -> None:
    """Remove the weights of champions that neither serve nor served last."""
    for folder in store.champions.iterdir():
        if folder.name not in versions:
            for file in folder.iterdir():
                file.unlink()
            folder.rmdir()
