"""Open-Meteo: ``/v1/forecast?hourly=…``, with the units asked for and verified in the answer.

Wind speed and temperature are the values at the stated hour; precipitation and gusts belong to the
hour *before* it ("preceding hour" in the documentation, open-meteo.com/en/docs). So the hour from
15:00 takes its wind from the row 15:00, and its rain and gusts from the row 16:00. The public host
is for non-commercial use; customers have a host and key of their own. Data are CC BY 4.0.
"""

from datetime import datetime, timedelta
from typing import Any

from backend.core.clock import Clock
from backend.gateways.weather.fetching import Fetcher
from backend.gateways.weather.series import Forecast, Hour, Place, horizon, require_days
from backend.gateways.weather.values import Quantity, Reader, made_hour

SOURCE = "open-meteo"
PUBLIC_HOST = "api.open-meteo.com"
DAYS_MAX = 16

_UNITS = {
    "time": "iso8601",
    "temperature_2m": "°C",
    "relative_humidity_2m": "%",
    "precipitation": "mm",
    "wind_speed_10m": "m/s",
    "wind_gusts_10m": "m/s",
}
_QUANTITIES: dict[str, Quantity] = {
    "temperature_2m": "celsius",
    "relative_humidity_2m": "percent",
    "precipitation": "mm",
    "wind_speed_10m": "m_per_s",
    "wind_gusts_10m": "m_per_s",
}


class OpenMeteo:
    """Forecasts of Open-Meteo, or of a server of one's own that runs its open code."""

    def __init__(
        self,
        clock: Clock,
        *,
        host: str = PUBLIC_HOST,
        key: str = "",
        fetcher: Fetcher | None = None,
    ) -> None:
        self._url = f"https://{host}/v1/forecast"
        self._headers = {"X-Api-Key": key} if key else {}
        self._clock = clock
        self._fetcher = fetcher or Fetcher(SOURCE)
        self._read = Reader(self._fetcher)

    async def hourly(self, place: Place, days: int) -> Forecast:
        """Return the forecast as `WeatherGateway.hourly` says.

        The source states no time of issue: ``issued_at`` is when it was read.
        """
        require_days(days)
        now = self._clock.now()
        document = await self._fetcher.get(
            self._url,
            params={
                "latitude": f"{place.latitude:.4f}",
                "longitude": f"{place.longitude:.4f}",
                "hourly": ",".join(_QUANTITIES),
                "temperature_unit": "celsius",
                "wind_speed_unit": "ms",
                "precipitation_unit": "mm",
                "timeformat": "iso8601",
                "timezone": "Asia/Shanghai",
                "forecast_days": str(min(days + 2, DAYS_MAX)),
            },
            headers=self._headers,
        )
        self._refuse_units(document.get("hourly_units"))
        starts, columns = self._columns(document)
        hours = [
            self._hour(starts, columns, number)
            for number in range(len(starts) - 1)
            if starts[number + 1] == starts[number] + timedelta(hours=1)
        ]
        return Forecast(
            source=SOURCE,
            place=place,
            issued_at=now,
            hours=self._read.ahead(hours, horizon(now, days)),
        )

    def _refuse_units(self, units: Any) -> None:
        """Refuse an answer that is not in exactly the units asked for."""
        if not isinstance(units, dict):
            raise self._fetcher.unusable("hourly_units", "缺失", "is absent")
        for name, unit in _UNITS.items():
            if units.get(name) != unit:
                where, said = f"hourly_units.{name}", str(units.get(name))[:20]
                raise self._fetcher.unusable(
                    where, f"为 {said}，应为 {unit}", f"is {said}, not {unit}"
                )

    def _columns(self, document: dict[str, Any]) -> tuple[list[datetime], dict[str, list[Any]]]:
        """Return the hours' starts and the columns of values, all equally long."""
        offset_s = document.get("utc_offset_seconds")
        if type(offset_s) is not int or abs(offset_s) > 14 * 3600:
            zh, en = "不是时区偏移", "is no UTC offset"
            raise self._fetcher.unusable("utc_offset_seconds", zh, en)
        hourly = document.get("hourly")
        if not isinstance(hourly, dict):
            raise self._fetcher.unusable("hourly", "缺失", "is absent")
        columns: dict[str, list[Any]] = {}
        for name in _UNITS:
            values = hourly.get(name)
            if not isinstance(values, list) or len(values) != len(hourly.get("time") or ()):
                zh, en = "长度与 time 不符", "is not as long as time"
                raise self._fetcher.unusable(f"hourly.{name}", zh, en)
            columns[name] = values
        starts = [
            self._read.whole_hour(value, f"hourly.time[{number}]", offset_s=offset_s)
            for number, value in enumerate(columns["time"])
        ]
        self._read.rising(starts, "hourly.time")
        return starts, columns

    def _hour(
        self, starts: list[datetime], columns: dict[str, list[Any]], number: int
    ) -> Hour | None:
        """Read the hour between rows ``number`` and ``number + 1``."""

        def read(name: str, row: int) -> int | None:
            where = f"hourly.{name}[{row}]"
            return self._read.number(columns[name][row], _QUANTITIES[name], where)

        return made_hour(
            starts[number],
            read("wind_speed_10m", number),
            read("precipitation", number + 1),
            read("temperature_2m", number),
            read("wind_gusts_10m", number + 1),
            read("relative_humidity_2m", number),
        )
