"""Made-up weather for development, the demo and tests: the same for a seed, on every machine."""

import hashlib
from datetime import datetime, timedelta

from backend.core.clock import Clock
from backend.gateways.weather.series import Forecast, Hour, Place, horizon, require_days

SOURCE = "sandbox"


class SandboxWeather:
    """Summer weather of a northern valley; an hour's values depend on seed, place and hour only.

    Calm mornings, a breeze in the afternoon that some days grows too strong, heat towards three
    o'clock, and showers of a few hours on about one day in five. Places within a tenth of a degree
    share their days. Asked again later, the hours still ahead are as they were.
    """

    def __init__(self, clock: Clock, *, seed: int = 1) -> None:
        self._clock = clock
        self._seed = seed

    async def hourly(self, place: Place, days: int) -> Forecast:
        """Return the forecast as `WeatherGateway.hourly` says; it never fails."""
        require_days(days)
        first, end = horizon(self._clock.now(), days)
        count = round((end - first) / timedelta(hours=1))
        hours = tuple(self._hour(place, first + timedelta(hours=each)) for each in range(count))
        return Forecast(source=SOURCE, place=place, issued_at=first, hours=hours)

    def _draw(self, place: Place, what: str, at: datetime, high: int) -> int:
        """Return an integer in 0 … ``high`` that depends on the arguments alone."""
        grid = f"{round(place.longitude * 10)},{round(place.latitude * 10)}"
        text = f"{self._seed}/{grid}/{what}/{at.isoformat()}"
        number = int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big")
        return number % (high + 1)

    def _hour(self, place: Place, start: datetime) -> Hour:
        """Make up one hour."""
        midnight = start.replace(hour=0)
        clock = start.hour
        warm = max(0, 10 - abs(clock - 15))
        breeze = max(0, 8 - abs(clock - 15))
        blow = 12 + self._draw(place, "blow", midnight, 60)
        wind = 60 + breeze * blow + self._draw(place, "wind", start, 60)
        shower = self._draw(place, "shower", midnight, 4) == 0
        begins = 6 + self._draw(place, "begins", midnight, 12)
        wet = shower and begins <= clock < begins + 1 + self._draw(place, "lasts", midnight, 3)
        mild = 1600 + self._draw(place, "mild", midnight, 500)
        return Hour(
            start=start,
            wind_cm_per_s=wind,
            rain_um=100 * (1 + self._draw(place, "rain", start, 40)) if wet else 0,
            temperature_cdeg=mild + 100 * warm + self._draw(place, "warm", start, 80),
            gust_cm_per_s=wind * 14 // 10 + self._draw(place, "gust", start, 80),
            humidity_permille=920 - 40 * warm + self._draw(place, "damp", start, 60),
        )
