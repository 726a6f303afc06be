"""The seven describers by name: what each writes, what it sees of the others, and its settings.

Knows names, sizes and presets alone: no torch, no data. The networks stand in `networks`, the training in
`training`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from emo_assets.errors import InputError
from emo_assets.tokens.vocabulary import DescriptionKind

ORDERED_KINDS: tuple[DescriptionKind, ...] = (
    DescriptionKind.NOTE_DENSITY,
    DescriptionKind.MEAN_VELOCITY,
    DescriptionKind.MEAN_PITCH,
    DescriptionKind.MEAN_DURATION,
)
"""The kinds whose tokens are bins of a number: one a bar, and a near miss is better than a far one."""

WINDOW_BARS = 12
"""Bars that a describer sees at once: the length of a segment."""

MISC_KINDS = frozenset(
    {
        DescriptionKind.BAR,
        DescriptionKind.TIME_SIGNATURE,
        DescriptionKind.INSTRUMENT,
        DescriptionKind.CHORD,
    }
)


@dataclass(frozen=True)
class ModelSpec:
    """What one describer is.

    Attributes:
        name: the asset's name.
        network: which network it is.
        meaning: what it does, in a line for people.
        writes: the kinds of tokens that it predicts.
        sees: the kinds that other describers have written for the whole window before it starts.
    """

    name: str
    network: Literal["lstm", "transformer", "plain"]
    meaning: str
    writes: frozenset[DescriptionKind]
    sees: frozenset[DescriptionKind] = frozenset()

    @property
    def is_full(self) -> bool:
        """Whether it writes whole descriptions on its own."""
        return self.writes == frozenset(DescriptionKind)

    @property
    def label_kind(self) -> DescriptionKind | None:
        """The one ordered kind that it writes, None when it writes several kinds."""
        only = next(iter(self.writes))
        return only if len(self.writes) == 1 and only in ORDERED_KINDS else None


_SEEN = {
    DescriptionKind.NOTE_DENSITY: "lstm_misc",
    DescriptionKind.MEAN_VELOCITY: "lstm_misc and lstm_density",
    DescriptionKind.MEAN_PITCH: "lstm_misc, lstm_density and lstm_velocity",
    DescriptionKind.MEAN_DURATION: "all the other specialised ones",
}


def _specialised(name: str, kind: DescriptionKind, *before: DescriptionKind) -> ModelSpec:
    meaning = f"LSTM that writes the {str(kind).lower()} of each bar, seeing what {_SEEN[kind]} wrote."
    return ModelSpec(
        name, "lstm", meaning, frozenset({kind}), (MISC_KINDS | set(before)) - {DescriptionKind.BAR}
    )


MODEL_SPECS: tuple[ModelSpec, ...] = (
    ModelSpec(
        "transformer",
        "transformer",
        "Transformer decoder that writes whole descriptions, attending to the ten features.",
        frozenset(DescriptionKind),
    ),
    ModelSpec("lstm_full", "lstm", "LSTM that writes whole descriptions.", frozenset(DescriptionKind)),
    _specialised(
        "lstm_pitch",
        DescriptionKind.MEAN_PITCH,
        DescriptionKind.NOTE_DENSITY,
        DescriptionKind.MEAN_VELOCITY,
    ),
    _specialised("lstm_density", DescriptionKind.NOTE_DENSITY),
    _specialised("lstm_velocity", DescriptionKind.MEAN_VELOCITY, DescriptionKind.NOTE_DENSITY),
    _specialised(
        "lstm_duration",
        DescriptionKind.MEAN_DURATION,
        DescriptionKind.NOTE_DENSITY,
        DescriptionKind.MEAN_VELOCITY,
        DescriptionKind.MEAN_PITCH,
    ),
    ModelSpec(
        "lstm_misc", "lstm", "LSTM that writes bars, time signatures, instruments and chords.", MISC_KINDS
    ),
)
"""The seven. The five specialised ones write in the order of `SPECIALIZED_MODELS`."""

SPECIALIZED_MODELS = ("lstm_misc", "lstm_density", "lstm_velocity", "lstm_pitch", "lstm_duration")
"""Who writes after whom: each sees all that the ones before it wrote for the window, later bars included."""


def model_spec(name: str) -> ModelSpec:
    """Return the describer called `name`.

    Raises:
        InputError: there is none of that name.
    """
    for spec in MODEL_SPECS:
        if spec.name == name:
            return spec
    known = ", ".join(spec.name for spec in MODEL_SPECS)
    raise InputError(f"no describer is called {name!r}; there are: {known}")


class ModelConfig(BaseModel):
    """Sizes and settings of one describer's network and training."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    embedding: int = Field(64, ge=1, description="Width of a token's embedding (Transformer: of the model).")
    hidden: int = Field(128, ge=1, description="Width of the LSTM (Transformer: of the feed-forward layer).")
    layers: int = Field(1, ge=1, description="Number of LSTM or Transformer layers.")
    heads: int = Field(4, ge=1, description="Attention heads of the Transformer.")
    dropout: float = Field(0.2, ge=0, lt=1, description="Share of activations dropped in training.")
    copying: bool = Field(True, description="Whether it may copy what stood in an earlier bar.")
    learning_rate: float = Field(2e-3, gt=0, description="Highest learning rate of AdamW.")
    weight_decay: float = Field(0.01, ge=0, description="Weight decay of AdamW.")
    feature_decay: float = Field(
        0.01,
        ge=0,
        description="Weight decay of what reads the features: few songs must not be known by them.",
    )
    batch: int = Field(32, ge=1, description="Windows a step.")
    epochs: int = Field(30, ge=1, description="Most epochs.")
    patience: int = Field(5, ge=1, description="Epochs without a better validation loss before it stops.")
    label_sigma: float = Field(
        0.0,
        ge=0,
        description="Deviation of the Gaussian soft labels, in bins of the class; 0 is hard labels.",
    )
    drop_all_features: float = Field(0.1, ge=0, le=1, description="Share of windows without any feature.")
    drop_one_feature: float = Field(
        0.1, ge=0, le=1, description="Chance of each single feature to be left out."
    )
    feature_noise: float = Field(
        0.0, ge=0, description="Deviation of noise on the standardised features in training."
    )
    random_windows: bool = Field(
        True, description="Whether an epoch cuts songs at random bars rather than at segments."
    )
    degrees: bool = Field(
        True, description="Whether chords are written relative to the key, rather than as they are called."
    )
    transpose: bool = Field(
        False, description="Whether training shifts key, chords and mean pitch together through twelve keys."
    )
    seed: int = Field(0, ge=0, description="Same seed, same weights.")

    @model_validator(mode="after")
    def _heads_divide_the_width(self) -> Self:
        if self.embedding % self.heads:
            raise ValueError(f"embedding ({self.embedding}) must be a multiple of heads ({self.heads})")
        return self


SIZES = ("small", "paper", "best")
"""`small` trains in minutes on a CPU, `paper` has the paper's sizes, `best` was found by experiment."""


def config_for(name: str, preset: str = "small", *, seed: int = 0) -> ModelConfig:
    """Return the settings of the describer `name` in one of the `SIZES`.

    Raises:
        InputError: there is no describer or no preset of that name.
    """
    spec = model_spec(name)
    match preset:
        case "small":
            config = _small(spec)
        case "paper":
            config = _paper(spec)
        case "best":
            config = _best(spec)
        case _:
            raise InputError(f"no preset is called {preset!r}; there are: {', '.join(SIZES)}")
    return config.model_copy(update={"seed": seed})


def _small(spec: ModelSpec) -> ModelConfig:
    if spec.network == "transformer":
        return ModelConfig(embedding=64, hidden=128, layers=2, epochs=10, patience=3)
    if spec.label_kind:
        return ModelConfig(embedding=32, hidden=64, epochs=20, label_sigma=0.3)
    return ModelConfig(embedding=48, hidden=128, epochs=12, patience=3)


def _paper(spec: ModelSpec) -> ModelConfig:
    """The sizes of the paper's published code, without its faults (masks, targets, raw features)."""
    plain = ModelConfig(
        epochs=100,
        patience=100,
        dropout=0.0,
        weight_decay=0.0,
        copying=False,
        drop_all_features=0.1,
        random_windows=False,
        degrees=False,
    )
    if spec.network == "transformer":
        sizes = {"embedding": 16, "hidden": 2048, "layers": 4, "heads": 8, "learning_rate": 1e-4, "batch": 32}
    else:
        sizes = {"embedding": 128, "hidden": 256, "layers": 6, "learning_rate": 5e-3, "batch": 192}
    sigma = 0.85 if spec.label_kind else 0.0
    return plain.model_copy(update={**sizes, "label_sigma": sigma})


def _best(spec: ModelSpec) -> ModelConfig:
    """What did best on real songs in cross-validation by artists: small networks, much dropout, patience.

    Those that write one class learn each song in twelve keys: 3.6 % fewer bits for pitches on the validation
    songs, up to half a per cent for the rest. For chords it gains the same 4 % as writing them relative to
    the key, in half as many epochs again. Averaging the weights of the last steps gained nothing, averaging
    three networks less than 1 %.
    """
    found: dict[str, object] = {"dropout": 0.3, "epochs": 40, "patience": 8}
    if spec.label_kind:
        found |= {"degrees": False, "transpose": True}
    return _small(spec).model_copy(update=found)
