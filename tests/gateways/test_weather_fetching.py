"""How an answer is fetched, which source an installation has, and the sandbox's made-up weather."""

import logging
import traceback
from collections import Counter
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import httpx
import pytest

from backend.core.clock import SHANGHAI, SteppedClock
from backend.core.settings import Settings, SettingsRefused
from backend.gateways.weather import (
    OpenMeteo,
    Place,
    QWeather,
    SandboxWeather,
    WeatherAnswerUnusable,
    WeatherNotRead,
    WeatherQuotaUsed,
    WeatherUnreachable,
    weather_gateway,
)
from backend.gateways.weather.fetching import BYTES_MAX
from dispatch import weather
from tests.gateways.asking import CLOCK, KEY, WUXIANG, Provider, recorded

GOOD = recorded("qweather_72h.json")


async def test_a_passing_fault_is_tried_again() -> None:
    """A 503, then a time-out, then the answer: three requests, waits of half a second and one."""
    provider = Provider(httpx.Response(503, text="busy"), httpx.ReadTimeout("late"), GOOD)
    assert (await provider.qweather().hourly(WUXIANG, 2)).hours
    assert len(provider.requests) == 3
    assert provider.waits == [0.5, 1.0]


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (httpx.Response(502), "HTTP 502"),
        (httpx.ConnectTimeout("late"), "timeout"),
        (httpx.ConnectError("refused"), "ConnectError"),
        (httpx.RemoteProtocolError("cut"), "RemoteProtocolError"),
    ],
)
async def test_a_lasting_fault_ends_after_three_tries(answer: Any, reason: str) -> None:
    """The error says the last reason and gives up."""
    provider = Provider(answer)
    with pytest.raises(WeatherUnreachable, match=reason):
        await provider.qweather().hourly(WUXIANG, 2)
    assert len(provider.requests) == 3


async def test_jitter_spreads_the_waits() -> None:
    """The injected source of 0 … 1 makes a wait half to one and a half of its length."""
    provider = Provider(httpx.Response(500))
    for draw, waits in ((0.0, [0.25, 0.5]), (1.0, [0.75, 1.5])):
        provider.waits.clear()
        fetcher = provider.fetcher("test", partial(float, draw))
        with pytest.raises(WeatherUnreachable):
            await fetcher.get("https://weather.example/", params={}, headers={})
        assert provider.waits == waits


@pytest.mark.parametrize("status", [429, 402])
async def test_a_used_quota_is_not_tried_again(status: int) -> None:
    """Asking on would only prolong the block."""
    provider = Provider(httpx.Response(status, json={"code": str(status)}))
    with pytest.raises(WeatherQuotaUsed):
        await provider.qweather().hourly(WUXIANG, 2)
    assert len(provider.requests) == 1


@pytest.mark.parametrize(
    "body",
    [
        b"<html><body>Please log in to this network</body></html>",
        b"",
        b"[]",
        b"null",
        b'"200"',
        b'{"code": "200", "hourly": [{"windSpeed": NaN}]}',
        b'{"code": "200", "x": Infinity}',
        b'{"code": "200", "code": "200"}',
        b'{"code": "200", "x": "\xff"}',
        b"[" * 100_000,
        b'{"x": ' + b"1" * 5000 + b"}",
    ],
)
async def test_what_is_not_json_is_unusable(body: bytes) -> None:
    """A captive portal's page, NaN, repeated keys, bad UTF-8 and deep nesting are one error."""
    provider = Provider(httpx.Response(200, content=body))
    with pytest.raises(WeatherAnswerUnusable, match="JSON"):
        await provider.qweather().hourly(WUXIANG, 2)
    assert len(provider.requests) == 1


async def test_a_number_beyond_all_bounds_is_unusable() -> None:
    """An exponent that decimal arithmetic cannot scale is refused, not raised through."""
    text = '{"code":"200","hourly":[{"fxTime":"2026-07-01T10:00+08:00","windSpeed":1e999999999}]}'
    with pytest.raises(WeatherAnswerUnusable, match="windSpeed is no value"):
        await Provider(httpx.Response(200, text=text)).qweather().hourly(WUXIANG, 2)


async def test_an_endless_answer_is_cut_off() -> None:
    """Reading stops at the limit."""
    provider = Provider(httpx.Response(200, content=b" " * (BYTES_MAX + 1)))
    with pytest.raises(WeatherAnswerUnusable, match="is over 2000000 bytes"):
        await provider.qweather().hourly(WUXIANG, 2)


async def test_a_redirect_is_not_followed() -> None:
    """The key would go along to another host."""
    provider = Provider(httpx.Response(302, headers={"Location": "https://elsewhere.example/"}))
    with pytest.raises(WeatherAnswerUnusable, match="code is 302"):
        await provider.qweather().hourly(WUXIANG, 2)
    assert len(provider.requests) == 1


async def test_broken_compression_is_unusable() -> None:
    """QWeather always answers gzip."""

    class Raw(httpx.AsyncByteStream):
        async def __aiter__(self) -> Any:
            yield b"this is not gzip"

    provider = Provider(httpx.Response(200, headers={"Content-Encoding": "gzip"}, stream=Raw()))
    with pytest.raises(WeatherAnswerUnusable, match="badly compressed"):
        await provider.qweather().hourly(WUXIANG, 2)


@pytest.mark.parametrize("answer", [GOOD, httpx.Response(401), httpx.ConnectError("refused")])
async def test_the_key_is_never_logged_nor_raised(
    answer: Any, caplog: pytest.LogCaptureFixture
) -> None:
    """Neither the log of any library nor the error with its causes shows the key."""
    caplog.set_level(logging.DEBUG)
    said = ""
    for gateway in (Provider(answer).qweather(), Provider(answer).open_meteo(KEY)):
        try:
            await gateway.hourly(WUXIANG, 2)
        except WeatherNotRead as error:
            said += "".join(traceback.format_exception(error))
    assert KEY not in caplog.text + said


@pytest.mark.parametrize("days", [0, -1, 15])
async def test_days_beyond_the_horizon_are_the_callers_fault(days: int) -> None:
    """All sources agree on 1 to 14, before they ask anybody."""
    provider = Provider(GOOD)
    for gateway in (provider.qweather(), provider.open_meteo(), SandboxWeather(CLOCK)):
        with pytest.raises(ValueError, match="1 to 14"):
            await gateway.hourly(WUXIANG, days)
    assert not provider.requests


@pytest.mark.parametrize("place", [(181.0, 0.0), (0.0, 91.0), (float("nan"), 0.0)])
def test_a_place_is_on_the_globe(place: tuple[float, float]) -> None:
    """NaN is nowhere."""
    with pytest.raises(ValueError, match="longitude"):
        Place(longitude=place[0], latitude=place[1])


async def test_the_sandbox_repeats_itself() -> None:
    """Same seed and hour, same weather, whenever it is asked; another seed or place differs."""
    clock = SteppedClock(datetime(2026, 7, 1, 1, 40, tzinfo=UTC))
    sandbox = SandboxWeather(clock)
    early = (await sandbox.hourly(WUXIANG, 3)).hours
    assert len(early) == 15 + 3 * 24
    clock.advance(timedelta(hours=5))
    late = (await sandbox.hourly(WUXIANG, 3)).hours
    assert late == early[5:]
    assert (await SandboxWeather(clock, seed=2).hourly(WUXIANG, 3)).hours != late
    far = Place(longitude=113.9, latitude=36.8)
    assert (await sandbox.hourly(far, 3)).hours != late


async def test_the_sandbox_has_good_and_bad_hours() -> None:
    """Over two weeks and every kind of product the made-up weather opens and closes windows."""
    made = await SandboxWeather(CLOCK).hourly(WUXIANG, 14)
    hours = tuple(weather.Hour(**asdict(one)) for one in made.hours)
    given = weather.Forecast(area_id="a", source=made.source, issued_at=made.issued_at, hours=hours)
    place = (WUXIANG.longitude, WUXIANG.latitude)
    first = CLOCK.today()
    for rules in weather.catalogue().values():
        states = weather.strip(given, rules, first, 14, place=place)
        open_h = sum(one.open_s for one in states) / 3600
        assert 14 * 2 < open_h < 14 * 13
        seen = Counter(each.reason for one in states for each in one.closures)
        assert {weather.Reason.WIND, weather.Reason.RAIN, weather.Reason.DARK} <= set(seen)


async def test_every_source_fits_the_dispatchers_hours() -> None:
    """The field names and units are those of `dispatch.weather`: one line converts."""
    open_meteo = recorded("open_meteo.json")
    for gateway in (Provider(GOOD).qweather(), Provider(open_meteo).open_meteo()):
        made = await gateway.hourly(WUXIANG, 2)
        hours = tuple(weather.Hour(**asdict(one)) for one in made.hours)
        given = weather.Forecast(
            area_id="a", source=made.source, issued_at=made.issued_at, hours=hours
        )
        assert given.hours[0].start.tzinfo is SHANGHAI
        assert given.missing() == ()


def test_settings_choose_the_source() -> None:
    """The sandbox in development, none in production unless it is named."""
    assert isinstance(weather_gateway(Settings(), CLOCK), SandboxWeather)
    made = Settings.from_environment({"TGJ_WEATHER_GATEWAY": "open-meteo"})
    assert isinstance(weather_gateway(made, CLOCK), OpenMeteo)
    environ = {
        "TGJ_WEATHER_GATEWAY": "qweather",
        "TGJ_WEATHER_HOST": "abc.qweatherapi.com",
        "TGJ_WEATHER_KEY": KEY,
    }
    made = Settings.from_environment(environ)
    assert isinstance(weather_gateway(made, CLOCK), QWeather)
    assert KEY not in repr(made)
    assert weather_gateway(Settings(weather_gateway="off"), CLOCK) is None


PRODUCTION = {
    "TGJ_ENVIRONMENT": "production",
    "TGJ_DATABASE_URL": "postgresql://db/tgj",
    "TGJ_MASTER_KEY": "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=",
    "TGJ_TOKEN_KEY": "MTEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=",
    "TGJ_SMS_GATEWAY": "http",
    "TGJ_SMS_URL": "https://sms.example/",
}


def test_production_has_no_made_up_weather() -> None:
    """Unnamed it is off, and the sandbox is refused."""
    assert Settings.from_environment(PRODUCTION).weather_gateway == "off"
    with pytest.raises(SettingsRefused, match="TGJ_WEATHER_GATEWAY: production"):
        Settings.from_environment(PRODUCTION | {"TGJ_WEATHER_GATEWAY": "sandbox"})


@pytest.mark.parametrize(
    ("environ", "said"),
    [
        ({"TGJ_WEATHER_GATEWAY": "oracle"}, "is one of off, sandbox, qweather, open-meteo"),
        ({"TGJ_WEATHER_GATEWAY": "qweather"}, "QWeather needs both"),
        ({"TGJ_WEATHER_KEY_ID": "K"}, "a token needs both"),
    ],
)
def test_half_a_source_is_refused(environ: dict[str, str], said: str) -> None:
    """The message names the variables."""
    with pytest.raises(SettingsRefused, match=said):
        Settings.from_environment(environ)
