"""What weather a kind of product bears: dated data with the source of each number."""

import json
from dataclasses import dataclass, fields
from functools import cache
from importlib.resources import files
from typing import Any

from dispatch.validation import require, require_int, require_name

_DAY_S = 86_400


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """The weather in which a kind of product may be sprayed; limits themselves are allowed.

    ``rain_um_max`` is what an hour may have and still count as dry; ``rain_fast_s`` must pass dry
    after spraying. None switches a limit off. Noon heat closes ``noon_start_s`` … ``noon_end_s``
    (seconds of the day; equal ones close nothing): always when ``noon_cdeg`` is None, else in the
    hours at or above it. ``daylight`` closes the time between sunset and sunrise; a crew skilled
    for the night uses rules without it. Shorter windows than ``window_s_min`` are dropped.
    """

    kind: str
    wind_force_max: int = 3
    gust_cm_per_s_max: int | None = None
    temperature_cdeg_min: int = 500
    temperature_cdeg_max: int = 3000
    rain_um_max: int = 0
    rain_fast_s: int = 4 * 3600
    humidity_permille_min: int | None = None
    humidity_permille_max: int | None = None
    noon_start_s: int = 0
    noon_end_s: int = 0
    noon_cdeg: int | None = None
    daylight: bool = True
    window_s_min: int = 1800

    def __post_init__(self) -> None:
        """Refuse limits that cannot be and ranges that are the wrong way round."""
        require_name(self.kind, "rules", "kind")
        for name, low, high in (
            ("wind_force_max", 0, 18),
            ("temperature_cdeg_min", -9_000, 6_500),
            ("temperature_cdeg_max", self.temperature_cdeg_min, 6_500),
            ("rain_um_max", 0, 500_000),
            ("rain_fast_s", 0, 7 * _DAY_S),
            ("noon_start_s", 0, _DAY_S),
            ("noon_end_s", self.noon_start_s, _DAY_S),
            ("window_s_min", 0, _DAY_S),
        ):
            require_int(getattr(self, name), self.kind, name, low, high)
        for name, low, high in (
            ("gust_cm_per_s_max", 0, 15_000),
            ("humidity_permille_min", 0, 1_000),
            ("humidity_permille_max", self.humidity_permille_min or 0, 1_000),
            ("noon_cdeg", -9_000, 6_500),
        ):
            if getattr(self, name) is not None:
                require_int(getattr(self, name), self.kind, name, low, high)
        truth = isinstance(self.daylight, bool)
        require(truth, self.kind, "daylight", "须为真或假", "must be true or false")


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One number of the catalogue and why it is believed.

    ``confidence`` is ``cited`` (a standard's figure, seen in a publication about it), ``practice``
    (common in the trade, no text seen) or ``house`` (our own default, to be replaced).
    """

    kind: str
    name: str
    value: int | bool | None
    source: str
    confidence: str


@cache
def _document() -> dict[str, Any]:
    """Return ``data/weather_rules.json``."""
    text = files("dispatch").joinpath("data/weather_rules.json").read_text(encoding="utf-8")
    document: dict[str, Any] = json.loads(text)
    return document


@cache
def figures() -> tuple[Figure, ...]:
    """Return every number of ``data/weather_rules.json`` with its source spelled out."""
    document = _document()
    return tuple(
        Figure(
            kind=kind["kind"],
            name=name,
            value=cell["value"],
            source=document["sources"][cell["source"]],
            confidence=cell["confidence"],
        )
        for kind in document["kinds"]
        for name, cell in (document["common"] | kind["figures"]).items()
    )


@cache
def catalogue() -> dict[str, Rules]:
    """Return the rules by kind of product: insecticide, fungicide, herbicide, foliar."""
    known = {one.name for one in fields(Rules)} - {"kind"}
    made: dict[str, dict[str, Any]] = {}
    for figure in figures():
        fits = figure.name in known
        require(fits, figure.kind, figure.name, "不是已知的限值", "is no known limit")
        made.setdefault(figure.kind, {})[figure.name] = figure.value
    return {kind: Rules(kind=kind, **values) for kind, values in made.items()}
