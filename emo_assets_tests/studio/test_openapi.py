from __future__ import annotations

from pathlib import Path

from emo_assets.studio import openapi

CHECKED_IN = Path(openapi.__file__).with_name("web") / "openapi.json"


def test_the_types_of_the_page_are_those_of_the_api() -> None:
    assert CHECKED_IN.read_text() == openapi.response_types(), (
        "the REST API has changed: python -m emo_assets.studio.openapi > emo_assets/studio/web/openapi.json, "
        "then run `npm run types` in emo_assets/studio/web"
    )
