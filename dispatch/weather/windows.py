"""From hourly weather to the windows of a problem."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date

from dispatch.land import DAYS_MAX, Window
from dispatch.validation import require, require_int
from dispatch.weather.rules import Rules
from dispatch.weather.series import Forecast
from dispatch.weather.strips import Place, Span, closures_of_day, index, open_spans

_DAY_S = 86_400


def _spans(
    forecast: Forecast, rules: Rules, first_day: date, days: int, place: Place | None
) -> list[Span]:
    """Return the usable spans of an area under one set of rules, day by day."""
    hours = index(forecast)
    return [
        span
        for number in range(days)
        for span in open_spans(
            closures_of_day(hours, rules, first_day, number, place), number * _DAY_S
        )
    ]


def windows(
    forecasts: Sequence[Forecast],
    products: Mapping[str, Rules],
    first_day: date,
    days: int,
    *,
    places: Mapping[str, Place],
) -> tuple[Window, ...]:
    """Return the usable windows of every area and product, in order of time.

    ``products`` maps each tank mix to its rules, ``places`` each area to a (longitude, latitude)
    for sunrise and sunset. Windows count from midnight (Beijing time) of ``first_day`` and never
    cross one. Products and areas with the same span share a window; both are always named, so a
    product without rules has no window; only the area-less forecast (``area_id`` "") leaves
    ``areas`` empty. For one product and area no two windows touch within a day.

    Raises `InvalidProblem` for a repeated area, a missing place, or days that are not 1 to 14.
    """
    require_int(days, "windows", "days", 1, DAYS_MAX)
    areas = [one.area_id for one in forecasts]
    for area in areas:
        once = areas.count(area) == 1
        require(once, f"area {area}", "area_id", "重复", "is given twice")
        alone = bool(area) or len(areas) == 1
        require(alone, "forecasts", "area_id", "有多个区域时须填写", "is needed with several areas")
    sharing: dict[Span, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    by_rules: dict[Rules, set[str]] = defaultdict(set)
    for product, rules in products.items():
        by_rules[rules].add(product)
    for forecast in forecasts:
        place = places.get(forecast.area_id)
        for rules, names in by_rules.items():
            given = place is not None or not rules.daylight
            subject = f"area {forecast.area_id}"
            require(given, subject, "places", "缺少位置", "has no place for sunrise and sunset")
            for span in _spans(forecast, rules, first_day, days, place):
                sharing[span][forecast.area_id] |= names
    found: list[Window] = []
    for (start_s, end_s), by_area in sorted(sharing.items()):
        alike: dict[tuple[str, ...], list[str]] = defaultdict(list)
        for area, names in sorted(by_area.items()):
            alike[tuple(sorted(names))].append(area)
        found.extend(
            Window(
                start_s=start_s,
                end_s=end_s,
                products=names_alike,
                areas=tuple(area for area in areas_alike if area),
            )
            for names_alike, areas_alike in sorted(alike.items())
        )
    return tuple(found)
