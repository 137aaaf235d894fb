"""No-spray and no-fly zones as the engines see them: which plots they touch, which flights."""

import math
from collections.abc import Sequence

import numpy as np
import shapely

from dispatch.land import Zone, ZoneKind
from dispatch.physics import EARTH_RADIUS_M, Plot
from dispatch.plan import Cause
from dispatch.shapes import Point

_MARGIN_M = 0.5
"""Kept beyond every buffer: two projections of one plot differ by less."""
_M_PER_DEGREE = EARTH_RADIUS_M * math.pi / 180


class _Plane:
    """A plane around one place, good to a few decimetres over some kilometres."""

    def __init__(self, origin: Point) -> None:
        self._origin = np.array(origin)
        self._scale = np.array([math.cos(math.radians(origin[1])), 1.0]) * _M_PER_DEGREE

    def flat(self, points: Sequence[Point]) -> list[tuple[float, float]]:
        """Return metres east and north of the origin."""
        rows = (np.asarray(points, dtype=np.float64).reshape(-1, 2) - self._origin) * self._scale
        return [(x, y) for x, y in rows.tolist()]


def touched(zones: Sequence[Zone], plots: Sequence[Plot]) -> dict[int, Cause]:
    """Return the numbers of plots within a zone's buffer, with the cause."""
    found: dict[int, Cause] = {}
    if not zones or not plots:
        return found
    places = np.array([plot.centre for plot in plots])
    reach_m = np.array([plot.reach_m for plot in plots])
    for zone in zones:
        plane = _Plane(zone.rings[0][0])
        shape = shapely.Polygon(
            plane.flat(zone.rings[0]), [plane.flat(ring) for ring in zone.rings[1:]]
        )
        spots = shapely.points(plane.flat([(x, y) for x, y in places.tolist()]))
        near = shapely.distance(shape, spots) <= reach_m + zone.buffer_m + 10
        cause = Cause.NO_FLY if zone.kind is ZoneKind.NO_FLY else Cause.BUFFER
        for at in np.flatnonzero(near).tolist():
            plot = plots[at]
            if zone.products and plot.job.product not in zone.products:
                continue
            if shape.distance(_body(plot, plane)) <= zone.buffer_m + _MARGIN_M:
                found.setdefault(plot.index, cause)
    return found


def _body(plot: Plot, plane: _Plane) -> shapely.Geometry:
    """Return the plot on a plane; one without a polygon is a disc around its square."""
    if not plot.job.parts:
        return shapely.Point(plane.flat([plot.centre])[0]).buffer(plot.reach_m)
    return shapely.MultiPolygon(
        [
            shapely.Polygon(plane.flat(part[0]), [plane.flat(ring) for ring in part[1:]])
            for part in plot.job.parts
        ]
    )


class Air:
    """The no-fly zones, widened by their buffers, and whether a straight flight avoids them."""

    def __init__(self, zones: Sequence[Zone]) -> None:
        self._plane = _Plane(zones[0].rings[0][0])
        shapes = [
            shapely.Polygon(
                self._plane.flat(zone.rings[0]), [self._plane.flat(ring) for ring in zone.rings[1:]]
            ).buffer(zone.buffer_m + 1.0)
            for zone in zones
        ]
        self._shape = shapely.union_all(shapes)
        shapely.prepare(self._shape)
        self._known: dict[tuple[Point, Point], bool] = {}

    def clear(self, a: Point, b: Point) -> bool:
        """Tell whether the straight flight between two places stays outside."""
        key = (a, b)
        if key not in self._known:
            line = shapely.LineString(self._plane.flat([a, b]))
            self._known[key] = not bool(self._shape.intersects(line))
        return self._known[key]


def air_of(zones: Sequence[Zone]) -> Air | None:
    """Return the no-fly zones, or None where there are none."""
    closed = [zone for zone in zones if zone.kind is ZoneKind.NO_FLY]
    return Air(closed) if closed else None
