"""What a plan may be asked for: several days, pins, crews with several drones, skills, harvests."""

from datetime import date, timedelta
from typing import Any
from uuid import uuid4

import pytest
import pytest_asyncio

from backend.core.settings import Settings, SettingsRefused
from backend.operations.rules import PlanState
from backend.operations.solving import Means
from tests.operations.season import Season

LAST = "2026-09-30T00:00:00+08:00"
PLANS = "/v1/orgs/{provider}/plans"


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def order(season: Season) -> dict[str, Any]:
    """An order of eight plots, the first of three rounds."""
    contract = await season.entrust(0, 1, 2, 3, rounds=3)
    return await season.step(await season.order(contract, latest_at=LAST), "released")


@pytest.fixture(autouse=True)
def _next_day(season: Season) -> None:
    """Give each test a day on which no drone is taken."""
    season.clock.advance(timedelta(days=3))


async def test_several_days(season: Season, order: dict[str, Any]) -> None:
    """A cap that one day cannot do is spread over three; each drone's days are its own."""
    plan = await season.solved(order, days=3, area_cap_mu="4.00")
    assert (plan["days"], plan["planned_mu"], plan["violations"]) == (3, "22.00", 0)
    stops = await season.stops(plan)
    days = {one["start_at"][:10] for one in stops}
    assert len(days) == 3
    own = [one["seq"] for one in stops if one["drone_id"] == stops[0]["drone_id"]]
    assert own == list(range(1, len(own) + 1)), "stops count over all days"
    published = await season.advance(plan, "published")
    await season.advance(published, "cancelled")


async def test_the_middle_day_is_taken(season: Season, order: dict[str, Any]) -> None:
    """A drone that a plan has on one of the days stays on the ground for the whole of another."""
    first = season.clock.today()
    whole = await season.solved(order, days=3, area_cap_mu="4.00")
    late = await season.solved(order, day=(first + timedelta(days=2)).isoformat())
    late = await season.advance(late, "published")
    refused = await season.on_plan(
        whole, "POST", "steps", {"to_state": "published"}, if_match='"v3"'
    )
    assert (refused.status_code, refused.json()["code"]) == (409, "drone-taken")
    await season.advance(late, "cancelled")


async def test_pins_hold(season: Season, order: dict[str, Any]) -> None:
    """A job pinned to a drone, one of its plots to a day; pins to others are refused."""
    job = (await season.job_of(order))["id"]
    drone = season.drones[1]["id"]
    parcel = str(season.world.parcels[0])
    first = season.clock.today()
    second = (first + timedelta(days=1)).isoformat()
    pins = [
        {"job_id": job, "drone_id": drone},
        {"job_id": job, "parcel_id": parcel, "day": second},
    ]
    plan = await season.solved(order, days=2, pins=pins)
    assert (plan["pins"], plan["violations"]) == (2, 0)
    stops = {one["parcel_id"]: one for one in await season.stops(plan)}
    pinned = stops.pop(parcel)
    assert season.day_of(pinned["start_at"]) == first + timedelta(days=1)
    assert {one["drone_id"] for one in stops.values()} == {drone}
    wrong = [
        {"job_id": str(uuid4()), "drone_id": drone},
        {"job_id": job, "drone_id": str(uuid4())},
        {"job_id": job, "day": (first + timedelta(days=5)).isoformat()},
    ]
    body = {"day": first.isoformat(), "job_ids": [job], "pins": wrong}
    answer = await season.world.call("dispatcher", "POST", PLANS, body)
    found = [(one["code"], one["row"]) for one in answer.json()["faults"]]
    assert found == [("pin-job", 1), ("pin-drone", 2), ("pin-day", 3)]


async def test_a_pin_to_a_grounded_drone(season: Season, order: dict[str, Any]) -> None:
    """The plan fails and names the plot."""
    await season.add_drone(3, certificate_until="2026-07-01")
    job = (await season.job_of(order))["id"]
    asked = await season.ask(order, pins=[{"job_id": job, "drone_id": season.drones[2]["id"]}])
    assert await season.solve(asked) is PlanState.FAILED
    assert "停飞" in (await season.plan(asked))["failure"]


async def test_a_crew_with_three_drones(season: Season, order: dict[str, Any]) -> None:
    """Two pilots fly two drones, a permit lets three fly; a truck carries no fourth."""
    number = len(season.crews) + 1
    await season.add_drone(number, pilots=2)
    crew = season.crews[-1]
    drones = [season.drones[-1]["id"]]
    for letter in "乙丙丁":
        facts = season.drone_facts(
            number, name=f"飞防{number:02d}号{letter}", serial_no=f"SN-{number}{letter}"
        )
        made = await season.call("dispatcher", "POST", "/v1/orgs/{provider}/drones", facts)
        drones.append(made["id"])
    two = await season.solved(order, drone_ids=drones)
    assert [one["cause"] for one in two["grounded"]] == ["no_pilot", "no_pilot"]
    assert (two["planned_mu"], two["violations"]) == ("22.00", 0)
    facts = {name: crew[name] for name in crew if name not in ("id", "row_version")}
    changed = facts | {
        "cluster_permit": "集群2026-001",
        "water_ml": 400_000,
        "rests": [{"start": "12:00", "end": "13:00"}],
        "shift_end": "19:30",
    }
    path = f"/v1/orgs/{{provider}}/crews/{crew['id']}"
    edited = await season.call("dispatcher", "PUT", path, changed, if_match='"v1"')
    assert {name: edited[name] for name in changed} == changed
    three = await season.solved(order, drone_ids=drones)
    assert [one["cause"] for one in three["grounded"]] == ["truck_full"]
    assert three["violations"] == 0
    backwards = changed | {"rests": [{"start": "13:00", "end": "12:00"}], "shift_start": "20:00"}
    refused = await season.world.call("dispatcher", "PUT", path, backwards, if_match='"v2"')
    faults = sorted(one["field"] for one in refused.json()["faults"])
    assert (refused.json()["code"], faults) == ("crew-unsound", ["rests", "shift"])


async def test_skills_and_harvest(season: Season, order: dict[str, Any]) -> None:
    """Plots that ask for a skill wait for a drone with it; a near harvest closes the days."""
    facts = {"round": 2, "skills": ["slope"], "harvest_on": "2026-08-20", "latest_at": LAST}
    terraces = await season.step(await season.order(order["contract_id"], **facts), "released")
    job = await season.job_of(terraces)
    assert (job["skills"], job["harvest_on"], job["pre_harvest_days"]) == (
        ["slope"], "2026-08-20", 21,
    )  # fmt: skip
    flat = await season.solved(terraces)
    assert (flat["planned_mu"], flat["unassigned_by_cause"]) == ("0.00", {"no_skill": 8})
    drone = season.drones[0]
    await season.call(
        "dispatcher",
        "PUT",
        f"/v1/orgs/{{provider}}/drones/{drone['id']}",
        season.drone_facts(1, skills=["slope"]),
        if_match=f'"v{drone["row_version"]}"',
    )
    able = await season.solved(terraces)
    assert (able["planned_mu"], [one["name"] for one in able["drones"]]) == ("22.00", ["飞防01号"])
    last = date(2026, 8, 20) - timedelta(days=21)
    late = await season.solved(terraces, day=(last + timedelta(days=1)).isoformat())
    assert late["unassigned_by_cause"] == {"pre_harvest": 8}
    assert (await season.solved(terraces, day=last.isoformat()))["planned_mu"] == "22.00"


async def test_an_order_too_near_to_the_harvest(season: Season, order: dict[str, Any]) -> None:
    """An order whose first day lies within the interval is refused."""
    body = {"contract_id": order["contract_id"], "round": 3, "harvest_on": "2026-07-10"}
    answer = await season.world.call(
        "clerk", "POST", "/v1/orgs/{org}/spray-orders", season.order_body() | body
    )
    assert [one["code"] for one in answer.json()["faults"]] == ["pre-harvest"]


async def test_solved_with_two_processes(season: Season, order: dict[str, Any]) -> None:
    """The settings may give a plan several processes; a daemon could not have them."""
    plan = await season.solved(order, means=Means(clock=season.clock, workers=2))
    assert (plan["planned_mu"], plan["violations"]) == ("22.00", 0)
    assert Settings.from_environment({"TGJ_SOLVER_WORKERS": "2"}).solver_workers == 2
    for text in ("0", "x", "65"):
        with pytest.raises(SettingsRefused, match="TGJ_SOLVER_WORKERS"):
            Settings.from_environment({"TGJ_SOLVER_WORKERS": text})
