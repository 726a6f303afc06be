"""The guard: what is refused before any route is reached, and the headers that every answer carries.

Strange hosts and origins, missing tokens, bodies that are too large, clients that ask too often. What a body
must hold is known by `submission`.
"""

from __future__ import annotations

import hmac
import math
import time
from collections import OrderedDict
from collections.abc import Collection
from dataclasses import dataclass
from http.cookies import CookieError, SimpleCookie
from urllib.parse import parse_qs, urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

COOKIE = "emo_studio_token"
SECURITY_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; media-src 'self'; "
        "object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
}
MOST_CLIENTS = 10_000
"""Of so many clients it is remembered how often they asked."""


@dataclass(frozen=True)
class Limits:
    """What one client may ask of the studio.

    Attributes:
        largest_body: bytes; a request for a song takes some hundreds.
        burst: how many songs may be asked for at once.
        songs_a_minute: how many songs may be asked for in the long run.
    """

    largest_body: int = 16 * 1024
    burst: int = 60
    songs_a_minute: float = 60.0


class TooLargeError(Exception):
    """A body that is larger than the limit, found while it was read."""


class Guard:
    """ASGI middleware in front of the studio's routes.

    Args:
        app: what it guards.
        limits: what one client may ask.
        token: what clients must know; None lets everybody in who reaches the server.
        hosts: the names under which the server may be addressed; None means any. Naming them keeps pages of
            the web from reaching a loopback server under a name of theirs (DNS rebinding).
    """

    def __init__(
        self, app: ASGIApp, *, limits: Limits, token: str | None, hosts: Collection[str] | None
    ) -> None:
        self._app = app
        self._limits = limits
        self._token = token
        self._hosts = hosts
        self._rate = _Rate(limits.burst, limits.songs_a_minute / 60)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse or pass on a request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        refusal = (
            self._strange_host(headers)
            or self._without_token(scope, headers)
            or _strange_origin(scope, headers)
            or self._large_body(headers)
            or self._too_often(scope)
        )
        answer: ASGIApp = refusal or self._app
        await answer(scope, self._counted(receive), _with_headers(send))

    def _strange_host(self, headers: Headers) -> Response | None:
        host = urlsplit(f"//{headers.get('host', '')}").hostname if _is_plain(headers.get("host")) else None
        if self._hosts is None or host in self._hosts:
            return None
        return problem(421, f"this studio answers as {' or '.join(sorted(self._hosts))} only")

    def _without_token(self, scope: Scope, headers: Headers) -> Response | None:
        if self._token is None:
            return None
        given = parse_qs(scope["query_string"].decode("latin-1")).get("token", [""])[0]
        if scope["path"] == "/" and given and self._is_token(given):
            response = RedirectResponse("/", status_code=303)
            response.set_cookie(COOKIE, given, httponly=True, samesite="strict", max_age=30 * 24 * 3600)
            return response
        bearer = headers.get("authorization", "").removeprefix("Bearer ")
        if self._is_token(bearer) or self._is_token(_cookie(headers)):
            return None
        return problem(
            401,
            "this studio asks for its token: open it with ?token=... at the end of its address, "
            "or send Authorization: Bearer",
            {"WWW-Authenticate": "Bearer"},
        )

    def _is_token(self, given: str) -> bool:
        return self._token is not None and hmac.compare_digest(given.encode(), self._token.encode())

    def _large_body(self, headers: Headers) -> Response | None:
        length = headers.get("content-length", "0")
        if length.isascii() and length.isdigit() and int(length[:20]) <= self._limits.largest_body:
            return None
        return problem(413, self.too_large)

    @property
    def too_large(self) -> str:
        """What is said of a body that is too large."""
        return (
            f"the body is larger than {self._limits.largest_body // 1024} KiB; a request for a song is short"
        )

    def _too_often(self, scope: Scope) -> Response | None:
        if scope["method"] != "POST" or scope["path"] != "/submit":
            return None
        client = scope["client"][0] if scope.get("client") else ""
        wait = self._rate.take(client)
        if wait == 0:
            return None
        return problem(
            429, f"too many songs at once; ask again in {wait} seconds", {"Retry-After": str(wait)}
        )

    def _counted(self, receive: Receive) -> Receive:
        """Count the bytes of a body as it is read, since its length need not be told before."""
        read = 0

        async def counted() -> Message:
            nonlocal read
            message = await receive()
            read += len(message.get("body", b""))
            if read > self._limits.largest_body:
                raise TooLargeError(self.too_large)
            return message

        return counted


class _Rate:
    """A bucket of tokens for each client, filled at a steady rate.

    Args:
        burst: what a bucket holds.
        a_second: tokens that come in each second.
    """

    def __init__(self, burst: int, a_second: float) -> None:
        self._burst = burst
        self._a_second = a_second
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, client: str) -> int:
        """Take one token; return 0, or in how many seconds there will be one."""
        now = time.monotonic()
        tokens, then = self._buckets.pop(client, (float(self._burst), now))
        tokens = min(tokens + (now - then) * self._a_second, self._burst)
        is_allowed = tokens >= 1
        self._buckets[client] = (tokens - is_allowed, now)
        if len(self._buckets) > MOST_CLIENTS:
            self._buckets.popitem(last=False)
        return 0 if is_allowed else math.ceil((1 - tokens) / self._a_second)


def problem(
    status: int, detail: str, headers: dict[str, str] | None = None, *, fields: Collection[str] = ()
) -> JSONResponse:
    """Return an answer that refuses, in the one form of all refusals."""
    return JSONResponse({"detail": detail, "fields": list(fields)}, status, headers=headers)


def _strange_origin(scope: Scope, headers: Headers) -> Response | None:
    """Refuse what a page of another origin sends: the studio's own page is the only one that may."""
    origin = headers.get("origin")
    if scope["method"] in ("GET", "HEAD") or origin is None:
        return None
    if _is_plain(origin) and urlsplit(origin).netloc == headers.get("host"):
        return None
    return problem(403, "pages of other sites may not use this studio")


def _is_plain(text: str | None) -> bool:
    """Whether a header can be taken apart as an address: brackets in it make that fail when they are odd."""
    if text is None:
        return False
    try:
        return bool(urlsplit(text if "//" in text else f"//{text}").netloc)
    except ValueError:
        return False


def _cookie(headers: Headers) -> str:
    try:
        cookie = SimpleCookie(headers.get("cookie", "")).get(COOKIE)
    except CookieError:
        return ""
    return cookie.value if cookie else ""


def _with_headers(send: Send) -> Send:
    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in SECURITY_HEADERS.items():
                headers.setdefault(name, value)
        await send(message)

    return sending
