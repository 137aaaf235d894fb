"""The worked example of docs/dispatch.md, summed by hand."""

import math

import pytest

from dispatch import Stop, check, solve
from tests.dispatch.build import MORNING, drone, job, problem


@pytest.mark.parametrize("engine", ["blocks", "greedy"])
def test_the_documented_example_is_what_the_engines_plan(engine: str) -> None:
    """One drone, two plots of 2 mu, 40 m apart: every instant follows from the rules."""
    given = problem([job(0, 0, 0), job(1, 40, 0)], drones=(drone(0),), windows=(MORNING,))
    plan = solve(given, stop=Stop(iterations=20), engine=engine)
    side_m = math.sqrt(2 * 2000 / 3)
    spray = 6 * side_m / 6 + 5 * 4
    first, second = plan.routes[0].stops
    # The truck stands at the corner of the second plot, which is nearer to both middles.
    drive_s = math.ceil(math.hypot(500, 40) * 1.35 / 4.2)
    away_m = math.hypot(40 - side_m / 2, side_m / 2) if first.job_id == "P0" else side_m / 2**0.5
    assert check(given, plan) == ()
    assert first.arrive_s == 5 * 3600 + drive_s
    assert first.start_s == MORNING.start_s
    assert first.finish_s == first.start_s + math.ceil(away_m / 10 + spray)
    assert second.arrive_s == second.start_s == first.finish_s
    assert second.finish_s == second.start_s + math.ceil(4 + spray)
    assert (first.liquid_ml, first.halts, second.halts) == (2000, 0, 0)
    assert first.block_id == second.block_id
