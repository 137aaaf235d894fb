"""Polygons as GeoJSON (RFC 7946): written with 8 decimals, read strictly with the path named."""

import math
from typing import Any

import shapely
from shapely.geometry import MultiPolygon, Polygon

from backend.core.errors import BadInput, Fault
from backend.core.geometry.shapes import Polygonal

VERTICES_MAX = 100_000
"""Most vertices of one polygon with all its rings and parts."""

_COORDINATE_MAX = 1e9
Position = tuple[float, float]


def polygon_to_geojson(polygon: Polygonal) -> dict[str, Any]:
    """Return a Polygon or MultiPolygon object by the right-hand rule, heights dropped.

    Outer rings run anticlockwise and holes clockwise; 8 decimals of a degree are about 1 mm.
    """
    turned = shapely.orient_polygons(shapely.force_2d(polygon), exterior_cw=False)
    if isinstance(turned, Polygon):
        return {"type": "Polygon", "coordinates": _rings_out(turned)}
    return {"type": "MultiPolygon", "coordinates": [_rings_out(part) for part in turned.geoms]}


def _rings_out(polygon: Polygon) -> list[list[list[float]]]:
    rings = [polygon.exterior, *polygon.interiors]
    return [[[round(x, 8), round(y, 8)] for x, y in ring.coords] for ring in rings]


def polygon_from_geojson(
    value: object, *, path: str = "geometry", row: int | None = None
) -> Polygonal:
    """Read a parsed Polygon or MultiPolygon object; a height is dropped, members are ignored.

    Raises BadInput with one fault whose ``field`` is the path, such as
    ``geometry.coordinates[0][3]``: another type, an unclosed ring, fewer than four positions,
    text or NaN for a number, more than `VERTICES_MAX` vertices. Validity is `repair`'s matter.
    """
    reader = _Reader(row)
    if not isinstance(value, dict):
        raise reader.wrong("geojson-object", path, "应为对象", "must be an object")
    kind = value.get("type")
    if not isinstance(kind, str) or kind not in {"Polygon", "MultiPolygon"}:
        zh, en = "应为 Polygon 或 MultiPolygon", "must be Polygon or MultiPolygon"
        raise reader.wrong("geojson-type", f"{path}.type", zh, en)
    coordinates, place = value.get("coordinates"), f"{path}.coordinates"
    if kind == "Polygon":
        return reader.polygon(coordinates, place)
    parts = reader.array(coordinates, place)
    return MultiPolygon(
        [reader.polygon(part, f"{place}[{index}]") for index, part in enumerate(parts)]
    )


class _Reader:
    """Walks one geometry, counting vertices over all its rings."""

    def __init__(self, row: int | None) -> None:
        self.row = row
        self.vertices = 0

    def wrong(self, code: str, path: str, zh: str, en: str) -> BadInput:
        """Make the one fault that stops the walk."""
        fault = Fault(code=code, zh=f"{path} {zh}", en=f"{path} {en}", row=self.row, field=path)
        return BadInput([fault])

    def array(self, value: object, path: str) -> list[Any]:
        """Return a list that is not empty."""
        if not isinstance(value, list) or not value:
            raise self.wrong("geojson-array", path, "应为非空数组", "must be a non-empty array")
        return value

    def polygon(self, value: object, path: str) -> Polygon:
        """Read the rings of one polygon, the outer ring first."""
        rings = [
            self.ring(ring, f"{path}[{index}]")
            for index, ring in enumerate(self.array(value, path))
        ]
        return Polygon(rings[0], rings[1:])

    def ring(self, value: object, path: str) -> list[Position]:
        """Read one closed ring of at least four positions."""
        positions = self.array(value, path)
        self.vertices += len(positions)
        if self.vertices > VERTICES_MAX:
            zh, en = f"顶点超过 {VERTICES_MAX} 个", f"has more than {VERTICES_MAX} vertices"
            raise self.wrong("geojson-vertices", path, zh, en)
        ring = [self.position(item, path, index) for index, item in enumerate(positions)]
        if len(ring) < 4:
            raise self.wrong("geojson-ring-short", path, "少于四个点", "has under four positions")
        if ring[0] != ring[-1]:
            raise self.wrong("geojson-ring-open", path, "首尾点不同", "is not closed")
        return ring

    def position(self, value: object, path: str, index: int) -> Position:
        """Read [x, y] or [x, y, height] of finite numbers; the path is built only for faults."""
        if not isinstance(value, list) or len(value) not in {2, 3}:
            place = f"{path}[{index}]"
            raise self.wrong("geojson-position", place, "应为 [x, y]", "must be [x, y]")
        for number in value:
            if type(number) not in {int, float}:
                place = f"{path}[{index}]"
                raise self.wrong("geojson-number", place, "应为数值", "must hold numbers")
            if not (-_COORDINATE_MAX <= number <= _COORDINATE_MAX) or math.isnan(number):
                place = f"{path}[{index}]"
                zh, en = "不是有限的坐标", "must hold finite coordinates"
                raise self.wrong("geojson-not-finite", place, zh, en)
        return float(value[0]), float(value[1])
