"""What one plot costs one drone: minutes in the air, halts at the truck, tank and battery after."""

import math
from typing import NamedTuple

from dispatch.machines import Machine
from dispatch.physics import EPS


class Work(NamedTuple):
    """The cost of one visit: whole seconds, halts, and what is left in tank and battery."""

    seconds: int
    halts: int
    refills: int
    battery_swaps: int
    tank_ml: float
    battery_s: float


def full(machine: Machine) -> tuple[float, float]:
    """Return tank (ml) and battery (s) as they are after setting up."""
    return (float(machine.tank_ml), float(machine.battery_s))


def work(
    machine: Machine,
    *,
    spray_s: float,
    liquid_ml: int,
    transit_s: float,
    ferry_s: float,
    left: tuple[float, float],
) -> Work | None:
    """Return what a plot costs from the state ``left`` = (tank ml, battery s).

    ``transit_s`` is the flight to it, ``ferry_s`` the flight between it and the launch site. A halt
    is forced when the tank is empty or the battery reaches what the way back needs; the other job
    is done at the same halt when it costs no extra minute. What the last battery could not fly any
    more is charged to the next. None when a full battery has no minute left for spraying between
    the way out and the way back.
    """
    if machine.battery_s < 2 * ferry_s + 60:
        return None
    tank_ml, battery_s = left[0], left[1] - transit_s
    halts = refills = swaps = ground_s = 0
    ml_per_s = liquid_ml / spray_s
    left_s = spray_s
    while True:
        step_s = max(0.0, min(left_s, tank_ml / ml_per_s, battery_s - ferry_s))
        left_s -= step_s
        tank_ml -= step_s * ml_per_s
        battery_s -= step_s
        if left_s <= 1e-9:
            break
        refill = tank_ml <= EPS or machine.refill_s <= machine.battery_swap_s
        swap = (
            battery_s - 3 * ferry_s <= 1e-9
            or machine.battery_swap_s <= machine.refill_s
            or not refill
        )
        ground_s += max(refill * machine.refill_s, swap * machine.battery_swap_s)
        tank_ml = float(machine.tank_ml) if refill else tank_ml
        battery_s -= ferry_s
        battery_s = machine.battery_s + min(0.0, battery_s) if swap else battery_s
        battery_s -= ferry_s
        halts, refills, swaps = halts + 1, refills + refill, swaps + swap
    seconds = math.ceil(transit_s + spray_s + 2 * ferry_s * halts + ground_s - EPS)
    return Work(seconds, halts, refills, swaps, tank_ml, battery_s)


def halts_share_s(machine: Machine, spray_s: float, liquid_ml: int, ferry_s: float) -> float:
    """Return the seconds of halts that a plot causes on average, whole or in part.

    Over many plots of one block halts come as often as tank or battery run out, so each plot is
    charged its share of the next one.
    """
    way_s = 2 * ferry_s
    by_tank = liquid_ml / machine.tank_ml
    by_battery = spray_s / max(60.0, machine.battery_s - way_s)
    ground_s = max(machine.refill_s, machine.battery_swap_s)
    return max(by_tank, by_battery) * (way_s + ground_s)
