"""Plots on a plane: degrees to metres and back, rings to flat edge arrays, the refusals.

Each plot has its own equirectangular plane around the mean of its outer corners, so a metre is a
metre to within 1e-6 over the 20 km that a plot may span.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from dispatch.physics import EARTH_RADIUS_M
from dispatch.shapes import Point, Ring
from dispatch.validation import InvalidProblem, require

Parts = tuple[tuple[Ring, ...], ...]
Floats = NDArray[np.float64]
Ints = NDArray[np.signedinteger[Any]]
Bools = NDArray[np.bool_]
Geometries = NDArray[Any]

GRID_M = 1e-4
"""Unions are rounded to this: without it, GEOS may drop one of many boxes that touch."""
SPAN_MAX_M = 20_000.0
"""A larger plot is a mistake in its coordinates; it would also cost memory without bound."""


def sums(group: Ints, values: Floats | Ints, size: int) -> Floats:
    """Add up values by group, from first to last, so that a sum never depends on its neighbours."""
    added: Floats = np.bincount(group, weights=values, minlength=size).astype(np.float64)
    return added


@dataclass(frozen=True, slots=True)
class Plane:
    """Origin in degrees and metres per degree eastwards and northwards."""

    lon: float
    lat: float
    x_m: float
    y_m: float

    def metres(self, points: Iterable[Point]) -> Floats:
        """Project degrees to rows of (east, north) metres."""
        flat = np.array(list(points), dtype=np.float64).reshape(-1, 2)
        projected: Floats = (flat - (self.lon, self.lat)) * (self.x_m, self.y_m)
        return projected

    def degrees(self, flat: Floats) -> list[Point]:
        """Turn rows of metres back into (longitude, latitude)."""
        back = flat / (self.x_m, self.y_m) + (self.lon, self.lat)
        return [(lon, lat) for lon, lat in back.tolist()]


@dataclass(frozen=True, slots=True)
class Grounds:
    """Many plots as polygons in metres, each on its own `Plane`.

    ``polygons[i]`` is a part of plot ``plot[i]``; the parts of a plot stand together, in order.
    """

    planes: list[Plane]
    polygons: Geometries
    plot: Ints


def plane_of(parts: Parts) -> Plane:
    """Return the plane around the mean of all outer corners (the closing point counts once)."""
    outer = np.array([point for part in parts for point in part[0][:-1]], dtype=np.float64)
    lon, lat = outer.mean(axis=0).tolist()
    y_m = math.radians(EARTH_RADIUS_M)
    return Plane(lon, lat, y_m * math.cos(math.radians(lat)), y_m)


def _refuse(ok: bool, subject: str, zh: str, en: str) -> None:  # noqa: FBT001 - as `require`
    require(ok, subject, "parts", zh, en)


def _check_rings(parts: Parts, subject: str) -> None:
    """Refuse a plot without parts and rings that are not closed."""
    _refuse(bool(parts) and all(parts), subject, "不能为空", "must not be empty")
    for ring in chain.from_iterable(parts):
        _refuse(
            len(ring) >= 4 and ring[0] == ring[-1],
            subject,
            "边界环须闭合且不少于 4 点",
            "needs closed rings of at least 4 points",
        )


def _check_degrees(degrees: Floats, owner: Ints, subjects: Sequence[str]) -> None:
    """Refuse the first point that is no place on the globe, by its plot."""
    with np.errstate(invalid="ignore"):
        bad = ~(np.abs(degrees) <= (180.0, 90.0)).all(axis=1)
    if bad.any():
        subject = subjects[int(owner[int(np.argmax(bad))])]
        raise InvalidProblem(
            subject, "parts", "含无效的经纬度", "has a point that is no (longitude, latitude)"
        )


def _check_polygons(polygons: Geometries, plot: Ints, subjects: Sequence[str]) -> None:
    """Refuse self-crossing, empty and over-large polygons, by their plot and the reason."""
    bad = ~(shapely.is_valid(polygons) & (shapely.area(polygons) > 0.0))
    if bad.any():
        first = int(np.argmax(bad))
        reason = shapely.is_valid_reason(polygons[first])
        raise InvalidProblem(
            subjects[int(plot[first])],
            "parts",
            f"多边形自相交或面积为零（{reason}）",
            f"is self-intersecting or empty ({reason})",
        )
    span = np.ptp(shapely.bounds(polygons).reshape(-1, 2, 2), axis=1).max(axis=1)
    far = np.abs(shapely.bounds(polygons)).max(axis=1) > SPAN_MAX_M
    bad = (span > SPAN_MAX_M) | far
    if bad.any():
        raise InvalidProblem(
            subjects[int(plot[int(np.argmax(bad))])],
            "parts",
            f"跨度超过 {SPAN_MAX_M:.0f} 米",
            f"spans more than {SPAN_MAX_M:.0f} m",
        )


def grounds(plots: Sequence[Parts], subjects: Sequence[str]) -> Grounds:
    """Project and check many plots at once; `InvalidProblem` names the first bad one."""
    for parts, subject in zip(plots, subjects, strict=True):
        _check_rings(parts, subject)
    rings = [ring for parts in plots for part in parts for ring in part]
    sizes = np.fromiter((len(ring) for ring in rings), np.int64, len(rings))
    flat = chain.from_iterable(chain.from_iterable(rings))
    degrees = np.fromiter(flat, np.float64).reshape(-1, 2)
    part_of_ring = np.repeat(
        np.arange(sum(len(parts) for parts in plots)),
        [len(part) for parts in plots for part in parts],
    )
    plot = np.repeat(np.arange(len(plots)), [len(parts) for parts in plots])
    owner = np.repeat(plot[part_of_ring], sizes)
    _check_degrees(degrees, owner, subjects)
    planes = [plane_of(parts) for parts in plots]
    origin = np.array([(one.lon, one.lat) for one in planes]).reshape(-1, 2)
    scale = np.array([(one.x_m, one.y_m) for one in planes]).reshape(-1, 2)
    metres = (degrees - origin[owner]) * scale[owner]
    line = shapely.linearrings(metres, indices=np.repeat(np.arange(len(rings)), sizes))
    polygons = shapely.polygons(line, indices=part_of_ring)
    _check_polygons(polygons, plot, subjects)
    return Grounds(planes, polygons, plot)


def polygons_on(plane: Plane, parts: Parts, subject: str) -> Geometries:
    """Project further polygons, such as obstacles, on a plot's plane and check them."""
    for part in parts:
        _check_rings((part,), subject)
    rings = [[plane.metres(ring) for ring in part] for part in parts]
    degrees = np.array([point for part in parts for ring in part for point in ring])
    _check_degrees(degrees.reshape(-1, 2), np.zeros(len(degrees), dtype=np.int64), [subject])
    shapes = [shapely.Polygon(part[0], part[1:]) for part in rings]
    polygons = np.array(shapes, dtype=object)
    for index, polygon in enumerate(polygons):
        reason = shapely.is_valid_reason(polygon)
        _refuse(
            bool(shapely.is_valid(polygon)) and polygon.area > 0.0,
            f"{subject} {index}",
            f"多边形自相交或面积为零（{reason}）",
            f"is self-intersecting or empty ({reason})",
        )
    return polygons


def inset(polygons: Geometries, margin_cm: int) -> Geometries:
    """Take the margin off every edge, holes included; what is too narrow becomes empty.

    Corners are mitred, so that an inset edge stays parallel to the edge it came from.
    """
    if margin_cm == 0:
        return polygons
    return grown(polygons, -margin_cm)


def grown(polygons: Geometries, margin_cm: int) -> Geometries:
    """Widen polygons by a margin, in the manner of `inset`."""
    wide: Geometries = shapely.buffer(
        polygons, margin_cm / 100, join_style="mitre", mitre_limit=2.0
    )
    return wide


@dataclass(frozen=True, slots=True)
class Edges:
    """The ring edges of many polygons, interior on the left, so holes run clockwise.

    ``start`` has one more entry than there are polygons: those of polygon i are
    ``start[i]:start[i + 1]``. ``follow`` is the index of the edge that begins where one ends.
    ``whole`` says that a polygon is one connected piece.
    """

    a: Floats
    b: Floats
    follow: Ints
    start: Ints
    whole: Bools


def edges_of(polygons: Geometries) -> Edges:
    """Flatten polygons and multipolygons into edge arrays; an empty one has no edges."""
    pieces, part = shapely.get_parts(polygons, return_index=True)
    rings, piece = shapely.get_rings(pieces, return_index=True)
    flat, ring = shapely.get_coordinates(rings, return_index=True)
    keep = ring[1:] == ring[:-1]
    a, b, of_ring = flat[:-1][keep], flat[1:][keep], ring[1:][keep]
    sizes = np.bincount(of_ring, minlength=len(rings))
    first = np.cumsum(sizes) - sizes
    index = np.arange(len(a))
    begin, size = first[of_ring], sizes[of_ring]
    corner = flat[first[of_ring] + of_ring]
    swept = (a[:, 0] + b[:, 0] - 2 * corner[:, 0]) * (b[:, 1] - a[:, 1])
    counterclockwise = sums(of_ring, swept, len(rings)) > 0.0
    shell = np.ones(len(rings), dtype=np.bool_)
    shell[1:] = piece[1:] != piece[:-1]
    turned = (counterclockwise != shell)[of_ring]
    step = np.where(turned, -1, 1)
    follow = begin + (index - begin + step) % np.maximum(size, 1)
    a, b = np.where(turned[:, None], b, a), np.where(turned[:, None], a, b)
    per_part = np.bincount(part[piece[of_ring]], minlength=len(polygons))
    return Edges(
        a=a,
        b=b,
        follow=follow,
        start=np.concatenate(([0], np.cumsum(per_part))),
        whole=np.bincount(part, minlength=len(polygons)) == 1,
    )
