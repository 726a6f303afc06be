"""The REST API: which address answers what. Each route is a few lines over the studio.

Fields of answers are in `answers`, what is refused before a route is reached in `guard`.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Depends, HTTPException, Query, Request, Response
from fastapi.responses import FileResponse
from fastapi.sse import EventSourceResponse, ServerSentEvent

from emo_assets.song_request import TrackRequest
from emo_assets.studio.form import FormSchema, form_schema, presets
from emo_assets.studio.schemas import (
    Health,
    History,
    Problem,
    Status,
    Submitted,
    Track,
    status_of,
    track_of,
)
from emo_assets.studio.service import Standing, Studio
from emo_assets.studio.submission import read_submission, submission_schema
from emo_assets.studio.supervisor import WorkerState
from emo_assets.studio.tasks import TaskState
from emo_assets.studio.track_repository import MEDIA_TYPES, Format

SECONDS_BETWEEN_EVENTS = 5.0
"""A watched task is reported at least this often, so that a dead connection is noticed."""

TaskId = Annotated[
    str, Query(description="The id that `/submit` answered, or a song's name in `/tracks`.", max_length=200)
]
Responses = dict[int | str, dict[str, Any]]


def _problem(description: str) -> dict[str, Any]:
    """Describe a refusal for the OpenAPI document: it is JSON, whatever the route answers otherwise."""
    schema = {"$ref": f"#/components/schemas/{Problem.__name__}"}
    return {"description": description, "content": {"application/json": {"schema": schema}}}


_UNKNOWN: Responses = {404: _problem("No such task")}
_NOT_FINISHED: Responses = {409: _problem("Not finished")}
_REFUSED: Responses = {
    413: _problem("The body is too large"),
    415: _problem("The body is not JSON"),
    422: {"model": Problem, "description": "A field is wrong"},
    429: _problem("Too many requests; Retry-After says when"),
}
_SOUND: Responses = {
    200: {"content": {type_: {} for type_ in MEDIA_TYPES.values()}, "description": "The song"},
    206: {"description": "The part of the song that `Range` asks for"},
    416: {"description": "`Range` is beyond the song"},
}


def build_router(studio: Studio) -> APIRouter:
    """Return the routes of a studio."""
    router = APIRouter(responses={422: _problem("A parameter is wrong")})
    _add_making(router, studio)
    _add_songs(router, studio)
    _add_form(router, studio)
    return router


def _add_making(router: APIRouter, studio: Studio) -> None:
    """Add the routes by which songs are asked for and watched."""

    @router.post(
        "/submit",
        status_code=202,
        responses=_REFUSED,
        openapi_extra={
            "requestBody": {
                "required": True,
                "content": {"application/json": {"schema": submission_schema()}},
            }
        },
        tags=["making"],
    )
    async def submit(request: Request) -> Submitted:
        """Ask for a song: features in, the id of a task out. Accepted means written down."""
        if request.headers.get("content-type", "").split(";")[0].strip().lower() != "application/json":
            raise HTTPException(415, "send JSON, with the header Content-Type: application/json")
        wanted = read_submission(await request.body())
        await studio.submit(wanted)
        return Submitted(task_id=wanted.name)

    @router.get("/status", responses=_UNKNOWN, tags=["making"])
    async def status(task_id: TaskId) -> Status:
        """Tell what has become of a request."""
        return status_of(_standing(studio, task_id))

    def refuse_unknown(task_id: TaskId) -> None:
        """Refuse an unknown id before the stream begins, when the answer's status can still say so."""
        _standing(studio, task_id)

    @router.get(
        "/events",
        response_class=EventSourceResponse,
        dependencies=[Depends(refuse_unknown)],
        responses=_UNKNOWN,
        tags=["making"],
    )
    async def events(task_id: TaskId) -> AsyncIterator[ServerSentEvent]:
        """Tell what becomes of a request as it happens: server-sent events with the fields of `/status`."""
        async for standing in studio.watch(task_id, seconds_between=SECONDS_BETWEEN_EVENTS):
            yield ServerSentEvent(data=status_of(standing), event="status")

    @router.post("/cancel", responses=_UNKNOWN, tags=["making"])
    async def cancel(task_id: TaskId) -> Status:
        """Give up a task that waits or is in progress; one that is over stays as it is."""
        _standing(studio, task_id)
        studio.cancel(task_id)
        return status_of(_standing(studio, task_id))


def _add_songs(router: APIRouter, studio: Studio) -> None:
    """Add the routes that hand out finished songs."""

    @router.get(
        "/result", response_class=FileResponse, responses=_UNKNOWN | _NOT_FINISHED | _SOUND, tags=["songs"]
    )
    async def result(task_id: TaskId, format: Format = Format.WAV) -> Response:  # noqa: A002 - its public name
        """Return a finished song in a format; parts of it by `Range`."""
        standing = _finished(studio, task_id)
        path: Path | None = await asyncio.to_thread(studio.library.file, task_id, format)
        if path is None:
            raise HTTPException(404, f"the {format} file of {task_id} is gone; make a variation instead")
        return FileResponse(
            path,
            media_type=MEDIA_TYPES[format],
            filename=f"{standing.task.task_id}{path.suffix}",
            headers={"Cache-Control": "no-cache"},  # a run may make the song of this name anew
        )

    @router.get("/track", responses=_UNKNOWN | _NOT_FINISHED, tags=["songs"])
    async def track(task_id: TaskId) -> Track:
        """Tell all about a finished song: what was asked, what is heard, and its description bar by bar."""
        standing = _finished(studio, task_id)
        if standing.song is None:
            raise HTTPException(404, f"the files of {task_id} are gone; make a variation instead")
        return track_of(standing, standing.song, studio.library.description(task_id))

    @router.get("/tracks", tags=["songs"])
    async def tracks(
        limit: Annotated[int, Query(ge=1, le=200)] = 50, offset: Annotated[int, Query(ge=0, le=10**6)] = 0
    ) -> History:
        """List all songs, and the requests that are not finished or never will be, the newest first."""
        standings = await asyncio.to_thread(studio.history)
        shown = standings[offset : offset + limit]
        return History(total=len(standings), tracks=[status_of(standing) for standing in shown])


def _add_form(router: APIRouter, studio: Studio) -> None:
    """Add the routes that a form is made of, and the one that tells how the studio is."""

    @router.get("/schema", tags=["form"])
    async def schema() -> FormSchema:
        """Return the ten features and the other fields of a request: names, meanings, ranges, defaults."""
        return form_schema()

    @router.get("/presets", tags=["form"])
    async def list_presets() -> list[TrackRequest]:
        """Return the moods to start from."""
        return await asyncio.to_thread(presets, studio.store, studio.journal)

    @router.get("/health", tags=["studio"])
    async def health() -> Health:
        """Tell how the studio is."""
        shop = studio.workshop
        is_up = shop.state in (WorkerState.READY, WorkerState.WORKING)
        return Health(
            status="trouble" if shop.trouble else "ok" if is_up else "starting",
            reason=shop.trouble,
            worker=shop.state,
            champion=shop.champion,
            queued=studio.journal.count(TaskState.QUEUED),
            in_progress=studio.journal.count(TaskState.IN_PROGRESS),
        )


def _standing(studio: Studio, task_id: str) -> Standing:
    standing = studio.standing(task_id)
    if standing is None:
        raise HTTPException(404, "there is no task of this id; /tracks lists those that there are")
    return standing


def _finished(studio: Studio, task_id: str) -> Standing:
    standing = _standing(studio, task_id)
    task = standing.task
    if task.state is not TaskState.FINISHED:
        why = f": {task.reason}" if task.reason else ""
        raise HTTPException(409, f"this song is {task.state.replace('_', ' ')}, not finished{why}")
    return standing
