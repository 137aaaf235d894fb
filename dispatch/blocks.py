"""Contiguous single-product blocks (连片): what one launch site covers before the truck moves."""

import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import shapely

from dispatch.flight import Flight
from dispatch.model import Crew, Drone, Problem
from dispatch.physics import EARTH_RADIUS_M, Floats, Plot, spray_s


@dataclass(frozen=True, slots=True)
class Block:
    """Plots in flying order; the launch site is the access point of the first.

    ``seconds`` is the measured time from take-off to the last landing at the launch site by the
    reference drone; set-up is not in it.
    """

    plots: tuple[Plot, ...]
    seconds: int
    area_centimu: int
    weight: int


def local_m(plots: Sequence[Plot]) -> Floats:
    """Project plot centres to metres on a plane through their mean, one row (x, y) a plot."""
    places = np.array([plot.centre for plot in plots], dtype=np.float64).reshape(-1, 2)
    if not len(places):
        return places
    middle = places.mean(axis=0)
    scale = np.array([math.cos(math.radians(float(middle[1]))), 1.0])
    flat: Floats = np.radians(places - middle) * scale * EARTH_RADIUS_M
    return flat


def _components(plots: Sequence[Plot], gap_m: float) -> list[list[Plot]]:
    """Group plots whose edges come within ``gap_m`` of a neighbour's, transitively."""
    xy = local_m(plots)
    discs = [shapely.Point(row) for row in xy.tolist()]
    reach = np.array([plot.reach_m for plot in plots])
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


def _halve(plots: list[Plot], costs_s: dict[int, float], parts: int) -> list[list[Plot]]:
    """Cut a group in two across its longer side so that both parts hold whole blocks."""
    xy = local_m(plots)
    spread = xy.max(axis=0) - xy.min(axis=0)
    order = np.argsort(xy[:, int(spread[1] > spread[0])], kind="stable")
    cumulative = np.cumsum([costs_s[plots[index].index] for index in order])
    share = cumulative[-1] * (parts // 2) / parts
    cut = int(np.clip(np.searchsorted(cumulative, share) + 1, 1, len(plots) - 1))
    return [[plots[index] for index in part] for part in (order[:cut], order[cut:])]


def _split(
    plots: list[Plot], costs_s: dict[int, float], limits: tuple[float, float, int]
) -> list[list[Plot]]:
    """Cut a group until each part is within ``limits`` = (seconds, span in metres, centimu)."""
    block_s, span_m, cap_centimu = limits
    xy = local_m(plots)
    span = float(np.hypot(*(xy.max(axis=0) - xy.min(axis=0)))) / span_m
    seconds = sum(costs_s[plot.index] for plot in plots) / block_s
    area = sum(plot.job.area_centimu for plot in plots) / cap_centimu
    parts = math.ceil(max(span, seconds, area) - 1e-9)
    if parts <= 1 or len(plots) == 1:
        return [plots]
    halves = _halve(plots, costs_s, parts)
    return [part for half in halves for part in _split(half, costs_s, limits)]


def sweep(plots: Sequence[Plot]) -> list[list[Plot]]:
    """Return flying orders to try: the two shortest, from either end and from the middle.

    They are boustrophedon strips both ways in three widths, shortened by `shorten`. From the middle
    means that the most central plot comes first, so that its access is the launch site.
    """
    if len(plots) <= 2:
        return [list(plots), list(plots[::-1])]
    xy = local_m(plots)
    pitch_m = math.sqrt(sum(plot.area_m2 for plot in plots) / len(plots))
    found: dict[tuple[int, ...], float] = {}
    for axis in (0, 1):
        for factor in (1.0, 1.7, 2.5):
            strip = np.floor((xy[:, axis] - xy[:, axis].min()) / (factor * pitch_m)).astype(int)
            along = np.where(strip % 2 == 0, xy[:, 1 - axis], -xy[:, 1 - axis])
            order = np.lexsort((along, strip))
            length = float(np.hypot(*np.diff(xy[order], axis=0).T).sum())
            found[tuple(order.tolist())] = length
    best = sorted(found, key=lambda order: (found[order], order))[:2]
    middle = int(np.argmin(np.hypot(*(xy - (xy.max(axis=0) + xy.min(axis=0)) / 2).T)))
    ways = []
    for one in best:
        short = shorten(list(one), xy)
        central = [middle, *[index for index in short if index != middle]]
        ways += [short, short[::-1], central, [middle, *central[:0:-1]]]
    return [[plots[index] for index in way] for way in ways]


def shorten(order: list[int], xy: Floats) -> list[int]:
    """Shorten an open path by reversing stretches of it (2-opt) until none helps.

    Paths of more than 400 plots (of less than 0.3 mu each, in one block) stay as they are.
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


def measure(
    problem: Problem, drone: Drone, plots: Sequence[Plot], cache_s: dict[int, float]
) -> Block | None:
    """Return the block flown in this order without a break, or None where it cannot be flown.

    It is flown on an empty day without weather, so only reach, battery and tank decide.
    """
    home = Crew(crew_id="-", home=plots[0].job.access)
    flight = Flight(problem, drone, home, cache_s)
    seconds = flight.block_s(plots)
    if seconds is None:
        return None
    return Block(
        plots=tuple(plots),
        seconds=seconds,
        area_centimu=sum(plot.job.area_centimu for plot in plots),
        weight=sum(plot.weight for plot in plots),
    )


def best_block(
    problem: Problem, drone: Drone, plots: Sequence[Plot], cache_s: dict[int, float]
) -> Block | None:
    """Return the quickest of the sweeps over these plots."""
    tried = [measure(problem, drone, order, cache_s) for order in sweep(plots)]
    return min(
        (block for block in tried if block is not None),
        key=lambda block: block.seconds,
        default=None,
    )


def make_blocks(
    problem: Problem, drone: Drone, plots: Sequence[Plot], cache_s: dict[int, float]
) -> list[Block]:
    """Cut plots into blocks of one product, one set of skills and one time window each.

    ``drone`` is the reference machine. Plots that no block can hold are left to the repair.
    """
    kinds: dict[tuple[object, ...], list[Plot]] = defaultdict(list)
    for plot in plots:
        job = plot.job
        key = (job.product, tuple(sorted(job.skills)), job.earliest_s, job.latest_s, job.priority)
        kinds[key].append(plot)
    settings = problem.settings
    cap_centimu = min((one.area_cap_centimu for one in problem.drones), default=1)
    limits = (settings.block_s, settings.block_span_m, cap_centimu)
    costs_s = {plot.index: spray_s(plot, drone.machine) * 1.3 for plot in plots}
    blocks = []
    for group in kinds.values():
        for component in _components(group, settings.block_gap_m):
            for part in _split(component, costs_s, limits):
                block = best_block(problem, drone, part, cache_s)
                if block is not None:
                    blocks.append(block)
    return blocks
