"""Engine and checker read the same physics on their own, and both agree with plain sums."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatch import Settings, check_physics, default_machine, physics
from dispatch.model import Ring
from tests.dispatch.build import job, place, square

MACHINE = default_machine()


def ring_of(corners: list[tuple[float, float]]) -> Ring:
    """Return a closed ring from corners in metres."""
    ring = tuple(place(x, y) for x, y in corners)
    return (*ring, ring[0])


def test_a_rectangle_is_as_wide_as_its_short_side() -> None:
    """A strip of 30 m by 200 m, turned by 30 degrees, is 30 m wide to both."""
    cos, sin = math.cos(math.pi / 6), math.sin(math.pi / 6)
    flat = [(0, 0), (200, 0), (200, 30), (0, 30)]
    ring = ring_of([(cos * x - sin * y, sin * x + cos * y) for x, y in flat])
    assert physics.narrow_width_m((ring,)) == pytest.approx(30, rel=1e-3)
    assert check_physics.strip_width_m(job(0, 0, 0, rings=(ring,))) == pytest.approx(30, rel=1e-3)


def test_spraying_time_is_whole_swaths_and_their_turns() -> None:
    """A square of 70 m at 7 m swath and 6 m/s: ten passes of 70 m and nine turns."""
    plot = job(0, 0, 0, rings=(square(0, 0, 69.99),), area_centimu=735)
    area_m2 = 7.35 * 2000 / 3
    expected_s = 10 * (area_m2 / 69.99) / 6 + 9 * MACHINE.turn_s
    measured = physics.spray_s(physics.plot_of(0, plot), MACHINE)
    assert measured == pytest.approx(expected_s, rel=1e-3)


def test_the_pump_slows_a_high_dose() -> None:
    """At 10 L a mu the pump of 16 L a minute allows 2.5 m/s, not 6."""
    slow = job(0, 0, 0, rings=(square(0, 0, 69.99),), liquid_ml_per_mu=10_000)
    fast = job(0, 0, 0, rings=(square(0, 0, 69.99),))
    turns_s = 9 * MACHINE.turn_s
    times_s = [physics.spray_s(physics.plot_of(0, one), MACHINE) - turns_s for one in (slow, fast)]
    speed_m_per_s = 16_000 / 60 / (10_000 / (2000 / 3) * 7)
    assert times_s[0] / times_s[1] == pytest.approx(6 / speed_m_per_s, rel=1e-9)


@given(st.floats(0, 50_000), st.floats(0, 50_000))
def test_roads_never_reward_a_detour(first_m: float, second_m: float) -> None:
    """The road time is concave: two hops take at least as long as one leg of their length."""
    settings = Settings()
    whole_s = physics.road_s(first_m + second_m, settings)
    assert whole_s <= physics.road_s(first_m, settings) + physics.road_s(second_m, settings)


@given(
    st.lists(st.tuples(st.integers(0, 300), st.integers(0, 300)), min_size=3, max_size=3),
    st.integers(10, 6000),
    st.integers(200, 12_000),
)
def test_engine_and_checker_agree_on_any_triangle(
    corners: list[tuple[int, int]], area_centimu: int, dose_ml: int
) -> None:
    """Width, spraying time and middle differ by less than the checker's tolerance."""
    (ax, ay), (bx, by), (cx, cy) = corners
    if abs((bx - ax) * (cy - ay) - (by - ay) * (cx - ax)) < 200:
        return
    ring = ring_of([(float(x), float(y)) for x, y in corners])
    one = job(0, 0, 0, rings=(ring,), area_centimu=area_centimu, liquid_ml_per_mu=dose_ml)
    plot = physics.plot_of(0, one)
    assert check_physics.strip_width_m(one) == pytest.approx(plot.width_m, abs=1e-6)
    checked_s = check_physics.over_plot_s(one, MACHINE, plot.width_m)
    assert checked_s <= physics.spray_s(plot, MACHINE) + 1e-6
    assert physics.distance_m(plot.centre, check_physics.middle_of(one)) < 1e-6


@given(st.floats(-20_000, 20_000), st.floats(-20_000, 20_000))
def test_engine_and_checker_agree_on_distances_and_drives(x_m: float, y_m: float) -> None:
    """The engine's whole seconds are the checker's exact seconds rounded up."""
    here, there, settings = place(0, 0), place(x_m, y_m), Settings()
    metres = physics.distance_m(here, there)
    assert check_physics.straight_m(here, there) == pytest.approx(metres, abs=1e-6)
    exact_s = check_physics.drive_s(here, there, settings)
    assert exact_s - 1e-3 <= physics.road_s(metres, settings) < exact_s + 1
