"""Places and polygons of a problem, and the refusal of those that cannot be."""

import math
from collections.abc import Iterable

import shapely

from dispatch.validation import require, require_int

Point = tuple[float, float]
Ring = tuple[Point, ...]
Polygon = tuple[Ring, ...]
"""An outer ring and its holes, each closed (first point = last point)."""

DAY_S = 24 * 3600


def require_point(point: Point, subject: str, name: str) -> None:
    """Refuse a place that is not two finite degrees on the globe."""
    ok = all(math.isfinite(value) for value in point)
    require(
        ok and abs(point[0]) <= 180 and abs(point[1]) <= 90,
        subject,
        name,
        "不是有效的经纬度",
        "is not a valid (longitude, latitude)",
    )


def require_polygon(polygon: Polygon, subject: str, name: str) -> None:
    """Refuse rings that do not make one valid polygon (closed, four points or more, simple)."""
    for ring in polygon:
        for point in ring:
            require_point(point, subject, name)
        require(
            len(ring) >= 4 and ring[0] == ring[-1],
            subject,
            name,
            "边界环须闭合且不少于 4 点",
            "needs closed rings of at least 4 points",
        )
    require(bool(polygon), subject, name, "不能为空", "must not be empty")
    shape = shapely.Polygon(polygon[0], polygon[1:])
    require(
        bool(shape.is_valid) and shape.area > 0,
        subject,
        name,
        "多边形自相交或面积为零",
        "is self-intersecting or empty",
    )


def require_parts(parts: tuple[Polygon, ...], subject: str, name: str) -> None:
    """Refuse a plot of several polygons of which one is invalid or two overlap."""
    for polygon in parts:
        require_polygon(polygon, subject, name)
    if len(parts) > 1:
        shapes = [shapely.Polygon(polygon[0], polygon[1:]) for polygon in parts]
        apart = shapely.union_all(shapes).area >= sum(shape.area for shape in shapes) * (1 - 1e-6)
        require(bool(apart), subject, name, "各部分互相重叠", "has parts that overlap")


def require_span(
    start_s: int, end_s: int, subject: str, names: tuple[str, str], high_s: int = DAY_S
) -> None:
    """Refuse a time span that leaves 0 … ``high_s`` or ends before it starts."""
    require_int(start_s, subject, names[0], 0, high_s)
    require_int(end_s, subject, names[1], 0, high_s)
    require(
        start_s < end_s,
        subject,
        names[1],
        f"须晚于 {names[0]}",
        f"must be after {names[0]}",
    )


def require_unique(ids: Iterable[str], subject: str, name: str) -> None:
    """Refuse a repeated id and name it."""
    seen: set[str] = set()
    for one in ids:
        require(one not in seen, subject, name, f"编号重复：{one}", f"repeats the id {one}")
        seen.add(one)
