"""Plans: asked for, solved in a process of their own, published once for a drone and day."""

import asyncio
import os
import time
from datetime import timedelta
from multiprocessing.connection import Connection
from multiprocessing.synchronize import Event
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
import pytest_asyncio

from backend.core import jobs
from backend.operations import solving, tasks
from backend.operations.facts import Snapshot
from backend.operations.planning import Wish
from backend.operations.rules import PlanState
from tests.operations.season import Season


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def order(season: Season) -> dict[str, Any]:
    """An order of eight plots that stays with the provider; each test plans it on its own day."""
    contract = await season.entrust(0, 1, 2, 3)
    return await season.step(await season.order(contract), "released")


@pytest.fixture(autouse=True)
def _next_day(season: Season) -> None:
    """Give each test a day on which no drone is taken."""
    season.clock.advance(timedelta(days=1))


async def _state(season: Season, plan: dict[str, Any], wanted: str) -> dict[str, Any]:
    """Wait until the plan is in a state."""
    for _ in range(200):
        found = await season.plan(plan)
        if found["state"] == wanted:
            return found
        await asyncio.sleep(0.05)
    raise AssertionError(f"the plan is {found['state']}, not {wanted}")


def _solving(season: Season, plan: dict[str, Any]) -> "asyncio.Task[PlanState]":
    return asyncio.create_task(
        solving.solve_now(
            season.world.database, org_id=season.world.provider, plan_id=UUID(plan["id"])
        )
    )


async def test_the_worker_solves_what_is_queued(
    season: Season, order: dict[str, Any], database_url: str
) -> None:
    """The request's job is in the queue of the database; a worker takes it and writes the plan."""
    asked = await season.ask(order)
    assert (asked["state"], asked["ordered_mu"]) == ("queued", "22.00")
    app = jobs.job_app(database_url, [tasks.blueprint()])
    async with app.open_async():
        await app.run_worker_async(
            wait=False,
            install_signal_handlers=False,
            additional_context={"database": season.world.database},
        )
    solved = await season.plan(asked)
    assert (solved["state"], solved["planned_mu"], solved["violations"]) == ("solved", "22.00", 0)
    assert sum(day["stops"] for day in solved["drones"]) == 8
    again = await _solving(season, asked)
    assert again is PlanState.CANCELLED, "a solved plan is not solved again"
    assert (await season.plan(asked))["row_version"] == solved["row_version"]


async def test_pictures_of_a_plan(season: Season, order: dict[str, Any]) -> None:
    """Map, Gantt chart and GeoJSON are drawn from the stored plan; none before it is solved."""
    asked = await season.ask(order)
    base = f"/v1/orgs/{{provider}}/plans/{asked['id']}"
    early = await season.world.call("crew", "GET", f"{base}/map.svg")
    assert (early.status_code, early.json()["code"]) == (409, "plan-not-solved")
    assert await _solving(season, asked) is PlanState.SOLVED
    collection = await season.world.call("crew", "GET", f"{base}/geojson")
    assert collection.headers["content-type"].startswith("application/geo+json")
    plots = [one for one in collection.json()["features"] if one["properties"]["kind"] == "plot"]
    assert len(plots) == 8
    for name in ("map.svg", "gantt.svg"):
        drawn = await season.world.call("crew", "GET", f"{base}/{name}")
        assert drawn.headers["content-type"].startswith("image/svg+xml")
        assert "飞防01号" in drawn.text


async def test_a_tight_cap_leaves_plots_out_with_their_cause(
    season: Season, order: dict[str, Any]
) -> None:
    """With 2.50 mu for a drone and day, plots of 3.50 mu are too large for anybody."""
    plan = await season.solved(order, area_cap_mu="2.50")
    assert plan["planned_mu"] == "4.00"
    assert plan["unassigned_by_cause"] == {"no_capacity": 2, "too_large": 4}
    path = f"/v1/orgs/{{provider}}/plans/{plan['id']}/unassigned"
    listed = await season.call("dispatcher", "GET", path)
    assert len(listed) == 6
    assert listed[0]["plot"].startswith(order["number"])


async def test_drones_without_papers_stay_on_the_ground(
    season: Season, order: dict[str, Any]
) -> None:
    """Expired insurance or certificate, a fault, a pilot's second drone: each with its cause."""
    await season.add_drone(3)
    await season.add_drone(4, certificate_until="2026-07-01")
    for number, changes in ((3, {"insured_until": "2026-07-01"}), (1, {"state": "broken"})):
        await _edit(season, number, **changes)
    facts = season.drone_facts(2, name="飞防02号乙", serial_no="SN-2B")
    await season.call("dispatcher", "POST", "/v1/orgs/{provider}/drones", facts)
    plan = await season.solved(order)
    causes = {one["name"]: one["cause"] for one in plan["grounded"]}
    assert causes == {
        "飞防01号": "broken",
        "飞防02号乙": "no_pilot",
        "飞防03号": "uninsured",
        "飞防04号": "certificate",
    }
    assert [day["name"] for day in plan["drones"]] == ["飞防02号"]
    await _edit(season, 2, state="broken")
    late = await _step(season, plan, "published")
    assert (late.status_code, late.json()["code"]) == (409, "plan-stale")
    none = await season.ask(order, drone_ids=[season.drones[1]["id"]])
    assert await _solving(season, none) is PlanState.FAILED
    assert (await season.plan(none))["failure"] == "no-drone"
    for number in (1, 2):
        await _edit(season, number)


async def _edit(season: Season, number: int, **changes: Any) -> None:
    drone = season.drones[number - 1]
    season.drones[number - 1] = await season.call(
        "dispatcher",
        "PUT",
        f"/v1/orgs/{{provider}}/drones/{drone['id']}",
        season.drone_facts(number, **changes),
        if_match=f'"v{drone["row_version"]}"',
    )


async def _step(season: Season, plan: dict[str, Any], state: str) -> Any:
    return await season.world.call(
        "dispatcher",
        "POST",
        f"/v1/orgs/{{provider}}/plans/{plan['id']}/steps",
        {"to_state": state},
        if_match=f'"v{plan["row_version"]}"',
    )


async def test_one_plan_has_a_drone_on_a_day(season: Season, order: dict[str, Any]) -> None:
    """Of two plans published at once, one wins; the other's error names the drones."""
    plans = [await season.solved(order) for _ in range(2)]
    answers = await asyncio.gather(*(_step(season, plan, "published") for plan in plans))
    assert sorted(one.status_code for one in answers) == [200, 409]
    (refused,) = [one.json() for one in answers if one.status_code == 409]
    assert refused["code"] == "drone-taken"
    assert "飞防0" in refused["title"]
    (won,) = [one.json() for one in answers if one.status_code == 200]
    assert (await season.read(order))["state"] == "planned"
    repeated = await _step(season, won, "published")
    assert (repeated.status_code, repeated.json()["code"]) == (409, "plan-not-allowed-now")
    await season.advance(won, "cancelled")
    assert (await season.read(order))["state"] == "released"
    (lost,) = [one for one in plans if one["id"] != won["id"]]
    await season.advance(await season.advance(lost, "published"), "cancelled")


async def test_a_withdrawal_meets_a_publication(season: Season, order: dict[str, Any]) -> None:
    """The village takes its order back while the provider publishes it: one of them wins."""
    plan = await season.solved(order)
    current = await season.read(order)
    withdrawal = season.world.call(
        "clerk",
        "POST",
        f"/v1/orgs/{{org}}/spray-orders/{order['id']}/steps",
        {"to_state": "draft"},
        if_match=f'"v{current["row_version"]}"',
    )
    village, provider = await asyncio.gather(withdrawal, _step(season, plan, "published"))
    assert sorted((village.status_code, provider.status_code)) in ([200, 409], [200, 412])
    job = await season.job_of(order)
    now = await season.read(order)
    if village.status_code == 200:
        assert (now["state"], job["state"]) == ("draft", "withdrawn")
        await season.step(now, "released")
    else:
        assert (now["state"], job["state"]) == ("planned", "planned")
        await season.advance(provider.json(), "cancelled")


async def test_a_plan_with_violations_is_not_published(
    season: Season, order: dict[str, Any], owner: psycopg.Connection
) -> None:
    """Whatever the independent check counted stands in the way; so does an empty plan."""
    plan = await season.solved(order)
    owner.execute("UPDATE dispatch_plan SET violations = 2 WHERE id = %s", [plan["id"]])
    refused = await _step(season, plan, "published")
    assert (refused.status_code, refused.json()["code"]) == (409, "plan-has-violations")
    empty = await season.solved(order, area_cap_mu="0.01")
    assert empty["planned_mu"] == "0.00"
    nothing = await _step(season, empty, "published")
    assert (nothing.status_code, nothing.json()["code"]) == (409, "plan-empty")


async def test_progress_and_cancel(
    season: Season, order: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The solver's word reaches the row while it works; cancelling ends it long before its time."""
    monkeypatch.setattr(solving, "PROGRESS_EVERY_S", 0.1)
    monkeypatch.setattr(solving, "solve_in_child", _talks_for_a_minute)
    asked = await season.ask(order)
    began_s = time.monotonic()
    running = _solving(season, asked)
    plan = await _state(season, asked, "solving")
    while not (plan["progress"] and plan["progress"]["phase"]):
        await asyncio.sleep(0.05)
        plan = await season.plan(asked)
    assert (plan["progress"]["planned_mu"], plan["progress"]["plots"]) == ("12.34", 5)
    await season.advance(plan, "cancelled")
    assert await running is PlanState.CANCELLED
    assert time.monotonic() - began_s < 20
    assert (await season.plan(asked))["state"] == "cancelled"


def _talks_for_a_minute(snapshot: Snapshot, wish: Wish, out: Connection, finish: Event) -> None:
    """Stand in for the solver: tell progress, and stop when asked to."""
    word = {"phase": "blocks", "elapsed_ms": 1, "area_centimu": 1234, "jobs": 5}
    for _ in range(600):
        out.send(("progress", word))
        if finish.wait(0.1):
            return


async def test_a_change_meanwhile_makes_the_plan_stale(
    season: Season, order: dict[str, Any]
) -> None:
    """A drone edited while the solver works: the answer is not written."""
    asked = await season.ask(order, seconds=1.5)
    running = _solving(season, asked)
    await _state(season, asked, "solving")
    await _edit(season, 1)
    assert await running is PlanState.FAILED
    plan = await season.plan(asked)
    assert (plan["failure"], plan["planned_mu"], plan["drones"]) == ("stale", None, [])


def _dies(snapshot: Snapshot, wish: Wish, out: Connection, finish: Event) -> None:
    """Stand in for a solver that the system kills."""
    os._exit(9)


async def test_a_dead_solver_and_an_impossible_plot(
    season: Season,
    order: dict[str, Any],
    owner: psycopg.Connection,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A killed process and a boundary that crosses itself end as failed plans with the reason."""
    with monkeypatch.context() as patched:
        patched.setattr(solving, "solve_in_child", _dies)
        killed = await season.ask(order)
        assert await _solving(season, killed) is PlanState.FAILED
    assert (await season.plan(killed))["failure"] == "solver-died"
    bow_tie = "[[[112.9,36.8],[112.901,36.801],[112.901,36.8],[112.9,36.801],[112.9,36.8]]]"
    owner.execute(
        "UPDATE spray_job_plot SET polygon = jsonb_set(polygon, '{coordinates}', %s::jsonb)"
        " WHERE parcel_id = %s RETURNING 1",
        [bow_tie, season.world.parcels[0]],
    )
    crossed = await season.ask(order)
    assert await _solving(season, crossed) is PlanState.FAILED
    assert "00001" in (await season.plan(crossed))["failure"]


async def test_faults_of_a_request(season: Season, order: dict[str, Any]) -> None:
    """Unknown jobs and drones, windows that overlap or run backwards, a day without work."""
    path = "/v1/orgs/{provider}/plans"
    day = season.clock.today().isoformat()
    body: dict[str, Any] = {
        "day": day,
        "job_ids": [str(uuid4())],
        "drone_ids": [str(uuid4())],
        "windows": [
            {"start": "06:00", "end": "09:00"},
            {"start": "08:00", "end": "10:00"},
            {"start": "18:00", "end": "17:00"},
        ],
    }
    refused = await season.world.call("dispatcher", "POST", path, body)
    found = sorted((fault["code"], fault["row"]) for fault in refused.json()["faults"])
    assert found == [("drone", 1), ("job", 1), ("window", 3), ("windows-overlap", 2)]
    for date, code in (("2026-08-05", "no-job"), ("2026-06-30", "day"), ("9999-12-31", "day")):
        wrong = await season.world.call("dispatcher", "POST", path, {"day": date})
        assert [one["code"] for one in wrong.json()["faults"]] == [code]
    for change in ({"windows": [{"start": "24:00", "end": "25:00"}]}, {"seed": -1}, {"seconds": 0}):
        wrong = await season.world.call("dispatcher", "POST", path, {"day": day} | change)
        assert wrong.status_code == 422
    for user in ("crew", "provider_director"):
        denied = await season.world.call(user, "POST", path, {"day": day})
        assert denied.status_code == 403
    absent = await season.world.call("dispatcher", "GET", f"{path}/{uuid4()}")
    assert absent.status_code == 404
