"""The routes of the REST API."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import FileResponse
from fastapi.sse import EventSourceResponse, ServerSentEvent

from emo_assets.reports.description_table import description_rows
from emo_assets.song_request import TrackRequest
from emo_assets.studio.form import form_schema
from emo_assets.studio.schemas import (
    FormSchema,
    Health,
    History,
    Problem,
    ProblemError,
    Status,
    Submitted,
    Track,
)
from emo_assets.studio.service import Studio
from emo_assets.studio.submission import read_submission, submission_schema
from emo_assets.studio.task_queue import TaskState
from emo_assets.studio.track_repository import Format

SECONDS_BETWEEN_EVENTS = 5.0
"""Maximum time between two events of a watched task, so that clients notice a dead connection."""

RETRY_SECONDS = 60
"""`Retry-After` if the queue is full. A song takes a few seconds."""

TaskId = Annotated[
    str, Query(description="The id that `/submit` returned, or a song's name in `/tracks`.", max_length=200)
]
Responses = dict[int | str, dict[str, Any]]


def _problem(description: str) -> dict[str, Any]:
    """Describe a refusal for the OpenAPI document: JSON, even if the route returns another type."""
    schema = {"$ref": f"#/components/schemas/{Problem.__name__}"}
    return {"description": description, "content": {"application/json": {"schema": schema}}}


_UNKNOWN: Responses = {404: _problem("No such task")}
_NOT_FINISHED: Responses = {409: _problem("Not finished")}
_REFUSED: Responses = {
    413: _problem("The body is too large"),
    415: _problem("The body is not JSON"),
    422: {"model": Problem, "description": "A field is wrong"},
    429: _problem("Too many requests; see Retry-After"),
}
_SOUND: Responses = {
    200: {"content": {each.media_type: {} for each in Format}, "description": "The song"},
    206: {"description": "The part of the song that `Range` selects"},
    416: {"description": "`Range` is beyond the end of the song"},
}


def build_router(studio: Studio) -> APIRouter:
    """Return the routes of a studio."""
    router = APIRouter(responses={422: _problem("A parameter is wrong")})
    _add_task_routes(router, studio)
    _add_song_routes(router, studio)
    _add_form_routes(router, studio)
    return router


def _add_task_routes(router: APIRouter, studio: Studio) -> None:
    body = {"required": True, "content": {"application/json": {"schema": submission_schema()}}}

    @router.post(
        "/submit",
        status_code=202,
        responses=_REFUSED,
        openapi_extra={"requestBody": body},
        tags=["making"],
    )
    async def submit(request: Request) -> Submitted:
        """Request a song. Returns its task's id once the request is stored."""
        if request.headers.get("content-type", "").split(";")[0].strip().lower() != "application/json":
            raise ProblemError(415, "send JSON, with the header Content-Type: application/json")
        submission = read_submission(await request.body())
        if not await studio.submit(submission):
            raise ProblemError(
                429,
                "The queue is full and your request was not accepted; try again in a minute.",
                headers={"Retry-After": str(RETRY_SECONDS)},
            )
        return Submitted(task_id=submission.name)

    @router.get("/status", responses=_UNKNOWN, tags=["making"])
    async def status(task_id: TaskId) -> Status:
        """Return the status of a request."""
        return _status(studio, task_id)

    def reject_unknown(task_id: TaskId) -> None:
        """Reject an unknown id before the stream begins, while the response's status can still be set."""
        _status(studio, task_id)

    @router.get(
        "/events",
        response_class=EventSourceResponse,
        dependencies=[Depends(reject_unknown)],
        responses=_UNKNOWN,
        tags=["making"],
    )
    async def events(task_id: TaskId) -> AsyncIterator[ServerSentEvent]:
        """Stream the status of a request as server-sent events, with the fields of `/status`."""
        async for each in studio.watch(task_id, max_seconds=SECONDS_BETWEEN_EVENTS):
            yield ServerSentEvent(data=each, event="status")

    @router.post("/cancel", responses=_UNKNOWN, tags=["making"])
    async def cancel(task_id: TaskId) -> Status:
        """Cancel a task that is queued or in progress. Other tasks stay as they are."""
        _status(studio, task_id)
        studio.cancel(task_id)
        return _status(studio, task_id)


def _add_song_routes(router: APIRouter, studio: Studio) -> None:
    @router.get(
        "/result", response_class=FileResponse, responses=_UNKNOWN | _NOT_FINISHED | _SOUND, tags=["songs"]
    )
    async def result(task_id: TaskId, format: Format = Format.WAV) -> Response:  # noqa: A002 - its public name
        """Return a finished song as a file; `Range` selects a part."""
        _finished(studio, task_id)
        path = await asyncio.to_thread(studio.tracks.file, task_id, format)
        if path is None:
            raise ProblemError(404, f"the {format} file of {task_id} is missing; make a variation instead")
        return FileResponse(
            path,
            media_type=format.media_type,
            filename=f"{task_id}{path.suffix}",
            headers={"Cache-Control": "no-cache"},  # a run may replace the song
        )

    @router.get("/track", responses=_UNKNOWN | _NOT_FINISHED, tags=["songs"])
    async def track(task_id: TaskId) -> Track:
        """Return a finished song: its request, its metrics and its description bar by bar."""
        status = _finished(studio, task_id)
        stored = studio.tracks.track(task_id)
        if stored is None:
            raise ProblemError(404, f"the files of {task_id} are missing; make a variation instead")
        champion, tokens = studio.tracks.description(task_id)
        return Track(
            status=status,
            champion=champion,
            asked_and_measured=stored.comparison,
            description=description_rows(tokens) if tokens else [],
        )

    @router.get("/tracks", tags=["songs"])
    async def tracks(
        limit: Annotated[int, Query(ge=1, le=200)] = 50, offset: Annotated[int, Query(ge=0, le=10**6)] = 0
    ) -> History:
        """List all songs, and all requests that are not finished, the newest first."""
        return await asyncio.to_thread(studio.history, limit=limit, offset=offset)


def _add_form_routes(router: APIRouter, studio: Studio) -> None:
    @router.get("/schema", tags=["form"])
    async def schema() -> FormSchema:
        """Return the fields of a request: names, meanings, ranges and defaults."""
        return form_schema()

    @router.get("/presets", tags=["form"])
    async def presets() -> list[TrackRequest]:
        """List the moods to start from."""
        return await asyncio.to_thread(studio.presets)

    @router.get("/health", tags=["studio"])
    async def health() -> Health:
        """Return the state of the studio."""
        return studio.health()


def _status(studio: Studio, task_id: str) -> Status:
    status = studio.status(task_id)
    if status is None:
        raise ProblemError(404, "there is no task with this id; /tracks lists them")
    return status


def _finished(studio: Studio, task_id: str) -> Status:
    status = _status(studio, task_id)
    if status.status is not TaskState.FINISHED:
        reason = f": {status.reason}" if status.reason else ""
        raise ProblemError(409, f"this song is {status.status.replace('_', ' ')}, not finished{reason}")
    return status
