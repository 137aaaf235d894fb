"""Plans by the forecast: windows by the hour, why an hour is closed, and a source that is away."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
import pytest_asyncio

from backend.core.db import Database
from backend.gateways.weather import (
    Forecast,
    Place,
    SandboxWeather,
    WeatherGateway,
    WeatherUnreachable,
)
from backend.operations import forecasting
from backend.operations.rules import PlanState
from backend.operations.solving import NO_WEATHER, Means
from tests.operations.season import Season


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def order(season: Season) -> dict[str, Any]:
    """A herbicide's order of four plots."""
    contract = await season.entrust(0, 1)
    return await season.step(await season.order(contract, product_kind="herbicide"), "released")


def _means(season: Season, weather: WeatherGateway | None = None) -> Means:
    return Means(weather=weather or SandboxWeather(season.clock), clock=season.clock)


async def _weather(season: Season, plan: dict[str, Any]) -> Any:
    path = f"/v1/orgs/{{provider}}/plans/{plan['id']}/weather"
    return await season.call("crew", "GET", path)


async def test_windows_by_the_forecast(season: Season, order: dict[str, Any]) -> None:
    """The plan is stamped; its windows are the open hours, and closed ones say why."""
    asked = await season.ask(order, weather="forecast", days=3)
    assert (asked["weather"], asked["windows"], asked["forecast"]) == ("forecast", [], None)
    early = await season.on_plan(asked, "GET", "weather")
    assert (early.status_code, early.json()["code"]) == (409, "plan-not-solved")
    assert await season.solve(asked, _means(season)) is PlanState.SOLVED
    plan = await season.plan(asked)
    assert plan["forecast"].startswith("sandbox@2026-07-01T")
    assert plan["violations"] == 0
    told = await _weather(season, plan)
    assert (told["weather"], told["forecast"]) == ("forecast", plan["forecast"])
    (area,) = told["areas"]
    assert (area["area_id"], area["source"]) == ("112.9,36.8", "sandbox")
    (strip,) = area["strips"]
    assert (strip["kind"], strip["products"]) == ("herbicide", [order["product"]])
    assert len(strip["hours"]) == 72
    midnight = strip["hours"][0]
    assert midnight["wind_cm_per_s"] is None
    assert {one["reason"] for one in midnight["closures"]} >= {"no_data", "dark"}
    assert all(one["zh"] and one["en"] for one in midnight["closures"])
    usable = sum(hour["open_s"] for hour in strip["hours"])
    windows = [
        season.seconds(one["end_at"]) - season.seconds(one["start_at"]) for one in told["windows"]
    ]
    assert usable == sum(windows) > 0


async def test_windows_given_by_hand(season: Season, order: dict[str, Any]) -> None:
    """Windows given by hand are shown as they hold on each day, solved or not."""
    span = {"start": "06:00", "end": "09:30"}
    asked = await season.ask(order, windows=[span], days=2)
    told = await _weather(season, asked)
    assert (told["weather"], told["forecast"], told["areas"]) == ("given", None, [])
    day = season.clock.today()
    starts = [one["start_at"] for one in told["windows"]]
    assert starts == [f"{day - timedelta(days=1)}T22:00:00Z", f"{day}T22:00:00Z"]
    assert await season.solve(asked) is PlanState.SOLVED
    assert (await _weather(season, asked))["windows"] == told["windows"]


class _Watched:
    """A gateway that looks whether a connection is in use while it is asked."""

    def __init__(self, inner: WeatherGateway, database: Database) -> None:
        self._inner = inner
        self._database = database
        self.in_use: list[int] = []

    async def hourly(self, place: Place, days: int) -> Forecast:
        """Answer as the sandbox does."""
        pool = self._database.engine.pool
        self.in_use.append(pool.checkedout())  # type: ignore[attr-defined]  # a queue pool has it
        return await self._inner.hourly(place, days)


class _Away:
    """A gateway that cannot be reached."""

    async def hourly(self, place: Place, days: int) -> Forecast:
        """Fail as the real ones do."""
        raise WeatherUnreachable(source="away", reason=f"{place} for {days} days")


class _Slow:
    """A gateway that never answers."""

    async def hourly(self, place: Place, days: int) -> Forecast:
        """Wait for ever."""
        await asyncio.Event().wait()
        return await self.hourly(place, days)


async def test_no_connection_is_held_while_the_weather_is_asked_for(
    season: Season, order: dict[str, Any]
) -> None:
    """The gateway is called outside of any transaction."""
    watched = _Watched(SandboxWeather(season.clock), season.world.database)
    asked = await season.ask(order, weather="forecast")
    assert await season.solve(asked, _means(season, watched)) is PlanState.SOLVED
    assert watched.in_use == [0]


@pytest.mark.parametrize("gateway", [_Away(), _Slow(), None])
async def test_a_source_that_is_away(
    season: Season,
    order: dict[str, Any],
    gateway: WeatherGateway | None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The plan fails with the reason; staff ask again or give windows."""
    monkeypatch.setattr(forecasting, "SECONDS_MAX", 0.2)
    asked = await season.ask(order, weather="forecast")
    means = Means(weather=gateway, clock=season.clock)
    assert await season.solve(asked, means) is PlanState.FAILED
    plan = await season.plan(asked)
    assert (plan["failure"], plan["forecast"]) == (NO_WEATHER, None)


async def test_what_a_forecast_cannot_be_asked_for(season: Season, order: dict[str, Any]) -> None:
    """Windows besides it, and days that no forecast reaches."""
    job = (await season.job_of(order))["id"]
    today = season.clock.today()
    body = {"day": today.isoformat(), "job_ids": [job], "weather": "forecast"}
    span = {"start": "06:00", "end": "09:30"}
    for change, code in (
        ({"windows": [span]}, "weather-given"),
        ({"day": (today + timedelta(days=14)).isoformat()}, "weather-reach"),
        ({"day": (today + timedelta(days=10)).isoformat(), "days": 5}, "weather-reach"),
    ):
        path = "/v1/orgs/{provider}/plans"
        answer = await season.world.call("dispatcher", "POST", path, body | change)
        assert [one["code"] for one in answer.json()["faults"]] == [code], answer.text


async def test_rain_replans_by_a_new_forecast(season: Season, order: dict[str, Any]) -> None:
    """The rest is planned under the forecast of the moment, and stamped with it."""
    season.clock.advance(timedelta(days=1))
    plan = await season.solved(order, windows=[{"start": "05:30", "end": "20:00"}])
    assert plan["forecast"] is None
    plan = await season.advance(plan, "published")
    now = f"{plan['day']}T05:00:00+08:00"
    asked = await season.on_plan(plan, "POST", "replans", {"now": now, "weather": "forecast"})
    assert asked.status_code == 202, asked.text
    assert await season.solve(asked.json(), _means(season)) is PlanState.SOLVED
    anew = await season.plan(asked.json())
    assert anew["forecast"].startswith("sandbox@2026-07-02T")
    assert (await _weather(season, anew))["areas"]
    lost = await season.on_plan(plan, "POST", "replans", {"now": now, "weather": "forecast"})
    assert await season.solve(lost.json(), _means(season, _Away())) is PlanState.FAILED
    assert UUID(anew["predecessor_id"]) == UUID(plan["id"])
