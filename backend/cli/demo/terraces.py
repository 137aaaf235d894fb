"""Small terraces on the slopes: curved strips between contour lines.

A flight of terraces is a net: one contour line is walked along the slope, and its points climb by
equal heights, so every edge is a contour and strips of one flight cannot cross.
"""

from collections.abc import Iterator
from itertools import pairwise

import numpy as np
import shapely

from backend.cli.demo import terrain
from backend.cli.demo.terrain import Floats

_NODE_M = 6.0
_NODES = 34
_LEVELS = 5
_BATCH = 40
_BATCHES_MAX = 12
_AREA_M2 = (205.0, 995.0)
_SLOPE = (0.12, 0.55)
_FLOOR_M = 455.0
_FLIGHT_MIN = 10
_RISER_PART = 0.04


def lay_terraces(
    rng: np.random.Generator, ground_m: shapely.Polygon, count: int
) -> tuple[list[Floats], list[int]]:
    """Return at most ``count`` rings on the plane and the flight number of each.

    Fewer come back when the slopes of ``ground_m`` hold no more. Each strip has 0.3-1.5 mu and
    lies above the valley floors, where the blocks are.
    """
    slopes = ground_m.buffer(-8).difference(terrain.rivers().buffer(_FLOOR_M))
    rings: list[Floats] = []
    flights: list[int] = []
    taken: list[shapely.Polygon] = []
    if slopes.is_empty:
        return rings, flights
    shapely.prepare(slopes)
    for net in _nets(rng, slopes):
        rim = [net[0], net[1:-1, -1], net[-1, ::-1], net[-2:0:-1, 0]]
        hull = shapely.Polygon(np.concatenate(rim))
        if not hull.is_valid or not slopes.contains(hull):
            continue
        if taken and shapely.intersects(hull, taken).any():
            continue
        strips = _strips(rng, net)
        if len(strips) < _FLIGHT_MIN:
            continue
        strips = strips[: count - len(rings)]
        taken.append(hull.buffer(15))
        rings += strips
        flights += [len(taken) - 1] * len(strips)
        if len(rings) == count:
            break
    return rings, flights


def _nets(rng: np.random.Generator, slopes: shapely.Geometry) -> Iterator[Floats]:
    """Yield nets of shape (levels + 1, nodes, 2), lowest contour first."""
    low, high = np.split(shapely.bounds(slopes), 2)
    for _ in range(_BATCHES_MAX):
        start = rng.uniform(low, high, (_BATCH * 6, 2))
        steep = np.hypot(*terrain.gradient_xy(start).T)
        fit = (steep > _SLOPE[0]) & (steep < _SLOPE[1]) & shapely.contains_xy(slopes, start)
        start, steep = start[fit][:_BATCH], steep[fit][:_BATCH]
        if not len(start):
            continue
        climb = steep * rng.uniform(9.5, 13.0, len(start))
        yield from np.moveaxis(_climb(_walk(start), climb), 2, 0)


def _walk(start: Floats) -> Floats:
    """Follow contours from ``start`` (n, 2), uphill on the left: nodes, shape (nodes, n, 2)."""

    def along(here: Floats) -> Floats:
        slope = terrain.gradient_xy(here)
        right = np.stack([slope[:, 1], -slope[:, 0]], axis=-1)
        return np.asarray(right / np.hypot(*slope.T)[:, None])

    line = [start]
    for _ in range(_NODES - 1):
        middle = line[-1] + along(line[-1]) * (_NODE_M / 2)
        line.append(line[-1] + along(middle) * _NODE_M)
    return np.stack(line)


def _climb(line: Floats, climb_m: Floats) -> Floats:
    """Let contours rise by ``climb_m`` (n,) for each level: (levels + 1, nodes, n, 2)."""
    levels, halves = [line], 2
    for _ in range(_LEVELS):
        here = levels[-1]
        for _ in range(halves):
            slope = terrain.gradient_xy(here)
            steep2 = np.maximum((slope**2).sum(axis=-1), 0.004)
            here = here + slope * (climb_m / halves / steep2)[..., None]
        levels.append(here)
    return np.stack(levels)


def _strips(rng: np.random.Generator, net: Floats) -> list[Floats]:
    """Cut each level of a net into strips of 7 to 11 nodes; keep those of a terrace's size."""
    rings = []
    for low, high in pairwise(net):
        cuts = np.cumsum(rng.integers(7, 12, _NODES // 7))
        cuts = np.concatenate([[0], cuts[cuts < _NODES]])
        lower, upper = low + (high - low) * _RISER_PART, high - (high - low) * _RISER_PART
        for a, b in pairwise(cuts):
            edges = [_drawn_in(edge[a : b + 1]) for edge in (lower, upper)]
            ring = np.concatenate([edges[0], edges[1][::-1]])
            shape = shapely.Polygon(ring)
            if shape.is_valid and _AREA_M2[0] <= shape.area <= _AREA_M2[1]:
                rings.append(ring)
    return rings


def _drawn_in(edge: Floats) -> Floats:
    """Shorten an edge by a twentieth of a node at both ends: the path between two strips."""
    ends = edge.copy()
    ends[0] += (edge[1] - edge[0]) * 0.05
    ends[-1] += (edge[-2] - edge[-1]) * 0.05
    return ends
