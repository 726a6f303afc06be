"""How hypothesis works here: without deadlines, because the machine may be busy with other things."""

from __future__ import annotations

from hypothesis import settings

settings.register_profile("symbolic", deadline=None)
settings.load_profile("symbolic")
