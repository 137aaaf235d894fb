"""No plan exceeds the bound, and the bound knows hours, caps and the way between plots."""

import math
from dataclasses import replace
from itertools import combinations, permutations, product
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dispatch import Crew, Problem, Rest, Settings, Stop, Window, check, replan, solve
from dispatch.bounds import upper_bound
from dispatch.bounds.dual import dual_value, feasible, least_dual, relaxation_of
from dispatch.bounds.least import best_of, least_of, least_spray_s, nearest_m
from dispatch.bounds.supply import possible, supply_of
from dispatch.check.case import Case
from dispatch.check.ground import Ground
from dispatch.crewday import DayFlight
from dispatch.fleet import CrewDay, Fleet
from dispatch.machines import Machine, default_machine
from dispatch.physics import Plot
from tests.dispatch.build import AFTERNOON, MORNING, drone, job, place, problem
from tests.dispatch.test_property import machines

QUIET = [HealthCheck.too_slow, HealthCheck.data_too_large]


def most(asked: Problem) -> int:
    """Return the most weight that any plan can have."""
    return upper_bound(Fleet(asked), {}, 0).weight_max


def valley(**facts: object) -> Problem:
    """Return forty plots of 9 mu, 600 m from one another."""
    jobs = [job(n, 600.0 * (n % 8), 600.0 * (n // 8), mu=9.0) for n in range(40)]
    return replace(problem(jobs, windows=(MORNING,)), **facts)  # type: ignore[arg-type]


def test_caps_bind_where_hours_do_not() -> None:
    """Two drones of 45 mu each spray 90 mu at the most, however long the day."""
    asked = valley(drones=(drone(0, area_cap_centimu=4_500), drone(1, area_cap_centimu=4_500)))
    assert most(asked) == 9_000
    plan = solve(asked, stop=Stop(iterations=2))
    assert plan.objective.weight_planned == plan.bound.weight_max == 9_000
    assert plan.bound.ratio_permille == 1000


def test_the_way_between_plots_counts() -> None:
    """The same plots side by side have a higher bound than strewn over the valley."""
    short = (Window(start_s=25_200, end_s=27_000),)
    near = [job(n, 78.0 * (n % 8), 78.0 * (n // 8), mu=9.0) for n in range(40)]
    strewn = valley(windows=short)
    dense = replace(strewn, jobs=tuple(near))
    assert most(strewn) < most(dense)
    for asked in (strewn, dense):
        plan = solve(asked, stop=Stop(iterations=4))
        assert 0 < plan.objective.weight_planned <= plan.bound.weight_max


def test_more_hours_and_more_drones_never_lower_it() -> None:
    """An afternoon and a drone each raise what is possible, up to all that was ordered."""
    short = (Window(start_s=25_200, end_s=27_000),)
    less = valley(windows=short, drones=(drone(0),))
    both = valley(windows=short)
    longer = valley(windows=(*short, AFTERNOON))
    assert most(less) < most(both) <= most(longer) == 36_000


@st.composite
def tight(draw: Any) -> Problem:
    """Draw up to five plots and one or two crews with too little time for all of them."""
    kinds = st.sampled_from(["wheat-mix", "wheat-mix", "rice-mix"])
    jobs = []
    for number in range(draw(st.integers(1, 5))):
        x_m, y_m = draw(st.integers(0, 1500)), draw(st.integers(0, 300))
        facts: dict[str, Any] = {
            "product": draw(kinds),
            "priority": draw(st.sampled_from([0, 0, 1, 3])),
            "liquid_ml_per_mu": draw(st.integers(500, 6000)),
        }
        if draw(st.booleans()):
            facts["access"] = place(draw(st.integers(0, 1500)), draw(st.integers(0, 300)))
        if draw(st.integers(0, 4)) == 0:
            facts["parts"] = ()
        jobs.append(job(number, x_m, y_m, mu=draw(st.integers(10, 250)) / 10, **facts))
    drones = [
        drone(number, machine=draw(machines(number)), crew_id=f"C{draw(st.integers(0, 1))}")
        for number in range(draw(st.integers(1, 2)))
    ]
    crews = tuple(
        Crew(crew_id=f"C{n}", home=place(0, -300), pilots=draw(st.integers(1, 2))) for n in (0, 1)
    )
    windows = tuple(
        Window(start_s=start_s, end_s=start_s + draw(st.integers(120, 1800)))
        for start_s in (25_200, 30_600)[: draw(st.integers(1, 2))]
    )
    facts = {"radius_m": 2000, "clean_s": draw(st.sampled_from([0, 900]))}
    facts["setup_s"] = draw(st.sampled_from([0, 60, 180]))
    return problem(
        jobs, drones=tuple(drones), crews=crews, windows=windows, settings=Settings(**facts)
    )


def flown(fleet: Fleet, day: CrewDay) -> set[frozenset[int]]:
    """Return every set of plots that one crew can do in one day, by trying all orders and sites."""
    found = {frozenset[int]()}
    for size in range(1, len(fleet.plots) + 1):
        for chosen in combinations(fleet.plots, size):
            if any(_can(fleet, day, order) for order in permutations(chosen)):
                found.add(frozenset(plot.index for plot in chosen))
    return found


def _can(fleet: Fleet, day: CrewDay, order: tuple[Plot, ...]) -> bool:
    """Tell whether plots can be flown in this order, cut into sites of one product somehow."""
    for cuts in product((False, True), repeat=len(order) - 1):
        flight, site = DayFlight(fleet, day), [order[0]]
        for plot, cut in zip(order[1:], cuts, strict=True):
            if cut or plot.job.product != site[-1].job.product:
                if flight.add_site(site):
                    break
                site = []
            site.append(plot)
        else:
            if not flight.add_site(site):
                return True
    return False


def best_weight(fleet: Fleet) -> int:
    """Return the most weight over all ways to share the plots among the crews' days."""
    reached = {frozenset[int]()}
    for day in fleet.crew_days:
        reached = {done | more for done in reached for more in flown(fleet, day)}
    return max(sum(fleet.plots[at].weight for at in done) for done in reached)


@settings(max_examples=120, deadline=None, suppress_health_check=QUIET)
@given(tight(), st.lists(st.floats(0, 1), min_size=7, max_size=7))
def test_no_order_of_flying_beats_the_bound(asked: Problem, shares: list[float]) -> None:
    """All orders, sites and crews of small problems are tried; any prices give a bound."""
    fleet = Fleet(asked)
    most_weight = best_weight(fleet)
    assert most_weight <= most(asked)
    supply = supply_of(fleet)
    plots = possible(fleet, {}, supply)
    best = best_of(supply.machines, asked.settings)
    least = least_of(plots, supply.machines, best, asked.settings)
    relaxed = relaxation_of(least, best, supply)
    prices = feasible(relaxed, np.array(shares) * [3.0, 3.0, 0.1, 3.0, 900.0, 90.0, 90.0])
    assert most_weight <= dual_value(relaxed, least.weight, prices)[0] + 1e-6


@settings(max_examples=60, deadline=None, suppress_health_check=QUIET)
@given(tight(), st.integers(0, 3))
def test_no_engine_beats_the_bound(asked: Problem, seed: int) -> None:
    """Sound plans of the search stay below it, their own bound included."""
    plan = solve(asked, stop=Stop(iterations=3), seed=seed)
    assert check(asked, plan) == ()
    assert plan.objective.weight_planned <= plan.bound.weight_max


@settings(max_examples=60, deadline=None, suppress_health_check=QUIET)
@given(tight(), st.integers(0, 17_999))
def test_least_spraying_is_below_every_heading(asked: Problem, heading_cdeg: int) -> None:
    """Neither the planned lines nor the checker's least at any heading take less."""
    fleet = Fleet(asked)
    for machine, spray_s in fleet.spray_s.items():
        least_s = least_spray_s(fleet.plots, machine)
        assert (least_s <= np.array(spray_s) + 1e-9).all()
    plan = solve(asked, stop=Stop(iterations=1), engine="greedy")
    turned = replace(
        plan,
        routes=tuple(
            replace(
                route,
                stops=tuple(replace(stop, heading_cdeg=heading_cdeg) for stop in route.stops),
            )
            for route in plan.routes
        ),
    )
    rows = Case(asked, turned).rows
    plots = {plot.job.job_id: plot for plot in fleet.plots}
    for row, seconds in zip(rows, Ground(rows).spray_s.tolist(), strict=True):
        assert least_spray_s([plots[row.job.job_id]], row.drone.machine)[0] <= seconds + 1e-9


def hops() -> Problem:
    """Return tiny plots, twenty out and twenty back, to which a slow drone mostly flies."""
    slow = replace(default_machine(), transit_cm_per_s=300, battery_s=7_200, turn_s=0)
    row = [30.0 * n for n in range(20)]
    spots = [*((x_m, 0.0) for x_m in row), *((x_m, 30.0) for x_m in reversed(row))]
    jobs = [job(n, x_m, y_m, mu=0.05) for n, (x_m, y_m) in enumerate(spots)]
    return one_drone(jobs, slow, (Window(start_s=25_200, end_s=25_600),))


def halts() -> Problem:
    """Return thirsty plots around one access point, 300 m off, from which all is refilled."""
    pump = replace(default_machine(), flow_ml_per_min=1_000_000, battery_s=7_200)
    facts: dict[str, Any] = {"access": place(0, 0), "liquid_ml_per_mu": 50_000}
    jobs = [job(n, 300.0, 40.0 * (n - 5), mu=2.0, **facts) for n in range(11)]
    return one_drone(jobs, pump, (Window(start_s=25_200, end_s=27_600),))


def beginnings() -> Problem:
    """Return short windows, each for one of twenty plots that take just one tank."""
    facts: dict[str, Any] = {"access": place(0, 0), "liquid_ml_per_mu": 20_000}
    jobs = [job(n, 40.0 * (n % 4), 40.0 * (n // 4), mu=2.0, **facts) for n in range(20)]
    pump = replace(default_machine(), flow_ml_per_min=1_000_000)
    starts = [21_600 + 4_500 * n for n in range(10)]
    windows = tuple(Window(start_s=start_s, end_s=start_s + 75) for start_s in starts)
    return one_drone(jobs, pump, windows)


def one_drone(jobs: list[Any], machine: Machine, windows: tuple[Window, ...]) -> Problem:
    """Return a problem of one crew with one drone of a machine."""
    crew = Crew(crew_id="C0", home=place(0, -300), shift_end_s=24 * 3600)
    return problem(jobs, drones=(drone(0, machine=machine),), crews=(crew,), windows=windows)


@pytest.mark.parametrize(
    ("asked", "size", "least"), [(hops(), 40, 0.6), (halts(), 11, 0.7), (beginnings(), 1, 0.6)]
)
def test_the_bound_is_close_where_little_is_left_out(
    asked: Problem, size: int, least: float
) -> None:
    """Charging hops, halts or beginnings a little too much would put it below these days."""
    fleet = Fleet(asked)
    flight = DayFlight(fleet, fleet.crew_days[0])
    for at in range(0, len(fleet.plots), size):
        flight.add_site(fleet.plots[at : at + size])
    done = sum(one.plot.weight for one in flight.visits)
    assert least * most(asked) <= done <= most(asked) < sum(one.weight for one in fleet.plots)


@pytest.mark.parametrize("size", [1, 2, 9, 500])
def test_nearest_places_are_those_of_the_full_matrix(size: int) -> None:
    """Looking along x only misses nobody."""
    rng = np.random.default_rng(size)
    rows, places = rng.normal(0, 900, (size, 2)), rng.normal(50, 900, (size, 2))
    away = np.hypot(*(rows[:, None, :] - places[None, :, :]).transpose(2, 0, 1))
    np.fill_diagonal(away, math.inf)
    wanted = np.full((size, 2), math.inf)
    wanted[:, : min(2, size)] = np.sort(away, axis=1)[:, :2]
    assert np.array_equal(nearest_m(rows, places, 2), wanted)


def test_the_method_says_whether_anything_binds() -> None:
    """With hours enough the bound is all that was ordered and says so."""
    assert upper_bound(Fleet(valley()), {}, 0).method == "everything"
    short = valley(windows=(Window(start_s=25_200, end_s=27_000),))
    assert upper_bound(Fleet(short), {}, 0).method == "lagrangian"


def test_halts_and_set_ups_count() -> None:
    """Thirsty plots have a lower bound than the same ones sprayed thinly."""
    short = valley(windows=(Window(start_s=25_200, end_s=27_000),))
    thick = replace(short, jobs=tuple(replace(one, liquid_ml_per_mu=4_000) for one in short.jobs))
    assert most(thick) < 0.9 * most(short)


def test_pilots_and_rests_count() -> None:
    """Two drones with one pilot give the hours of one; a pause takes its share."""
    short = (Window(start_s=25_200, end_s=28_800),)
    pair = (drone(0), drone(1, crew_id="C0"))
    one = valley(windows=short, drones=pair, crews=(Crew(crew_id="C0", home=place(0, -500)),))
    two = replace(one, crews=(replace(one.crews[0], pilots=2),))
    rest = Rest(start_s=25_200, end_s=27_000)
    paused = replace(one, crews=(replace(one.crews[0], rests=(rest,)),))
    assert most(paused) < most(one) < most(two)


def test_what_is_frozen_counts_as_done() -> None:
    """An hour later the bound is not higher, and not below what has been done."""
    asked = valley(windows=(Window(start_s=25_200, end_s=30_600),))
    plan = solve(asked, stop=Stop(iterations=2))
    now, again = replan(asked, plan, now_s=28_000, events=[], stop=Stop(iterations=2))
    done = {visit.job_id for route in now.frozen_routes for visit in route.stops}
    weight = sum(one.weight for one in now.jobs if one.job_id in done)
    assert 0 < weight < again.objective.weight_planned <= again.bound.weight_max <= most(asked)


def test_nobody_to_fly_means_nothing() -> None:
    """Without papers the bound is zero and everything possible is reached."""
    grounded = valley(drones=(drone(0, registration=""),))
    bound = upper_bound(Fleet(grounded), {}, 0)
    assert (bound.weight_max, bound.area_centimu_max, bound.ratio_permille) == (0, 0, 1000)


def test_worthless_plots_need_no_prices() -> None:
    """A sum of nothing is bounded by nothing."""
    fleet = Fleet(valley())
    supply = supply_of(fleet)
    best = best_of(supply.machines, fleet.problem.settings)
    least = least_of(fleet.plots, supply.machines, best, fleet.problem.settings)
    assert least_dual(relaxation_of(least, best, supply), np.zeros(40)) == 0.0
