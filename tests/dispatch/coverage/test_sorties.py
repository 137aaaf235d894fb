"""Cutting lines into sorties: tank and battery are kept, nothing is left out or flown twice."""

import math
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dispatch.coverage import Coverage, Line, Parts, Point, cover, sorties
from dispatch.coverage.sorties import Sortie
from dispatch.machines import Machine, default_machine
from dispatch.validation import InvalidProblem
from tests.dispatch.coverage.shapes import box, plots, ring

MACHINE = default_machine()
LAUNCH: Point = ring([(-30, -30)])[0]


def metres(coverage: Coverage, here: Point, there: Point) -> float:
    """Return the straight way between two places."""
    ends = coverage.plane.metres([here, there])
    return math.dist(*ends.tolist())


def flight_s(coverage: Coverage, machine: Machine, one: Sortie, speed: float) -> float:
    """Time a sortie from its parts."""
    transit = machine.transit_cm_per_s / 100
    seconds = metres(coverage, LAUNCH, one.lines[0][0]) / transit
    seconds += metres(coverage, one.lines[-1][1], LAUNCH) / transit
    seconds += sum(metres(coverage, *line) for line in one.lines) / speed
    for link in one.links:
        away = sum(metres(coverage, *step) for step in pairwise(link))
        seconds += machine.turn_s + max(0.0, away - machine.swath_cm / 100) / transit
    return seconds


def test_a_small_plot_is_one_sortie() -> None:
    """A mu takes a litre of the tank and a minute of the battery."""
    coverage = cover(((box(0, 0, 20, 33.4),),), MACHINE, 1000)
    found = sorties(coverage, MACHINE, 1000, LAUNCH)
    assert (len(found.flights), found.refills, found.battery_swaps) == (1, 0, 0)
    assert found.liquid_ml == pytest.approx(1002, rel=1e-3)
    assert found.seconds == found.flight_s > coverage.seconds


def test_the_tank_ends_a_sortie_and_the_next_goes_on_there() -> None:
    """120 mu at 1 L a mu are three tanks of 40 L; a battery is swapped while one is refilled."""
    big = replace(MACHINE, battery_s=7200)
    coverage = cover(((box(0, 0, 200, 399.9),),), big, 1000)
    found = sorties(coverage, big, 1000, LAUNCH)
    assert [round(one.liquid_ml) for one in found.flights][:2] == [40_000, 40_000]
    assert found.refills == 2
    assert [one.ground_s for one in found.flights] == [0, 90, 90]
    first, second = found.flights[:2]
    assert first.lines[-1][1] == pytest.approx(second.lines[0][0], abs=1e-9)
    assert found.seconds == pytest.approx(found.flight_s + 180)


def test_the_battery_ends_a_sortie_before_the_tank() -> None:
    """A battery of 200 s comes home with nothing to spare, and the tank is not filled for it."""
    weak = replace(MACHINE, battery_s=200)
    coverage = cover(((box(0, 0, 100, 100),),), weak, 1000)
    found = sorties(coverage, weak, 1000, LAUNCH)
    assert found.refills == 0
    assert found.battery_swaps == len(found.flights) - 1 > 0
    assert all(one.flight_s <= 200 + 1e-6 for one in found.flights)
    assert found.flights[0].flight_s > 190


def test_a_launch_site_out_of_reach_is_refused() -> None:
    """Eleven minutes of battery do not fly eight kilometres there and back."""
    coverage = cover(((box(0, 0, 100, 100),),), MACHINE, 1000)
    with pytest.raises(InvalidProblem, match="too far away"):
        sorties(coverage, MACHINE, 1000, ring([(-8000, 0)])[0])
    with pytest.raises(InvalidProblem, match="launch"):
        sorties(coverage, MACHINE, 1000, (math.nan, 0.0))


def test_no_lines_are_no_sorties() -> None:
    """A plot that its margin took has nothing to fly."""
    coverage = cover(((box(0, 0, 100, 5),),), MACHINE, 1000, margin_cm=300)
    found = sorties(coverage, MACHINE, 1000, LAUNCH)
    assert (found.flights, found.seconds) == ((), 0)


@settings(max_examples=60, deadline=None)
@given(plots, st.integers(2000, 40_000), st.integers(90, 900), st.integers(500, 9000))
def test_sorties_fly_every_line_once_within_tank_and_battery(
    parts: Parts, tank_ml: int, battery_s: int, dose: int
) -> None:
    """Lines put together again are those of the plan; each flight keeps its tank and battery."""
    machine = replace(MACHINE, tank_ml=tank_ml, battery_s=battery_s)
    coverage = cover(parts, machine, dose)
    found = sorties(coverage, machine, dose, LAUNCH)
    speed = coverage.line_m / (
        coverage.seconds
        - sum(
            machine.turn_s
            + max(0.0, sum(metres(coverage, *step) for step in pairwise(link)) - 7) / 10
            for link in coverage.links
        )
    )
    battery, tank = float(battery_s), float(tank_ml)
    for one in found.flights:
        battery = battery_s if one.battery_swap else battery
        tank = tank_ml if one.refill else tank
        battery, tank = battery - one.flight_s, tank - one.liquid_ml
        assert battery >= -1e-3
        assert tank >= -1e-3
        assert one.flight_s == pytest.approx(flight_s(coverage, machine, one, speed), abs=1e-3)
    assert found.liquid_ml == pytest.approx(coverage.area_m2 / (2000 / 3) * dose, rel=1e-6)
    pieces = [line for one in found.flights for line in one.lines]
    joined: list[Line] = []
    for begin, end in pieces:
        if joined and metres(coverage, joined[-1][1], begin) < 1e-3 and _straight(joined[-1], end):
            joined[-1] = (joined[-1][0], end)
        else:
            joined.append((begin, end))
    assert sum(metres(coverage, *line) for line in pieces) == pytest.approx(
        coverage.line_m, abs=0.02 * len(pieces)
    )
    assert joined[0][0] == coverage.lines[0][0]
    assert joined[-1][1] == coverage.lines[-1][1]


def _straight(line: tuple[Point, Point], end: Point) -> bool:
    """Tell whether a line goes on to a point without turning."""
    (ax, ay), (bx, by) = line
    return abs((bx - ax) * (end[1] - ay) - (by - ay) * (end[0] - ax)) < 1e-12
