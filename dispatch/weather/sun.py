"""Daylight at a place: NOAA's general solar position formulas, good to about two minutes."""

import math
from datetime import date, timedelta

from dispatch.weather.series import SHANGHAI

_DAY_S = 86_400
_ZENITH = math.radians(90.833)
"""The sun's upper edge on the horizon, refraction included."""


def _arc_s(day: date, longitude: float, latitude: float) -> tuple[int, int] | None:
    """Return sunrise and sunset in seconds from Beijing midnight of ``day``; None in polar night.

    May lie outside the day for places far from the meridian of the clock.
    """
    angle = 2 * math.pi / 365.25 * (day.timetuple().tm_yday - 0.5)
    equation_min = 229.18 * (
        0.000075
        + 0.001868 * math.cos(angle)
        - 0.032077 * math.sin(angle)
        - 0.014615 * math.cos(2 * angle)
        - 0.040849 * math.sin(2 * angle)
    )
    declination = (
        0.006918
        - 0.399912 * math.cos(angle)
        + 0.070257 * math.sin(angle)
        - 0.006758 * math.cos(2 * angle)
        + 0.000907 * math.sin(2 * angle)
        - 0.002697 * math.cos(3 * angle)
        + 0.00148 * math.sin(3 * angle)
    )
    tilt = math.radians(max(-89.999, min(89.999, latitude)))
    cosine = math.cos(_ZENITH) / (math.cos(tilt) * math.cos(declination))
    cosine -= math.tan(tilt) * math.tan(declination)
    if cosine >= 1:
        return None
    # In a polar day the noons of two days drift by seconds: an hour more leaves no crack between.
    half_min = 4 * math.degrees(math.acos(cosine)) if cosine > -1 else 780
    offset_min = SHANGHAI.utcoffset(None).total_seconds() / 60
    noon_min = 720 - 4 * longitude - equation_min + offset_min
    return math.ceil((noon_min - half_min) * 60), math.floor((noon_min + half_min) * 60)


def daylight(day: date, place: tuple[float, float]) -> tuple[tuple[int, int], ...]:
    """Return the spans between sunrise and sunset within a day, in seconds from its midnight.

    ``place`` is (longitude, latitude) in degrees, the clock is Beijing time. One span in China;
    none in a polar night; two where the clock's midnight falls into the light.
    """
    spans: list[tuple[int, int]] = []
    for shift in (-1, 0, 1):
        arc = _arc_s(day + timedelta(days=shift), *place)
        if arc is None:
            continue
        low = max(0, arc[0] + shift * _DAY_S)
        high = min(_DAY_S, arc[1] + shift * _DAY_S)
        if low >= high:
            continue
        if spans and low <= spans[-1][1]:
            spans[-1] = (spans[-1][0], max(high, spans[-1][1]))
        else:
            spans.append((low, high))
    return tuple(spans)
