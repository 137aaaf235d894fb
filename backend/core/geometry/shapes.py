"""Sizes, repairs, overlaps and duplicates of polygons in longitude and latitude.

Areas come from an Albers equal-area projection on the CGCS2000 ellipsoid (a Gauss-Krüger plane
is 5e-4 off at Wuxiang). Holes and several parts are kept everywhere.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import shapely
from numpy.typing import NDArray
from pyproj import Transformer
from shapely.geometry import MultiPolygon, Polygon

from backend.core.errors import BadInput, Fault

Polygonal = Polygon | MultiPolygon

_ALBERS = (
    "+proj=pipeline +step +proj=unitconvert +xy_in=deg +xy_out=rad "
    "+step +proj=aea +lat_1=25 +lat_2=47 +lat_0=0 +lon_0=105 +a=6378137 +rf=298.257222101"
)

_COLLAPSED_SQUARE_DEGREES = 1e-11
"""About 0.1 m². A polygon under this is a line that rounding made valid, not ground."""

_REASONS_ZH = {
    "Self-intersection": "边界自相交",
    "Ring Self-intersection": "边界自接触",
    "Too few points in geometry component": "不同的点少于三个",
    "Hole lies outside shell": "内环在外环之外",
    "Holes are nested": "内环互相嵌套",
    "Nested shells": "部分互相嵌套",
    "Interior is disconnected": "内部不连通",
    "Duplicate Rings": "环重复",
    "Invalid Coordinate": "坐标不是有限数值",
}
"""GEOS names of what is wrong with a polygon, in the words of a surveyor."""


@dataclass(frozen=True, slots=True)
class Repaired:
    """A valid polygon; ``fault`` says what was mended, and is None when nothing was.

    ``before_m2`` counts a ring that crosses itself as the surveyor's formula does, with the
    loops of opposite turn subtracted.
    """

    polygon: Polygonal
    before_m2: float
    after_m2: float
    fault: Fault | None


@dataclass(frozen=True, slots=True)
class Refused:
    """A polygon that no repair may decide on; ``fault`` says why and where."""

    fault: Fault


@dataclass(frozen=True, slots=True)
class Duplicate:
    """Two polygons that are the same ground: ``share`` is intersection over union, at most 1."""

    first: int
    second: int
    share: float
    exact: bool


@lru_cache(maxsize=1)
def _albers() -> Transformer:
    return Transformer.from_pipeline(_ALBERS)


def _project(coordinates: NDArray[np.float64]) -> NDArray[np.float64]:
    x_m, y_m = _albers().transform(coordinates[:, 0], coordinates[:, 1])
    return np.column_stack([x_m, y_m])


def _plane(polygons: Sequence[Polygonal | None]) -> NDArray[np.object_]:
    shapes: NDArray[np.object_] = np.empty(len(polygons), dtype=object)
    shapes[:] = polygons
    plane: NDArray[np.object_] = shapely.transform(shapes, _project)
    return plane


def areas_m2(polygons: Sequence[Polygonal | None]) -> NDArray[np.float64]:
    """Return n areas in m², NaN for None; invalid rings count as the surveyor's formula does."""
    areas: NDArray[np.float64] = shapely.area(_plane(polygons))
    return areas


def repair(
    polygon: Polygonal,
    *,
    tolerance_share: float = 0.01,
    row: int | None = None,
    subject: str | None = None,
) -> Repaired | Refused:
    """Make a polygon valid when that changes its area by at most ``tolerance_share`` of it.

    Rings are mended by structure and only polygonal parts are kept. A bow-tie, a collapsed
    (even if valid) or non-finite ring is refused. Both answers carry a fault with the place
    of the crossing.
    """
    if shapely.is_valid(polygon) and not polygon.is_empty:
        if polygon.area < _COLLAPSED_SQUARE_DEGREES:
            zh, en = "面积几乎为零", "The polygon has almost no area"
            return Refused(_fault("polygon-collapsed", zh, en, row, subject))
        area_m2 = float(areas_m2([polygon])[0])
        return Repaired(polygon, area_m2, area_m2, None)
    why_zh, why_en = _reason(polygon)
    if not np.isfinite(shapely.get_coordinates(polygon)).all():
        return Refused(_fault("polygon-not-finite", why_zh, why_en, row, subject))
    mended = _polygonal(shapely.make_valid(polygon, method="structure", keep_collapsed=False))
    if mended is None:
        zh, en = f"{why_zh}，修复后没有面", f"{why_en}; no area is left after repair"
        return Refused(_fault("polygon-collapsed", zh, en, row, subject))
    before_m2, after_m2 = (float(area) for area in areas_m2([polygon, mended]))
    change = f"{before_m2:.1f} → {after_m2:.1f} m²"
    if abs(after_m2 - before_m2) > tolerance_share * max(before_m2, after_m2):
        zh, en = f"{why_zh}，修复会改变面积（{change}）", f"{why_en}; repair would change {change}"
        return Refused(_fault("polygon-repair-changes-area", zh, en, row, subject))
    zh, en = f"{why_zh}，已修复（{change}）", f"{why_en}; repaired, {change}"
    return Repaired(mended, before_m2, after_m2, _fault("polygon-repaired", zh, en, row, subject))


def _reason(polygon: Polygonal) -> tuple[str, str]:
    if polygon.is_empty:
        return "几何为空", "The polygon is empty"
    reason = shapely.is_valid_reason(polygon)
    match = re.fullmatch(r"(.+?)\[(\S+) (\S+)\]", reason)
    name, place = reason, ""
    if match:
        name, place = match[1], f"{float(match[2]):.6f}, {float(match[3]):.6f}"
    zh = _REASONS_ZH.get(name, "几何无效")
    return (f"{zh}，位于 {place}", f"{name} at {place}") if place else (zh, name)


def _fault(code: str, zh: str, en: str, row: int | None, subject: str | None) -> Fault:
    return Fault(code=code, zh=zh, en=en, row=row, field="geometry", subject=subject)


def _polygonal(shape: shapely.Geometry) -> Polygonal | None:
    """Keep the polygons with area of whatever make_valid returned; None when there are none."""
    parts = [part for part in shapely.get_parts(shapely.get_parts(shape)) if part.area > 0]
    polygons = [part for part in parts if isinstance(part, Polygon)]
    if not polygons:
        return None
    return polygons[0] if len(polygons) == 1 else MultiPolygon(polygons)


def overlaps(
    polygons: Sequence[Polygonal], *, tolerance_m2: float = 1.0
) -> list[tuple[int, int, float]]:
    """Return (i, j, m²) with i < j for each pair that shares more than ``tolerance_m2``.

    Neighbours that only touch are not listed. Raises BadInput naming the invalid polygons by
    number from 1, since an overlap with them has no meaning: repair first.
    """
    plane = _plane(polygons)
    invalid = np.flatnonzero(~shapely.is_valid(plane))
    if invalid.size:
        zh, en = "几何无效，无法计算重叠", "The polygon is invalid; repair it before overlaps"
        raise BadInput(
            [_fault("polygon-invalid", zh, en, int(index) + 1, None) for index in invalid]
        )
    first, second = shapely.STRtree(plane).query(plane, predicate="intersects")
    ahead = first < second
    first, second = first[ahead], second[ahead]
    shared_m2 = shapely.area(shapely.intersection(plane[first], plane[second]))
    found = np.flatnonzero(shared_m2 > tolerance_m2)
    return sorted((int(first[at]), int(second[at]), float(shared_m2[at])) for at in found)


def duplicates(polygons: Sequence[Polygonal], *, share_min: float = 0.95) -> list[Duplicate]:
    """Return pairs whose intersection over union is at least ``share_min``.

    ``exact`` pairs have the same vertices whatever their order. Raises BadInput as `overlaps`.
    """
    sizes_m2 = areas_m2(polygons)
    shapes = _plane(polygons)
    normal = shapely.normalize(shapes)
    found = []
    for first, second, shared_m2 in overlaps(polygons, tolerance_m2=0.0):
        share = shared_m2 / float(sizes_m2[first] + sizes_m2[second] - shared_m2)
        if share >= share_min:
            exact = bool(shapely.equals_exact(normal[first], normal[second], tolerance=0.0))
            found.append(Duplicate(first, second, min(share, 1.0), exact))
    return found
