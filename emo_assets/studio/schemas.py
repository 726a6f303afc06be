"""The answers of the REST API: their fields, and how they are made of what the studio says.

The one place that decides what clients see. Where an answer is given is decided by `api`.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from emo_assets.song_request import TrackRequest
from emo_assets.studio.service import Standing
from emo_assets.studio.supervisor import WorkerState
from emo_assets.studio.tasks import Stage, TaskState
from emo_assets.studio.track_repository import Song


class Problem(BaseModel):
    """Why something was refused, in words for people."""

    detail: str = Field(description="What is wrong and what to do, in one line.")
    fields: list[str] = Field([], description="The fields that are wrong, such as `features.tempo`.")


class Submitted(BaseModel):
    """A request that was accepted: it is written down, and will be finished or failed with a reason."""

    task_id: str = Field(description="Ask for `/status` and `/result` with it.")


class HeardFacts(BaseModel):
    """What a song sounds like, measured from the notes of its MIDI file."""

    model_config = ConfigDict(from_attributes=True)

    tempo: float = Field(description="Beats (quarter notes) a minute.")
    key: str | None = Field(description='Such as "F# minor"; null where no key can be heard.')
    time_signature: str
    bars: int
    notes: int
    instruments: list[str]
    seconds: float = Field(description="Length of the sound.")


class Status(BaseModel):
    """What has become of a request."""

    task_id: str
    status: TaskState
    stage: Stage | None = Field(description="What is being done; null unless in progress.")
    stage_share: float = Field(description="The share of the stage that is done, 0 to 1.")
    share: float = Field(description="The share of the whole work that is done, 0 to 1.")
    ahead: int = Field(description="How many songs come first, while queued.")
    reason: str | None = Field(description="Why it failed; null otherwise.")
    submitted: datetime
    request: TrackRequest
    heard: HeardFacts | None = Field(description="What the finished song sounds like; null before.")


class Comparison(BaseModel):
    """One feature as asked for beside what is measured in the notes."""

    name: str
    asked: float | int | str
    aimed_at: float | int | str | None = Field(
        None, description="What the notes should measure, in `unit`; null where it was not kept."
    )
    measured: float | int | str | None = Field(
        description="What the notes do measure, in `unit`; null where that cannot be told."
    )
    unit: str


class Track(BaseModel):
    """A finished song with all that is known of it."""

    status: Status
    champion: str = Field(description="The version of the model that wrote the description.")
    asked_and_measured: list[Comparison]
    description: list[dict[str, Any]] = Field(description="What FIGARO was told, one row a bar.")


class History(BaseModel):
    """Past and present requests, the newest first."""

    total: int
    tracks: list[Status]


class Health(BaseModel):
    """How the studio is."""

    status: Literal["ok", "starting", "trouble"] = Field(description='"ok" when songs can be made.')
    reason: str | None = Field(description="What the trouble is; null otherwise.")
    worker: WorkerState
    champion: str
    queued: int
    in_progress: int


def status_of(standing: Standing) -> Status:
    """Return the answer to "what has become of it"."""
    task, headway = standing.task, standing.headway
    is_finished = task.state is TaskState.FINISHED
    return Status(
        task_id=task.task_id,
        status=task.state,
        stage=headway.stage if headway else None,
        stage_share=round(headway.stage_share, 3) if headway else 0.0,
        share=round(headway.share, 3) if headway else float(is_finished),
        ahead=standing.ahead,
        reason=task.reason or None,
        submitted=datetime.fromtimestamp(task.submitted, UTC),
        request=task.request,
        heard=_heard(standing.song) if standing.song else None,
    )


def track_of(standing: Standing, song: Song, description: Mapping[str, Any] | None) -> Track:
    """Return all that is known of a finished song.

    Args:
        standing: what has become of its request.
        song: the song.
        description: its description as it was kept, None when it was not.
    """
    from emo_assets.reports.description_table import description_rows

    return Track(
        status=status_of(standing),
        champion=description["champion"] if description else "",
        asked_and_measured=[Comparison.model_validate(row) for row in song.comparison],
        description=description_rows(description["tokens"]) if description else [],
    )


def _heard(song: Song) -> HeardFacts:
    heard = song.heard
    return HeardFacts(
        tempo=round(heard["tempo"], 2),
        key=song.key_name,
        time_signature=heard["time_signature"],
        bars=heard["bars"],
        notes=heard["notes"],
        instruments=heard["instruments"],
        seconds=song.seconds,
    )
