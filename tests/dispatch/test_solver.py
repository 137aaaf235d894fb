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
    MixPoint,
    Progress,
    Rest,
    Settings,
    Stop,
    TruckStopKind,
    Window,
    Zone,
    ZoneKind,
    check,
    default_machine,
    solve,
)
from dispatch.engines import ENGINES
from tests.dispatch.build import DAY, MORNING, drone, job, place, problem, square, village

QUICK = Stop(iterations=5)


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
    """Skill, zones, weather, own window, harvest, pin and size are told apart."""
    zone = Zone(zone_id="Z", rings=(square(600, 0, 50),), buffer_m=200)
    closed = replace(zone, kind=ZoneKind.NO_FLY)
    herbicide = job(1, 40, 0, product="herbicide")
    calm = (replace(MORNING, products=("wheat-mix",)),)
    elsewhere = (replace(MORNING, areas=("west",)), replace(MORNING, areas=("",)))
    able = (drone(0, skills=("slope",)), drone(1))
    assert cause_of(job(1, 40, 0, skills=("slope",))) is Cause.NO_SKILL
    assert cause_of(job(1, 480, 0), zones=(zone,)) is Cause.BUFFER
    assert cause_of(job(1, 480, 0), zones=(closed,)) is Cause.NO_FLY
    assert cause_of(herbicide, windows=calm) is Cause.WEATHER
    assert cause_of(job(1, 40, 0, area_id="east"), windows=elsewhere) is Cause.WEATHER
    assert cause_of(job(1, 40, 0, earliest_s=11 * 3600, latest_s=13 * 3600)) is Cause.WINDOW
    assert cause_of(job(1, 40, 0, harvest_on=DAY, pre_harvest_days=7)) is Cause.PRE_HARVEST
    pinned = job(1, 40, 0, skills=("slope",), pinned_drone_id="D1")
    assert cause_of(pinned, drones=able) is Cause.PINNED
    assert cause_of(job(1, 40, 0, mu=1001.0)) is Cause.TOO_LARGE
    assert cause_of(job(1, 40, 0, mu=1001.0, latest_s=7 * 3600)) is Cause.TOO_LARGE


def test_a_buffer_ends_where_it_says() -> None:
    """Ten metres within a buffer of 200 m are too near, ten metres beyond it are not."""
    zone = Zone(zone_id="Z", rings=(square(600, 0, 50),), buffer_m=200)
    edge_m = 600 - 200 - math.sqrt(2.0 * 2000 / 3)
    assert cause_of(job(1, edge_m + 10, 0), zones=(zone,)) is Cause.BUFFER
    assert cause_of(job(1, edge_m - 10, 0), zones=(zone,)) is None


def test_skills_without_papers_are_a_matter_of_permits() -> None:
    """The only drone with the skill is uninsured: the skill exists, the permit does not."""
    drones = (drone(0), drone(1, skills=("slope",), insured_until=date(2026, 1, 1)))
    assert cause_of(job(1, 40, 0, skills=("slope",)), drones=drones) is Cause.PERMIT


def test_a_zone_binds_only_its_products() -> None:
    """The bees mind the insecticide and not the foliar feed."""
    zone = Zone(zone_id="Z", rings=(square(600, 0, 50),), buffer_m=200, products=("other",))
    assert cause_of(job(1, 480, 0), zones=(zone,)) is None


def test_insurance_that_ends_tomorrow_covers_today_only() -> None:
    """A plan of two days leaves the second to drones whose papers hold."""
    windows = (MORNING, Window(start_s=86_400 + 6 * 3600, end_s=86_400 + 10 * 3600))
    jobs = [job(n, 60.0 * n, 0, mu=5.0, pinned_day=1) for n in range(3)]
    drones = (drone(0, insured_until=DAY), drone(1))
    given = problem(jobs, days=2, windows=windows, drones=drones)
    plan = solve(given, stop=QUICK)
    assert check(given, plan) == ()
    assert {(route.drone_id, route.day) for route in plan.routes} == {("D1", 1)}
    assert plan.totals.jobs == 3


def test_pins_hold() -> None:
    """Plots side by side go to the drones and days that a person named."""
    windows = (MORNING, Window(start_s=86_400 + 6 * 3600, end_s=86_400 + 10 * 3600))
    jobs = [
        job(n, 60.0 * n, 0, mu=5.0, pinned_drone_id=f"D{n % 2}", pinned_day=n // 2)
        for n in range(4)
    ]
    given = problem(jobs, days=2, windows=windows)
    plan = solve(given, stop=QUICK)
    assert check(given, plan) == ()
    found = {
        visit.job_id: (route.drone_id, route.day) for route in plan.routes for visit in route.stops
    }
    assert found == {"P0": ("D0", 0), "P1": ("D1", 0), "P2": ("D0", 1), "P3": ("D1", 1)}


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


def test_two_drones_of_a_truck_work_side_by_side() -> None:
    """They share launch sites, overlap in time, and finish far sooner than one would."""
    jobs = [job(n, 75.0 * (n % 5), 75.0 * (n // 5), mu=8.0) for n in range(20)]
    crew = Crew(crew_id="C", home=place(0, -200), pilots=2)
    one = problem(jobs, drones=(drone(0, crew_id="C"),), crews=(crew,))
    two = replace(one, drones=tuple(drone(n, crew_id="C") for n in range(2)))
    plans = {given: solve(given, stop=QUICK) for given in (one, two)}
    assert all(check(given, plan) == () for given, plan in plans.items())
    blocks = [{visit.block_id for visit in route.stops} for route in plans[two].routes]
    assert len(blocks) == 2
    assert blocks[0] & blocks[1]
    ends = [plans[given].trucks[0].return_s - MORNING.start_s for given in (one, two)]
    assert ends[1] < 0.65 * ends[0]


def test_a_truck_takes_water_on_its_way() -> None:
    """With 25 L on board and 8 L a plot it goes to the mixing point, within its hours."""
    jobs = [job(n, 400.0 * n, 0, mu=8.0) for n in range(6)]
    crew = Crew(crew_id="C0", home=place(0, -500), water_ml=25_000)
    point = MixPoint(point_id="M", place=place(900, -50), fill_s=600, open_s=7 * 3600)
    given = problem(jobs, drones=(drone(0),), crews=(crew,), mix_points=(point,))
    plan = solve(given, stop=QUICK)
    assert check(given, plan) == ()
    stops = [stop for stop in plan.trucks[0].stops if stop.kind is TruckStopKind.MIX]
    assert plan.totals.jobs == 6
    assert stops
    assert all(stop.arrive_s >= 7 * 3600 and stop.water_ml == 25_000 for stop in stops)
    assert plan.objective.fill_s == 600 * len(stops)
    dry = replace(given, mix_points=())
    assert solve(dry, stop=QUICK).totals.jobs == 3


def test_nobody_sprays_during_the_rest() -> None:
    """A pause from seven to nine divides the morning."""
    jobs = [job(n, 75.0 * (n % 5), 75.0 * (n // 5), mu=8.0) for n in range(30)]
    crew = Crew(crew_id="C0", home=place(0, -500), rests=(Rest(start_s=7 * 3600, end_s=9 * 3600),))
    given = problem(jobs, drones=(drone(0),), crews=(crew,), windows=(MORNING,))
    plan = solve(given, stop=QUICK)
    assert check(given, plan) == ()
    visits = plan.routes[0].stops
    assert all(one.finish_s <= 7 * 3600 or one.start_s >= 9 * 3600 for one in visits)
    assert any(one.start_s >= 9 * 3600 for one in visits)


def test_products_are_rinsed_between_unless_they_agree() -> None:
    """Two products cost one rinse, a compatible pair none."""
    jobs = [job(n, 60.0 * n, 0, product="ab"[n // 2]) for n in range(4)]
    given = problem(jobs, drones=(drone(0),))
    plan = solve(given, stop=QUICK)
    assert plan.objective.clean_s == given.settings.clean_s
    agreed = replace(given, settings=Settings(compatible=(("a", "b"),)))
    agreed_plan = solve(agreed, stop=QUICK)
    assert check(agreed, agreed_plan) == ()
    assert agreed_plan.objective.clean_s == 0


def test_fairness_shares_the_hours_between_villages() -> None:
    """An hour is spent in one village; a fair share of 20 % gives the far one two of ten plots."""
    near = [job(n, 130.0 * n, 0, mu=9.0, collective_id="near") for n in range(10)]
    far = [job(10 + n, 6000 + 130.0 * n, 0, mu=9.0, collective_id="far") for n in range(10)]
    window = (Window(start_s=25_200, end_s=25_200 + 3600),)
    given = problem([*near, *far], drones=(drone(0),), windows=window)
    fair = replace(given, settings=Settings(fair_share_permille=200))
    plans = [solve(one, stop=Stop(iterations=12)) for one in (given, fair)]
    assert check(fair, plans[1]) == ()

    def done(index: int) -> int:
        stops = [visit for route in plans[index].routes for visit in route.stops]
        return sum(int(visit.job_id[1:]) >= 10 for visit in stops)

    assert min(done(0), plans[0].totals.jobs - done(0)) < 2
    assert min(done(1), plans[1].totals.jobs - done(1)) >= 2
    assert plans[1].objective.weight_unfair == 0


def test_the_same_seed_and_iterations_give_the_same_plan() -> None:
    """A plan can be repeated from its parameters."""
    given = day_problem(mu=600, drones=2, seed=3, length_m=4000.0)
    first, second = (solve(given, stop=Stop(iterations=4), seed=7) for _ in range(2))
    assert first == second


def test_two_workers_solve_side_by_side() -> None:
    """Child processes take neighbourhoods each, and the plan is sound."""
    given = village()
    two = solve(given, stop=QUICK, seed=4, workers=2)
    assert two.parameters.workers == 2
    assert check(given, two) == ()
    assert two.totals.jobs == len(given.jobs)


def test_a_cancel_reaches_the_workers() -> None:
    """Two workers with ten minutes of budget finish at once when the caller cancels."""
    given = village()
    began_s = time.monotonic()
    plan = solve(given, stop=Stop(seconds=600, cancelled=lambda: True), workers=2)
    assert time.monotonic() - began_s < 30
    assert check(given, plan) == ()


@pytest.mark.parametrize("engine", sorted(ENGINES))
def test_every_engine_plans_a_small_valley(engine: str) -> None:
    """All engines keep the rules, and none plans less than nine tenths of what can be planned."""
    given = day_problem(mu=300, drones=2, seed=5, length_m=3000.0)
    plan = solve(given, stop=Stop(iterations=8), engine=engine)
    assert check(given, plan) == ()
    assert plan.parameters.engine == engine
    assert plan.objective.weight_planned >= 0.9 * sum(one.weight for one in given.jobs)
    assert plan.bound.weight_max >= plan.objective.weight_planned


def test_blocks_plan_a_small_valley_better_than_the_baseline() -> None:
    """The search plans more of a valley that is too large for its drones than dealing does."""
    whole = day_problem(mu=700, drones=1, seed=5, length_m=5000.0)
    given = replace(whole, windows=whole.windows[:1])
    greedy = solve(given, stop=QUICK, engine="greedy")
    blocks = solve(given, stop=Stop(iterations=12))
    assert blocks.objective.rank() < greedy.objective.rank()


def test_progress_is_told_and_a_cancel_still_gives_a_sound_plan() -> None:
    """A cancelled run returns what it has; a patient one reports each phase."""
    told: list[Progress] = []
    given = village()
    solve(given, stop=QUICK, on_progress=told.append)
    phases = [one.phase for one in told]
    assert phases[0] == "dealt"
    assert phases[-1] == "mended"
    assert "improve" in phases
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
