"""The engines' physics agree with plain sums and with the checker's own reading."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatch import Settings, default_machine, physics
from dispatch.work import full, halts_share_s, work

MACHINE = default_machine()


def test_what_a_battery_could_not_fly_is_charged_to_the_next() -> None:
    """With 10 s left, a transit of 20 s and 30 s back, 40 s are missing and come off the next."""
    cost = work(
        MACHINE, spray_s=60.0, liquid_ml=500, transit_s=20.0, ferry_s=30.0, left=(40_000.0, 10.0)
    )
    assert cost is not None
    assert cost.battery_swaps == 1
    assert cost.battery_s == pytest.approx(MACHINE.battery_s - 40 - 30 - 60, abs=0.1)


def test_a_plot_beyond_a_battery_is_refused() -> None:
    """A way of 310 s each leaves no minute of a battery of 660 s for spraying."""
    args = {"spray_s": 60.0, "liquid_ml": 500, "transit_s": 0.0, "left": full(MACHINE)}
    assert work(MACHINE, ferry_s=299.0, **args) is not None  # type: ignore[arg-type]
    assert work(MACHINE, ferry_s=310.0, **args) is None  # type: ignore[arg-type]


@given(st.floats(10, 4000), st.integers(100, 200_000), st.floats(0, 120))
def test_halts_come_as_often_as_tank_and_battery_run_out(
    spray_s: float, liquid_ml: int, ferry_s: float
) -> None:
    """Refills and swaps are the least that tank and battery allow, and no halt is without one."""
    cost = work(
        MACHINE,
        spray_s=spray_s,
        liquid_ml=liquid_ml,
        transit_s=ferry_s,
        ferry_s=ferry_s,
        left=full(MACHINE),
    )
    assert cost is not None
    assert cost.refills >= math.ceil(liquid_ml / MACHINE.tank_ml - 1e-6) - 1
    assert cost.halts <= cost.refills + cost.battery_swaps <= 2 * cost.halts
    ground_s = cost.halts * max(MACHINE.refill_s, MACHINE.battery_swap_s)
    most_s = ferry_s + spray_s + 2 * ferry_s * cost.halts + ground_s
    assert spray_s + ferry_s - 1e-5 <= cost.seconds <= most_s + 1
    assert -1e-6 <= cost.tank_ml <= MACHINE.tank_ml
    assert halts_share_s(MACHINE, spray_s, liquid_ml, ferry_s) >= 0


@given(st.floats(0, 50_000), st.floats(0, 50_000))
def test_roads_never_reward_a_detour(first_m: float, second_m: float) -> None:
    """The road time is concave: two hops take at least as long as one leg of their length."""
    settings = Settings()
    whole_s = physics.road_s(first_m + second_m, settings)
    assert whole_s <= physics.road_s(first_m, settings) + physics.road_s(second_m, settings)
