"""Whatever the problem, no engine returns a plan that the checker refuses."""

from datetime import date, timedelta
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dispatch import (
    Breakdown,
    Crew,
    Drone,
    Job,
    MixPoint,
    Problem,
    Rain,
    Rest,
    Settings,
    Slower,
    Stop,
    Urgent,
    Window,
    Zone,
    ZoneKind,
    check,
    move,
    replan,
    solve,
    why,
)
from dispatch.engines import ENGINES
from dispatch.machines import Machine
from dispatch.replan import Event
from dispatch.shapes import DAY_S
from tests.dispatch.build import DAY, drone, job, place, problem, square

SKILLS = st.lists(st.sampled_from(["slope", "night"]), unique=True, max_size=2).map(tuple)
PRODUCTS = st.sampled_from(["wheat-mix", "rice-mix", "maize-mix"])
QUIET = [HealthCheck.too_slow, HealthCheck.data_too_large]


@st.composite
def jobs(draw: Any, days: int) -> list[Job]:
    """Draw up to 14 plots over four kilometres: some without a polygon, some of two parts."""
    made = []
    for number in range(draw(st.integers(0, 14))):
        start_s = draw(st.sampled_from([0, 0, 0, 7, 9, 15, 30])) * 3600
        span_s = draw(st.sampled_from([days * DAY_S, days * DAY_S, 20_000, 3_000]))
        x_m, y_m = draw(st.integers(0, 4000)), draw(st.integers(0, 400))
        facts: dict[str, Any] = {
            "product": draw(PRODUCTS),
            "skills": draw(st.sampled_from([(), (), (), ("slope",), ("night",)])),
            "priority": draw(st.integers(0, 100)),
            "liquid_ml_per_mu": draw(st.integers(200, 15_000)),
            "earliest_s": start_s,
            "latest_s": min(14 * DAY_S, start_s + span_s),
            "collective_id": draw(st.sampled_from(["", "a", "b"])),
            "area_id": draw(st.sampled_from(["", "", "east"])),
            "pinned_drone_id": draw(st.sampled_from(["", "", "", "D0"])),
            "pinned_day": draw(st.sampled_from([-1, -1, -1, 0, days - 1])),
            "pre_harvest_days": draw(st.integers(0, 3)),
            "harvest_on": draw(st.sampled_from([None, None, DAY + timedelta(days=3)])),
        }
        shape = draw(st.sampled_from(["square", "square", "none", "two"]))
        if shape == "none":
            facts["parts"] = ()
        if shape == "two":
            facts["parts"] = ((square(x_m, y_m, 40),), (square(x_m + 60, y_m, 30),))
        made.append(job(number, x_m, y_m, mu=draw(st.integers(1, 900)) / 10, **facts))
    return made


@st.composite
def machines(draw: Any, number: int) -> Machine:
    """Draw a machine of any size."""
    return Machine(
        model=f"drawn-{number}",
        tank_ml=draw(st.integers(5_000, 60_000)),
        swath_cm=draw(st.integers(300, 1000)),
        speed_cm_per_s=draw(st.integers(200, 1000)),
        transit_cm_per_s=draw(st.integers(500, 1388)),
        flow_ml_per_min=draw(st.integers(2_000, 24_000)),
        turn_s=draw(st.integers(0, 10)),
        battery_s=draw(st.integers(120, 1200)),
        battery_swap_s=draw(st.integers(0, 300)),
        refill_s=draw(st.integers(0, 300)),
    )


@st.composite
def drones(draw: Any) -> tuple[Drone, ...]:
    """Draw up to three drones with their own machine, cap, skills and papers."""
    made = []
    for number in range(draw(st.integers(1, 3))):
        facts: dict[str, Any] = {
            "machine": draw(machines(number)),
            "crew_id": f"C{draw(st.integers(0, 1))}",
            "area_cap_centimu": draw(st.integers(500, 100_000)),
            "skills": draw(SKILLS),
            "registration": draw(st.sampled_from(["UAS-TEST"] * 5 + [""])),
            "insured_until": draw(st.sampled_from([date(2027, 1, 1), date(2027, 1, 1), DAY])),
            "available_to_s": draw(st.sampled_from([14 * DAY_S, 14 * DAY_S, 9 * 3600])),
        }
        made.append(drone(number, **facts))
    return tuple(made)


@st.composite
def crews(draw: Any) -> tuple[Crew, ...]:
    """Draw two crews with few pilots, maybe little water, a rest, a day off."""
    return tuple(
        Crew(
            crew_id=f"C{number}",
            home=place(draw(st.integers(-5000, 5000)), -300),
            shift_start_s=draw(st.integers(4, 9)) * 3600,
            shift_end_s=draw(st.integers(10, 22)) * 3600,
            pilots=draw(st.sampled_from([0, 1, 1, 2, 3])),
            cluster_permit=draw(st.sampled_from(["", "JQ-TEST-1"])),
            water_ml=draw(st.sampled_from([None, None, 60_000, 400_000])),
            rests=draw(st.sampled_from([(), (), (Rest(start_s=8 * 3600, end_s=9 * 3600),)])),
            days_off=draw(st.sampled_from([(), (), (1,)])),
        )
        for number in range(2)
    )


@st.composite
def problems(draw: Any) -> Problem:
    """Draw one to three days with everything that a problem may hold."""
    days = draw(st.integers(1, 3))
    windows: list[Window] = []
    for day in range(days):
        at_s = day * DAY_S + draw(st.integers(5, 8)) * 3600
        for _ in range(draw(st.integers(0 if day else 1, 3))):
            end_s = at_s + draw(st.integers(900, 3 * 3600))
            products = draw(st.sampled_from([(), (), (), ("wheat-mix",)]))
            areas = draw(st.sampled_from([(), (), ("east",)]))
            windows.append(Window(start_s=at_s, end_s=end_s, products=products, areas=areas))
            at_s = end_s + draw(st.integers(0, 5400))
    corner = draw(st.integers(0, 3500))
    kind = draw(st.sampled_from(list(ZoneKind)))
    zone = Zone(
        zone_id="Z",
        rings=(square(corner, 100, 80),),
        buffer_m=draw(st.integers(0, 200)),
        kind=kind,
    )
    point = MixPoint(point_id="M", place=place(1500, 0), fill_s=300, open_s=draw(st.integers(0, 8)))
    agree = draw(st.sampled_from([(), (("wheat-mix", "rice-mix"),)]))
    return problem(
        draw(jobs(days)),
        days=days,
        drones=draw(drones()),
        crews=draw(crews()),
        windows=tuple(windows),
        zones=(zone,) if draw(st.booleans()) else (),
        mix_points=(point,) if draw(st.booleans()) else (),
        settings=Settings(
            radius_m=draw(st.integers(1300, 2000)),
            compatible=agree,
            fair_share_permille=draw(st.sampled_from([0, 0, 400])),
        ),
    )


@settings(max_examples=150, deadline=None, suppress_health_check=QUIET)
@given(problems(), st.sampled_from(sorted(ENGINES)), st.integers(0, 9))
def test_no_engine_returns_a_plan_that_the_checker_refuses(
    given_problem: Problem, engine: str, seed: int
) -> None:
    """Everything that a problem can say is drawn at random."""
    plan = solve(given_problem, stop=Stop(iterations=3), seed=seed, engine=engine)
    assert [one.sentence() for one in check(given_problem, plan)] == []
    assert Problem.from_json(given_problem.to_json()) == given_problem


@settings(max_examples=60, deadline=None, suppress_health_check=QUIET)
@given(problems(), st.integers(4, 40), st.sampled_from(["break", "rain", "urgent", "slow"]))
def test_a_plan_taken_up_again_keeps_every_rule(
    given_problem: Problem, hour: int, what: str
) -> None:
    """Whenever and whatever happens, the plan from then on is sound and begins as it was."""
    now_s = min(hour * 3600, given_problem.days * DAY_S)
    plan = solve(given_problem, stop=Stop(iterations=2))
    rows = [one for one in given_problem.windows if one.start_s % DAY_S > 9 * 3600]
    choices: dict[str, Event] = {
        "break": Breakdown(drone_id="D0"),
        "rain": Rain(windows=tuple(rows)),
        "urgent": Urgent(jobs=(job(99, 500, 50, mu=3.0, priority=100),)),
        "slow": Slower(crew_id="C0", percent=60),
    }
    event = choices[what]
    changed, again = replan(
        given_problem, plan, now_s=now_s, events=[event], stop=Stop(iterations=2)
    )
    assert [one.sentence() for one in check(changed, again)] == []
    planned = {visit.job_id for route in again.routes for visit in route.stops}
    for route in changed.frozen_routes:
        assert {visit.job_id for visit in route.stops} <= planned
    assert len(why(changed, again)) == len(again.unassigned)


@settings(max_examples=60, deadline=None, suppress_health_check=QUIET)
@given(problems(), st.data())
def test_a_moved_stop_is_where_it_was_put(given_problem: Problem, data: Any) -> None:
    """A move is flown as wished; without violations nothing else is lost by it."""
    plan = solve(given_problem, stop=Stop(iterations=2))
    places = [(route.drone_id, route.day) for route in plan.routes]
    if not places:
        return
    wanted = data.draw(st.sampled_from(given_problem.jobs)).job_id
    drone_id, day = data.draw(st.sampled_from(places))
    edited = move(given_problem, plan, wanted, drone_id=drone_id, day=day)
    crew = {one.drone_id: one.crew_id for one in given_problem.drones}
    found = [
        (crew[route.drone_id], route.day)
        for route in edited.plan.routes
        for visit in route.stops
        if visit.job_id == wanted
    ]
    assert found in ([(crew[drone_id], day)], [])
    assert check(given_problem, edited.plan) == edited.violations
