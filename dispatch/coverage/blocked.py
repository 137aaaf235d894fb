"""Ground that is neither sprayed nor flown over between lines: holes and given obstacles.

A grave, a pole, a well or a tree inside a plot is a hole of it or is given as an obstacle. Lines
stop at it; what lies beside it in the same strip is flown on lines of its own; and the way from one
line to the next goes around it.
"""

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import shapely

from dispatch.coverage.pieces import SLIVER_M2
from dispatch.coverage.plane import GRID_M, Bools, Floats, Geometries, Ints

TOUCH_M = 0.002
"""Running along an obstacle's edge to within this is not crossing it."""
CORNERS_MAX = 16
DEPTH_MAX = 4


def holes_of(polygons: Geometries) -> Geometries:
    """Return the holes of polygons as polygons."""
    pieces = shapely.get_parts(polygons)
    holes = [
        shapely.Polygon(ring)
        for piece in pieces[shapely.get_num_interior_rings(pieces) > 0]
        for ring in piece.interiors
    ]
    return np.array(holes, dtype=object)


def _corners(polygon: Any) -> Floats:
    """Return the points that a shortest way around an obstacle may turn at.

    A round one is first replaced by a coarser shape around it.
    """
    plain = polygon
    if shapely.get_num_coordinates(plain) > CORNERS_MAX + 1:
        hull = shapely.convex_hull(polygon)
        reach = 0.05 * math.sqrt(shapely.area(hull))
        wide = shapely.buffer(hull, reach, join_style="mitre", mitre_limit=2.0)
        plain = shapely.simplify(wide, 0.9 * reach)
    corners: Floats = shapely.get_coordinates(plain)
    return corners


class Blocked:
    """The obstacles of one plot in metres, with the shortest ways around them.

    A shortest way turns only at corners of obstacles: the ways between all corners are worked out
    once, when the first line between two ends is found to be blocked.
    """

    def __init__(self, obstacles: Geometries) -> None:
        self.ground = shapely.union_all(obstacles, grid_size=GRID_M)
        self._core = shapely.buffer(self.ground, -TOUCH_M, join_style="mitre")
        shapely.prepare(self._core)
        corners = [_corners(one) for one in shapely.get_parts(self.ground)]
        self._corners: Floats = np.unique(np.concatenate([*corners, np.zeros((0, 2))]), axis=0)
        self._ways: tuple[Floats, Ints] | None = None

    def crosses(self, here: Floats, there: Floats) -> Bools:
        """Tell row by row whether the straight way runs through an obstacle."""
        lines = shapely.linestrings(np.stack((here, there), axis=1))
        return np.asarray(shapely.intersects(self._core, lines))

    def away_m(self, here: Floats, there: Floats) -> Floats:
        """Return the length of the shortest way row by row, around obstacles.

        The straight way stands where no way around exists: an end enclosed by an obstacle.
        """
        away: Floats = np.hypot(there[:, 0] - here[:, 0], there[:, 1] - here[:, 1])
        bent = np.nonzero(self.crosses(here, there))[0]
        if not len(bent) or not len(self._corners):
            return away
        ends, number = np.unique(
            np.concatenate((here[bent], there[bent])), axis=0, return_inverse=True
        )
        reach = self._reach(ends)
        among, _ = self._between()
        # From every end to every corner by any other corner, then on to the other end.
        via = np.stack([(row[:, None] + among).min(axis=0) for row in reach])
        first, second = number.reshape(-1)[: len(bent)], number.reshape(-1)[len(bent) :]
        around = (via[first] + reach[second]).min(axis=1)
        away[bent] = np.where(np.isfinite(around), around, away[bent])
        return away

    def way(self, here: Floats, there: Floats) -> Floats:
        """Return the corners of the shortest way, both ends included, one row each."""
        straight = np.stack((here, there))
        if not len(self._corners) or not self.crosses(here[None], there[None])[0]:
            return straight
        reach = self._reach(straight)
        among, following = self._between()
        around = reach[0][:, None] + among + reach[1][None, :]
        first, last = divmod(int(around.argmin()), len(among))
        if not np.isfinite(around[first, last]):
            return straight
        path = [first]
        while path[-1] != last:
            path.append(int(following[path[-1], last]))
        return np.concatenate((here[None], self._corners[path], there[None]))

    def _reach(self, ends: Floats) -> Floats:
        """Return distances from ends to corners, infinite where an obstacle stands between."""
        size = len(self._corners)
        here = np.repeat(ends, size, axis=0)
        there = np.tile(self._corners, (len(ends), 1))
        away: Floats = np.hypot(there[:, 0] - here[:, 0], there[:, 1] - here[:, 1])
        away[self.crosses(here, there)] = np.inf
        return away.reshape(len(ends), size)

    def _between(self) -> tuple[Floats, Ints]:
        """Return the shortest ways between corners and the next corner on each (Floyd)."""
        if self._ways is None:
            away = self._reach(self._corners)
            size = len(away)
            following: Ints = np.tile(np.arange(size), (size, 1))
            for middle in range(size):
                through = away[:, middle, None] + away[None, middle, :]
                better = through < away - 1e-9
                away = np.where(better, through, away)
                following = np.where(better, following[:, middle, None], following)
            self._ways = (away, following)
        return self._ways


def sections(
    ground: Any, obstacles: Any, side: tuple[float, float], reach_m: float, depth: int = 0
) -> Iterator[tuple[float, float, float]]:
    """Cut a piece of a strip at the obstacles on its middle line; yield lines (s, near, far).

    Everything is in the frame of the heading (x is s, y is t). ``side`` are the two sides of the
    strip, ``reach_m`` is half of what a line wets. What is left beside an obstacle is flown on a
    line of its own, clear of it (`_beside`).
    """
    if shapely.area(ground) <= SLIVER_M2:
        return
    s = (side[0] + side[1]) / 2
    _, near, _, far = shapely.bounds(ground).tolist()
    line = shapely.LineString([(s, near - 1), (s, far + 1)])
    hits = shapely.get_parts(shapely.intersection(line, obstacles))
    spans = sorted((float(shapely.bounds(hit)[1]), float(shapely.bounds(hit)[3])) for hit in hits)
    spans = [span for span in spans if span[1] - span[0] > TOUCH_M]
    place = near
    for low, high in [*spans, (far, far)]:
        open_ = _clip(ground, side, place, min(low, far))
        if shapely.area(open_) > SLIVER_M2:
            bounds = shapely.bounds(open_)
            yield s, float(bounds[1]), float(bounds[3])
        if high > low:
            for one in shapely.get_parts(_clip(ground, side, max(low, near), min(high, far))):
                yield from _beside(one, obstacles, reach_m, depth)
        place = max(place, high)


def _beside(
    ground: Any, obstacles: Any, reach_m: float, depth: int
) -> Iterator[tuple[float, float, float]]:
    """Yield the line of ground beside an obstacle: in its middle, else along its free side.

    Where neither is clear of obstacles or wets all of it, the ground is cut on.
    """
    if shapely.area(ground) <= SLIVER_M2:
        return
    left, near, right, far = shapely.bounds(ground).tolist()
    near_by = shapely.intersection(obstacles, shapely.box(left, near, right, far))
    inner = [one for one in shapely.get_parts(near_by) if one.area > SLIVER_M2 / 10]
    low = min((float(shapely.bounds(one)[0]) for one in inner), default=right)
    high = max((float(shapely.bounds(one)[2]) for one in inner), default=left)
    for s in ((left + right) / 2, (left + low) / 2, (high + right) / 2):
        if max(s - left, right - s) > reach_m + TOUCH_M:
            continue
        line = shapely.LineString([(s, near), (s, far)])
        if shapely.length(shapely.intersection(line, obstacles)) <= TOUCH_M:
            yield s, near, far
            return
    if depth < DEPTH_MAX:
        yield from sections(ground, obstacles, (left, right), reach_m, depth + 1)


def _clip(ground: Any, side: tuple[float, float], near: float, far: float) -> Any:
    """Return the polygons of a piece between two places along the strip."""
    if far <= near:
        return shapely.Polygon()
    cut = shapely.intersection(ground, shapely.box(side[0], near, side[1], far))
    flat = [one for one in shapely.get_parts(cut) if shapely.get_dimensions(one) == 2]
    return shapely.MultiPolygon(flat)


def strip_sections(
    polygon: Any, obstacles: Any, side: tuple[float, float], reach_m: float
) -> list[tuple[float, float, float]]:
    """Return the lines (s, near, far) of one strip of a polygon, clear of obstacles."""
    _, near, _, far = shapely.bounds(polygon).tolist()
    strip = _clip(polygon, side, near - 1, far + 1)
    pieces = shapely.get_parts(strip)
    return [line for one in pieces for line in sections(one, obstacles, side, reach_m)]


def rotated(geometry: Any, cos: float, sin: float) -> Any:
    """Return a geometry in the frame of a heading."""

    def turn(flat: Floats) -> Floats:
        turned: Floats = flat @ np.array([[cos, sin], [-sin, cos]])
        return turned

    return shapely.transform(geometry, turn)
