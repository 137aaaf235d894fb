"""What every weather source gives: hours of one place in one set of units, and the protocol."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from backend.core.clock import SHANGHAI

DAYS_MAX = 14


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where the weather is asked for: WGS 84 degrees."""

    longitude: float
    latitude: float

    def __post_init__(self) -> None:
        """Refuse a place off the globe (NaN included): a fault of the caller."""
        if not (abs(self.longitude) <= 180 and abs(self.latitude) <= 90):
            raise ValueError("a place has a longitude within 180 and a latitude within 90 degrees")


@dataclass(frozen=True, slots=True, kw_only=True)
class Hour:
    """The weather of the hour that begins at ``start`` (aware, Beijing time, on the hour).

    ``wind_cm_per_s`` is the mean at 10 m, ``rain_um`` the melted precipitation within the hour.
    """

    start: datetime
    wind_cm_per_s: int
    rain_um: int
    temperature_cdeg: int
    gust_cm_per_s: int | None = None
    humidity_permille: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """The hours from the present one on, in order; an hour the source has no values for is absent.

    ``issued_at`` is the source's time of issue, or of reading where it states none.
    """

    source: str
    place: Place
    issued_at: datetime
    hours: tuple[Hour, ...]


class WeatherGateway(Protocol):
    """A source of hourly forecasts."""

    async def hourly(self, place: Place, days: int) -> Forecast:
        """Return the forecast from now to the end of day ``days`` (1 = today) and a day beyond.

        The day beyond tells whether a spraying late on the last day is rain-fast. A source that
        does not see so far gives fewer hours. Raises a `WeatherNotRead`, and ValueError for days
        that are not 1 to 14.
        """
        ...


def require_days(days: int) -> None:
    """Raise ValueError for days that are not 1 to 14, a fault of the caller."""
    if not 1 <= days <= DAYS_MAX:
        raise ValueError(f"days are 1 to {DAYS_MAX}")


def horizon(now: datetime, days: int) -> tuple[datetime, datetime]:
    """Return the start of the present hour and the end of the day after day ``days``."""
    local = now.astimezone(SHANGHAI)
    first = local.replace(minute=0, second=0, microsecond=0)
    return first, first.replace(hour=0) + timedelta(days=days + 1)
