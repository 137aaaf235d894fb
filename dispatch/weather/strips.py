"""Why an hour is closed: the strip of hours that staff see, and the spans it leaves open."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum

from dispatch.validation import require, require_int
from dispatch.weather.rules import Rules
from dispatch.weather.series import HOUR_S, SHANGHAI, Forecast, Hour, force
from dispatch.weather.sun import daylight

Place = tuple[float, float]
Span = tuple[int, int]
_DAY_S = 86_400


class Reason(StrEnum):
    """Why spraying is not possible."""

    NO_DATA = "no_data"
    WIND = "wind"
    GUST = "gust"
    RAIN = "rain"
    RAIN_FAST = "rain_fast"
    RAIN_UNKNOWN = "rain_unknown"
    COLD = "cold"
    HEAT = "heat"
    DRY = "dry"
    HUMID = "humid"
    NOON = "noon"
    DARK = "dark"
    SHORT = "short"


_WORDS = {
    Reason.NO_DATA: ("无气象数据", "no weather data"),
    Reason.WIND: ("风力 {amount} 级，超过 {limit} 级", "wind force {amount}, above {limit}"),
    Reason.GUST: (
        "阵风 {amount_m} m/s，超过 {limit_m}",
        "gusts of {amount_m} m/s, above {limit_m}",
    ),
    Reason.RAIN: ("有降水 {amount_mm} mm", "precipitation of {amount_mm} mm"),
    Reason.RAIN_FAST: (
        "施药后 {limit_h} 小时内有降水 {amount_mm} mm",
        "precipitation of {amount_mm} mm within {limit_h} h after spraying",
    ),
    Reason.RAIN_UNKNOWN: (
        "施药后 {limit_h} 小时内缺少降水数据",
        "no data on rain within {limit_h} h after spraying",
    ),
    Reason.COLD: ("气温 {amount_m} ℃，低于 {limit_m}", "{amount_m} °C, below {limit_m}"),
    Reason.HEAT: ("气温 {amount_m} ℃，高于 {limit_m}", "{amount_m} °C, above {limit_m}"),
    Reason.DRY: ("相对湿度 {amount}‰，低于 {limit}‰", "humidity {amount} ‰, below {limit}"),
    Reason.HUMID: ("相对湿度 {amount}‰，高于 {limit}‰", "humidity {amount} ‰, above {limit}"),
    Reason.NOON: ("中午高温停喷", "noon heat"),
    Reason.DARK: ("夜间", "dark"),
    Reason.SHORT: ("剩余窗口不足 {limit_min} 分钟", "what is left is shorter than {limit_min} min"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Closure:
    """A span closed for one reason, in seconds from midnight of the first day.

    ``amount`` broke ``limit``, in the unit of the reason: force, cm/s, µm of rain, hundredths of a
    degree, permille. After RAIN_FAST the limit is the dry seconds needed. Both are 0 where nothing
    is measured.
    """

    start_s: int
    end_s: int
    reason: Reason
    amount: int = 0
    limit: int = 0

    def sentence(self, language: str) -> str:
        """Return the reason in words, ``zh`` or ``en``."""
        words = _WORDS[self.reason][0 if language == "zh" else 1]
        return words.format(
            amount=self.amount,
            limit=self.limit,
            amount_m=f"{self.amount / 100:g}",
            limit_m=f"{self.limit / 100:g}",
            amount_mm=f"{self.amount / 1000:g}",
            limit_h=f"{self.limit / HOUR_S:g}",
            limit_min=f"{self.limit / 60:g}",
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class HourState:
    """One hour of the strip: its weather (None: no data), what closes it and what stays usable.

    ``usable`` are spans in seconds from midnight of the first day; an hour may be open in part
    (sunrise, noon). ``closures`` has one entry for each reason, cut to the hour.
    """

    start: datetime
    start_s: int
    hour: Hour | None
    closures: tuple[Closure, ...]
    usable: tuple[Span, ...]

    @property
    def open_s(self) -> int:
        """Usable seconds of the hour, 0 to 3,600."""
        return sum(end - start for start, end in self.usable)


def index(forecast: Forecast) -> dict[datetime, Hour]:
    """Return the hours of a forecast by their start; equal instants of any offset are one key."""
    return {hour.start: hour for hour in forecast.hours}


def _of_values(at_s: int, hour: Hour, rules: Rules) -> Iterator[Closure]:
    """Yield what the values of an hour close; amounts as `Closure` says."""
    limits: tuple[tuple[Reason, int | None, int | None, int], ...] = (
        (Reason.WIND, force(hour.wind_cm_per_s), rules.wind_force_max, 1),
        (Reason.GUST, hour.gust_cm_per_s, rules.gust_cm_per_s_max, 1),
        (Reason.RAIN, hour.rain_um, rules.rain_um_max, 1),
        (Reason.COLD, hour.temperature_cdeg, rules.temperature_cdeg_min, -1),
        (Reason.HEAT, hour.temperature_cdeg, rules.temperature_cdeg_max, 1),
        (Reason.DRY, hour.humidity_permille, rules.humidity_permille_min, -1),
        (Reason.HUMID, hour.humidity_permille, rules.humidity_permille_max, 1),
    )
    for reason, amount, limit, sign in limits:
        if amount is not None and limit is not None and sign * (amount - limit) > 0:
            yield Closure(
                start_s=at_s, end_s=at_s + HOUR_S, reason=reason, amount=amount, limit=limit
            )
    day_s = at_s // _DAY_S * _DAY_S
    low = max(at_s, day_s + rules.noon_start_s)
    high = min(at_s + HOUR_S, day_s + rules.noon_end_s)
    if low < high and (rules.noon_cdeg is None or hour.temperature_cdeg >= rules.noon_cdeg):
        yield Closure(start_s=low, end_s=high, reason=Reason.NOON)


def _of_later(at_s: int, hour: Hour | None, rules: Rules) -> Iterator[Closure]:
    """Yield the time before an hour in which spraying would not be rain-fast by then."""
    if not rules.rain_fast_s or (hour is not None and hour.rain_um <= rules.rain_um_max):
        return
    yield Closure(
        start_s=at_s - rules.rain_fast_s,
        end_s=at_s,
        reason=Reason.RAIN_UNKNOWN if hour is None else Reason.RAIN_FAST,
        amount=0 if hour is None else hour.rain_um,
        limit=rules.rain_fast_s,
    )


def _of_dark(day_s: int, light: tuple[Span, ...]) -> Iterator[Closure]:
    """Yield the dark spans of a day."""
    edges = [0, *(edge for span in light for edge in span), _DAY_S]
    for low, high in zip(edges[::2], edges[1::2], strict=True):
        if low < high:
            yield Closure(start_s=day_s + low, end_s=day_s + high, reason=Reason.DARK)


def closures_of_day(
    hours: Mapping[datetime, Hour], rules: Rules, first_day: date, number: int, place: Place | None
) -> list[Closure]:
    """Return everything that closes day ``number`` (0 = the first), too-short rests included."""
    midnight = datetime.combine(first_day, time(), SHANGHAI)
    day_s = number * _DAY_S
    found: list[Closure] = []
    for at_s in range(day_s, day_s + _DAY_S + rules.rain_fast_s, HOUR_S):
        hour = hours.get(midnight + timedelta(seconds=at_s))
        if at_s < day_s + _DAY_S:
            if hour is None:
                found.append(Closure(start_s=at_s, end_s=at_s + HOUR_S, reason=Reason.NO_DATA))
            else:
                found.extend(_of_values(at_s, hour, rules))
        found.extend(_of_later(at_s, hour, rules))
    if rules.daylight:
        require(
            place is not None, "places", "place", "缺少日照所需的位置", "is needed for daylight"
        )
        light = daylight(first_day + timedelta(days=number), place or (0.0, 0.0))
        found.extend(_of_dark(day_s, light))
    found = [one for one in found if one.end_s > day_s and one.start_s < day_s + _DAY_S]
    for start_s, end_s in open_spans(found, day_s):
        if end_s - start_s < rules.window_s_min:
            found.append(
                Closure(
                    start_s=start_s,
                    end_s=end_s,
                    reason=Reason.SHORT,
                    amount=end_s - start_s,
                    limit=rules.window_s_min,
                )
            )
    return found


def open_spans(closures: list[Closure], day_s: int) -> list[Span]:
    """Return what closures leave of the day that begins at ``day_s``, in order and maximal."""
    spans: list[Span] = []
    at_s = day_s
    for one in sorted(closures, key=lambda each: each.start_s):
        if one.start_s > at_s:
            spans.append((at_s, one.start_s))
        at_s = max(at_s, one.end_s)
    if at_s < day_s + _DAY_S:
        spans.append((at_s, day_s + _DAY_S))
    return spans


def strip(
    forecast: Forecast, rules: Rules, first_day: date, days: int, *, place: Place | None = None
) -> tuple[HourState, ...]:
    """Return the 24 · ``days`` hours of an area with what closes each.

    ``place`` (longitude, latitude) is needed unless the rules allow the dark. What is usable here
    is exactly what `dispatch.weather.windows` gives for the area and these rules.
    """
    require_int(days, "strip", "days", 1, 366)
    hours = index(forecast)
    midnight = datetime.combine(first_day, time(), SHANGHAI)
    states: list[HourState] = []
    for number in range(days):
        closures = closures_of_day(hours, rules, first_day, number, place)
        spans = open_spans(closures, number * _DAY_S)
        for at_s in range(number * _DAY_S, (number + 1) * _DAY_S, HOUR_S):
            start = midnight + timedelta(seconds=at_s)
            states.append(_state(start, at_s, hours.get(start), closures, spans))
    return tuple(states)


def _state(
    start: datetime, at_s: int, hour: Hour | None, closures: list[Closure], spans: list[Span]
) -> HourState:
    """Cut a day's closures and spans to one hour, one closure for each reason."""
    end_s = at_s + HOUR_S
    cut: dict[Reason, Closure] = {}
    for one in closures:
        low, high = max(one.start_s, at_s), min(one.end_s, end_s)
        if low >= high:
            continue
        if one.reason in cut:
            other = cut[one.reason]
            low, high = min(low, other.start_s), max(high, other.end_s)
            one = other  # noqa: PLW2901 - the nearest rain explains the hour best
        cut[one.reason] = Closure(
            start_s=low, end_s=high, reason=one.reason, amount=one.amount, limit=one.limit
        )
    inside = ((max(low, at_s), min(high, end_s)) for low, high in spans)
    return HourState(
        start=start,
        start_s=at_s,
        hour=hour,
        closures=tuple(cut[reason] for reason in Reason if reason in cut),
        usable=tuple((low, high) for low, high in inside if low < high),
    )


def explain_hour(
    forecast: Forecast, rules: Rules, at: datetime, *, place: Place | None = None
) -> HourState:
    """Return the state of the hour that holds the aware instant ``at``; its day counts as first."""
    require(at.utcoffset() is not None, "hour", "at", "须带时区偏移", "needs a UTC offset")
    local = at.astimezone(SHANGHAI)
    return strip(forecast, rules, local.date(), 1, place=place)[local.hour]
