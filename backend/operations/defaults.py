"""What a request for a plan leaves open: dated assumptions of ``data/day_defaults.json``."""

import json
from functools import cache
from importlib.resources import files
from typing import Any


@cache
def day_defaults() -> dict[str, Any]:
    """Return the windows (local times with reasons), the daily area cap and the seconds."""
    path = files("backend.operations").joinpath("data", "day_defaults.json")
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found
