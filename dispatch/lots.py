"""Lots (小片): neighbouring plots that are always flown together, the units of every search.

A lot has one product, one set of skills, one time window and one priority; it is short enough that
nothing is lost by never cutting it, and where plots lie apart each is a lot of its own.
"""

import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import shapely

from dispatch.fleet import Fleet
from dispatch.machines import Machine
from dispatch.physics import Floats, Plot, distance_m, flat_m, fly_s
from dispatch.work import full, work

LOT_S = 600
"""Longest lot in seconds of work."""
LOT_GAP_M = 15.0
"""Plots of a lot are no farther from the next than this, edge to edge."""


@dataclass(frozen=True, slots=True, eq=False)
class Lot:
    """Plots in flying order; ``service_s`` is the work from over the first to over the last.

    The drone starts full at the first plot; halts are counted from the first plot's access point.
    """

    plots: tuple[Plot, ...]
    service_s: int
    spray_s: float
    liquid_ml: int
    area_centimu: int
    weight: int
    reach_m: float


def local_m(plots: Sequence[Plot]) -> Floats:
    """Project plot centres to metres on a plane through their mean, one row (x, y) a plot."""
    places = np.array([plot.centre for plot in plots], dtype=np.float64).reshape(-1, 2)
    return flat_m(places) if len(places) else places


def components(plots: Sequence[Plot], gap_m: float) -> list[list[Plot]]:
    """Group plots whose discs come within ``gap_m`` of a neighbour's, transitively."""
    xy = local_m(plots)
    discs = [shapely.Point(row) for row in xy.tolist()]
    reach = np.array([plot.reach_m * 0.7 for plot in plots])
    tree = shapely.STRtree(discs)
    pairs = tree.query(discs, predicate="dwithin", distance=gap_m + reach + reach.max())
    apart = np.hypot(*(xy[pairs[0]] - xy[pairs[1]]).T) - reach[pairs[0]] - reach[pairs[1]]
    parent = list(range(len(plots)))

    def root(one: int) -> int:
        while parent[one] != one:
            parent[one] = parent[parent[one]]
            one = parent[one]
        return one

    for a, b in pairs[:, apart <= gap_m].T.tolist():
        parent[max(root(a), root(b))] = min(root(a), root(b))
    groups: dict[int, list[Plot]] = defaultdict(list)
    for index, plot in enumerate(plots):
        groups[root(index)].append(plot)
    return list(groups.values())


def _split(plots: list[Plot], costs_s: Sequence[float], most_s: float) -> list[list[Plot]]:
    """Cut a group across its longer side until each part is short enough."""
    total_s = sum(costs_s[plot.index] for plot in plots)
    parts = math.ceil(total_s / most_s - 1e-9)
    if parts <= 1 or len(plots) == 1:
        return [plots]
    xy = local_m(plots)
    spread = xy.max(axis=0) - xy.min(axis=0)
    order = np.argsort(xy[:, int(spread[1] > spread[0])], kind="stable")
    cumulative = np.cumsum([costs_s[plots[index].index] for index in order])
    share = cumulative[-1] * (parts // 2) / parts
    cut = int(np.clip(np.searchsorted(cumulative, share) + 1, 1, len(plots) - 1))
    halves = [[plots[index] for index in part] for part in (order[:cut], order[cut:])]
    return [part for half in halves for part in _split(half, costs_s, most_s)]


def sweep_order(plots: Sequence[Plot]) -> list[Plot]:
    """Return plots in a short flying order: boustrophedon strips, shortened by `shorten`."""
    if len(plots) <= 2:
        return list(plots)
    xy = local_m(plots)
    pitch_m = max(1.0, 1.4 * math.sqrt(float(np.mean([plot.reach_m**2 for plot in plots]))))
    found: dict[tuple[int, ...], float] = {}
    for axis in (0, 1):
        for factor in (1.0, 1.7):
            strip = np.floor((xy[:, axis] - xy[:, axis].min()) / (factor * pitch_m)).astype(int)
            along = np.where(strip % 2 == 0, xy[:, 1 - axis], -xy[:, 1 - axis])
            order = np.lexsort((along, strip))
            found[tuple(order.tolist())] = float(np.hypot(*np.diff(xy[order], axis=0).T).sum())
    best = min(found, key=lambda order: (found[order], order))
    return [plots[index] for index in shorten(list(best), xy)]


def shorten(order: list[int], xy: Floats) -> list[int]:
    """Shorten an open path by reversing stretches of it (2-opt) until none helps.

    Paths of more than 400 places stay as they are.
    """
    if len(order) > 400:
        return order
    path = np.array(order)
    away = np.hypot(*(xy[:, None, :] - xy[None, :, :]).transpose(2, 0, 1))
    size = len(path)
    for _ in range(2 * size):
        step = away[path[:-1], path[1:]]
        # Reversing path[i+1..j] replaces the edges (i, i+1) and (j, j+1).
        gain = (
            step[:, None]
            + step[None, :]
            - away[np.ix_(path[:-1], path[:-1])]
            - away[np.ix_(path[1:], path[1:])]
        )
        gain[np.tril_indices(size - 1)] = 0.0
        best = int(np.argmax(gain))
        if gain.flat[best] <= 1e-6:
            break
        i, j = divmod(best, size - 1)
        path[i + 1 : j + 1] = path[i + 1 : j + 1][::-1]
    return [int(index) for index in path]


def lot_of(plots: Sequence[Plot], machine: Machine, spray_s: Sequence[float]) -> Lot:
    """Time plots in this order as one lot, flown by a machine from the first's access point.

    A plot that is out of its battery's reach counts with its spraying alone; the exact simulation
    refuses it later.
    """
    launch, here, left, total_s = plots[0].job.access, plots[0].centre, full(machine), 0
    for plot in plots:
        cost = work(
            machine,
            spray_s=spray_s[plot.index],
            liquid_ml=plot.liquid_ml,
            transit_s=fly_s(distance_m(here, plot.centre), machine),
            ferry_s=fly_s(distance_m(launch, plot.centre), machine),
            left=left,
        )
        if cost is None:
            total_s += math.ceil(spray_s[plot.index])
        else:
            total_s, left = total_s + cost.seconds, (cost.tank_ml, cost.battery_s)
        here = plot.centre
    middle = plots[len(plots) // 2].centre
    return Lot(
        plots=tuple(plots),
        service_s=total_s,
        spray_s=sum(spray_s[plot.index] for plot in plots),
        liquid_ml=sum(plot.liquid_ml for plot in plots),
        area_centimu=sum(plot.job.area_centimu for plot in plots),
        weight=sum(plot.weight for plot in plots),
        reach_m=max(distance_m(middle, plot.centre) + plot.reach_m for plot in plots),
    )


def kind_of(plot: Plot) -> tuple[object, ...]:
    """Return what all plots of a lot share: product, weather, skills, times, pins, collective."""
    job = plot.job
    times = (job.earliest_s, plot.deadline_s)
    pins = (job.pinned_drone_id, job.pinned_day)
    skills = frozenset(job.skills)
    return (job.product, job.area_id, skills, job.priority, job.collective_id, *times, *pins)


def make_lots(fleet: Fleet, plots: Sequence[Plot], *, join: bool = True) -> list[Lot]:
    """Gather plots into lots; with ``join`` off every plot is a lot of its own."""
    if not plots or not fleet.crew_days:
        return []
    machine = fleet.crew_days[0].drones[0].machine
    spray_s = fleet.spray_s[machine]
    if not join:
        return [lot_of([plot], machine, spray_s) for plot in plots]
    kinds: dict[tuple[object, ...], list[Plot]] = defaultdict(list)
    for plot in plots:
        kinds[kind_of(plot)].append(plot)
    # A plot takes a little more than its spraying: flights between and halts.
    costs_s = [1.3 * one for one in spray_s]
    return [
        lot_of(sweep_order(part), machine, spray_s)
        for group in kinds.values()
        for component in components(group, LOT_GAP_M)
        for part in _split(component, costs_s, LOT_S)
    ]
