"""The web server: the application, its error responses, and the function that runs it."""

from __future__ import annotations

import ipaddress
import logging
import socket
import sqlite3
from collections.abc import AsyncIterator, Callable, Collection
from contextlib import asynccontextmanager, suppress
from functools import partial
from pathlib import Path
from types import FrameType

import uvicorn
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from emo_assets.audio.sound_fonts import find_sound_font
from emo_assets.errors import InputError
from emo_assets.store import Store
from emo_assets.studio.api import build_router
from emo_assets.studio.generator import SongGenerator
from emo_assets.studio.middleware import AccessMiddleware, Limits, problem_response
from emo_assets.studio.schemas import ProblemError
from emo_assets.studio.service import Studio
from emo_assets.studio.static import add_pages
from emo_assets.studio.track_repository import local_folder

LOOPBACK_NAMES = frozenset({"localhost", "127.0.0.1", "::1"})
MIN_TOKEN_LENGTH = 16
MAX_CONNECTIONS = 500
SHUTDOWN_SECONDS = 2
"""How long open connections are waited for at the end."""

SECURITY_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; media-src 'self'; "
        "object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
}
"""Headers of every response."""

log = logging.getLogger(__name__)


def build_app(
    studio: Studio,
    *,
    limits: Limits | None = None,
    token: str | None = None,
    hosts: Collection[str] | None = LOOPBACK_NAMES,
) -> FastAPI:
    """Return the application of a studio.

    Args:
        studio: the studio, which is closed with the application; `run_app` opens it.
        limits: limits per client.
        token: the token that clients must send; None if none is needed.
        hosts: the host names under which the server may be addressed; None allows any.
    """

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        yield
        studio.close()

    app = FastAPI(
        title="emo studio",
        description="Music from feelings: ten audio features in, a song that sounds like them out.",
        version="1",
        docs_url=None,
        redoc_url=None,
        lifespan=lifespan,
    )
    app.add_middleware(AccessMiddleware, limits=limits or Limits(), token=token, hosts=hosts)
    app.include_router(build_router(studio))
    add_pages(app)
    for kind in (HTTPException, RequestValidationError, sqlite3.Error, Exception):
        app.add_exception_handler(kind, _on_error)
    return app


async def _on_error(_request: Request, error: Exception) -> Response:
    """Return the response to an error: a `Problem`, without internals of the code."""
    match error:
        case HTTPException():
            return problem_response(error)
        case RequestValidationError():
            wrong = {str(each["loc"][-1]): each for each in error.errors()}
            details = [
                f"{name} is missing" if each["type"] == "missing" else f"{name}: {each['msg']}"
                for name, each in wrong.items()
            ]
            problem = ProblemError(422, "; ".join(details), fields=wrong)
        case sqlite3.Error():
            log.error("the task queue cannot be used: %s", error)
            problem = ProblemError(
                503, "The studio cannot write to its task queue; your request was not accepted."
            )
        case _:
            problem = ProblemError(500, "An unexpected error occurred; see the studio's log.")
    return problem_response(problem)


def serve(
    base: str,
    *,
    host: str,
    port: int,
    token: str | None,
    sound_font: Path | None = None,
    opened: Callable[[str], None] = print,
) -> None:
    """Run the studio until it is interrupted.

    Args:
        base: the store's base path.
        host: the address to listen on; addresses that other machines reach need a token.
        port: the port; 0 takes a free one.
        token: the token that clients must send.
        sound_font: as for `SoundSettings`.
        opened: called with the studio's URL when it listens.

    Raises:
        InputError: the address, the token or the sound font is invalid, or the store has no models or is in
            use.
    """
    is_loopback = _is_loopback(host)
    if not is_loopback and token is None:
        raise InputError(
            f"--host {host} lets other machines in, so it needs a token of {MIN_TOKEN_LENGTH} characters or "
            "more: give --token, or set EMO_STUDIO_TOKEN"
        )
    if token is not None and len(token) < MIN_TOKEN_LENGTH:
        raise InputError(f"the token must have {MIN_TOKEN_LENGTH} characters or more")
    find_sound_font(sound_font)
    store = Store(base)
    local_folder(store)
    for path in store.model_files:
        if not path.exists():
            raise InputError(
                f"{path} is missing, so no songs can be made yet: run `make demo` first, "
                "or materialize the asset of that name"
            )
    with open_listener(host, port) as listener:
        studio = Studio(store, partial(SongGenerator, base, sound_font))
        app = build_app(studio, token=token, hosts=LOOPBACK_NAMES if is_loopback else None)
        opened(_url(host, listener.getsockname()[1], token))
        run_app(app, studio, listener)


class _Server(uvicorn.Server):
    """A server that disconnects clients that watch songs before it waits for open connections."""

    def __init__(self, config: uvicorn.Config, studio: Studio) -> None:
        super().__init__(config)
        self._studio = studio

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        self._studio.disconnect_watchers()
        super().handle_exit(sig, frame)


def run_app(app: FastAPI, studio: Studio, listener: socket.socket) -> None:
    """Open a studio, and serve its application on a socket until the process is interrupted.

    Raises:
        InputError: the studio cannot be opened.
    """
    config = uvicorn.Config(
        app,
        log_level="warning",
        access_log=False,
        server_header=False,
        proxy_headers=False,
        headers=list(SECURITY_HEADERS.items()),
        timeout_graceful_shutdown=SHUTDOWN_SECONDS,
        limit_concurrency=MAX_CONNECTIONS,
    )
    studio.open()  # here, since uvicorn logs what a lifespan raises as a traceback
    with suppress(KeyboardInterrupt):
        _Server(config, studio).run(sockets=[listener])


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def open_listener(host: str, port: int) -> socket.socket:
    """Open the listening socket.

    Raises:
        InputError: the address is not one of this machine, or the port is in use.
    """
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        return socket.create_server((host, port), family=family, backlog=256)
    except (OSError, OverflowError, UnicodeError) as error:
        raise InputError(
            f"cannot listen on {host} port {port} ({error}): choose another --port or --host"
        ) from error


def _url(host: str, port: int, token: str | None) -> str:
    shown = f"[{host}]" if ":" in host else host
    return f"http://{shown}:{port}/" + (f"?token={token}" if token else "")
