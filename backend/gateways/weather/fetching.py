"""One GET of a JSON document: time limits, few retries, bounded size, strict parsing.

Keys travel in headers only, since httpx logs every URL; errors carry no request.
"""

import asyncio
import json
import random
from collections.abc import Awaitable, Callable, Mapping
from decimal import Decimal
from typing import Any, NoReturn

import httpx

from backend.gateways.weather.errors import (
    WeatherAnswerUnusable,
    WeatherKeyRefused,
    WeatherQuotaUsed,
    WeatherUnreachable,
)

TRIES_MAX = 3
BYTES_MAX = 2_000_000
TOTAL_S = 15.0
_TIMEOUT = httpx.Timeout(5)


class _TooLarge(Exception):
    """The answer passed `BYTES_MAX`."""


def _constant(name: str) -> NoReturn:
    """Refuse NaN and Infinity, which JSON does not have."""
    raise ValueError(name)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Refuse an object with one key twice: which value holds would be a guess."""
    made = dict(pairs)
    if len(made) != len(pairs):
        raise ValueError("a key is repeated")
    return made


class Fetcher:
    """Reads one provider. ``jitter`` gives numbers in 0 … 1, ``sleep`` waits: both for tests.

    A time-out, a broken connection and a 5xx are tried again, at most `TRIES_MAX` times, after
    about 0.5 s and 1 s (half to one and a half of it); one try may last `TOTAL_S`.
    """

    def __init__(
        self,
        source: str,
        *,
        client: httpx.AsyncClient | None = None,
        jitter: Callable[[], float] | None = None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self.source = source
        self._client = client or httpx.AsyncClient(timeout=_TIMEOUT)
        self._jitter = jitter or random.SystemRandom().random
        self._sleep = sleep

    async def aclose(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    def unusable(self, where: str, zh: str, en: str) -> WeatherAnswerUnusable:
        """Return the error for an answer that cannot be used."""
        return WeatherAnswerUnusable(source=self.source, where=where, zh=zh, en=en)

    async def get(
        self, url: str, *, params: Mapping[str, str], headers: Mapping[str, str]
    ) -> dict[str, Any]:
        """Return the JSON object at a URL; numbers with a point or exponent are `Decimal`.

        Raises `WeatherUnreachable`, `WeatherKeyRefused` (401, 403), `WeatherQuotaUsed` (402, 429)
        and `WeatherAnswerUnusable` (any other status, too large, not JSON, not an object).
        """
        reason = ""
        for number in range(TRIES_MAX):
            if number:
                await self._sleep(0.5 * 2 ** (number - 1) * (0.5 + self._jitter()))
            try:
                async with asyncio.timeout(TOTAL_S):
                    status, body = await self._once(url, params, headers)
            except (TimeoutError, httpx.TimeoutException):
                reason = "timeout"
            except httpx.TransportError as error:
                reason = type(error).__name__
            except _TooLarge:
                raise self.unusable("body", "过大", f"is over {BYTES_MAX} bytes") from None
            except httpx.DecodingError:
                raise self.unusable("body", "压缩损坏", "is badly compressed") from None
            else:
                if status < 500:
                    return self._document(status, body)
                reason = f"HTTP {status}"
        raise WeatherUnreachable(source=self.source, reason=reason)

    async def _once(
        self, url: str, params: Mapping[str, str], headers: Mapping[str, str]
    ) -> tuple[int, bytes]:
        """Ask once; return status and body."""
        async with self._client.stream("GET", url, params=params, headers=headers) as response:
            body = bytearray()
            async for chunk in response.aiter_bytes():
                body += chunk
                if len(body) > BYTES_MAX:
                    raise _TooLarge
            return response.status_code, bytes(body)

    def _document(self, status: int, body: bytes) -> dict[str, Any]:
        """Turn status and body into the document or the error that fits."""
        self.refuse_code(str(status))
        try:
            document = json.loads(
                body.decode("utf-8"),
                parse_float=Decimal,
                parse_constant=_constant,
                object_pairs_hook=_object,
            )
        except (ValueError, RecursionError):
            raise self.unusable("body", "不是 JSON", "is not JSON") from None
        if not isinstance(document, dict):
            raise self.unusable("body", "不是 JSON 对象", "is not a JSON object")
        return document

    def refuse_code(self, code: str) -> None:
        """Raise what a status stands for unless it is 200; also for codes inside an answer."""
        if code in {"401", "403"}:
            raise WeatherKeyRefused(source=self.source, reason=code)
        if code in {"402", "429"}:
            raise WeatherQuotaUsed(source=self.source)
        if len(code) == 3 and code.startswith("5"):
            raise WeatherUnreachable(source=self.source, reason=code)
        if code != "200":
            raise self.unusable("code", f"为 {code[:20]}", f"is {code[:20]}")
