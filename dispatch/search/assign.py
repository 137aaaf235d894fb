"""Which crew goes where on which day: macro-blocks assigned to crews' days by CP-SAT.

Lots are gathered into macro-blocks of neighbours that share skills, pins and deadline. Each crew's
day gets a centre; CP-SAT then shares the macro-blocks out, in quarters, so that as much weight as
possible fits the hours and every day stays compact. The result only biases how lots are dealt: the
search may move anything afterwards.
"""

import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from ortools.graph.python import linear_sum_assignment
from ortools.sat.python import cp_model

from dispatch.fleet import CrewDay
from dispatch.lots import Lot
from dispatch.physics import EARTH_RADIUS_M, Floats, Ints, distances_m, flat_m
from dispatch.plan import PRIZE_S_PER_WEIGHT
from dispatch.search.net import Net
from dispatch.shapes import DAY_S

MACROS_MAX = 240
QUARTERS = 4
CENTRES_NEAR = 6
WISH = 5.0
"""How much more a lot is worth to the crew's day that its macro-block was assigned to."""
_WAY_SHARE = 1.25
"""Work of a macro-block over that of its lots: driving and setting up between them."""
_DETERMINISTIC_S = 1.0


@dataclass(frozen=True, slots=True)
class Macro:
    """A macro-block: lots of one kind side by side, their work (s), weight and middle (m)."""

    lots: list[int]
    work_s: int
    weight: int
    x_m: float
    y_m: float


def wishes(net: Net, seed: int) -> Floats | None:
    """Return what each lot is worth to each crew's day, as factors; None where nobody chooses."""
    days = net.fleet.crew_days
    if len(days) < 2 or len(net.lots) < 2 * len(days):
        return None
    flat = flat_m(net.middle)
    macros = _macros(net, flat)
    centres = _centres(net, macros)
    made = np.ones((len(days), len(net.lots)))
    for at, day in _assigned(net, macros, centres, seed):
        made[day, macros[at].lots] = WISH
    return made


def _macros(net: Net, flat: Floats) -> list[Macro]:
    """Cut the lots of each kind into macro-blocks of about equal work."""
    work = net.pace(net.fleet.crew_days[0])[0] * _WAY_SHARE
    wanted = min(MACROS_MAX, 5 * len(net.fleet.crew_days))
    most_s = float(work.sum()) / wanted
    kinds: dict[tuple[object, ...], list[int]] = defaultdict(list)
    for index, lot in enumerate(net.lots):
        kinds[_kind(lot)].append(index)
    macros = []
    for members in kinds.values():
        for part in _bisect(np.array(members), flat, work, most_s):
            middle = flat[part].mean(axis=0)
            macros.append(
                Macro(
                    lots=part.tolist(),
                    work_s=int(work[part].sum()),
                    weight=int(net.weight[part].sum()),
                    x_m=float(middle[0]),
                    y_m=float(middle[1]),
                )
            )
    return macros


def _kind(lot: Lot) -> tuple[object, ...]:
    plot = lot.plots[0]
    job = plot.job
    day = (plot.deadline_s - 1) // DAY_S
    return (frozenset(job.skills), job.pinned_drone_id, job.pinned_day, day, job.earliest_s)


def _bisect(members: Ints, flat: Floats, work: Floats, most_s: float) -> list[Ints]:
    """Halve a set of lots across its longer side until no part has more work than ``most_s``."""
    if len(members) <= 1 or work[members].sum() <= most_s:
        return [members]
    spots = flat[members]
    axis = int(np.ptp(spots[:, 1]) > np.ptp(spots[:, 0]))
    order = members[np.argsort(spots[:, axis], kind="stable")]
    total = np.cumsum(work[order])
    cut = int(np.clip(np.searchsorted(total, total[-1] / 2), 1, len(order) - 1))
    return [*_bisect(order[:cut], flat, work, most_s), *_bisect(order[cut:], flat, work, most_s)]


def _centres(net: Net, macros: Sequence[Macro]) -> Floats:
    """Return a centre (m) for each crew's day: k-means of the work, matched to the homes."""
    days = net.fleet.crew_days
    spots = np.array([(one.x_m, one.y_m) for one in macros])
    work = np.array([one.work_s for one in macros], dtype=np.float64)
    # Begin with the macro-blocks farthest from each other: the same every time.
    chosen = [int(work.argmax())]
    away = np.hypot(*(spots - spots[chosen[0]]).T)
    while len(chosen) < min(len(days), len(macros)):
        chosen.append(int(away.argmax()))
        away = np.minimum(away, np.hypot(*(spots - spots[chosen[-1]]).T))
    centres = spots[chosen]
    for _ in range(12):
        away_m = np.hypot(*(spots[:, None, :] - centres[None, :, :]).transpose(2, 0, 1))
        near = away_m.argmin(axis=1)
        centres = np.array(
            [
                np.average(spots[near == at], axis=0, weights=work[near == at])
                if (near == at).any()
                else centres[at]
                for at in range(len(centres))
            ]
        )
    if len(centres) < len(days):
        centres = np.vstack([centres, centres[np.arange(len(days) - len(centres)) % len(centres)]])
    return centres[_matched(net, centres)]


def _matched(net: Net, centres: Floats) -> list[int]:
    """Return which centre each crew's day takes, the ways from home together shortest."""
    mean = net.middle.mean(axis=0)
    scale = np.array([math.cos(math.radians(float(mean[1]))), 1.0])
    places = mean + np.degrees(centres / EARTH_RADIUS_M) / scale
    match = linear_sum_assignment.SimpleLinearSumAssignment()
    for day in net.fleet.crew_days:
        for at, metres in enumerate(distances_m(day.place, places).tolist()):
            match.add_arc_with_cost(day.index, at, int(metres))
    if match.solve() != match.OPTIMAL:
        return list(range(len(net.fleet.crew_days)))
    return [match.right_mate(day.index) for day in net.fleet.crew_days]


def _may(day: CrewDay, net: Net, macro: Macro) -> bool:
    """Tell whether a crew's day comes in time for a macro-block and has the skills."""
    plot = net.lots[macro.lots[0]].plots[0]
    in_time = plot.deadline_s > day.day * DAY_S and plot.job.earliest_s < (day.day + 1) * DAY_S
    return in_time and any(day.may(drone, plot) for drone in range(len(day.drones)))


def _assigned(
    net: Net, macros: Sequence[Macro], centres: Floats, seed: int
) -> list[tuple[int, int]]:
    """Return (macro-block, crew's day) pairs of CP-SAT's best shares."""
    days = net.fleet.crew_days
    model = cp_model.CpModel()
    load: list[list[cp_model.LinearExprT]] = [[] for _ in days]
    gain: list[cp_model.LinearExprT] = []
    share: dict[tuple[int, int], cp_model.IntVar] = {}
    for at, macro in enumerate(macros):
        away = np.hypot(centres[:, 0] - macro.x_m, centres[:, 1] - macro.y_m)
        order = np.argsort(away, kind="stable").tolist()
        able = [index for index in order if _may(days[index], net, macro)][:CENTRES_NEAR]
        for index in able:
            one = model.new_int_var(0, QUARTERS, f"s{at}_{index}")
            share[at, index] = one
            load[index].append(one * macro.work_s)
            way_s = int(away[index] / 8.0) * len(macro.lots) // 8
            gain.append(one * (PRIZE_S_PER_WEIGHT * macro.weight - way_s))
        if able:
            model.add(sum(share[at, index] for index in able) <= QUARTERS)
    for index, day in enumerate(days):
        open_s = sum(end_s - start_s for start_s, end_s in day.segments)
        seconds = open_s * len(day.drones)
        if load[index]:
            model.add(sum(load[index]) <= QUARTERS * seconds)
    model.maximize(sum(gain))
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = 1
    # Its own handler would take Ctrl-C from whoever waits for the plan.
    solver.parameters.catch_sigint_signal = False
    solver.parameters.random_seed = seed % 2**31
    solver.parameters.max_deterministic_time = _DETERMINISTIC_S
    status = solver.solve(model)
    if status not in {cp_model.OPTIMAL, cp_model.FEASIBLE}:
        return []
    return [pair for pair, one in share.items() if solver.value(one) > 0]
