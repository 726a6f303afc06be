"""Sizes and training settings of FIGARO. The pipeline loads this module with its definitions: no torch."""

from __future__ import annotations

from typing import Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

BAR_ROWS = 257
"""Rows of the bar embedding: bar ids 0 (outside any bar) to 256."""

POSITION_ROWS = 513
"""Rows of the position embedding; positions 0 to 143 occur."""


class FigaroConfig(BaseModel):
    """The shape of one FIGARO network.

    The defaults are figaro-expert's, the released model (43.0 M parameters; 43.8 M with relative
    cross-attention).
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    d_model: int = Field(512, ge=1, le=4096, description="Width of every state.")
    heads: int = Field(8, ge=1, le=64, description="Attention heads; they divide the width.")
    feed_forward: int = Field(2048, ge=1, le=16384, description="Width inside the feed-forward layers.")
    encoder_layers: int = Field(4, ge=1, le=48, description="Layers that read the description.")
    decoder_layers: int = Field(6, ge=1, le=48, description="Layers that write the events.")
    context: int = Field(256, ge=2, le=4096, description="Events, and description tokens, seen at once.")
    distances: int = Field(1024, ge=2, le=8192, description="Relative distances known in each direction.")
    relative_cross: bool = Field(
        True, description="Whether cross-attention has the relative term too, as in the released checkpoints."
    )

    copying: bool = Field(
        False,
        description="Whether earlier bars suggest events, see `bar_copying`. The released model lacks it.",
    )

    bar_conditioning: bool = Field(
        False, description="Whether an event sees the numbers of its bar's description at its input, too."
    )

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if self.d_model % self.heads:
            raise ValueError(f"{self.heads} heads do not divide a width of {self.d_model}")
        if self.distances <= self.context:
            raise ValueError(f"a context of {self.context} needs more than {self.distances} distances")
        return self

    @property
    def head_size(self) -> int:
        """Width of one attention head."""
        return self.d_model // self.heads


class TrainingConfig(BaseModel):
    """How a FIGARO is trained.

    The learning rate rises over `warmup` steps, stays, and falls in a straight line to zero over the last
    `decay_share` of the steps. Until it falls, a training does not depend on how many steps it will have.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    network: FigaroConfig = Field(default_factory=FigaroConfig)
    steps: int = Field(ge=1, le=10_000_000, description="Optimizer steps in all.")
    batch: int = Field(8, ge=1, le=4096, description="Windows per step.")
    learning_rate: float = Field(1e-3, gt=0, le=1)
    warmup: int = Field(300, ge=0, description="Steps over which the learning rate rises.")
    decay_share: float = Field(0.3, ge=0, le=1, description="Share of the steps over which it falls.")
    weight_decay: float = Field(0.01, ge=0, le=1)
    clip: float = Field(1.0, gt=0, description="Largest norm of the gradient.")
    held_out_share: float = Field(0.03, gt=0, lt=1, description="Share of songs to measure on.")
    held_out_windows: int = Field(160, ge=1, description="At most so many windows are measured on.")
    evaluate_every: int = Field(250, ge=1, description="Steps between two measurements.")
    seed: int = Field(0, ge=0, lt=2**31)

    def learning_rate_at(self, step: int) -> float:
        """Return the learning rate of `step` (from 0)."""
        decay = round(self.steps * self.decay_share)
        rising = min(1.0, (step + 1) / max(1, self.warmup))
        falling = min(1.0, (self.steps - step) / max(1, decay))
        return self.learning_rate * min(rising, falling)


SMALL_NETWORK = FigaroConfig(
    d_model=192,
    heads=3,
    feed_forward=576,
    encoder_layers=2,
    decoder_layers=4,
    context=384,
    distances=385,
    relative_cross=False,
    copying=True,
    bar_conditioning=True,
)
"""The network of the bundled weights: 4.0 M parameters, and a context of about two bars."""

TINY_NETWORK = FigaroConfig(
    d_model=128,
    heads=4,
    feed_forward=384,
    encoder_layers=1,
    decoder_layers=3,
    distances=257,
    relative_cross=False,
    copying=True,
    bar_conditioning=True,
)
"""A network that learns something in minutes on one core."""

TRAININGS: dict[str, TrainingConfig] = {
    "tiny": TrainingConfig(network=TINY_NETWORK, steps=1200, learning_rate=2e-3, warmup=100),
    "small": TrainingConfig(network=SMALL_NETWORK, steps=2500, batch=6, learning_rate=1.5e-3),
    "paper": TrainingConfig(
        steps=100_000, batch=128, learning_rate=1e-4, warmup=4000, evaluate_every=1000, held_out_windows=1000
    ),
}
"""Training presets: minutes on one core, hours on one core, and figaro-expert's sizes for a GPU."""
