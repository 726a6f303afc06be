"""Serves the built page. Its source is in `web/`; `make page` and every wheel build it into `pages/`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path

from fastapi import FastAPI
from fastapi.responses import FileResponse, PlainTextResponse
from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

PAGES = Path(__file__).parent / "pages"
NOT_BUILT = (
    "The studio's page is not built. Run `make studio` in the checkout; the REST API works without it.\n"
)


class _HashedFiles(StaticFiles):
    """Files with a hash of their content in their name, which browsers may cache forever."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        response = await super().get_response(path, scope)
        response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
        return response


def add_pages(app: FastAPI) -> None:
    """Serve the page at `/` and the API's documentation at `/docs`."""
    for path, file in (("/", "index.html"), ("/docs", "docs.html")):
        app.add_api_route(path, _page(PAGES / file), include_in_schema=False, response_class=FileResponse)
    if (PAGES / "assets").is_dir():
        app.mount("/assets", _HashedFiles(directory=PAGES / "assets"), name="assets")


def _page(path: Path) -> Callable[[], Awaitable[Response]]:
    async def page() -> Response:
        if not path.exists():
            return PlainTextResponse(NOT_BUILT, 503)
        return FileResponse(path, headers={"Cache-Control": "no-cache"})

    return page
