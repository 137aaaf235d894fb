"""What the checker lets pass: sound plans, whatever is frozen, and every benefit of doubt."""

import ast
from dataclasses import fields, replace
from pathlib import Path

import pytest

import dispatch
from dispatch.check import Code, check
from dispatch.model import DAY_S, Job, Problem, Zone, ZoneKind
from dispatch.plan import Cause, Plan
from tests.dispatch.check.accounts import account
from tests.dispatch.check.faults import drone, job, moved, settings, stop, truck, visit, windows
from tests.dispatch.check.village import (
    DAY,
    FROZEN,
    HOUR_S,
    LEFT_OUT,
    NOW_S,
    PLAN,
    PROBLEM,
    at,
    box,
    plot,
)

ALLOWED = {
    "dispatch.land",
    "dispatch.model",
    "dispatch.plan",
    "dispatch.violations",
    "numpy",
    "numpy.typing",
    "shapely",
    "math",
    "collections",
    "collections.abc",
    "dataclasses",
    "datetime",
    "itertools",
    "typing",
}


def test_the_unspoiled_plan_has_no_violation() -> None:
    """Every seeded fault starts from a plan that is sound."""
    assert check(PROBLEM, PLAN) == ()


def test_the_plan_goes_on_from_what_is_frozen() -> None:
    """A minute after the first take-off the same plan is sound, the first sites being frozen."""
    assert check(FROZEN, PLAN) == ()


def test_the_village_has_every_feature() -> None:
    """No list of the problem or the plan is empty, and every cause is stated once."""
    for one in fields(Problem):
        assert getattr(FROZEN, one.name) not in {(), 0}, one.name
    assert [row.cause for row in PLAN.unassigned] == list(LEFT_OUT)
    assert set(LEFT_OUT) == set(Cause)
    goal = PLAN.objective
    assert all(getattr(goal, one.name) > 0 for one in fields(goal))
    assert any(len(part) > 1 for one in PROBLEM.jobs for part in one.parts)
    assert any(len(one.parts) > 1 for one in PROBLEM.jobs)


@pytest.mark.parametrize("path", sorted((Path(dispatch.__file__).parent / "check").glob("*.py")))
def test_the_checker_shares_no_code_with_the_engines(path: Path) -> None:
    """It imports the types of problem and plan, arrays, geometry and the standard library."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        names = []
        if isinstance(node, ast.Import):
            names = [one.name for one in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [node.module or ""]
        for name in names:
            assert name in ALLOWED or name.startswith("dispatch.check."), name


@pytest.mark.parametrize(
    "name", ["weight", "liquid_ml", "deadline_s", "rinse_s", "serves", "work_s"]
)
def test_the_checker_does_its_own_sums(name: str) -> None:
    """It reads fields only, none of the helpers that engines use too."""
    for path in (Path(dispatch.__file__).parent / "check").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Attribute) and node.attr == name:
                # ``visit.liquid_ml`` is a field of a visit, ``job.liquid_ml`` a sum of the model.
                assert isinstance(node.value, ast.Name), path
                assert node.value.id == "visit", path


def _frozen_trials() -> dict[str, Problem]:
    """Return changes of the world that only touch what is done or in the air."""
    poison = Zone(zone_id="new", rings=(box(0, 0, 10, 10),))
    closed = Zone(zone_id="new", rings=(box(0, 0, 400, 10),), kind=ZoneKind.NO_FLY)
    return {
        "zone": replace(FROZEN, zones=(*FROZEN.zones, poison)),
        "no-fly zone": replace(FROZEN, zones=(*FROZEN.zones, closed)),
        "weather": windows(FROZEN, 0, start_s=NOW_S + 600),
        "own time": job(FROZEN, "A1", latest_s=HOUR_S),
        "skill": job(FROZEN, "A1", skills=("night",)),
        "pin": job(FROZEN, "A1", pinned_drone_id="D2", pinned_day=1),
        "harvest": job(FROZEN, "A1", harvest_on=DAY, pre_harvest_days=1),
        "availability": drone(FROZEN, "D2", available_from_s=NOW_S + 60),
        "thick liquid": job(FROZEN, "A4", liquid_ml_per_mu=40_000),
    }


@pytest.mark.parametrize("name", _frozen_trials())
def test_what_is_frozen_is_not_judged_again(name: str) -> None:
    """A zone, a storm or a pin that comes too late does not refuse what is done."""
    plan = account(FROZEN, PLAN)
    assert check(_frozen_trials()[name], plan) == ()
    unfrozen = replace(_frozen_trials()[name], now_s=0, frozen_routes=(), frozen_trucks=())
    assert check(unfrozen, plan) != ()


def test_the_truck_may_leave_the_frozen_site_later() -> None:
    """The block under way may take longer than foreseen, all else being late enough."""
    slack = FROZEN.frozen_trucks[0].stops[-1]
    trucks = tuple(
        replace(one, stops=(*one.stops[:-1], replace(one.stops[-1], leave_s=slack.leave_s - 60)))
        if one.crew_id == "C0"
        else one
        for one in FROZEN.frozen_trucks
    )
    assert check(replace(FROZEN, frozen_trucks=trucks), PLAN) == ()


def test_a_frozen_truck_may_not_leave_its_drones() -> None:
    """The way on begins when the frozen drones have landed, whatever the frozen stop says."""
    early = replace(FROZEN, frozen_trucks=FROZEN.frozen_trucks[:0])
    plan = stop(PLAN, "S1", leave_s=lambda value: value - 300)
    trucks = tuple(
        replace(one, stops=next(each.stops[:1] for each in plan.trucks if each == whole))
        for one, whole in zip(FROZEN.frozen_trucks, plan.trucks[::2], strict=True)
    )
    given = replace(early, frozen_trucks=trucks)
    assert check(given, plan) == ()
    for name in ("B1", "B2"):
        plan = visit(moved(plan, -200, name), name, arrive_s=lambda value: value - 200)
    plan = stop(plan, "S2", arrive_s=lambda value: value - 200)
    assert {one.code for one in check(given, plan)} == {Code.TRAVEL_TIME}


def test_days_that_are_over_are_not_judged_at_all() -> None:
    """Papers, caps, shifts and days off that change afterwards do not refuse what was done."""
    given = replace(PROBLEM, now_s=2 * DAY_S, frozen_routes=PLAN.routes, frozen_trucks=PLAN.trucks)
    drones = tuple(replace(one, registration="", area_cap_centimu=1) for one in given.drones)
    crews = tuple(
        replace(one, pilots=0, shift_start_s=0, shift_end_s=1, days_off=(0, 1))
        for one in given.crews
    )
    rows = tuple(replace(one, cause=Cause.NO_TIME) for one in PLAN.unassigned)
    plan = replace(PLAN, unassigned=rows)
    assert check(replace(given, drones=drones, crews=crews), plan) == ()


def test_the_water_that_a_frozen_stop_states_is_what_is_left() -> None:
    """A truck that was filled by a neighbour needs no mixing point."""
    plan = stop(PLAN, "T1", water_ml=40_000)
    day = next(one for one in plan.trucks if one.crew_id == "C1")
    plan = stop(truck(plan, "C1", 0, stops=(day.stops[0], day.stops[2])), "T2", water_ml=10_000)
    trucks = tuple(
        replace(one, stops=day.stops[:1]) if one.crew_id == "C1" else one
        for one in FROZEN.frozen_trucks
    )
    assert check(replace(FROZEN, frozen_trucks=trucks), account(FROZEN, plan)) == ()


def test_a_cluster_permit_lifts_the_pilots() -> None:
    """One pilot with a permit number may fly both drones."""
    crews = tuple(replace(one, pilots=1, cluster_permit="JQ-1") for one in PROBLEM.crews)
    assert check(replace(PROBLEM, crews=crews), PLAN) == ()


def test_a_zone_of_another_product_or_with_a_hole_does_not_touch() -> None:
    """Bees mind one product; within the hole of a zone spraying is allowed."""
    bees = Zone(zone_id="bees", rings=(box(0, 0, 10, 10),), products=("foliar",))
    ring = Zone(
        zone_id="ring", rings=(box(-2000, -2000, 12_000, 9_000), box(-1000, -1000, 9_000, 7_000))
    )
    given = replace(PROBLEM, zones=(*PROBLEM.zones, bees, ring))
    assert check(given, PLAN) == ()


def test_a_drone_may_fly_over_a_no_spray_zone() -> None:
    """Only spraying is forbidden there; the way between two plots leads across."""
    pond = Zone(zone_id="pond", rings=(box(1695, 0, 10, 60),))
    assert check(replace(PROBLEM, zones=(*PROBLEM.zones, pond)), PLAN) == ()


def test_fairness_off_lacks_nothing() -> None:
    """Without a fair share no collective lacks weight."""
    given = settings(PROBLEM, fair_share_permille=0)
    plan = account(given, PLAN)
    assert plan.objective.weight_unfair == 0
    assert check(given, plan) == ()


def _empty(given: Problem) -> Plan:
    """Return a plan that leaves everything out."""
    rows = tuple(
        replace(PLAN.unassigned[0], job_id=one.job_id, cause=Cause.NO_TIME) for one in given.jobs
    )
    return account(given, replace(PLAN, routes=(), trucks=(), unassigned=rows))


def test_an_empty_plan_is_sound() -> None:
    """Nothing planned and everything left out for want of time breaks no rule."""
    assert check(PROBLEM, _empty(PROBLEM)) == ()


def _caused(one: Job, cause: Cause, given: Problem = PROBLEM) -> bool:
    """Tell whether a cause passes for one more job."""
    given = replace(given, jobs=(*given.jobs, one))
    row = replace(PLAN.unassigned[0], job_id=one.job_id, cause=cause)
    plan = account(given, replace(PLAN, unassigned=(*PLAN.unassigned, row)))
    return check(given, plan) == ()


def test_causes_are_judged_by_what_is_left() -> None:
    """Zones by their kind, weather by what is still to come, capacity by able drone-days."""
    assert _caused(plot("N", 3010, 3010), Cause.NO_FLY)
    assert not _caused(plot("N", 3010, 3010), Cause.BUFFER)
    assert _caused(plot("N", -60, 30, parts=()), Cause.BUFFER)
    assert not _caused(plot("N", -60, 30, parts=(), product="foliar"), Cause.BUFFER)
    assert not _caused(plot("N", 10, 10, access=at(0, 0)), Cause.NO_CAPACITY)
    assert _caused(plot("N", 10, 10, mu=1000), Cause.NO_CAPACITY)
    assert _caused(plot("N", 10, 10, area_id="east", latest_s=2 * HOUR_S), Cause.NO_CAPACITY)
    assert _caused(plot("N", 10, 10, pinned_drone_id="D3"), Cause.NO_CAPACITY)
    assert not _caused(plot("N", 10, 10, harvest_on=DAY.replace(month=8)), Cause.PRE_HARVEST)
