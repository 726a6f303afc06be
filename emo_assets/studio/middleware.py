"""Middleware in front of the routes: checks hosts, tokens, origins and sizes, and limits request rates."""

from __future__ import annotations

import hmac
import math
import time
from collections import OrderedDict
from collections.abc import Collection
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from emo_assets.studio.schemas import Problem, ProblemError

COOKIE = "emo_studio_token"
COOKIE_SECONDS = 30 * 24 * 3600
MAX_BODY = 16 * 1024
"""Largest body in bytes; a request takes some hundreds."""

MAX_CLIENTS = 10_000
"""Number of clients whose request rate is remembered."""


@dataclass(frozen=True)
class Limits:
    """Limits per client.

    Attributes:
        burst: how many songs may be requested at once.
        songs_per_minute: how many songs may be requested in the long run.
    """

    burst: int = 60
    songs_per_minute: float = 60.0


class AccessMiddleware:
    """Rejects requests that must not reach the routes.

    Args:
        app: the application.
        limits: limits per client.
        token: the token that clients must send; None if none is needed.
        hosts: the host names under which the server may be addressed; None allows any. They protect a server
            on a loopback address from web pages that reach it under a name of their own (DNS rebinding).
    """

    def __init__(
        self, app: ASGIApp, *, limits: Limits, token: str | None, hosts: Collection[str] | None
    ) -> None:
        self._app = app
        self._token = token
        self._hosts = hosts
        self._rate = RateLimiter(limits.burst, limits.songs_per_minute / 60)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Reject or forward a request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        try:
            response: ASGIApp = self._check(Request(scope)) or self._app
        except ProblemError as error:
            response = problem_response(error)
        await response(scope, _with_size_limit(receive), send)

    def _check(self, request: Request) -> Response | None:
        """Check a request; return a response that sets the cookie if `/` is opened with the token.

        Raises:
            ProblemError: the request is rejected.
        """
        host = _split(f"//{request.headers.get('host', '')}").hostname
        if self._hosts is not None and host not in self._hosts:
            raise ProblemError(421, f"this studio answers as {' or '.join(sorted(self._hosts))} only")
        if self._token is not None:
            given = request.query_params.get("token", "")
            if request.scope["path"] == "/" and self._is_token(given):
                response = RedirectResponse("/", status_code=303)
                response.set_cookie(COOKIE, given, httponly=True, samesite="strict", max_age=COOKIE_SECONDS)
                return response
            bearer = request.headers.get("authorization", "").removeprefix("Bearer ")
            if not (self._is_token(bearer) or self._is_token(request.cookies.get(COOKIE, ""))):
                raise ProblemError(
                    401,
                    "this studio needs its token: open it with ?token=... at the end of its address, "
                    "or send Authorization: Bearer",
                    headers={"WWW-Authenticate": "Bearer"},
                )
        if request.method not in ("GET", "HEAD") and "origin" in request.headers:
            origin = _split(request.headers["origin"]).netloc
            if not origin or origin != request.headers.get("host"):
                raise ProblemError(403, "pages of other sites may not use this studio")
        length = request.headers.get("content-length", "0")
        if not (length.isascii() and length.isdigit() and int(length[:20]) <= MAX_BODY):
            raise _too_large()
        if request.method == "POST" and request.scope["path"] == "/submit":
            seconds = self._rate.acquire(request.client.host if request.client else "")
            if seconds:
                raise ProblemError(
                    429,
                    f"too many songs at once; try again in {seconds} seconds",
                    headers={"Retry-After": str(seconds)},
                )
        return None

    def _is_token(self, given: str) -> bool:
        return self._token is not None and hmac.compare_digest(given.encode(), self._token.encode())


class RateLimiter:
    """A token bucket per client.

    Args:
        burst: capacity of a bucket.
        tokens_per_second: how fast a bucket is filled.
    """

    def __init__(self, burst: int, tokens_per_second: float) -> None:
        self._burst = burst
        self._tokens_per_second = tokens_per_second
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def acquire(self, client: str) -> int:
        """Take one token and return 0, or return in how many seconds there will be one."""
        now = time.monotonic()
        tokens, updated = self._buckets.pop(client, (float(self._burst), now))
        tokens = min(tokens + (now - updated) * self._tokens_per_second, self._burst)
        is_allowed = tokens >= 1
        self._buckets[client] = (tokens - is_allowed, now)
        if len(self._buckets) > MAX_CLIENTS:
            self._buckets.popitem(last=False)
        return 0 if is_allowed else math.ceil((1 - tokens) / self._tokens_per_second)


def problem_response(error: HTTPException) -> JSONResponse:
    """Return the response to a rejected request, whose body is a `Problem`."""
    fields = error.fields if isinstance(error, ProblemError) else []
    problem = Problem(detail=str(error.detail), fields=fields)
    return JSONResponse(problem.model_dump(), error.status_code, headers=error.headers)


def _with_size_limit(receive: Receive) -> Receive:
    """Count the bytes of a body as it is read, since its length may be unknown before."""
    size = 0

    async def limited() -> Message:
        nonlocal size
        message = await receive()
        size += len(message.get("body", b""))
        if size > MAX_BODY:
            raise _too_large()
        return message

    return limited


def _too_large() -> ProblemError:
    detail = f"the body is larger than {MAX_BODY // 1024} KiB; a request is short"
    return ProblemError(413, detail, headers={"Connection": "close"})


def _split(address: str) -> SplitResult:
    """Split a URL; return an empty result if it is invalid."""
    try:
        return urlsplit(address)
    except ValueError:
        return urlsplit("")
