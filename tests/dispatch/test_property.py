"""Whatever the problem, no engine returns a plan that the checker refuses."""

from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dispatch import Crew, Drone, Job, Problem, Settings, Stop, Window, Zone, check, solve
from dispatch.machines import Machine
from tests.dispatch.build import drone, job, place, problem, square

SKILLS = st.lists(st.sampled_from(["slope", "night"]), unique=True, max_size=2).map(tuple)
PRODUCTS = st.sampled_from(["wheat-mix", "rice-mix"])


@st.composite
def jobs(draw: Any) -> list[Job]:
    """Draw up to 14 plots over four kilometres, some without a polygon."""
    made = []
    for number in range(draw(st.integers(0, 14))):
        start_s = draw(st.sampled_from([0, 0, 0, 7, 9, 15])) * 3600
        facts: dict[str, Any] = {
            "product": draw(PRODUCTS),
            "skills": draw(st.sampled_from([(), (), (), ("slope",), ("night",)])),
            "priority": draw(st.integers(0, 100)),
            "liquid_ml_per_mu": draw(st.integers(200, 15_000)),
            "earliest_s": start_s,
            "latest_s": min(
                86_400, start_s + draw(st.sampled_from([86_400, 86_400, 20_000, 3_000]))
            ),
        }
        if draw(st.booleans()):
            facts["rings"] = ()
        x_m, y_m = draw(st.integers(0, 4000)), draw(st.integers(0, 400))
        made.append(job(number, x_m, y_m, mu=draw(st.integers(1, 900)) / 10, **facts))
    return made


@st.composite
def drones(draw: Any) -> tuple[Drone, ...]:
    """Draw up to three drones with their own machine, cap, skills and papers."""
    made = []
    for number in range(draw(st.integers(1, 3))):
        machine = Machine(
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
        facts: dict[str, Any] = {
            "machine": machine,
            "crew_id": f"C{draw(st.integers(0, 1))}",
            "area_cap_centimu": draw(st.integers(500, 100_000)),
            "skills": draw(SKILLS),
            "registration": draw(st.sampled_from(["UAS-TEST"] * 5 + [""])),
        }
        made.append(drone(number, **facts))
    return tuple(made)


@st.composite
def problems(draw: Any) -> Problem:
    """Draw a small day with one to three windows, crews with few pilots, and maybe a zone."""
    windows: list[Window] = []
    at_s = draw(st.integers(5, 8)) * 3600
    for _ in range(draw(st.integers(1, 3))):
        end_s = at_s + draw(st.integers(900, 4 * 3600))
        products = draw(st.sampled_from([(), (), (), ("wheat-mix",)]))
        windows.append(Window(start_s=at_s, end_s=end_s, products=products))
        at_s = end_s + draw(st.integers(0, 7200))
    crews = tuple(
        Crew(
            crew_id=f"C{number}",
            home=place(draw(st.integers(-5000, 5000)), -300),
            shift_start_s=draw(st.integers(4, 9)) * 3600,
            shift_end_s=draw(st.integers(10, 22)) * 3600,
            pilots=draw(st.sampled_from([0, 1, 1, 2, 2])),
            cluster_permit=draw(st.sampled_from(["", "JQ-TEST-1"])),
        )
        for number in range(2)
    )
    corner = draw(st.integers(0, 3500))
    zone = Zone(zone_id="Z", rings=(square(corner, 100, 80),), buffer_m=draw(st.integers(0, 200)))
    return problem(
        draw(jobs()),
        drones=draw(drones()),
        crews=crews,
        windows=tuple(windows),
        zones=(zone,) if draw(st.booleans()) else (),
        settings=Settings(radius_m=draw(st.integers(1300, 2000))),
    )


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(problems(), st.sampled_from(["blocks", "greedy"]), st.integers(0, 9))
def test_no_engine_returns_a_plan_that_the_checker_refuses(
    given_problem: Problem, engine: str, seed: int
) -> None:
    """Skills, windows, products, caps, papers, zones and machines are drawn at random."""
    plan = solve(given_problem, stop=Stop(iterations=20), seed=seed, engine=engine)
    assert [one.sentence() for one in check(given_problem, plan)] == []
    assert Problem.from_json(given_problem.to_json()) == given_problem
