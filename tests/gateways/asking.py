"""Weather gateways that talk to recorded answers instead of a network."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx

from backend.core.clock import SteppedClock
from backend.gateways.weather import ApiKey, Fetcher, OpenMeteo, Place, QWeather

RECORDED = Path(__file__).parent / "recorded"
WUXIANG = Place(longitude=112.8634, latitude=36.8365)
NOW = datetime(2026, 7, 1, 1, 40, tzinfo=UTC)
"""09:40 in Shanghai."""
CLOCK = SteppedClock(NOW)
KEY = "a-key-that-nobody-may-see"

Answer = httpx.Response | Exception


def recorded(name: str) -> Any:
    """A recorded answer as JSON values."""
    return json.loads((RECORDED / name).read_text(encoding="utf-8"))


class Provider:
    """Gives its answers in turn, the last one for ever; keeps requests and the waits between."""

    def __init__(self, *answers: Answer | Any) -> None:
        self.requests: list[httpx.Request] = []
        self.waits: list[float] = []
        self._answers = list(answers)

    def _handle(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        answer = self._answers[0] if len(self._answers) == 1 else self._answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer if isinstance(answer, httpx.Response) else httpx.Response(200, json=answer)

    async def _sleep(self, seconds: float) -> None:
        self.waits.append(seconds)

    def fetcher(self, source: str, jitter: Callable[[], float] = lambda: 0.5) -> Fetcher:
        """A fetcher that asks this provider."""
        client = httpx.AsyncClient(transport=httpx.MockTransport(self._handle))
        return Fetcher(source, client=client, jitter=jitter, sleep=self._sleep)

    def qweather(self) -> QWeather:
        """QWeather as this provider."""
        host = "abc123.def.qweatherapi.com"
        return QWeather(host, ApiKey(KEY), CLOCK, fetcher=self.fetcher("qweather"))

    def open_meteo(self, key: str = "") -> OpenMeteo:
        """Open-Meteo as this provider."""
        return OpenMeteo(CLOCK, key=key, fetcher=self.fetcher("open-meteo"))
