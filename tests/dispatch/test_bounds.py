"""No plan exceeds the bound, and the bound knows hours, caps and the way between plots."""

from dataclasses import replace

from dispatch import Stop, Window, solve
from dispatch.bounds import upper_bound
from dispatch.fleet import Fleet
from dispatch.model import Problem
from tests.dispatch.build import AFTERNOON, MORNING, drone, job, problem


def most(given: Problem) -> int:
    """Return the most weight that any plan can have."""
    return upper_bound(Fleet(given), {}, 0).weight_max


def valley(**facts: object) -> Problem:
    """Return forty plots of 9 mu, 600 m from one another."""
    jobs = [job(n, 600.0 * (n % 8), 600.0 * (n // 8), mu=9.0) for n in range(40)]
    return replace(problem(jobs, windows=(MORNING,)), **facts)  # type: ignore[arg-type]


def test_caps_bind_where_hours_do_not() -> None:
    """Two drones of 45 mu each spray 90 mu at the most, however long the day."""
    given = valley(drones=(drone(0, area_cap_centimu=4_500), drone(1, area_cap_centimu=4_500)))
    assert most(given) == 9_000
    plan = solve(given, stop=Stop(iterations=2))
    assert plan.objective.weight_planned == plan.bound.weight_max == 9_000
    assert plan.bound.ratio_permille == 1000


def test_the_way_between_plots_counts() -> None:
    """The same plots side by side have a higher bound than strewn over the valley."""
    short = (Window(start_s=25_200, end_s=27_000),)
    near = [job(n, 78.0 * (n % 8), 78.0 * (n // 8), mu=9.0) for n in range(40)]
    strewn = valley(windows=short)
    dense = replace(strewn, jobs=tuple(near))
    assert most(strewn) < most(dense)
    for given in (strewn, dense):
        plan = solve(given, stop=Stop(iterations=4))
        assert 0 < plan.objective.weight_planned <= plan.bound.weight_max


def test_more_hours_and_more_drones_never_lower_it() -> None:
    """An afternoon and a drone each raise what is possible, up to all that was ordered."""
    short = (Window(start_s=25_200, end_s=27_000),)
    less = valley(windows=short, drones=(drone(0),))
    both = valley(windows=short)
    longer = valley(windows=(*short, AFTERNOON))
    assert most(less) < most(both) <= most(longer) == 36_000
