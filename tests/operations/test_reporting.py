"""Reports of crews: their own drones, complete, plausible, explained."""

from datetime import timedelta
from typing import Any

import pytest_asyncio

from tests.operations.season import Season


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def plan(season: Season) -> dict[str, Any]:
    """A published plan of eight plots for two drones, one of them the signed-in crew's."""
    order = await season.step(await season.order(await season.entrust(0, 1, 2, 3)), "released")
    made = await season.advance(await season.solved(order, area_cap_mu="12"), "published")
    assert len(made["drones"]) == 2
    return made


async def _report(season: Season, plan: dict[str, Any], user: str, *stops: dict[str, Any]) -> Any:
    path = f"/v1/orgs/{{provider}}/plans/{plan['id']}/reports"
    return await season.world.call(user, "POST", path, {"stops": list(stops)})


async def test_reports_wait_for_the_start(season: Season, plan: dict[str, Any]) -> None:
    """A plan that is not under way takes no report."""
    (first, *_) = await season.stops(plan)
    early = await _report(season, plan, "dispatcher", season.done(first))
    assert (early.status_code, early.json()["code"]) == (409, "plan-not-allowed-now")
    await season.advance(plan, "in_progress")


async def test_a_crew_reports_its_own_drone(season: Season, plan: dict[str, Any]) -> None:
    """Another crew's stop is forbidden, also when it hides among one's own."""
    stops = await season.stops(plan)
    own = [stop for stop in stops if stop["drone_id"] == season.drones[0]["id"]]
    other = [stop for stop in stops if stop["drone_id"] == season.drones[1]["id"]]
    mixed = await _report(season, plan, "crew", season.done(own[0]), season.done(other[0]))
    assert (mixed.status_code, mixed.json()["code"]) == (403, "not-your-drone")
    assert {stop["state"] for stop in await season.stops(plan)} == {"planned"}
    mine = await _report(season, plan, "crew", *[season.done(stop) for stop in own])
    assert mine.json() == {"reported": len(own), "waiting": len(other)}
    again = await _report(season, plan, "crew", season.done(own[0]))
    assert again.json() == {"reported": 1, "waiting": len(other)}


async def test_every_fault_of_a_report_is_named(season: Season, plan: dict[str, Any]) -> None:
    """Unknown, repeated, incomplete, implausible and unexplained stops, by row; nothing written."""
    other = [
        stop for stop in await season.stops(plan) if stop["drone_id"] == season.drones[1]["id"]
    ]
    one, two, *_ = other
    now = season.clock.now()
    found = await _report(
        season,
        plan,
        "dispatcher",
        season.done(one, seq=999),
        season.done(one),
        season.done(one),
        season.done(two, used_ml=None),
    )
    assert (found.status_code, found.json()["code"]) == (422, "report-unsound")
    assert [(fault["row"], fault["code"]) for fault in found.json()["faults"]] == [
        (1, "unknown-stop"),
        (3, "repeated"),
        (4, "incomplete"),
    ]
    wrong: tuple[tuple[dict[str, Any], str], ...] = (
        (season.done(one, finished_at=(now + timedelta(minutes=1)).isoformat()), "times"),
        (season.done(one, started_at=now.isoformat()), "times"),
        (season.done(one, started_at=(now - timedelta(days=1)).isoformat()), "times"),
        (season.done(one, flown_mu="1.00"), "difference"),
        (season.skipped(one, "雨") | {"reason": None}, "reason"),
        (season.skipped(one, "雨") | {"flown_mu": "1.00"}, "skipped"),
    )
    for stop, code in wrong:
        answer = await _report(season, plan, "dispatcher", stop)
        assert [fault["code"] for fault in answer.json()["faults"]] == [code]
    for change in ({"flown_mu": "-1"}, {"used_ml": 2**63}, {"seq": 0}, {"state": "perhaps"}):
        answer = await _report(season, plan, "dispatcher", season.done(one) | change)
        assert answer.status_code == 422, change
    left = {stop["state"] for stop in await season.stops(plan) if stop in other}
    assert left == {"planned"}


async def test_outsiders_report_nothing(season: Season, plan: dict[str, Any]) -> None:
    """The collective's staff has no part in the provider's plan."""
    (first, *_) = await season.stops(plan)
    assert (await _report(season, plan, "director", season.done(first))).status_code == 404
