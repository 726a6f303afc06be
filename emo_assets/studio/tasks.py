"""Tasks: requests that the studio has accepted, and what can become of them.

Holds plain values only. How tasks are kept is known by `journal`, how they are worked off by `workshop`.
"""

from __future__ import annotations

import re
import secrets
import unicodedata
from dataclasses import dataclass
from enum import StrEnum

from emo_assets.song_request import TrackRequest, validate_name


class TaskState(StrEnum):
    """What has become of a task so far."""

    QUEUED = "queued"
    IN_PROGRESS = "in_progress"
    FINISHED = "finished"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def is_final(self) -> bool:
        """Whether nothing more will become of the task."""
        return self in (TaskState.FINISHED, TaskState.FAILED, TaskState.CANCELLED)


class Stage(StrEnum):
    """What is being done to a task that is in progress, in this order."""

    WAKING = "waking"
    DESCRIBING = "describing"
    COMPOSING = "composing"
    RENDERING = "rendering"


SHARE_BEFORE = {
    Stage.WAKING: 0.0,
    Stage.DESCRIBING: 0.02,
    Stage.COMPOSING: 0.05,
    Stage.RENDERING: 0.86,
}
"""The share of a song's whole work that is done when a stage begins, as measured for songs of 16 bars."""


@dataclass(frozen=True)
class Task:
    """An accepted request.

    Attributes:
        request: what was asked for; its name is the task's id.
        state: what has become of it.
        reason: why it failed, in one line for people; empty otherwise.
        submitted: when it was accepted, in seconds since 1970.
        ended: when it reached its final state, None before.
        attempts: how often the work on it was begun.
        champion: the version of the describer that wrote its description; empty before it is finished.
    """

    request: TrackRequest
    state: TaskState
    reason: str
    submitted: float
    ended: float | None
    attempts: int
    champion: str

    @property
    def task_id(self) -> str:
        """The task's id: its request's name, which is the song's partition and folder too."""
        return self.request.name


@dataclass(frozen=True)
class Headway:
    """How far the work on a task is.

    Attributes:
        stage: what is being done.
        done: units of the stage that are finished.
        total: units of the stage in all, at least 1.
    """

    stage: Stage
    done: int
    total: int

    @property
    def stage_share(self) -> float:
        """The share of the stage that is done, from 0 to 1."""
        return min(max(self.done / self.total, 0.0), 1.0)

    @property
    def share(self) -> float:
        """The share of the whole work that is done, from 0 to 1."""
        stages = list(Stage)
        position = stages.index(self.stage)
        end = SHARE_BEFORE[stages[position + 1]] if position + 1 < len(stages) else 1.0
        begin = SHARE_BEFORE[self.stage]
        return begin + (end - begin) * self.stage_share


def new_task_id(mood: str) -> str:
    """Return a name that no other task has, made of the mood's first words and 40 random bits.

    Args:
        mood: what the song should feel like, in anybody's words; only its letters and digits are used.
    """
    title = re.split(r"[—–;(]|[:,.]\s", mood, maxsplit=1)[0]
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().lower()
    slug = re.sub(r"[^a-z0-9]+", "-", plain)[:40].strip("-") or "song"
    return validate_name(f"{slug}-{secrets.token_hex(5)}")
