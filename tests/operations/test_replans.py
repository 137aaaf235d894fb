"""A day that goes otherwise: the rest is planned anew and takes over from the plan before."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest_asyncio

from backend.operations.planning import NOT_BEGUN
from backend.operations.rules import PlanState
from tests.operations.season import Season

WHOLE_DAY = [{"start": "05:30", "end": "20:00"}]


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def contract(season: Season) -> str:
    """A contract of six plots in many rounds, an order for each test, and two for urgent ones."""
    return await season.entrust(0, 1, 2, rounds=19)


class Day:
    """A plan under way, and what tests do with it."""

    def __init__(self, season: Season, order: dict[str, Any], plan: dict[str, Any]) -> None:
        self.season = season
        self.order = order
        self.plan = plan
        self.stops: list[dict[str, Any]] = []

    def at(self, second: int) -> str:
        """Return an instant of the day."""
        hours, rest = divmod(second, 3600)
        return f"{self.plan['day']}T{hours:02d}:{rest // 60:02d}:{rest % 60:02d}+08:00"

    async def replan(self, now: str, **events: Any) -> httpx.Response:
        """Ask for the rest anew; it may be refused."""
        body = {"now": now, "seconds": 0.3} | events
        return await self.season.on_plan(self.plan, "POST", "replans", body)

    async def replanned(self, now: str, **events: Any) -> dict[str, Any]:
        """Return the solved plan of the rest."""
        asked = await self.replan(now, **events)
        assert asked.status_code == 202, asked.text
        assert await self.season.solve(asked.json()) is PlanState.SOLVED
        solved = await self.season.plan(asked.json())
        assert (solved["violations"], solved["predecessor_id"]) == (0, self.plan["id"])
        return solved

    async def states(self) -> dict[str, str]:
        """Return the states of the old plan's stops by parcel."""
        return {one["parcel_id"]: one["state"] for one in await self.season.stops(self.plan)}


_rounds = iter(range(1, 20))


async def _ordered(season: Season, contract: str) -> dict[str, Any]:
    order = await season.order(contract, round=next(_rounds), latest_at="2026-08-30T00:00:00Z")
    return await season.step(order, "released")


@pytest_asyncio.fixture
async def day(season: Season, contract: str) -> Day:
    """A day under way with all six plots; the clock stands at nine, nothing is reported."""
    season.clock.advance(timedelta(days=1))
    order = await _ordered(season, contract)
    plan = await season.solved(order, windows=WHOLE_DAY)
    plan = await season.advance(plan, "published", "in_progress")
    begun = Day(season, order, plan)
    begun.stops = await season.stops(plan)
    return begun


async def _publish(season: Season, plan: dict[str, Any]) -> httpx.Response:
    return await season.on_plan(
        plan, "POST", "steps", {"to_state": "published"}, if_match=f'"v{plan["row_version"]}"'
    )


async def test_a_breakdown(season: Season, day: Day) -> None:
    """The other drone takes the rest over; what was flown is reported under the old plan."""
    broken = day.stops[0]["drone_id"]
    anew = await day.replanned(day.at(5 * 3600 + 600), breakdowns=[broken])
    assert broken not in {one["drone_id"] for one in anew["drones"]}
    assert [(one["drone_id"], one["cause"]) for one in anew["grounded"]] == [(broken, "broken")]
    assert anew["planned_mu"] == "16.50"
    published = await _publish(season, anew)
    assert published.status_code == 200, published.text
    assert set((await day.states()).values()) == {"superseded"}
    refused = await season.on_plan(
        day.plan, "POST", "reports", {"stops": [season.done(day.stops[0])]}
    )
    assert [one["code"] for one in refused.json()["faults"]] == ["superseded"]
    going = await season.advance(published.json(), "in_progress")
    old = await season.advance(await season.plan(day.plan), "reported")
    assert old["state"] == "reported"
    assert (await season.read(day.order))["state"] == "in_progress"
    going = await season.plan(going)
    stops = await season.stops(going)
    await season.report(going, *[_at_noon(day, stop) for stop in stops])
    await season.advance(going, "reported")
    order = await season.read(day.order)
    assert (order["state"], order["flown_mu"]) == ("reported", "16.50")


def _at_noon(day: Day, stop: dict[str, Any]) -> dict[str, Any]:
    """Return a report of a stop flown at eight o'clock of the day."""
    return day.season.done(stop, started_at=day.at(8 * 3600), finished_at=day.at(8 * 3600 + 600))


async def test_what_is_under_way_stays(season: Season, day: Day) -> None:
    """The frozen beginning is flown and reported under the old plan, the rest under the new one.

    The order is reported when both are.
    """
    cut = min(one["start_at"] for one in day.stops)
    now_s = int(season.seconds(cut) - season.seconds(day.at(0))) + 1
    anew = await day.replanned(day.at(now_s), windows=[{"start": "07:00", "end": "20:00"}])
    rest = await season.stops(anew)
    published = await _publish(season, anew)
    assert published.status_code == 200, published.text
    states = await day.states()
    kept = {parcel for parcel, state in states.items() if state == "planned"}
    assert kept
    assert kept | {one["parcel_id"] for one in rest} == set(states)
    assert not kept & {one["parcel_id"] for one in rest}
    assert all(one["start_at"] >= f"{_utc_day(day)}T23:00:00Z" for one in rest), "the rain is over"
    open_stops = await season.on_plan(
        day.plan,
        "POST",
        "steps",
        {"to_state": "reported"},
        if_match=f'"v{(await season.plan(day.plan))["row_version"]}"',
    )
    assert open_stops.json()["code"] == "stops-open"
    going = await season.advance(published.json(), "in_progress")
    await season.report(going, *[_at_noon(day, one) for one in rest])
    await season.advance(await season.plan(going), "reported")
    assert (await season.read(day.order))["state"] == "in_progress", "the old plan holds it"
    frozen = [one for one in day.stops if one["parcel_id"] in kept]
    await season.report(day.plan, *[_at_noon(day, one) for one in frozen])
    await season.advance(await season.plan(day.plan), "reported")
    order = await season.read(day.order)
    assert (order["state"], order["flown_mu"]) == ("reported", "16.50")


def _utc_day(day: Day) -> str:
    before = day.season.day_of(day.at(0)) - timedelta(days=1)
    return before.isoformat()


async def test_urgent_jobs_come_in(season: Season, day: Day, contract: str) -> None:
    """A job that was received meanwhile is planned; its order goes with the new plan."""
    urgent = await _ordered(season, contract)
    job = (await season.job_of(urgent))["id"]
    anew = await day.replanned(day.at(5 * 3600), urgent=[job])
    assert (anew["jobs"], anew["planned_mu"]) == (2, "33.00")
    published = await _publish(season, anew)
    assert published.status_code == 200, published.text
    assert (await season.read(urgent))["state"] == "planned"
    going = await season.advance(published.json(), "in_progress")
    assert (await season.read(urgent))["state"] == "in_progress"
    await season.advance(await season.plan(day.plan), "reported")
    stops = await season.stops(going)
    await season.report(going, *[_at_noon(day, one) for one in stops])
    await season.advance(await season.plan(going), "reported")
    for order in (urgent, day.order):
        assert (await season.read(order))["state"] == "reported"


async def test_a_slower_crew_and_early_reports(season: Season, day: Day) -> None:
    """A stop that was reported before its turn is not planned again."""
    early = day.stops[-1]
    await season.report(day.plan, _at_noon(day, early))
    crew = next(one["crew_id"] for one in season.drones if one["id"] == early["drone_id"])
    anew = await day.replanned(day.at(5 * 3600), slower=[{"crew_id": crew, "percent": 50}])
    rest = await season.stops(anew)
    assert early["parcel_id"] not in {one["parcel_id"] for one in rest}
    assert len(rest) == len(day.stops) - 1
    again = await season.report(day.plan, _at_noon(day, day.stops[0]))
    assert again["reported"] == 1
    late = await _publish(season, anew)
    assert (late.status_code, late.json()["code"]) == (409, "plan-stale"), "it plans a done stop"
    newer = await day.replanned(day.at(5 * 3600))
    assert (await _publish(season, newer)).status_code == 200
    states = await day.states()
    assert sorted(states.values()) == ["done"] * 2 + ["superseded"] * 4


async def test_jobs_that_are_left_out_wait_again(season: Season, day: Day, contract: str) -> None:
    """Rain until eight: the job that is open until seven only goes back to its village."""
    brief = await season.order(
        contract, round=next(_rounds), latest_at=f"{season.clock.today()}T07:00:00+08:00"
    )
    brief = await season.step(brief, "released")
    job = (await season.job_of(brief))["id"]
    both = await day.replanned(day.at(5 * 3600), urgent=[job])
    assert both["planned_mu"] == "33.00"
    going = await season.advance((await _publish(season, both)).json(), "in_progress")
    second = Day(season, day.order, going)
    rain = [{"start": "08:00", "end": "20:00"}]
    dry = await second.replanned(second.at(5 * 3600 + 60), windows=rain)
    assert dry["windows"] == rain
    assert dry["unassigned_by_cause"] == {"window": 6}
    assert (await _publish(season, dry)).status_code == 200
    assert (await season.read(brief))["state"] == "released"
    assert (await season.read(day.order))["state"] == "in_progress"


async def test_of_two_replans_one_takes_over(season: Season, day: Day) -> None:
    """Published at once, the second finds its drones taken."""
    both = [await day.replanned(day.at(5 * 3600)) for _ in range(2)]
    answers = await asyncio.gather(*(_publish(season, one) for one in both))
    assert sorted(one.status_code for one in answers) == [200, 409]
    (refused,) = [one.json() for one in answers if one.status_code == 409]
    assert refused["code"] in {"drone-taken", "plan-stale"}


async def test_a_replan_taken_back(season: Season, day: Day) -> None:
    """The jobs wait again; the old plan ends with what it has, its drones are its own again."""
    anew = await day.replanned(day.at(5 * 3600))
    published = (await _publish(season, anew)).json()
    await season.advance(published, "cancelled")
    assert (await season.read(day.order))["state"] == "released"
    taken = await season.ask(day.order)
    assert {one["cause"] for one in taken["grounded"]} == {"busy"}
    await season.advance(await season.plan(day.plan), "reported")
    assert (await season.read(day.order))["state"] == "released"


async def test_before_the_day_has_begun(season: Season, contract: str) -> None:
    """A published plan that nobody began ends with its successor; by the clock it must be begun."""
    season.clock.advance(timedelta(days=1))
    order = await _ordered(season, contract)
    plan = await season.advance(await season.solved(order, windows=WHOLE_DAY), "published")
    waiting = Day(season, order, plan)
    late = await waiting.replan(waiting.at(9 * 3600))
    assert await season.solve(late.json()) is PlanState.FAILED
    assert (await season.plan(late.json()))["failure"] == NOT_BEGUN
    anew = await waiting.replanned(waiting.at(3600), windows=[{"start": "06:00", "end": "19:00"}])
    published = (await _publish(season, anew)).json()
    old = await season.plan(plan)
    assert old["state"] == "superseded"
    assert sum(one["superseded"] for one in old["drones"]) == 6
    assert (await season.read(order))["state"] == "planned"
    again = await waiting.replan(waiting.at(3600))
    assert (again.status_code, again.json()["code"]) == (409, "plan-not-allowed-now")
    going = await season.advance(published, "in_progress")
    assert going["state"] == "in_progress"
    next_one = Day(season, order, going)
    chain = await next_one.replanned(next_one.at(2 * 3600))
    assert (await _publish(season, chain)).status_code == 200


async def test_what_cannot_be_replanned(season: Season, day: Day) -> None:
    """Moments off the day, drones, crews and jobs that are not in it; other people."""
    tomorrow = f"{season.clock.today() + timedelta(days=1)}T06:00:00+08:00"
    answer = await day.replan(
        tomorrow,
        breakdowns=[str(uuid4())],
        urgent=[str(uuid4())],
        slower=[{"crew_id": str(uuid4()), "percent": 80}],
        windows=[{"start": "09:00", "end": "08:00"}],
    )
    found = sorted(one["code"] for one in answer.json()["faults"])
    assert found == ["crew", "drone", "job", "now", "window"]
    body = {"now": day.at(6 * 3600)}
    path = f"/v1/orgs/{{provider}}/plans/{day.plan['id']}/replans"
    for user, status in (("crew", 403), ("provider_director", 403), ("neighbour_director", 404)):
        assert (await season.world.call(user, "POST", path, body)).status_code == status
    absent = await season.on_plan({"id": uuid4()}, "POST", "replans", body)
    assert absent.status_code == 404
    key = str(uuid4())
    twins = [
        await season.on_plan(day.plan, "POST", "replans", body, Idempotency_Key=key)
        for _ in range(2)
    ]
    assert twins[0].json()["id"] == twins[1].json()["id"]
    assert twins[1].headers["idempotent-replayed"] == "true"
