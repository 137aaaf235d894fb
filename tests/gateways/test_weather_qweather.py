"""QWeather's strings in km/h become integers in cm/s, and nothing doubtful passes."""

from datetime import datetime, timedelta
from typing import Any

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from backend.core.clock import SHANGHAI
from backend.gateways.weather import (
    ApiKey,
    Hour,
    QWeather,
    SignedToken,
    WeatherAnswerUnusable,
    WeatherKeyRefused,
    WeatherNotRead,
    WeatherQuotaUsed,
    WeatherUnreachable,
)
from tests.gateways.asking import CLOCK, KEY, NOW, WUXIANG, Provider, recorded


def document(**changed: Any) -> Any:
    """The recorded answer with fields of its first hour changed; None leaves a field out."""
    made = recorded("qweather_72h.json")
    row = {**made["hourly"][0], **changed}
    made["hourly"][0] = {name: value for name, value in row.items() if value is not None}
    return made


async def first(answer: Any) -> Hour:
    """The first hour of an answer."""
    return (await Provider(answer).qweather().hourly(WUXIANG, 2)).hours[0]


async def test_the_recorded_answer_is_read() -> None:
    """Hours from ten o'clock on, in order, in the internal units; gusts are not given."""
    provider = Provider(document())
    made = await provider.qweather().hourly(WUXIANG, 2)
    assert made.source == "qweather"
    assert made.issued_at == datetime(2026, 7, 1, 9, 35, tzinfo=SHANGHAI)
    assert made.hours[0] == Hour(
        start=datetime(2026, 7, 1, 10, tzinfo=SHANGHAI),
        wind_cm_per_s=333,
        rain_um=0,
        temperature_cdeg=2300,
        humidity_permille=700,
    )
    assert [one.rain_um for one in made.hours[26:31]] == [0, 1400, 1400, 1400, 0]
    assert made.hours[-1].start == datetime(2026, 7, 3, 23, tzinfo=SHANGHAI)


async def test_the_request_is_what_the_documentation_asks() -> None:
    """The project's own host, longitude first with two decimals, metric; the key in its header."""
    provider = Provider(document())
    await provider.qweather().hourly(WUXIANG, 2)
    (request,) = provider.requests
    assert request.url.host == "abc123.def.qweatherapi.com"
    assert request.url.path == "/v7/weather/72h"
    assert dict(request.url.params) == {"location": "112.86,36.84", "unit": "m", "lang": "zh"}
    assert request.headers["X-QW-Api-Key"] == KEY
    assert KEY not in str(request.url)


async def test_a_longer_horizon_asks_for_a_week() -> None:
    """Three days and the one beyond are more than 72 hours; what is not given is simply absent."""
    provider = Provider(document())
    made = await provider.qweather().hourly(WUXIANG, 3)
    assert provider.requests[0].url.path == "/v7/weather/168h"
    assert len(made.hours) == 72


@pytest.mark.parametrize(
    ("kmh", "cm_per_s"), [("0", 0), ("12", 333), ("19", 528), ("20", 556), ("36", 1000), (20, 556)]
)
async def test_wind_is_kmh(kmh: object, cm_per_s: int) -> None:
    """36 km/h are 10 m/s: taken for m/s, every hour would be closed; numbers pass like strings."""
    assert (await first(document(windSpeed=kmh))).wind_cm_per_s == cm_per_s


@pytest.mark.parametrize(("text", "rain_um"), [("0.0", 0), ("0.05", 50), ("12.7", 12_700)])
async def test_precipitation_is_a_string_of_mm(text: str, rain_um: int) -> None:
    """The string "0.0" is dry, though true to Python, and "0.05" is not."""
    assert (await first(document(precip=text))).rain_um == rain_um


@pytest.mark.parametrize("name", ["windSpeed", "precip", "temp"])
@pytest.mark.parametrize("blank", [None, ""])
async def test_an_hour_without_a_value_is_absent(name: str, blank: str | None) -> None:
    """Missing wind is not calm and missing rain not dry: the hour is left out."""
    assert (await first(document(**{name: blank}))).start.hour == 11


async def test_missing_humidity_leaves_the_hour() -> None:
    """Humidity may be absent."""
    assert (await first(document(humidity=""))).humidity_permille is None


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"windSpeed": "NaN"}, r"hourly\[0\].windSpeed is no number"),
        ({"windSpeed": "3-4"}, "windSpeed is no number"),
        ({"windSpeed": "1e3"}, "windSpeed is no number"),
        ({"windSpeed": "-5"}, "windSpeed is no value that weather has"),
        ({"windSpeed": "999"}, "windSpeed is no value"),
        ({"temp": "71"}, "temp is no value"),
        ({"temp": True}, "temp is no number"),
        ({"humidity": "130"}, "humidity is no value"),
        ({"precip": ["0"]}, "precip is no number"),
        ({"fxTime": "2026-07-01T10:30+08:00"}, "fxTime is not on a whole hour"),
        ({"fxTime": "2026-07-01T10:00"}, "fxTime has no clear UTC offset"),
        ({"fxTime": "soon"}, "fxTime is no time"),
        ({"fxTime": 1782871200}, "fxTime is no time"),
        ({"fxTime": "2026-07-01T11:00+08:00"}, r"hourly\[1\] is repeated or out of order"),
        ({"fxTime": "2026-07-01T13:00+08:00"}, "out of order"),
    ],
)
async def test_doubtful_values_refuse_the_answer(changed: dict[str, Any], said: str) -> None:
    """The message names field and hour; nothing of such an answer is used."""
    with pytest.raises(WeatherAnswerUnusable, match=said) as caught:
        await first(document(**changed))
    assert caught.value.sentence("zh").startswith("qweather天气服务的答复不可用：hourly[")


@pytest.mark.parametrize("text", ["2026-07-01T02:00+00:00", "2026-07-01T02:00Z"])
async def test_the_offset_is_honoured(text: str) -> None:
    """Ten o'clock in Shanghai, written in UTC, is the same hour and reads in Beijing time."""
    hour = await first(document(fxTime=text))
    assert hour.start.isoformat() == "2026-07-01T10:00:00+08:00"


async def test_past_hours_are_dropped() -> None:
    """An hour that is over is not handed on; the running one is."""
    made = document(fxTime="2026-07-01T08:00+08:00")
    made["hourly"][1]["fxTime"] = "2026-07-01T09:00+08:00"
    assert (await first(made)).start.hour == 9
    for number, row in enumerate(made["hourly"]):
        at = datetime(2026, 6, 20, tzinfo=SHANGHAI) + timedelta(hours=number)
        row["fxTime"] = at.isoformat()
    with pytest.raises(WeatherAnswerUnusable, match="has no hour ahead"):
        await first(made)


@pytest.mark.parametrize(
    ("code", "error"),
    [
        ("204", WeatherAnswerUnusable),
        ("400", WeatherAnswerUnusable),
        ("401", WeatherKeyRefused),
        ("402", WeatherQuotaUsed),
        ("403", WeatherKeyRefused),
        ("404", WeatherAnswerUnusable),
        ("429", WeatherQuotaUsed),
        ("500", WeatherUnreachable),
        (None, WeatherAnswerUnusable),
    ],
)
async def test_http_200_with_another_code_is_a_refusal(
    code: str | None, error: type[WeatherNotRead]
) -> None:
    """The code field decides, and is not tried again."""
    provider = Provider({"code": code} if code else {})
    with pytest.raises(error):
        await provider.qweather().hourly(WUXIANG, 2)
    assert len(provider.requests) == 1


async def test_the_newer_error_object_is_a_refusal() -> None:
    """A wrong host comes as HTTP 403 with an error object."""
    provider = Provider(httpx.Response(403, json=recorded("qweather_error_v2.json")))
    with pytest.raises(WeatherKeyRefused, match="403"):
        await provider.qweather().hourly(WUXIANG, 2)


@pytest.mark.parametrize("rows", [None, {}, "none", [], [1], [[]]])
async def test_an_answer_without_hours_is_refused(rows: object) -> None:
    """No list, an empty list and a list of anything else are unusable, not a crash."""
    made = document() | {"hourly": rows}
    with pytest.raises(WeatherAnswerUnusable):
        await Provider(made).qweather().hourly(WUXIANG, 2)


async def test_a_signed_token_is_short_lived() -> None:
    """The header names the key, the claims the project; dated back a little, for a quarter hour."""
    private = Ed25519PrivateKey.generate()
    pem = private.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    ).decode()
    credential = SignedToken(project_id="PROJECT", key_id="KEYID", private_key=pem)
    scheme, token = credential.headers(NOW)["Authorization"].split()
    assert scheme == "Bearer"
    assert jwt.get_unverified_header(token)["kid"] == "KEYID"
    claims = jwt.decode(
        token, private.public_key(), ["EdDSA"], options={"verify_exp": False, "verify_iat": False}
    )
    issued = int(NOW.timestamp()) - 30
    assert claims == {"sub": "PROJECT", "iat": issued, "exp": issued + 900}
    assert pem not in repr(credential)
    assert KEY not in repr(ApiKey(KEY))


@pytest.mark.parametrize("host", ["", "https://abc.qweatherapi.com", "abc.com/x", "a b.com", "k@h"])
def test_a_host_is_a_bare_name(host: str) -> None:
    """An address with scheme, path or user would send the key elsewhere."""
    with pytest.raises(ValueError, match="bare host name"):
        QWeather(host, ApiKey(KEY), CLOCK)
