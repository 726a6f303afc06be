"""Prints the types of the REST API's responses as JSON, from which `npm run types` generates TypeScript."""

from __future__ import annotations

import json
import tempfile
from functools import partial
from typing import Any

from emo_assets.store import Store
from emo_assets.studio.generator import SongGenerator
from emo_assets.studio.server import build_app
from emo_assets.studio.service import Studio

_TEXTS = {"title", "description", "default"}
_RANGES = {"minimum", "maximum", "exclusiveMaximum", "maxLength", "pattern"}
_LEFT_OUT = _TEXTS | _RANGES | {"required"}
"""Keywords that are left out; all properties of a response are required."""


def response_types() -> str:
    """Return an OpenAPI document with the types of all responses, without routes, texts and ranges."""
    with tempfile.TemporaryDirectory() as base:
        document = build_app(Studio(Store(base), partial(SongGenerator, base))).openapi()
    document = {"openapi": document["openapi"], "paths": {}, "components": _types(document["components"])}
    return json.dumps(document, indent=2) + "\n"


def _types(schema: Any) -> Any:
    if isinstance(schema, list):
        return [_types(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    # a property may have the name of a keyword; its value is a schema then
    return {
        name: _types(value)
        for name, value in schema.items()
        if isinstance(value, dict) or name not in _LEFT_OUT
    }


if __name__ == "__main__":
    print(response_types(), end="")
