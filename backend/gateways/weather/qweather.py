"""QWeather (和风天气): the city hourly forecast of its Web API, ``/v7/weather/{24h,72h,168h}``.

The numbers are strings, wind is km/h at 10 m, precipitation mm, gusts are not given. An answer with
HTTP 200 may still be a refusal: its ``code`` says. Each project has a host of its own. Newer parts
of the service answer refusals with HTTP 4xx and an ``error`` object instead.
Documentation: dev.qweather.com/docs/api/weather/weather-hourly-forecast. The provider announces a
successor of this path without a date.
"""

import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Protocol

import jwt

from backend.core.clock import Clock
from backend.gateways.weather.fetching import Fetcher
from backend.gateways.weather.series import Forecast, Hour, Place, horizon, require_days
from backend.gateways.weather.values import Reader, made_hour

SOURCE = "qweather"
_HOST = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)+")


class Credential(Protocol):
    """What a request shows to be let in."""

    def headers(self, now: datetime) -> dict[str, str]:
        """Return the headers for a request made at ``now``."""
        ...


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A project's API KEY."""

    key: str = field(repr=False)

    def headers(self, now: datetime) -> dict[str, str]:  # noqa: ARG002 - a key has no time
        """Return the key in its header."""
        return {"X-QW-Api-Key": self.key}


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedToken:
    """A JWT signed with the project's Ed25519 key (PEM), valid for a quarter of an hour.

    It is dated half a minute back, as the provider advises, for clocks that differ.
    """

    project_id: str
    key_id: str
    private_key: str = field(repr=False)

    def headers(self, now: datetime) -> dict[str, str]:
        """Return a fresh token as a bearer's."""
        issued = int((now - timedelta(seconds=30)).timestamp())
        claims = {"sub": self.project_id, "iat": issued, "exp": issued + 900}
        token = jwt.encode(claims, self.private_key, "EdDSA", headers={"kid": self.key_id})
        return {"Authorization": f"Bearer {token}"}


class QWeather:
    """Forecasts of QWeather; seven days at most, so a long ``days`` is answered in part."""

    def __init__(
        self, host: str, credential: Credential, clock: Clock, *, fetcher: Fetcher | None = None
    ) -> None:
        if not _HOST.fullmatch(host):
            raise ValueError("the QWeather host is a bare host name, as in abc.qweatherapi.com")
        self._url = f"https://{host}/v7/weather/"
        self._credential = credential
        self._clock = clock
        self._fetcher = fetcher or Fetcher(SOURCE)
        self._read = Reader(self._fetcher)

    async def hourly(self, place: Place, days: int) -> Forecast:
        """Return the forecast as `WeatherGateway.hourly` says."""
        require_days(days)
        now = self._clock.now()
        span = horizon(now, days)
        needed_h = (span[1] - span[0]) / timedelta(hours=1)
        document = await self._fetcher.get(
            self._url + ("72h" if needed_h <= 72 else "168h"),
            params={
                "location": f"{place.longitude:.2f},{place.latitude:.2f}",
                "unit": "m",
                "lang": "zh",
            },
            headers=self._credential.headers(now),
        )
        self._fetcher.refuse_code(str(document.get("code")))
        rows = document.get("hourly")
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            raise self._fetcher.unusable("hourly", "不是小时列表", "is no list of hours")
        starts = [
            self._read.whole_hour(row.get("fxTime"), f"hourly[{number}].fxTime")
            for number, row in enumerate(rows)
        ]
        self._read.rising(starts, "hourly")
        hours = [
            self._hour(row, start, number)
            for number, (row, start) in enumerate(zip(rows, starts, strict=True))
        ]
        return Forecast(
            source=SOURCE,
            place=place,
            issued_at=self._read.instant(document.get("updateTime"), "updateTime"),
            hours=self._read.ahead(hours, span),
        )

    def _hour(self, row: dict[str, Any], start: datetime, number: int) -> Hour | None:
        """Read one hour."""
        where = f"hourly[{number}]"
        read = self._read.number
        return made_hour(
            start,
            read(row.get("windSpeed"), "kmh", f"{where}.windSpeed"),
            read(row.get("precip"), "mm", f"{where}.precip"),
            read(row.get("temp"), "celsius", f"{where}.temp"),
            None,
            read(row.get("humidity"), "percent", f"{where}.humidity"),
        )
