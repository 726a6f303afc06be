"""An HTTP server on loopback that misbehaves as a test configures it."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Served:
    """The served file and the server's faults; a test may change them while it runs.

    Attributes:
        content: the file's bytes.
        etag: its entity tag, None for none.
        drops: number of bytes after which each of the next connections is dropped.
        ranges: whether it supports Range requests; otherwise it sends the whole file.
        length: the Content-Length that it sends; None: the true one; negative: none.
        status: error statuses of the next answers.
        headers: additional headers.
        asked: the Range header of each request, or "".
        before: called before each answer.
    """

    content: bytes
    etag: str | None = '"one"'
    drops: list[int] = field(default_factory=list)
    ranges: bool = True
    length: int | None = None
    status: list[int] = field(default_factory=list)
    headers: dict[str, str] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    before: Callable[[], None] = lambda: None
    url: str = ""


@contextmanager
def serving(content: bytes) -> Iterator[Served]:
    """Serve `content` at `served.url` until the block ends."""
    served = Served(content)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            served.asked.append(self.headers.get("Range", ""))
            served.before()
            if served.status:
                self.send_error(served.status.pop(0))
                return
            self._send(served)

        def _send(self, served: Served) -> None:
            content, first = served.content, 0
            found = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
            same = self.headers.get("If-Range", served.etag) == served.etag
            if found and served.ranges and same:
                first = int(found[1])
                if first >= len(content):
                    self.send_response(416)
                    self.send_header("Content-Range", f"bytes */{len(content)}")
                    self.send_header("Content-Length", "0")
                    self.end_headers()
                    return
                self.send_response(206)
                self.send_header("Content-Range", f"bytes {first}-{len(content) - 1}/{len(content)}")
            else:
                self.send_response(200)
            body = content[first:]
            length = len(body) if served.length is None else served.length
            if length >= 0:
                self.send_header("Content-Length", str(length))
            if served.etag is not None:
                self.send_header("ETag", served.etag)
            for name, value in served.headers.items():
                self.send_header(name, value)
            self.end_headers()
            with suppress(BrokenPipeError, ConnectionResetError):
                self.wfile.write(body[: served.drops.pop(0)] if served.drops else body)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    served.url = f"http://127.0.0.1:{server.server_address[1]}/file.bin"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield served
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
