"""A season's largest plan is checked while a person waits."""

import time
from dataclasses import replace
from datetime import date

from dispatch.check import Code, check
from dispatch.machines import default_machine
from dispatch.model import DAY_S, Crew, Drone, Problem, Window, Zone, ZoneKind
from dispatch.plan import Plan
from tests.dispatch.check.simulate import Shift, Simulator, Site
from tests.dispatch.check.village import at, box, plot

CREWS, BLOCKS, PLOTS = 25, 20, 20
ZONES = 500
SECONDS_MAX = 2.0
"""It takes a tenth of a second on a quiet core; a busy machine shall not fail."""


def county() -> tuple[Problem, Plan]:
    """Return 10,000 flown plots of 2 mu and 500 zones between them, and the plan."""
    jobs, shifts = [], []
    for crew in range(CREWS):
        steps = []
        for block in range(BLOCKS):
            names = []
            for one in range(PLOTS):
                name = f"{crew}-{block}-{one}"
                place = (500 * block + 45 * (one % 5), 400 * crew + 45 * (one // 5))
                jobs.append(plot(name, *place, mu=2, product="wheat"))
                names.append(name)
            first = jobs[-PLOTS].access
            steps.append(Site(f"{crew}-{block}", first, {f"D{crew}": tuple(names)}))
        shifts.append(Shift(f"C{crew}", 0, tuple(steps)))
    zones = [
        Zone(
            zone_id=f"Z{number}",
            rings=(box(500 * (number % BLOCKS) + 260, 400 * (number // BLOCKS), 180, 180),),
            buffer_m=25,
            kind=ZoneKind.NO_FLY if number % 3 == 0 else ZoneKind.NO_SPRAY,
        )
        for number in range(ZONES)
    ]
    day = date(2026, 7, 20)
    long_lasting = replace(default_machine(), tank_ml=60_000, battery_s=3_000)
    problem = Problem(
        day=day,
        jobs=tuple(jobs),
        drones=tuple(
            Drone(
                drone_id=f"D{crew}",
                crew_id=f"C{crew}",
                registration="R",
                insured_until=day,
                machine=long_lasting,
            )
            for crew in range(CREWS)
        ),
        crews=tuple(
            Crew(crew_id=f"C{crew}", home=at(0, 400 * crew), shift_start_s=0, shift_end_s=DAY_S)
            for crew in range(CREWS)
        ),
        windows=(Window(start_s=0, end_s=DAY_S),),
        zones=tuple(zones),
    )
    simulator = Simulator(problem)
    for shift in shifts:
        simulator.fly(shift)
    return problem, simulator.plan({})


def test_ten_thousand_visits_among_five_hundred_zones_are_checked_at_once() -> None:
    """Checking does not grow with visits times zones."""
    problem, plan = county()
    begin_s = time.process_time()
    found = check(problem, plan)
    spent_s = time.process_time() - begin_s
    assert found == ()
    assert len(problem.jobs) == 10_000
    assert spent_s < SECONDS_MAX
    wide = replace(problem, zones=tuple(replace(one, buffer_m=70) for one in problem.zones))
    begin_s = time.process_time()
    found = check(wide, plan)
    assert {one.code for one in found} == {Code.BUFFER, Code.NO_FLY}
    assert time.process_time() - begin_s < SECONDS_MAX
