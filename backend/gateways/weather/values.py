"""From a provider's numbers and times to the internal units, refusing what cannot be."""

import itertools
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Literal

from backend.core.clock import SHANGHAI
from backend.gateways.weather.fetching import Fetcher
from backend.gateways.weather.series import Hour

_NUMBER = re.compile(r"-?\d{1,9}(\.\d{1,9})?")

Quantity = Literal["kmh", "m_per_s", "mm", "celsius", "percent"]

_SCALE: dict[Quantity, tuple[Decimal, int, int]] = {
    "kmh": (Decimal(250) / 9, 0, 15_000),
    "m_per_s": (Decimal(100), 0, 15_000),
    "mm": (Decimal(1000), 0, 500_000),
    "celsius": (Decimal(100), -9_000, 6_500),
    "percent": (Decimal(10), 0, 1_000),
}
"""Factor to the internal unit, and the least and greatest value that weather has in it."""


@dataclass(frozen=True, slots=True)
class Reader:
    """Reads the values of one provider's answer; every refusal names field and hour."""

    fetcher: Fetcher

    def number(self, value: Any, quantity: Quantity, where: str) -> int | None:
        """Return a value in the internal unit, rounded half up; None for null and "".

        Numbers may come as JSON numbers or as strings of plain decimals.
        """
        if value is None or value == "":
            return None
        if isinstance(value, str) and _NUMBER.fullmatch(value):
            value = Decimal(value)
        if isinstance(value, bool) or not isinstance(value, int | Decimal):
            raise self.fetcher.unusable(where, "不是数字", "is no number")
        factor, low, high = _SCALE[quantity]
        plain = Decimal(value)
        scaled = plain * factor if plain.adjusted() < 10 else None
        if scaled is None or not low <= scaled <= high:
            raise self.fetcher.unusable(where, "数值不可能", "is no value that weather has")
        return int(scaled.quantize(Decimal(1), rounding=ROUND_HALF_UP))

    def instant(self, value: Any, where: str, *, offset_s: int | None = None) -> datetime:
        """Return an ISO 8601 time in Beijing time.

        Without ``offset_s`` the text must carry its own offset; with it, it must not.
        """
        try:
            at = datetime.fromisoformat(value)
        except (TypeError, ValueError):
            raise self.fetcher.unusable(where, "不是时间", "is no time") from None
        if (at.tzinfo is None) == (offset_s is None):
            raise self.fetcher.unusable(where, "时区偏移不明", "has no clear UTC offset")
        if offset_s is not None:
            at = at.replace(tzinfo=timezone(timedelta(seconds=offset_s)))
        try:
            return at.astimezone(SHANGHAI)
        except OverflowError:
            raise self.fetcher.unusable(where, "不是时间", "is no time") from None

    def whole_hour(self, value: Any, where: str, *, offset_s: int | None = None) -> datetime:
        """Return the `instant` of an hour's start, refusing half hours."""
        at = self.instant(value, where, offset_s=offset_s)
        if at.minute or at.second or at.microsecond:
            raise self.fetcher.unusable(where, "不是整点", "is not on a whole hour")
        return at

    def rising(self, starts: list[datetime], where: str) -> None:
        """Refuse hours that repeat or run backwards."""
        for number, (before, after) in enumerate(itertools.pairwise(starts), start=1):
            if after <= before:
                at = f"{where}[{number}]"
                raise self.fetcher.unusable(at, "重复或顺序错误", "is repeated or out of order")

    def ahead(
        self, hours: Iterable[Hour | None], span: tuple[datetime, datetime]
    ) -> tuple[Hour, ...]:
        """Keep the hours with data that begin within ``span``; refuse when none is left."""
        kept = tuple(one for one in hours if one is not None and span[0] <= one.start < span[1])
        if not kept:
            zh, en = "没有未来的小时", "has no hour ahead of now"
            raise self.fetcher.unusable("hourly", zh, en)
        return kept


def made_hour(
    start: datetime,
    wind: int | None,
    rain: int | None,
    temperature: int | None,
    gust: int | None,
    humidity: int | None,
) -> Hour | None:
    """Return the hour, None when wind, rain or temperature is not known."""
    if wind is None or rain is None or temperature is None:
        return None
    return Hour(
        start=start,
        wind_cm_per_s=wind,
        rain_um=rain,
        temperature_cdeg=temperature,
        gust_cm_per_s=gust,
        humidity_permille=humidity,
    )
