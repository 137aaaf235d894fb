"""The relaxation over all drones at once, solved by its dual: any prices give a valid bound."""

from dataclasses import dataclass

import numpy as np
from ortools.linear_solver import pywraplp

from dispatch.bounds.least import Best, Least
from dispatch.bounds.supply import Supply
from dispatch.physics import Floats

_NEVER_S = 1e6
"""Stands for a flight that no plan can contain."""
_HOP_S = 120.0
"""A halt serves what it tanks up for, the plot and this much of the hop to it."""
_TOLERANCE = 0.02
"""Seconds and ml a plot that the checker overlooks, and a launch site a centimetre off."""
_ROUNDS = 150
_CLOSE = 2e-5

TIME, CHARGE, TANK, CAP, SITE, END, REFILL = range(7)
"""Prices: a second, a second of battery, a ml, a hundredth of a mu, a launch site, a block's end,
a refill that takes longer than a swap."""


@dataclass(frozen=True, slots=True)
class Relaxation:
    """Patterns of each plot (rows, by plot) with what each uses (last axis, as the prices).

    A pattern says whether the launch site is the plot's own access point and how many ends of its
    block the plot is. ``halts`` is the most that is worth making over the plot in a pattern;
    ``halt_use`` what one of them uses. ``block_use`` is what every block brings, ``move_s`` what it
    costs in seconds unless it begins a stretch.
    """

    use: Floats
    halts: Floats
    halt_use: Floats
    given: Floats
    block: Floats
    starts: int
    move_s: float
    refill_more_s: float


def relaxation_of(least: Least, best: Best, supply: Supply) -> Relaxation:
    """Write down what docs/dispatch.md, "The bound", derives."""
    count = len(least.spray)
    halt_s = min(best.refill_s, best.swap_s)
    nearest = np.minimum(least.ferry_own, least.ferry_other)
    end_most_s = float(np.median(nearest))
    alone = supply.together == 1
    finite = least.road[np.isfinite(least.road)]
    road_most_s = float(np.median(finite)) if alone and len(finite) else 0.0
    hops = np.minimum(least.hops, _NEVER_S)
    use = np.zeros((6, count, 7))
    halts, halt_use = np.zeros((6, count)), np.zeros((6, count, 7))
    for own in (0, 1):
        ferry = np.minimum(least.ferry_own if own else least.ferry_other, _NEVER_S)
        served = np.maximum(0.0, best.battery_s - 2 * ferry)
        most = (best.battery_s + least.spray + _HOP_S) / np.maximum(1e-6, served)
        most = np.maximum(most, 1 + least.liquid_ml / best.tank_ml)
        for ends in (0, 1, 2):
            at = 3 * own + ends
            flown = hops[:, : 2 - ends]
            use[at, :, TIME] = least.spray + flown.sum(axis=1) / 2
            use[at, :, TIME] += ends * np.minimum(ferry, end_most_s)
            use[at, :, TIME] += own * np.minimum(least.road, road_most_s)
            use[at, :, TIME] += np.where(ferry >= _NEVER_S, _NEVER_S, 0.0)
            use[at, :, CHARGE] = least.spray + np.minimum(flown, _HOP_S).sum(axis=1) / 2
            use[at, :, TANK] = least.liquid_ml
            use[at, :, CAP] = least.area_centimu
            use[at, :, SITE], use[at, :, END] = own, ends
            use[at, :, REFILL] = least.liquid_ml / best.tank_ml
            halts[at] = most
            halt_use[at, :, TIME] = 2 * ferry + halt_s
            halt_use[at, :, CHARGE] = -served
            halt_use[at, :, TANK] = -best.tank_ml
    given = np.zeros(7)
    given[TIME] = supply.seconds + supply.starts * (end_most_s + road_most_s)
    given[[TIME, CHARGE, TANK]] += _TOLERANCE * count
    given[CAP] = supply.cap_centimu
    block = np.array([0.0, best.battery_s, best.tank_ml, 0.0, 1.0, 2.0, 1.0])
    road_s = 0.0 if alone or not len(finite) else float(finite.min())
    more_s = best.refill_s - halt_s
    return Relaxation(
        use, halts, halt_use, given, block, supply.starts, best.setup_s + road_s, more_s
    )


def dual_value(one: Relaxation, worth: Floats, prices: Floats) -> tuple[float, Floats]:
    """Return the bound at some prices and its slope: what is given less what plots would use."""
    halt = -(one.halt_use @ prices)
    value = worth[None, :] - one.use @ prices + np.maximum(0.0, halt) * one.halts
    choice = value.argmax(axis=0)
    taken = np.arange(len(worth))
    gain = value[choice, taken]
    rows, columns = choice[gain > 0], taken[gain > 0]
    flown = np.where(halt > 0, one.halts, 0.0)[rows, columns]
    used = one.use[rows, columns].sum(axis=0)
    used += (flown[:, None] * one.halt_use[rows, columns]).sum(axis=0)
    given = one.given + one.starts * one.block
    return float(given @ prices + gain[gain > 0].sum()), given - used


def least_dual(one: Relaxation, worth: Floats) -> float:
    """Return a bound on the worth of any plan: Kelley's cutting planes over the prices.

    Every value seen is a bound; when rounds run out the least of them is still one.
    """
    total = float(worth.sum())
    if not total:
        return 0.0
    used = one.use[0].sum(axis=0)
    scale = total / np.maximum(one.given + one.starts * one.block, np.maximum(1.0, used * 1e-3))
    solver = pywraplp.Solver.CreateSolver("GLOP")
    price = [solver.NumVar(0.0, 2.0, "") for _ in range(7)]
    value = solver.NumVar(0.0, 1.0, "")
    solver.Minimize(value)
    # A block is never worth more than it costs to move, a refill's price never above its minutes.
    solver.Add(
        sum(price[k] * float(scale[k] * one.block[k]) for k in range(7))
        <= price[TIME] * float(scale[TIME] * one.move_s)
    )
    solver.Add(
        price[REFILL] * float(scale[REFILL]) <= price[TIME] * float(scale[TIME] * one.refill_more_s)
    )
    best = total
    prices = np.zeros(7)
    for _ in range(_ROUNDS):
        found, slope = dual_value(one, worth, prices)
        best = min(best, found)
        row = sum(price[k] * float(slope[k] * scale[k] / total) for k in range(7))
        solver.Add(value >= row + float((found - slope @ prices) / total))
        if solver.Solve() != pywraplp.Solver.OPTIMAL:
            break
        low = solver.Objective().Value()
        if best / total - low < _CLOSE:
            break
        prices = feasible(one, np.array([x.solution_value() for x in price]) * scale)
    return best


def feasible(one: Relaxation, prices: Floats) -> Floats:
    """Return prices with the solver's rounding taken out: none negative, both limits kept."""
    fine = np.maximum(0.0, prices)
    fine[REFILL] = min(fine[REFILL], fine[TIME] * one.refill_more_s)
    blocks, most = float(fine @ one.block), float(fine[TIME]) * one.move_s
    if blocks > most:
        fine = np.where(one.block > 0, fine * (most / blocks), fine)
    return fine
