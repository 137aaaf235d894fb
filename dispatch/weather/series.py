"""Hourly weather of one area: the values, their limits, and the stamp a plan carries."""

import hashlib
import json
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone

from dispatch.validation import require, require_int, require_name

SHANGHAI = timezone(timedelta(hours=8), "Asia/Shanghai")
"""Beijing time, without summer time since 1991; earlier summers are out of scope."""

HOUR_S = 3600

_FORCE_UPPER_DM_PER_S = (
    *(2, 15, 33, 54, 79, 107, 138, 171, 207),
    *(244, 284, 326, 369, 414, 461, 509, 560, 612),
)
"""Highest speed of wind forces 0 to 17 in 0.1 m/s, GB/T 28591-2012 风力等级."""


def force(wind_cm_per_s: int) -> int:
    """Return the wind force (风力等级, GB/T 28591) of a speed; 18 stands for "above 17".

    The table has one decimal of m/s; a speed between two rows counts as the higher force. So
    12 km/h (3.33 m/s) is force 3, as the standard's own column in km/h has it.
    """
    return bisect_left(_FORCE_UPPER_DM_PER_S, -(-wind_cm_per_s // 10))


@dataclass(frozen=True, slots=True, kw_only=True)
class Hour:
    """The weather of the hour that begins at ``start`` (aware, on a whole hour of Beijing time).

    ``wind_cm_per_s`` is the mean at 10 m, ``rain_um`` the precipitation of the hour, melted.
    ``gust_cm_per_s`` and ``humidity_permille`` are None where the source has none: the rules that
    concern them are then not applied. An hour without wind, rain or temperature is no `Hour`.
    """

    start: datetime
    wind_cm_per_s: int
    rain_um: int
    temperature_cdeg: int
    gust_cm_per_s: int | None = None
    humidity_permille: int | None = None

    def __post_init__(self) -> None:
        """Refuse a start without offset or off the hour, and values that no weather has."""
        subject = f"hour {self.start.isoformat()}"
        zoned = self.start.utcoffset() is not None
        require(zoned, subject, "start", "须带时区偏移", "needs a UTC offset")
        local = self.start.astimezone(SHANGHAI)
        whole = not (local.minute or local.second or local.microsecond)
        require(whole, subject, "start", "须为整点", "must be on a whole hour")
        require_int(self.wind_cm_per_s, subject, "wind_cm_per_s", 0, 12_000)
        require_int(self.rain_um, subject, "rain_um", 0, 500_000)
        require_int(self.temperature_cdeg, subject, "temperature_cdeg", -9_000, 6_500)
        if self.gust_cm_per_s is not None:
            require_int(self.gust_cm_per_s, subject, "gust_cm_per_s", 0, 15_000)
        if self.humidity_permille is not None:
            require_int(self.humidity_permille, subject, "humidity_permille", 0, 1_000)


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """The hours of one weather area from one source, in order, without repeats.

    Gaps are allowed (a station has blanks) and closed: `missing` lists them. An empty ``area_id``
    stands for the whole problem and must then be the only forecast. ``issued_at`` is when the
    source says it made the forecast, or when it was read.
    """

    area_id: str
    source: str
    issued_at: datetime
    hours: tuple[Hour, ...]

    def __post_init__(self) -> None:
        """Refuse a missing source, a time without offset, repeated and disordered hours."""
        subject = f"forecast {self.area_id}".rstrip()
        require(len(self.area_id) <= 200, subject, "area_id", "过长", "is too long")
        require_name(self.source, subject, "source")
        zoned = self.issued_at.utcoffset() is not None
        require(zoned, subject, "issued_at", "须带时区偏移", "needs a UTC offset")
        for before, after in zip(self.hours, self.hours[1:], strict=False):
            which = f"hour {after.start.isoformat()}"
            require(after.start != before.start, which, "start", "重复", "is given twice")
            require(after.start > before.start, which, "start", "顺序错误", "is out of order")

    def missing(self) -> tuple[datetime, ...]:
        """Return the starts of the hours absent between the first and the last one."""
        absent: list[datetime] = []
        for before, after in zip(self.hours, self.hours[1:], strict=False):
            at = before.start + timedelta(hours=1)
            while at < after.start:
                absent.append(at)
                at += timedelta(hours=1)
        return tuple(absent)


def stamp(forecasts: Sequence[Forecast]) -> str:
    """Return which weather a plan used: source, oldest issue and number of areas, then SHA-256.

    As in ``open-meteo@2026-07-01T08:00+08:00×3 sha256:5f0c…`` (16 hexadecimal digits over every
    value). Equal forecasts give equal stamps in any order and on any machine.
    """
    ordered = sorted(forecasts, key=lambda one: (one.area_id, one.source))
    facts = [
        [
            one.area_id,
            one.source,
            int(one.issued_at.timestamp()),
            [
                [
                    int(hour.start.timestamp()),
                    hour.wind_cm_per_s,
                    hour.gust_cm_per_s,
                    hour.rain_um,
                    hour.temperature_cdeg,
                    hour.humidity_permille,
                ]
                for hour in one.hours
            ],
        ]
        for one in ordered
    ]
    digest = hashlib.sha256(json.dumps(facts, ensure_ascii=False).encode()).hexdigest()[:16]
    heads = []
    for source in sorted({one.source for one in ordered}):
        issues = [one.issued_at.astimezone(UTC) for one in ordered if one.source == source]
        oldest = min(issues).astimezone(SHANGHAI).isoformat(timespec="minutes")
        heads.append(f"{source}@{oldest}×{len(issues)}")
    return " ".join([*heads, f"sha256:{digest}"])
