"""`solve` plans what can be planned, says why the rest is left, and repeats itself."""

import math
import time
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from benchmarks.dispatch_day import day_problem
from dispatch import (
    Cause,
    Crew,
    InvalidProblem,
    Job,
    Progress,
    Stop,
    Window,
    Zone,
    check,
    default_machine,
    solve,
)
from dispatch.fleet import Fleet
from dispatch.physics import plot_of, spray_s
from dispatch.routing import Axis
from tests.dispatch.build import AFTERNOON, MORNING, drone, job, place, problem, square, village

QUICK = Stop(iterations=100)


def cause_of(given_job: Job | None = None, **facts: Any) -> Cause | None:
    """Return the cause for a job placed beside an easy one, or None when it is planned."""
    jobs = [job(0, 0, 0), given_job if given_job is not None else job(1, 40, 0)]
    given = problem(jobs, **facts)
    plan = solve(given, stop=QUICK)
    assert check(given, plan) == ()
    return {row.job_id: row.cause for row in plan.unassigned}.get("P1")


def test_an_easy_job_is_planned() -> None:
    """The helper's second job is planned unless something forbids it."""
    assert cause_of() is None


def test_each_impossible_job_has_its_own_cause() -> None:
    """Skill, zone, weather, own window and size are told apart."""
    zone = Zone(zone_id="Z", rings=(square(600, 0, 50),), buffer_m=200)
    herbicide = job(1, 40, 0, product="herbicide")
    calm = (replace(MORNING, products=("wheat-mix",)),)
    assert cause_of(job(1, 40, 0, skills=("slope",))) is Cause.NO_SKILL
    assert cause_of(job(1, 480, 0), zones=(zone,)) is Cause.BUFFER
    assert cause_of(herbicide, windows=calm) is Cause.WEATHER
    assert cause_of(job(1, 40, 0, earliest_s=11 * 3600, latest_s=13 * 3600)) is Cause.WINDOW
    assert cause_of(job(1, 40, 0, mu=1001.0)) is Cause.TOO_LARGE
    assert cause_of(job(1, 40, 0, mu=1001.0, latest_s=7 * 3600)) is Cause.TOO_LARGE


def test_a_buffer_ends_where_it_says() -> None:
    """Ten metres within a buffer of 200 m are too near, ten metres beyond it are not."""
    zone = Zone(zone_id="Z", rings=(square(600, 0, 50),), buffer_m=200)
    edge_m = 600 - 200 - math.sqrt(2.0 * 2000 / 3)
    assert cause_of(job(1, edge_m + 10, 0), zones=(zone,)) is Cause.BUFFER
    assert cause_of(job(1, edge_m - 10, 0), zones=(zone,)) is None


def test_what_a_battery_could_not_fly_is_charged_to_the_next() -> None:
    """With 10 s left, a transit of 20 s and 30 s back, 40 s are missing and come off the next."""
    given = problem([job(0, 300, 0, mu=0.5, rings=())])
    (flight,) = Fleet(given).flights()[:1]
    plot = plot_of(0, given.jobs[0])
    full_s = default_machine().battery_s
    work = flight.work(plot, place(0, 0), 20.0, (40_000.0, 10.0))
    spray = spray_s(plot, default_machine())
    assert work.battery_swaps == 1
    assert work.battery_s == pytest.approx(full_s - 40 - 30 - spray, abs=0.1)


def test_skills_without_papers_are_a_matter_of_permits() -> None:
    """The only drone with the skill is uninsured: the skill exists, the permit does not."""
    drones = (drone(0), drone(1, skills=("slope",), insured_until=date(2026, 1, 1)))
    assert cause_of(job(1, 40, 0, skills=("slope",)), drones=drones) is Cause.PERMIT


def test_a_zone_binds_only_its_products() -> None:
    """The bees mind the insecticide and not the foliar feed."""
    zone = Zone(zone_id="Z", rings=(square(600, 0, 50),), buffer_m=200, products=("other",))
    assert cause_of(job(1, 480, 0), zones=(zone,)) is None


def test_what_exceeds_the_caps_is_left_out_by_priority() -> None:
    """With room for half the mu, the half with the higher priority is sprayed."""
    jobs = [job(n, 60.0 * n, 0, mu=5.0, priority=10 * (n % 2)) for n in range(8)]
    given = problem(jobs, drones=(drone(0, area_cap_centimu=2000),))
    plan = solve(given, stop=QUICK)
    assert check(given, plan) == ()
    assert {row.job_id for row in plan.unassigned} == {"P0", "P2", "P4", "P6"}
    assert {row.cause for row in plan.unassigned} == {Cause.NO_CAPACITY}


def test_what_exceeds_the_hours_is_left_for_lack_of_time() -> None:
    """Twenty minutes of weather do not suffice for 200 mu."""
    jobs = [job(n, 90.0 * n, 0, mu=10.0) for n in range(20)]
    given = problem(jobs, windows=(Window(start_s=25_200, end_s=26_400),))
    plan = solve(given, stop=QUICK)
    assert check(given, plan) == ()
    assert 0 < plan.totals.jobs < 20
    assert {row.cause for row in plan.unassigned} == {Cause.NO_TIME}


def test_one_pilot_flies_one_drone_without_a_cluster_permit() -> None:
    """The second drone of a crew with one pilot stays at home; a permit lets it fly."""
    jobs = [job(n, 60.0 * n, 0, mu=5.0) for n in range(8)]
    drones = tuple(drone(n, crew_id="C", area_cap_centimu=2000) for n in range(2))
    crew = Crew(crew_id="C", home=place(0, -200))
    alone = solve(problem(jobs, drones=drones, crews=(crew,)), stop=QUICK)
    permitted = replace(crew, cluster_permit="JQ-TEST-1")
    both = solve(problem(jobs, drones=drones, crews=(permitted,)), stop=QUICK)
    assert (len(alone.routes), alone.totals.jobs) == (1, 4)
    assert (len(both.routes), both.totals.jobs) == (2, 8)


def test_the_same_seed_and_iterations_give_the_same_plan() -> None:
    """A plan can be repeated from its parameters."""
    given = day_problem(mu=600, drones=2, seed=3, length_m=4000.0)
    first, second = (solve(given, stop=Stop(iterations=200), seed=7) for _ in range(2))
    assert first == second


def test_two_workers_are_never_worse_than_their_first_seed() -> None:
    """The child processes solve the same problem with other seeds, and the best is kept."""
    given = village()
    one = solve(given, stop=QUICK, seed=4)
    two = solve(given, stop=QUICK, seed=4, workers=2)
    assert two.objective.rank() <= one.objective.rank()
    assert two.parameters.workers == 2
    assert check(given, two) == ()


def test_a_cancel_reaches_the_workers() -> None:
    """Two workers with ten minutes of budget finish at once when the caller cancels."""
    given = village()
    began_s = time.monotonic()
    plan = solve(given, stop=Stop(seconds=600, cancelled=lambda: True), workers=2)
    assert time.monotonic() - began_s < 30
    assert check(given, plan) == ()


def test_blocks_plan_a_small_valley_better_than_the_baseline() -> None:
    """The engine keeps at least what the greedy baseline finds, and here plans all of it."""
    given = day_problem(mu=1500, drones=2, seed=5, length_m=5000.0)
    greedy = solve(given, stop=QUICK, engine="greedy")
    blocks = solve(given, stop=Stop(iterations=400))
    assert check(given, greedy) == ()
    assert check(given, blocks) == ()
    assert blocks.objective.rank() < greedy.objective.rank()
    assert blocks.bound.ratio_permille >= 990
    assert blocks.bound.weight_max >= blocks.objective.weight_planned


def test_progress_is_told_and_a_cancel_still_gives_a_sound_plan() -> None:
    """A cancelled run returns what it has; a patient one reports each phase."""
    told: list[Progress] = []
    given = village()
    solve(given, stop=QUICK, on_progress=told.append)
    assert [one.phase for one in told] == ["greedy", "routed", "mended"]
    stopped = solve(given, stop=Stop(iterations=10**8, cancelled=lambda: True))
    assert check(given, stopped) == ()


def test_a_large_plot_is_flown_with_refills_and_swaps() -> None:
    """A plot of 100 mu needs 100 litres: two refills after the first tank, and more batteries."""
    given = problem([job(0, 0, 0, mu=100.0)])
    (visit,) = solve(given, stop=QUICK).routes[0].stops
    assert visit.liquid_ml == 100_000
    assert visit.refills >= 2
    seconds = visit.finish_s - visit.start_s
    flying_s = seconds - visit.halts * default_machine().battery_swap_s
    assert visit.battery_swaps >= flying_s // default_machine().battery_s - 1


def test_no_drones_and_no_jobs_give_empty_plans() -> None:
    """Nothing to do and nobody to do it are plans too."""
    idle = problem([])
    nobody = problem([job(0, 0, 0)], drones=())
    assert check(idle, solve(idle, stop=QUICK)) == ()
    plan = solve(nobody, stop=QUICK)
    assert check(nobody, plan) == ()
    assert [row.cause for row in plan.unassigned] == [Cause.NO_SKILL]


def test_an_unknown_engine_is_refused() -> None:
    """A misspelt engine is not silently replaced."""
    with pytest.raises(InvalidProblem):
        solve(village(), stop=QUICK, engine="magic")


def test_the_noon_gap_is_cut_out_of_the_axis() -> None:
    """Five hours of noon count for nothing, and an instant in the gap is its start."""
    axis = Axis([AFTERNOON, MORNING])
    assert axis.cut(8 * 3600) == 8 * 3600
    assert axis.cut(12 * 3600) == axis.cut(15 * 3600) == 10 * 3600
    assert axis.cut(16 * 3600) == 11 * 3600
