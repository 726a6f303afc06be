"""The built page: its files as they lie in the package, served with the right lifetimes.

The page's source is in `web/`; what is built from it is here in `pages/`, in a checkout after `make studio`
and in every wheel.
"""

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


class _Hashed(StaticFiles):
    """Files that have a hash of their content in their name: they never change."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        response = await super().get_response(path, scope)
        response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
        return response


def add_pages(app: FastAPI, folder: Path = PAGES) -> None:
    """Serve the built page at `/` and the API's page at `/docs`.

    Args:
        app: the application.
        folder: where the built files lie; without them `/` says how to build them.
    """
    for address, name in (("/", "index.html"), ("/docs", "docs.html")):
        app.add_api_route(
            address,
            _page(folder / name),
            include_in_schema=False,
            response_class=FileResponse,
            methods=["GET"],
        )
    if (folder / "assets").is_dir():
        app.mount("/assets", _Hashed(directory=folder / "assets"), name="assets")


def _page(path: Path) -> Callable[[], Awaitable[Response]]:
    async def page() -> Response:
        if not path.exists():
            return PlainTextResponse(NOT_BUILT, 503)
        return FileResponse(path, headers={"Cache-Control": "no-cache"})

    return page
