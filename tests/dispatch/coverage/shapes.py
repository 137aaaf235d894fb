"""Plots for coverage tests: made in metres around a valley, and a slow cutter to compare with."""

import math
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pyogrio
import pyproj
import shapely
from hypothesis import strategies as st

from dispatch.coverage import Coverage, Parts, Point, Ring

LON, LAT = 112.86, 36.84
M_PER_DEGREE = math.radians(6_371_008.8)
SHARED = Path(os.environ.get("TGJ_SHARED_DATA", Path(__file__).parents[4] / "shared" / "data"))
MALI = "mali_segou_74_fields_14_invalid.geojson"
CAWA = "cawa_central_asia_8435_fields.gpkg"


def ring(corners: Iterable[tuple[float, float]]) -> Ring:
    """Return a closed ring in degrees from open corners in metres."""
    scale = M_PER_DEGREE * math.cos(math.radians(LAT))
    points = [(LON + float(x) / scale, LAT + float(y) / M_PER_DEGREE) for x, y in corners]
    return (*points, points[0])


def box(x: float, y: float, width: float, height: float) -> Ring:
    """Return a rectangle that stands north up."""
    return ring([(x, y), (x + width, y), (x + width, y + height), (x, y + height)])


def parts_of(geometry: Any) -> Parts:
    """Return a shapely polygon in degrees as parts."""
    return tuple(
        tuple(
            tuple((float(x), float(y)) for x, y in one.coords)
            for one in (polygon.exterior, *polygon.interiors)
        )
        for polygon in shapely.get_parts(geometry)
    )


def metres(parts: Parts) -> list[Any]:
    """Project parts by the definition, apart from the code under test."""
    return [shapely.Polygon(*_projected(part, parts)) for part in parts]


def _projected(part: tuple[Ring, ...], parts: Parts) -> tuple[Any, list[Any]]:
    rings = [to_metres(one, parts) for one in part]
    return rings[0], rings[1:]


def to_metres(points: Iterable[Point], parts: Parts) -> Any:
    """Project points on the plane around the mean of a plot's outer corners."""
    corners = np.array([point for part in parts for point in part[0][:-1]])
    middle = corners.mean(axis=0)
    scale = np.array([math.cos(math.radians(float(middle[1]))), 1.0]) * M_PER_DEGREE
    return (np.array(list(points)).reshape(-1, 2) - middle) * scale


def turned(geometry: Any, heading_cdeg: int) -> Any:
    """Return a geometry in the frame of a heading: x across, y along."""
    angle = heading_cdeg * math.pi / 18_000
    cos, sin = math.cos(angle), math.sin(angle)
    return shapely.transform(geometry, lambda flat: flat @ np.array([[cos, sin], [-sin, cos]]))


def slow_lines(polygon: Any, heading_cdeg: int, swath_m: float) -> list[tuple[int, float, float]]:
    """Cut one polygon strip by strip with plain intersections: (strip, near, far) of each piece.

    Strips are a millionth narrower, so that an edge exactly between two belongs to neither.
    """
    flat = turned(polygon, heading_cdeg)
    low, near, high, far = flat.bounds
    count = max(1, math.ceil((high - low) / swath_m - 0.1 - 1e-9))
    pitch = (high - low) / count
    found = []
    for strip in range(count):
        side = (low + (strip + 1e-6) * pitch, low + (strip + 1 - 1e-6) * pitch)
        cut = shapely.intersection(flat, shapely.box(side[0], near - 1, side[1], far + 1))
        found += [
            (strip, piece.bounds[1], piece.bounds[3])
            for piece in shapely.get_parts(cut)
            if piece.area > 0.01
        ]
    return found


def wetted(coverage: Coverage, parts: Parts, swath_m: float) -> Any:
    """Return the ground that the lines wet, in metres."""
    strips = [
        shapely.LineString(to_metres(line, parts)).buffer(
            max(width, swath_m) / 2 + 1e-4, cap_style="flat"
        )
        for line, width in zip(coverage.lines, coverage.widths_m, strict=True)
    ]
    return shapely.union_all(strips, grid_size=1e-4)


@st.composite
def stars(draw: st.DrawFn, low: float = 0.35) -> list[tuple[float, float]]:
    """Corners around a middle at uneven distances: convex to very concave, never crossing."""
    count = draw(st.integers(3, 12))
    size = draw(st.floats(15, 150))
    start = draw(st.floats(0, 2 * math.pi))
    far = [draw(st.floats(low, 1.0)) * size for _ in range(count)]
    angles = [start + 2 * math.pi * index / count for index in range(count)]
    return [
        (reach * math.cos(a), reach * math.sin(a)) for reach, a in zip(far, angles, strict=True)
    ]


def star(rng: np.random.Generator) -> Parts:
    """A plot of 3 to 12 corners around a middle, every other one with a pond in it."""
    count = int(rng.integers(3, 13))
    size = float(rng.uniform(25, 120))
    angles = np.arange(count) * (2 * math.pi / count) + float(rng.uniform(0, 6))
    far = rng.uniform(rng.uniform(0.4, 1.0), 1.0, count) * size
    outer = ring(zip(far * np.cos(angles), far * np.sin(angles), strict=True))
    if count < 5 or count % 2:
        return ((outer,),)
    pond = size / 12
    return ((outer, ring([(0, 0), (pond, 0), (pond, 2 * pond), (0, pond)])),)


@st.composite
def combs(draw: st.DrawFn) -> list[tuple[float, float]]:
    """A strip with teeth, square to each other, turned by any angle: L, U, E and longer."""
    teeth = draw(st.integers(1, 4))
    tooth, gap = draw(st.floats(5, 40)), draw(st.floats(2, 40))
    back = draw(st.floats(4, 40))
    corners = [(0.0, 0.0)]
    for index in range(teeth):
        left = index * (tooth + gap)
        height = back + draw(st.floats(3, 80))
        corners += [(left, height), (left + tooth, height)]
        corners += [(left + tooth, back), (left + tooth + gap, back)]
    corners.append((teeth * (tooth + gap), 0.0))
    angle = draw(st.floats(0, math.pi))
    cos, sin = math.cos(angle), math.sin(angle)
    return [(cos * x - sin * y, sin * x + cos * y) for x, y in corners]


plots = st.one_of(stars(), stars(low=0.9), combs()).map(lambda corners: ((ring(corners),),))


@st.composite
def holed(draw: st.DrawFn) -> Parts:
    """A roundish plot with one to three holes in it: wells, graves, ponds of 1 to 20 m."""
    outer = draw(stars(low=0.8).filter(lambda corners: math.dist(*corners[:2]) > 15))
    polygon = shapely.Polygon(outer)
    holes: list[Any] = []
    for _ in range(draw(st.integers(1, 3))):
        x, y = draw(st.floats(-60, 60)), draw(st.floats(-60, 60))
        width, height = draw(st.floats(1, 20)), draw(st.floats(1, 20))
        angle = draw(st.floats(0, 90))
        hole = shapely.affinity.rotate(shapely.box(x, y, x + width, y + height), angle)
        clear = all(one.distance(hole) > 1 for one in holes)
        if clear and polygon.buffer(-1).contains(hole):
            holes.append(hole)
    return ((ring(outer), *(ring(list(one.exterior.coords)[:-1]) for one in holes)),)


def real(name: str) -> list[Any]:
    """Read a real field file as shapely geometries in degrees, invalid ones included."""
    meta, _, wkb, _ = pyogrio.raw.read(SHARED / "fields" / name)
    shapes = shapely.from_wkb(wkb)
    if meta["crs"] not in {"EPSG:4326", "OGC:CRS84"}:
        turn = pyproj.Transformer.from_crs(meta["crs"], 4326, always_xy=True)
        shapes = shapely.transform(shapes, lambda flat: np.stack(turn.transform(*flat.T), axis=1))
    return list(shapes)
