"""The bodies of the REST API's responses. The page's TypeScript types are generated from them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from typing import Literal

from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException

from emo_assets.features import FEATURE_NAMES
from emo_assets.song_request import Strictness, TrackRequest
from emo_assets.studio.supervisor import WorkerState
from emo_assets.studio.task_progress import Stage, TaskProgress
from emo_assets.studio.task_queue import Task, TaskState

_FEATURE_NAME = Field(
    description="The feature's name in requests.", json_schema_extra={"enum": list(FEATURE_NAMES)}
)


class Problem(BaseModel):
    """Why a request was rejected."""

    detail: str = Field(description="What is wrong and what to do, in one line.")
    fields: list[str] = Field([], description="The fields that are wrong, such as `features.tempo`.")


class ProblemError(HTTPException):
    """Rejects a request with a `Problem`.

    Args:
        status: the HTTP status.
        detail: what is wrong and what to do, in one line.
        fields: the fields that are wrong.
        headers: headers of the response.
    """

    def __init__(
        self,
        status: int,
        detail: str,
        fields: Collection[str] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(status, detail, headers)
        self.fields = list(fields)


class Submitted(BaseModel):
    """An accepted request. It is stored, and will finish, or fail with a reason."""

    task_id: str = Field(description="Pass it to `/status` and `/result`.")


class TrackMetrics(BaseModel):
    """Metrics of a song, measured from the notes of its MIDI file."""

    tempo: float = Field(description="Beats (quarter notes) per minute.")
    key: str | None = Field(description='Such as "F# minor"; null if no key can be estimated.')
    time_signature: str
    bars: int
    notes: int
    instruments: list[str]
    seconds: float = Field(description="Length of the sound.")


class Status(BaseModel):
    """The state of a request."""

    task_id: str
    status: TaskState
    stage: Stage | None = Field(description="The current stage; null unless in progress.")
    stage_share: float = Field(description="Share of the stage that is done, 0 to 1.")
    share: float = Field(description="Share of the whole work that is done, 0 to 1.")
    ahead: int = Field(description="Number of songs that come first, while queued.")
    reason: str | None = Field(description="Why it failed; null otherwise.")
    submitted: datetime
    request: TrackRequest
    heard: TrackMetrics | None = Field(description="Metrics of the finished song; null before.")

    @classmethod
    def of_task(
        cls,
        task: Task,
        *,
        progress: TaskProgress | None = None,
        ahead: int = 0,
        metrics: TrackMetrics | None = None,
    ) -> Status:
        """Return the status of a task.

        Args:
            task: the task.
            progress: its progress, if it is in progress.
            ahead: number of tasks before it, if it is queued.
            metrics: metrics of the song, if it is finished.
        """
        return cls(
            task_id=task.task_id,
            status=task.state,
            stage=progress.stage if progress else None,
            stage_share=round(progress.stage_share, 3) if progress else 0.0,
            share=round(progress.share, 3) if progress else float(task.state is TaskState.FINISHED),
            ahead=ahead,
            reason=task.reason or None,
            submitted=datetime.fromtimestamp(task.submitted, UTC),
            request=task.request,
            heard=metrics,
        )


class Comparison(BaseModel):
    """A feature as it was requested and as it is heard, on its own scale. Keys and modes are named."""

    name: str = _FEATURE_NAME
    asked: float | int | str
    aimed_at: float | int | str | None = Field(
        description="The request within the range of real songs; null if it was not stored."
    )
    heard: float | int | str | None = Field(description="Null if it cannot be heard.")
    low: float | int | None = Field(
        description="Lower end of where it lies in two of three songs that sound like this; null if exact."
    )
    high: float | int | None = Field(
        description="Upper end of where it lies in two of three songs that sound like this; null if exact."
    )
    heard_by: str = Field(description="What hears it, such as the notes or an ear learned from songs.")


class Track(BaseModel):
    """A finished song."""

    status: Status
    champion: str = Field(description="Version of the model that wrote the description.")
    asked_and_measured: list[Comparison]
    description: list[dict[str, int | float | str]] = Field(
        description="FIGARO's description, one row per bar."
    )


class History(BaseModel):
    """Songs and requests, the newest first."""

    total: int
    tracks: list[Status]


class Health(BaseModel):
    """The state of the studio."""

    status: Literal["ok", "starting", "trouble"] = Field(description='"ok" if songs can be generated.')
    reason: str | None = Field(description="What is wrong; null if nothing is.")
    worker: WorkerState
    champion: str
    queued: int
    in_progress: int


class Choice(BaseModel):
    """A value of a field that has few of them."""

    value: int
    label: str


class NumberField(BaseModel):
    """A numeric field of a request."""

    name: str = Field(description="The field's name in requests.")
    title: str = Field(description="The field's name on the page.")
    description: str = Field(description="What it does, in one line.")
    unit: str
    minimum: float
    maximum: float
    default: float
    kind: Literal["number", "choice"]
    choices: list[Choice] = Field(description="All values of a `choice`; empty for a `number`.")


class FeatureField(NumberField):
    """A feature as a field of a request."""

    name: str = _FEATURE_NAME
    is_open: bool = Field(description="Whether it follows valence and energy where a request leaves it out.")


class WordChoice(BaseModel):
    """A value of a field that takes words."""

    value: Strictness
    label: str


class WordField(BaseModel):
    """A field of a request that takes one of a few words."""

    name: str = Field(description="The field's name in requests.")
    title: str = Field(description="The field's name on the page.")
    description: str = Field(description="What it does, in one line.")
    default: Strictness
    choices: list[WordChoice] = Field(description="All values, in order.")


class FormSchema(BaseModel):
    """All fields of a request, with ranges and defaults."""

    features: list[FeatureField]
    bars: NumberField
    seed: NumberField
    strictness: WordField
