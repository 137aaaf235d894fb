"""In which order the lines of one plot are flown: boustrophedon cells, then the shortest way.

Lines of neighbouring strips that face only each other make a cell, flown back and forth. A cell can
be entered at four corners. The order of the cells and their entries minimise the extra way between
lines: exactly for up to six cells, by improving a greedy order for up to 24, greedily beyond.
"""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import permutations

import numpy as np

from dispatch.coverage.plane import Bools, Floats, Ints

EXACT_CELLS = 6
IMPROVED_CELLS = 24
"""More cells than this are flown in the greedy order, so that time and memory stay bounded."""
ROUNDS_MAX = 40
REACH = 12
"""A stretch of at most this many cells is reversed, or of three moved this far."""

Distances = Callable[[Floats, Floats], Floats]
"""Metres of the way from each row of the first array to the same row of the second."""


@dataclass(frozen=True, slots=True)
class Lines:
    """Lines of one plot by part, strip and place: ends in metres, one row a line."""

    part: Ints
    strip: Ints
    near_m: Floats
    far_m: Floats
    near: Floats
    far: Floats


@dataclass(frozen=True, slots=True)
class Order:
    """The lines in flying order, and which are flown from far to near."""

    line: Ints
    turned: Bools


def straight_m(here: Floats, there: Floats) -> Floats:
    """Return the distance row by row as the crow flies."""
    away: Floats = np.hypot(there[:, 0] - here[:, 0], there[:, 1] - here[:, 1])
    return away


def cells_of(lines: Lines) -> list[list[int]]:
    """Group lines of neighbouring strips that face exactly one line each way."""
    rows: dict[tuple[int, int], list[int]] = {}
    for index, key in enumerate(zip(lines.part.tolist(), lines.strip.tolist(), strict=True)):
        rows.setdefault(key, []).append(index)
    near, far = lines.near_m.tolist(), lines.far_m.tolist()
    above: dict[int, list[int]] = {}
    below: dict[int, list[int]] = {}
    for (part, strip), row in rows.items():
        following = rows.get((part, strip + 1), [])
        for one in row:
            for other in following:
                if min(far[one], far[other]) > max(near[one], near[other]):
                    above.setdefault(one, []).append(other)
                    below.setdefault(other, []).append(one)
    cells: list[list[int]] = []
    for index in range(len(near)):
        before = below.get(index, [])
        if len(before) == 1 and len(above[before[0]]) == 1:
            continue
        cell = [index]
        while len(above.get(cell[-1], [])) == 1 and len(below[above[cell[-1]][0]]) == 1:
            cell.append(above[cell[-1]][0])
        cells.append(cell)
    return cells


def _snake(cell: list[int], *, turned: bool) -> tuple[Ints, Bools]:
    """Return a cell's lines and their directions when its first is flown ``turned``."""
    flips = (np.arange(len(cell)) % 2 == 1) ^ turned
    return np.array(cell), flips


def _ends(lines: Lines, line: Ints, turned: Bools) -> tuple[Floats, Floats]:
    """Return where lines begin and end when flown in these directions."""
    flip = turned[:, None]
    near, far = lines.near[line], lines.far[line]
    return np.where(flip, far, near), np.where(flip, near, far)


def _extra_m(away_m: Floats, swath_m: float) -> Floats:
    """Return what a way is longer than the side step that the turn itself includes."""
    extra: Floats = np.maximum(away_m - swath_m, 0.0)
    return extra


@dataclass(frozen=True, slots=True)
class _States:
    """Four ways through each cell: ways 0 and 1 start near and far, 2 and 3 are their reverses.

    Row 4 c + w is way w of cell c; ``inside_m`` is the extra way between its own lines.
    """

    entry: Floats
    exit: Floats
    inside_m: Floats


def _states(lines: Lines, cells: list[list[int]], swath_m: float, away: Distances) -> _States:
    """Measure the four ways through every cell."""
    ways = [_snake(cell, turned=turned) for cell in cells for turned in (False, True)]
    begins, ends = _ends(
        lines,
        np.concatenate([line for line, _ in ways]),
        np.concatenate([turned for _, turned in ways]),
    )
    sizes = np.array([len(line) for line, _ in ways])
    last = np.cumsum(sizes) - 1
    first = last - sizes + 1
    extra = np.zeros(len(begins))
    extra[:-1] = _extra_m(away(ends[:-1], begins[1:]), swath_m)
    extra[last] = 0.0
    inside = np.add.reduceat(extra, first).reshape(-1, 2)
    entry, leave = begins[first].reshape(-1, 2, 2), ends[last].reshape(-1, 2, 2)
    return _States(
        entry=np.concatenate((entry, leave), axis=1).reshape(-1, 2),
        exit=np.concatenate((leave, entry), axis=1).reshape(-1, 2),
        inside_m=np.concatenate((inside, inside), axis=1).reshape(-1),
    )


def _links_m(states: _States, swath_m: float, away: Distances) -> Floats:
    """Return the extra way from the exit of every state to the entry of every other."""
    size = len(states.entry)
    here = np.repeat(states.exit, size, axis=0)
    there = np.tile(states.entry, (size, 1))
    return _extra_m(away(here, there), swath_m).reshape(size, size)


def _costs(orders: Ints, states: _States, links: Floats) -> tuple[Floats, Ints]:
    """Return the extra way of each order of cells and the best way through every cell.

    ``orders`` has one row an order; the four ways of each cell are chosen by dynamic programming.
    """
    way = np.arange(4)
    total = states.inside_m[orders[:, 0, None] * 4 + way]
    choices = np.zeros((*orders.shape, 4), dtype=np.int64)
    for place in range(1, orders.shape[1]):
        before = orders[:, place - 1, None] * 4 + way
        here = orders[:, place, None] * 4 + way
        reach = total[:, :, None] + links[before[:, :, None], here[:, None, :]]
        choices[:, place] = reach.argmin(axis=1)
        total = reach.min(axis=1) + states.inside_m[here]
    ways = np.zeros(orders.shape, dtype=np.int64)
    ways[:, -1] = total.argmin(axis=1)
    rows = np.arange(len(orders))
    for place in range(orders.shape[1] - 1, 0, -1):
        ways[:, place - 1] = choices[rows, place, ways[:, place]]
    return total.min(axis=1), ways


def _greedy(states: _States, swath_m: float, away: Distances) -> tuple[list[int], list[int]]:
    """Return cells and ways by always going to the nearest corner of one not yet flown."""
    size = len(states.entry)
    left = np.ones(size, dtype=np.bool_)
    here = int(states.inside_m[:4].argmin())
    found = [here]
    while len(found) < size // 4:
        left[here // 4 * 4 : here // 4 * 4 + 4] = False
        open_ = np.nonzero(left)[0]
        reach = away(np.repeat(states.exit[here][None], len(open_), axis=0), states.entry[open_])
        here = int(open_[(_extra_m(reach, swath_m) + states.inside_m[open_]).argmin()])
        found.append(here)
    return [one // 4 for one in found], [one % 4 for one in found]


def _neighbours(order: list[int]) -> Ints:
    """Return the order and all with one stretch reversed or moved elsewhere."""
    size = len(order)
    found = {tuple(order)}
    for i in range(size):
        for j in range(i + 1, min(size, i + REACH) + 1):
            stretch, rest = order[i:j], order[:i] + order[j:]
            found.add(tuple(order[:i] + stretch[::-1] + order[j:]))
            if j - i <= 3:
                for k in range(max(0, i - REACH), min(len(rest), i + REACH) + 1):
                    found.add(tuple(rest[:k] + stretch + rest[k:]))
    return np.array(sorted(found))


def _best_order(
    states: _States, cells: int, swath_m: float, away: Distances, *, quick: bool
) -> tuple[list[int], list[int]]:
    """Return cells in flying order and the way through each."""
    if cells == 1:
        return [0], [int(states.inside_m[:2].argmin())]
    if cells > (EXACT_CELLS if quick else IMPROVED_CELLS):
        return _greedy(states, swath_m, away)
    links = _links_m(states, swath_m, away)
    if cells <= EXACT_CELLS:
        orders = np.array(list(permutations(range(cells))))
        cost, ways = _costs(orders, states, links)
        best = int(cost.argmin())
        return orders[best].tolist(), ways[best].tolist()
    order, choice = _greedy(states, swath_m, away)
    known = np.inf
    for _ in range(ROUNDS_MAX):
        orders = _neighbours(order)
        cost, ways = _costs(orders, states, links)
        best = int(cost.argmin())
        if cost[best] >= known - 1e-6:
            break
        known, order, choice = float(cost[best]), orders[best].tolist(), ways[best].tolist()
    return order, choice


def order_of(
    lines: Lines, swath_m: float, away: Distances = straight_m, *, quick: bool = False
) -> Order:
    """Order the lines of a plot (at least one); ``quick`` leaves a greedy order as it is."""
    cells = cells_of(lines)
    states = _states(lines, cells, swath_m, away)
    order, ways = _best_order(states, len(cells), swath_m, away, quick=quick)
    flown, turns = [], []
    for cell, way in zip(order, ways, strict=True):
        line, turned = _snake(cells[cell], turned=bool(way % 2))
        back = way >= 2
        flown.append(line[::-1] if back else line)
        turns.append(~turned[::-1] if back else turned)
    return Order(np.concatenate(flown), np.concatenate(turns))


def link_lengths_m(lines: Lines, order: Order, away: Distances = straight_m) -> Floats:
    """Return the way between every two consecutive lines."""
    begins, ends = _ends(lines, order.line, order.turned)
    return away(ends[:-1], begins[1:])


def flown(lines: Lines, order: Order) -> tuple[Floats, Floats]:
    """Return where the lines begin and end, in flying order."""
    return _ends(lines, order.line, order.turned)
