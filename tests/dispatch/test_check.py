"""The checker finds every seeded fault and calls it by its name."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from dispatch import (
    Cause,
    Code,
    Plan,
    Problem,
    Route,
    Stop,
    Unassigned,
    Visit,
    Window,
    Zone,
    check,
    solve,
)
from tests.dispatch.build import AFTERNOON, MORNING, drone, square, village

PROBLEM = village()
PLAN = solve(PROBLEM, stop=Stop(iterations=50), seed=1)
Fault = Callable[[Problem, Plan], tuple[Problem, Plan]]


def visits(plan: Plan, change: Callable[[int, Visit], Visit], route: int = 0) -> Plan:
    """Return the plan with the visits of one route changed."""
    old = plan.routes[route]
    new = replace(old, stops=tuple(change(at, one) for at, one in enumerate(old.stops)))
    return replace(plan, routes=tuple(new if one is old else one for one in plan.routes))


def route(plan: Plan, **facts: Any) -> Plan:
    """Return the plan with fields of its first route replaced."""
    first: Route = replace(plan.routes[0], **facts)
    return replace(plan, routes=(first, *plan.routes[1:]))


def at(position: int, **facts: int | str) -> Fault:
    """Return a fault that shifts integers and replaces strings of one visit."""

    def change(index: int, one: Visit) -> Visit:
        if index != position:
            return one
        new: dict[str, Any] = {
            name: value if isinstance(value, str) else getattr(one, name) + value
            for name, value in facts.items()
        }
        return replace(one, **new)

    return lambda given, plan: (given, visits(plan, change))


def opening(plan: Plan) -> int:
    """Return the position of a block opened after another one on the first route."""
    stops = plan.routes[0].stops
    return next(n for n in range(1, len(stops)) if stops[n].block_id != stops[n - 1].block_id)


def halted(plan: Plan, name: str) -> tuple[int, int]:
    """Return route and position of a visit with a refill or a battery swap."""
    return next(
        (r, n)
        for r, one in enumerate(plan.routes)
        for n, visit in enumerate(one.stops)
        if getattr(visit, name)
    )


def drop(name: str) -> Fault:
    """Return a fault that forgets one refill or battery swap and leaves the minutes alone."""

    def fault(given: Problem, plan: Plan) -> tuple[Problem, Plan]:
        where, position = halted(plan, name)
        none: dict[str, Any] = {name: 0}
        return given, visits(
            plan,
            lambda n, one: one if n != position else replace(one, **none),
            where,
        )

    return fault


def product_change(given: Problem, plan: Plan) -> tuple[Problem, Plan]:
    """Let the rinse between two products take twice as long as the plan assumed."""
    settings = replace(given.settings, clean_s=given.settings.clean_s + 7200)
    return replace(given, settings=settings), plan


def jobs_with(**facts: Any) -> Fault:
    """Return a fault that changes the first planned job behind the plan's back."""

    def fault(given: Problem, plan: Plan) -> tuple[Problem, Plan]:
        target = plan.routes[0].stops[3].job_id
        jobs = tuple(replace(one, **facts) if one.job_id == target else one for one in given.jobs)
        return replace(given, jobs=jobs), plan

    return fault


def drones_with(**facts: Any) -> Fault:
    """Return a fault that changes the first planned drone behind the plan's back."""

    def fault(given: Problem, plan: Plan) -> tuple[Problem, Plan]:
        target = plan.routes[0].drone_id
        drones = tuple(
            replace(one, **facts) if one.drone_id == target else one for one in given.drones
        )
        return replace(given, drones=drones), plan

    return fault


def shifted(code_from: int, seconds: int) -> Fault:
    """Return a fault that moves all visits from a position on, and the return, in time."""

    def change(index: int, one: Visit) -> Visit:
        if index < code_from:
            return one
        return replace(
            one,
            arrive_s=one.arrive_s + seconds,
            start_s=one.start_s + seconds,
            finish_s=one.finish_s + seconds,
        )

    return lambda given, plan: (given, visits(plan, change))


def whole(change: Callable[[Problem, Plan], Plan]) -> Fault:
    """Return a fault that rewrites the plan."""
    return lambda given, plan: (given, change(given, plan))


def zone(given: Problem, plan: Plan) -> tuple[Problem, Plan]:
    """Declare a no-spray zone of 10 m with a buffer of 100 m next to the first plots."""
    return replace(
        given, zones=(Zone(zone_id="Z", rings=(square(-60, 0, 10),), buffer_m=100),)
    ), plan


def unassign(job_id: str, cause: Cause) -> Fault:
    """Return a fault that also lists a job as left out."""
    row = Unassigned(job_id=job_id, cause=cause)
    return whole(lambda _given, plan: replace(plan, unassigned=(*plan.unassigned, row)))


FAULTS: dict[str, tuple[Fault, Code]] = {
    "another day": (whole(lambda _, p: replace(p, day=p.day + timedelta(days=1))), Code.DAY),
    "unknown job": (at(2, job_id="nobody"), Code.UNKNOWN_JOB),
    "unknown job left out": (unassign("nobody", Cause.NO_TIME), Code.UNKNOWN_JOB),
    "unknown drone": (whole(lambda _, p: route(p, drone_id="ghost")), Code.UNKNOWN_DRONE),
    "job planned and left out": (
        unassign(PLAN.routes[0].stops[0].job_id, Cause.NO_TIME),
        Code.REPEATED_JOB,
    ),
    "two routes of one drone": (
        whole(lambda _, p: replace(p, routes=(*p.routes, p.routes[0]))),
        Code.REPEATED_DRONE,
    ),
    "job forgotten": (
        whole(lambda _, p: route(p, stops=p.routes[0].stops[:-1])),
        Code.MISSING_JOB,
    ),
    "false cause": (unassign("P1", Cause.NO_SKILL), Code.FALSE_CAUSE),
    "false weather": (unassign("P1", Cause.WEATHER), Code.FALSE_CAUSE),
    "wrong area": (at(1, area_centimu=-1), Code.AREA),
    "wrong liquid": (at(1, liquid_ml=1), Code.LIQUID),
    "wrong product": (at(1, product="salt"), Code.PRODUCT),
    "skill taken away": (jobs_with(skills=("night",)), Code.SKILL),
    "registration gone": (drones_with(registration=""), Code.PERMIT),
    "insurance over": (drones_with(insured_until=date(2020, 1, 1)), Code.PERMIT),
    "no pilot": (
        lambda g, p: (replace(g, crews=tuple(replace(c, pilots=0) for c in g.crews)), p),
        Code.PILOTS,
    ),
    "smaller cap": (drones_with(area_cap_centimu=700), Code.AREA_CAP),
    "new zone": (zone, Code.BUFFER),
    "smaller radius": (
        lambda g, p: (
            replace(g, settings=replace(g.settings, radius_m=60, block_span_m=60, block_gap_m=0)),
            p,
        ),
        Code.RADIUS,
    ),
    "block returns": (at(len(PLAN.routes[0].stops) - 1, block_id="D9#1"), Code.SETUP_TIME),
    "block split in two": (
        whole(
            lambda _, p: visits(
                p,
                lambda n, one: replace(
                    one, block_id="X" if n == 1 else p.routes[0].stops[0].block_id
                ),
            )
        ),
        Code.BLOCK,
    ),
    "leaves too early": (
        whole(lambda g, p: route(p, depart_s=g.crews[0].shift_start_s - 60)),
        Code.SHIFT,
    ),
    "returns too late": (
        whole(lambda g, p: route(p, return_s=g.crews[0].shift_end_s + 60)),
        Code.SHIFT,
    ),
    "returns too soon": (
        whole(lambda _, p: route(p, return_s=p.routes[0].return_s - 5)),
        Code.TRAVEL_TIME,
    ),
    "storm": (
        lambda g, p: (replace(g, windows=(replace(MORNING, start_s=9 * 3600), AFTERNOON)), p),
        Code.WEATHER,
    ),
    "window of another product": (
        lambda g, p: (replace(g, windows=(Window(start_s=0, end_s=80000, products=("x",)),)), p),
        Code.WEATHER,
    ),
    "pest window over": (jobs_with(latest_s=6 * 3600), Code.TIME_WINDOW),
    "not ripe yet": (jobs_with(earliest_s=18 * 3600), Code.TIME_WINDOW),
    "truck too fast": (at(opening(PLAN), arrive_s=-30), Code.TRAVEL_TIME),
    "everything earlier": (shifted(opening(PLAN), -20), Code.TRAVEL_TIME),
    "set-up skipped": (at(opening(PLAN), start_s=-120), Code.SETUP_TIME),
    "spraying too fast": (at(2, finish_s=-20), Code.WORK_TIME),
    "hovering": (shifted(2, 5), Code.WAIT_IN_AIR),
    "halts without reason": (at(1, halts=1), Code.HALTS),
    "refill forgotten": (drop("refills"), Code.TANK),
    "swap forgotten": (drop("battery_swaps"), Code.BATTERY),
    "totals": (
        whole(lambda _, p: replace(p, totals=replace(p.totals, area_centimu=1))),
        Code.TOTALS,
    ),
    "objective": (
        whole(lambda _, p: replace(p, objective=replace(p.objective, road_s=0))),
        Code.OBJECTIVE,
    ),
    "rinse too short": (product_change, Code.CLEAN_TIME),
}


def test_the_unspoiled_plan_has_no_violation() -> None:
    """Every seeded fault starts from a plan that is sound and plans everything."""
    assert check(PROBLEM, PLAN) == ()
    assert PLAN.unassigned == ()


@pytest.mark.parametrize("name", FAULTS)
def test_each_seeded_fault_is_caught_with_its_code(name: str) -> None:
    """A plan spoiled in one way is refused with the code of that way."""
    fault, code = FAULTS[name]
    codes = {violation.code for violation in check(*fault(PROBLEM, PLAN))}
    assert code in codes, sorted(codes)


def test_every_code_is_seeded() -> None:
    """No code exists that no fault provokes."""
    assert {code for _, code in FAULTS.values()} == set(Code)


def test_a_violation_names_drone_job_place_and_amount() -> None:
    """Twenty missing seconds of spraying are reported as such, at the right stop."""
    given, spoiled = at(2, finish_s=-20)(PROBLEM, PLAN)
    stop = PLAN.routes[0].stops[2]
    found = next(one for one in check(given, spoiled) if one.code is Code.WORK_TIME)
    assert (found.drone_id, found.job_id) == (PLAN.routes[0].drone_id, stop.job_id)
    assert found.position == 2
    assert found.unit == "s"
    assert 19 <= found.amount <= 20
    assert stop.job_id in found.sentence()


def test_two_drones_of_a_crew_with_one_pilot_are_refused() -> None:
    """One pilot flies one drone unless the crew has a cluster permit."""
    capped = tuple(drone(number, area_cap_centimu=9000) for number in range(2))
    plan = solve(replace(PROBLEM, drones=capped), stop=Stop(iterations=50))
    assert len(plan.routes) == 2
    shared = tuple(replace(one, crew_id="C0") for one in capped)
    given = replace(PROBLEM, drones=shared)
    assert Code.PILOTS in {one.code for one in check(given, plan)}
    crews = tuple(replace(crew, cluster_permit="JQ-TEST-1") for crew in given.crews)
    assert Code.PILOTS not in {one.code for one in check(replace(given, crews=crews), plan)}
