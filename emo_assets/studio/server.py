"""The studio's server: the application put together, and the one function that runs it.

Whom it listens to and what it answers when something goes wrong is decided here; routes are in `api`.
"""

from __future__ import annotations

import ipaddress
import logging
import socket
import sqlite3
from collections.abc import AsyncIterator, Callable, Collection
from contextlib import asynccontextmanager, suppress
from functools import partial
from types import FrameType

import uvicorn
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from emo_assets.errors import InputError
from emo_assets.store import Store
from emo_assets.studio.api import build_router
from emo_assets.studio.generator import SongEngine
from emo_assets.studio.middleware import Guard, Limits, TooLargeError, problem
from emo_assets.studio.service import QueueFullError, Studio, check_models
from emo_assets.studio.static import add_pages
from emo_assets.studio.submission import RefusedError

LOOPBACK_NAMES = frozenset({"localhost", "127.0.0.1", "::1"})
SHORTEST_TOKEN = 16
"""Signs. A token keeps others out only when it cannot be guessed."""

SECONDS_TO_SAY_GOODBYE = 2
"""How long open connections are waited for at the end; watched songs keep theirs open."""

MOST_CONNECTIONS = 500

log = logging.getLogger(__name__)


def build_app(
    studio: Studio,
    *,
    limits: Limits | None = None,
    token: str | None = None,
    hosts: Collection[str] | None = LOOPBACK_NAMES,
) -> FastAPI:
    """Put the application together.

    Args:
        studio: what it serves; it is opened and closed with the application.
        limits: what one client may ask.
        token: what clients must know; None lets everybody in who reaches the server.
        hosts: the names under which the server may be addressed; None means any.
    """

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        studio.open()
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
    app.add_middleware(Guard, limits=limits or Limits(), token=token, hosts=hosts)
    app.include_router(build_router(studio))
    add_pages(app)
    _add_refusals(app)
    return app


def _add_refusals(app: FastAPI) -> None:
    """Give everything that can go wrong its answer, in one form and without a word of the code's insides."""

    async def refused(_request: Request, error: Exception) -> Response:
        match error:
            case RefusedError():
                return problem(422, error.detail, fields=error.fields)
            case RequestValidationError():
                wrong = {str(detail["loc"][-1]): detail for detail in error.errors()}
                details = [
                    f"{name} is missing" if detail["type"] == "missing" else f"{name}: {detail['msg']}"
                    for name, detail in wrong.items()
                ]
                return problem(422, "; ".join(details), fields=wrong)
            case QueueFullError():
                return problem(
                    429,
                    f"{error} Your request was not accepted; ask again in {error.seconds} seconds.",
                    {"Retry-After": str(error.seconds)},
                )
            case TooLargeError():
                return problem(413, str(error), {"Connection": "close"})
            case HTTPException():
                return problem(error.status_code, str(error.detail), dict(error.headers or {}))
            case sqlite3.Error():
                log.error("the journal cannot be used: %s", error)
                return problem(
                    503, "The studio cannot write to its journal now; your request was not accepted."
                )
            case _:
                return problem(500, "Something unforeseen went wrong; the studio's log has the details.")

    for kind in (
        RefusedError,
        RequestValidationError,
        QueueFullError,
        TooLargeError,
        HTTPException,
        sqlite3.Error,
        Exception,
    ):
        app.add_exception_handler(kind, refused)


def serve(
    base: str, *, host: str, port: int, token: str | None, opened: Callable[[str], None] = print
) -> None:
    """Run the studio until it is interrupted.

    Args:
        base: the store's base path.
        host: the address to listen on; others than this machine's own need a token.
        port: the port; 0 takes a free one.
        token: what clients must know.
        opened: told the studio's address when it listens.

    Raises:
        InputError: the address or token will not do, the store has no models yet, or it is in use.
    """
    is_loopback = _is_loopback(host)
    if not is_loopback and token is None:
        raise InputError(
            f"--host {host} lets other machines in, so it needs a token of {SHORTEST_TOKEN} signs or more: "
            "give --token, or set EMO_STUDIO_TOKEN"
        )
    if token is not None and len(token) < SHORTEST_TOKEN:
        raise InputError(f"the token must have {SHORTEST_TOKEN} signs or more, so that nobody guesses it")
    store = Store(base)
    check_models(store)
    with open_listener(host, port) as listener:
        studio = Studio(store, partial(SongEngine, base))
        app = build_app(studio, token=token, hosts=LOOPBACK_NAMES if is_loopback else None)
        opened(_address(host, listener.getsockname()[1], token))
        run_app(app, studio, listener)


class _Server(uvicorn.Server):
    """A server that lets those go who watch songs before it waits for all connections to end."""

    def __init__(self, config: uvicorn.Config, studio: Studio) -> None:
        super().__init__(config)
        self._studio = studio

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        self._studio.say_goodbye()
        super().handle_exit(sig, frame)


def run_app(app: FastAPI, studio: Studio, listener: socket.socket) -> None:
    """Serve a studio's application on a socket until the process is interrupted or told to end."""
    config = uvicorn.Config(
        app,
        log_level="warning",
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=SECONDS_TO_SAY_GOODBYE,
        limit_concurrency=MOST_CONNECTIONS,
    )
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
    """Open the listening socket; everything that can be wrong with the address shows here.

    Raises:
        InputError: the address is none of this machine's, or the port is taken.
    """
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        return socket.create_server((host, port), family=family, backlog=256)
    except (OSError, OverflowError, UnicodeError) as error:
        raise InputError(
            f"cannot listen on {host} port {port} ({error}): choose another --port or --host"
        ) from error


def _address(host: str, port: int, token: str | None) -> str:
    shown = f"[{host}]" if ":" in host else host
    return f"http://{shown}:{port}/" + (f"?token={token}" if token else "")
