"""Forecasts in, windows out, with every hour and why it is closed."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields
from datetime import date
from typing import Any

from backend.gateways import weather as gateway
from backend.operations.facts import Snapshot, WindowFacts
from backend.operations.planning.problem import area_of
from dispatch import weather


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlook:
    """The usable windows of all areas and products; ``document`` is what staff may look at."""

    windows: tuple[WindowFacts, ...]
    stamp: str
    document: dict[str, Any]


def place_of(area_id: str) -> tuple[float, float]:
    """Return the middle of a weather area, degrees."""
    longitude, latitude = area_id.split(",")
    return float(longitude), float(latitude)


def areas_of(snapshot: Snapshot) -> tuple[str, ...]:
    """Return the weather areas of a snapshot's plots, in order."""
    return tuple(sorted({area_of(_first(plot.polygon["coordinates"])) for plot in snapshot.plots}))


def areas_of_problem(problem: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the weather areas of a stored problem's plots, in order."""
    return tuple(sorted({job["area_id"] for job in problem["jobs"]}))


def kinds_of(products: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Return each product's kind; one that orders state differently gets the strictest."""
    rules = weather.catalogue()
    found: dict[str, str] = {}
    for product, kind in products:
        other = found.get(product, kind)
        found[product] = min(kind, other, key=lambda one: (rules[one].wind_force_max, one))
    return found


def outlook(
    forecasts: Mapping[str, gateway.Forecast], kinds: Mapping[str, str], day: date, days: int
) -> Outlook:
    """Return the windows of ``days`` from ``day`` on, by area and product.

    ``forecasts`` are by weather area, ``kinds`` by product.
    """
    rules = weather.catalogue()
    series = [
        weather.Forecast(
            area_id=area,
            source=one.source,
            issued_at=one.issued_at,
            hours=tuple(weather.Hour(**asdict(hour)) for hour in one.hours),
        )
        for area, one in sorted(forecasts.items())
    ]
    places = {area: place_of(area) for area in forecasts}
    windows = weather.windows(
        series, {product: rules[kind] for product, kind in kinds.items()}, day, days, places=places
    )
    by_kind: dict[str, list[str]] = defaultdict(list)
    for product, kind in sorted(kinds.items()):
        by_kind[kind].append(product)
    return Outlook(
        windows=tuple(
            WindowFacts(
                start_s=one.start_s, end_s=one.end_s, products=one.products, areas=one.areas
            )
            for one in windows
        ),
        stamp=weather.stamp(series),
        document={
            "areas": [
                {
                    "area_id": one.area_id,
                    "lon": places[one.area_id][0],
                    "lat": places[one.area_id][1],
                    "source": one.source,
                    "issued_at": one.issued_at.isoformat(),
                    "strips": [
                        {
                            "kind": kind,
                            "products": products,
                            "hours": [
                                _hour(state)
                                for state in weather.strip(
                                    one, rules[kind], day, days, place=places[one.area_id]
                                )
                            ],
                        }
                        for kind, products in sorted(by_kind.items())
                    ],
                }
                for one in series
            ]
        },
    )


def _hour(state: weather.HourState) -> dict[str, Any]:
    """Return one hour of a strip: its values, how much of it is usable, and what closes the rest.

    An hour that the forecast does not reach has no values.
    """
    names = (one.name for one in fields(weather.Hour))
    values = dict.fromkeys(names) if state.hour is None else asdict(state.hour)
    return values | {
        "start": state.start.isoformat(),
        "open_s": state.open_s,
        "closures": [
            {"reason": one.reason.value, "zh": one.sentence("zh"), "en": one.sentence("en")}
            for one in state.closures
        ],
    }


def _first(coordinates: Any) -> tuple[float, float]:
    """Return the first position of GeoJSON coordinates of any depth: where the truck stands."""
    while isinstance(coordinates[0], list | tuple):
        coordinates = coordinates[0]
    return float(coordinates[0]), float(coordinates[1])
