"""Open-Meteo's arrays become hours: its units are verified, its preceding hours put in place."""

from datetime import datetime
from typing import Any

import httpx
import pytest

from backend.core.clock import SHANGHAI
from backend.gateways.weather import Forecast, Hour, WeatherAnswerUnusable, WeatherQuotaUsed
from tests.gateways.asking import KEY, NOW, WUXIANG, Provider, recorded


def document(**columns: Any) -> Any:
    """The recorded answer; ``wind_speed_10m={10: 3.5}`` changes rows of a column."""
    made = recorded("open_meteo.json")
    for name, rows in columns.items():
        for number, value in rows.items():
            made["hourly"][name][number] = value
    return made


async def ask(answer: Any, days: int = 1) -> Forecast:
    """Read an answer."""
    return await Provider(answer).open_meteo().hourly(WUXIANG, days)


async def test_the_recorded_answer_is_read() -> None:
    """The running hour is the first; today and tomorrow are 39 hours from nine o'clock."""
    made = await ask(document())
    assert (made.source, made.issued_at) == ("open-meteo", NOW)
    assert made.hours[0] == Hour(
        start=datetime(2026, 7, 1, 9, tzinfo=SHANGHAI),
        wind_cm_per_s=190,
        rain_um=0,
        temperature_cdeg=2100,
        gust_cm_per_s=380,
        humidity_permille=740,
    )
    assert len(made.hours) == 39
    assert made.hours[-1].start == datetime(2026, 7, 2, 23, tzinfo=SHANGHAI)


async def test_the_request_asks_for_our_units() -> None:
    """The default is km/h; a key goes into a header and never into the URL."""
    provider = Provider(document())
    await provider.open_meteo(KEY).hourly(WUXIANG, 1)
    (request,) = provider.requests
    params = dict(request.url.params)
    assert params["wind_speed_unit"] == "ms"
    assert (params["latitude"], params["longitude"]) == ("36.8365", "112.8634")
    assert (params["timezone"], params["forecast_days"]) == ("Asia/Shanghai", "3")
    assert request.headers["X-Api-Key"] == KEY
    assert KEY not in str(request.url)


async def test_rain_and_gusts_belong_to_the_hour_before_their_row() -> None:
    """The rows 14:00 and 15:00 of the second day hold rain that falls from 13:00 to 15:00."""
    made = await ask(document(wind_gusts_10m={39: 17.5}))
    wet = [one.start.isoformat() for one in made.hours if one.rain_um]
    assert wet == ["2026-07-02T13:00:00+08:00", "2026-07-02T14:00:00+08:00"]
    gusty = [one.start.hour for one in made.hours if one.gust_cm_per_s == 1750]
    assert gusty == [14]


@pytest.mark.parametrize(
    ("name", "unit"),
    [
        ("wind_speed_10m", "km/h"),
        ("wind_gusts_10m", "mp/h"),
        ("precipitation", "inch"),
        ("temperature_2m", "°F"),
        ("relative_humidity_2m", None),
        ("time", "unixtime"),
    ],
)
async def test_another_unit_is_refused(name: str, unit: str | None) -> None:
    """A unit parameter that the server ignored must not make 20 km/h into 20 m/s."""
    made = document()
    made["hourly_units"][name] = unit
    with pytest.raises(WeatherAnswerUnusable, match=f"hourly_units.{name} is {unit}, not"):
        await ask(made)


@pytest.mark.parametrize("units", [None, [], "m/s"])
async def test_absent_units_are_refused(units: object) -> None:
    """Without units no number means anything."""
    with pytest.raises(WeatherAnswerUnusable, match="hourly_units is absent"):
        await ask(document() | {"hourly_units": units})


@pytest.mark.parametrize(
    ("name", "row"), [("wind_speed_10m", 12), ("temperature_2m", 12), ("precipitation", 13)]
)
async def test_null_is_no_value(name: str, row: int) -> None:
    """A null leaves out the one hour it belongs to."""
    made = await ask(document(**{name: {row: None}}))
    assert 12 not in {one.start.hour for one in made.hours[:15]}
    assert len(made.hours) == 38


async def test_null_gust_and_humidity_leave_the_hour() -> None:
    """They are None there and the hour stays."""
    made = await ask(document(wind_gusts_10m={13: None}, relative_humidity_2m={12: None}))
    (hour,) = [one for one in made.hours[:15] if one.start.hour == 12]
    assert (hour.gust_cm_per_s, hour.humidity_permille) == (None, None)


async def test_utc_times_are_shifted_by_the_answers_own_offset() -> None:
    """A server that answered in UTC all the same is read by its offset, not by our wish."""
    made = document() | {"utc_offset_seconds": 0, "timezone": "GMT"}
    hours = (await ask(made)).hours
    assert hours[0].start == datetime(2026, 7, 1, 9, tzinfo=SHANGHAI)
    assert hours[0].wind_cm_per_s == 120


@pytest.mark.parametrize("offset", [None, "28800", 28_800.5, True, 99_999])
async def test_an_unclear_offset_is_refused(offset: object) -> None:
    """Local times without an offset could be anywhere."""
    with pytest.raises(WeatherAnswerUnusable, match="utc_offset_seconds"):
        await ask(document() | {"utc_offset_seconds": offset})


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        ({"time": {5: "2026-07-01T04:00"}}, r"hourly.time\[5\] is repeated"),
        ({"time": {5: "2026-06-01T04:00"}}, "out of order"),
        ({"time": {5: "2026-07-01T05:15"}}, "not on a whole hour"),
        ({"time": {5: "2026-07-01T05:00+08:00"}}, "no clear UTC offset"),
        ({"time": {5: None}}, "is no time"),
        ({"wind_speed_10m": {5: "fast"}}, r"hourly.wind_speed_10m\[5\] is no number"),
        ({"wind_speed_10m": {5: -1}}, "is no value that weather has"),
        ({"precipitation": {5: 1e9}}, r"precipitation\[5\] is no value"),
    ],
)
async def test_doubtful_values_refuse_the_answer(columns: dict[str, Any], said: str) -> None:
    """Field and row are named."""
    with pytest.raises(WeatherAnswerUnusable, match=said):
        await ask(document(**columns))


async def test_an_offset_of_half_an_hour_is_not_our_hour() -> None:
    """India's clock is half an hour off the hours of Beijing."""
    with pytest.raises(WeatherAnswerUnusable, match="not on a whole hour"):
        await ask(document() | {"utc_offset_seconds": 19_800})


async def test_columns_of_different_length_are_refused() -> None:
    """A short column would shift every later value."""
    made = document()
    del made["hourly"]["precipitation"][3]
    with pytest.raises(WeatherAnswerUnusable, match=r"hourly.precipitation is not as long as time"):
        await ask(made)


async def test_a_gap_in_time_loses_the_hour_before_it() -> None:
    """Without the next row nobody knows the hour's rain; the hours around are kept."""
    made = document()
    for column in made["hourly"].values():
        del column[12]
    starts = [one.start.hour for one in (await ask(made)).hours[:4]]
    assert starts == [9, 10, 13, 14]


async def test_the_documented_refusal_is_an_error() -> None:
    """HTTP 400 with a reason, and 429, are not forecasts."""
    with pytest.raises(WeatherAnswerUnusable, match="code is 400"):
        await ask(httpx.Response(400, json=recorded("open_meteo_error.json")))
    with pytest.raises(WeatherQuotaUsed):
        await ask(httpx.Response(429, json=recorded("open_meteo_error.json")))
