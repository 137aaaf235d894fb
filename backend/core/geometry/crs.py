"""Coordinate systems of Chinese cadastral files: recognise them, or ask; never guess a zone.

CGCS2000 and WGS-84 differ by decimetres, so both count as longitude and latitude here. A
Gauss-Krüger easting without zone prefix fits every central meridian (Wuxiang has parcels of both
111° and 114°), and GCJ-02 looks like any other degrees: these must be named by a person.
"""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeVar

import numpy as np
import shapely
from numpy.typing import NDArray
from pyproj import CRS, Transformer
from pyproj.exceptions import CRSError
from shapely.geometry import MultiPolygon, Polygon

from backend.core.errors import RuleBroken
from backend.core.geometry.gcj import gcj02_to_wgs84

Bounds = tuple[float, float, float, float]
"""West, south, east, north in the file's own coordinates."""

_Shape = TypeVar("_Shape", bound=Polygon | MultiPolygon | None)

_CHINA: Bounds = (73.0, 3.0, 136.0, 54.0)
_NORTHING: tuple[float, float] = (300_000.0, 6_000_000.0)
_EASTING: tuple[float, float] = (200_000.0, 800_000.0)
_WKT_CHARACTERS_MAX = 20_000


class UnknownCrs(RuleBroken):
    """The coordinate system cannot be told; the caller has to name it."""

    zh = "无法确定坐标系：{why_zh}；请注明坐标系，例如 EPSG:4490 或“CGCS2000 中央经线 114”"
    en = "The coordinate system is unknown: {why_en}; name it, such as EPSG:4490"


class AmbiguousCrs(UnknownCrs):
    """Several systems fit the coordinates, hundreds of kilometres apart."""


class CrsContradicted(RuleBroken):
    """The named system cannot have these coordinates."""

    zh = "坐标值不可能属于坐标系 {crs}"
    en = "The coordinates cannot belong to {crs}"


@dataclass(frozen=True, slots=True)
class Crs:
    """A recognised system: ``EPSG:n`` or ``GCJ-02``, or a title with its WKT."""

    name: str
    wkt: str = ""


CGCS2000 = Crs("EPSG:4490")
WGS84 = Crs("EPSG:4326")
GCJ02 = Crs("GCJ-02")

_NAMES = {
    **dict.fromkeys(["CGCS2000", "国家2000", "2000国家大地坐标系", "国家大地坐标系2000"], CGCS2000),
    **dict.fromkeys(["GCSCHINAGEODETICCOORDINATESYSTEM2000"], CGCS2000),
    **dict.fromkeys(["CHINAGEODETICCOORDINATESYSTEM2000"], CGCS2000),
    **dict.fromkeys(["WGS84", "CRS84", "GCSWGS1984", "OGC:CRS84"], WGS84),
    **dict.fromkeys(["GCJ02", "火星坐标", "火星坐标系", "国测局坐标"], GCJ02),
}


@dataclass(frozen=True, slots=True)
class CrsHint:
    """What is known of a file's system: a person's word, the file's own, its coordinates.

    ``given`` is a name or EPSG number and wins over ``declared`` (WKT or authority code from
    the file); both are compared with ``bounds``, which alone decides where it can.
    """

    given: str | int | None = None
    declared: str | None = None
    bounds: Bounds | None = None


def recognise(hint: CrsHint) -> Crs:
    """Return the system that the hint names or implies.

    Raises UnknownCrs or its kind AmbiguousCrs when a person has to name it, CrsContradicted
    when the named one is impossible for the coordinates.
    """
    if hint.given is not None:
        crs = _named(str(hint.given))
    elif hint.declared:
        crs = _declared(hint.declared)
    else:
        return _by_ranges(hint.bounds)
    if hint.bounds is not None and not _fits(crs, hint.bounds):
        raise CrsContradicted(crs=crs.name)
    return crs


def _named(text: str) -> Crs:
    key = re.sub(r"[\s_\-()（）]+", "", text.upper())
    if key in _NAMES:
        return _NAMES[key]
    if key.endswith("CRS84"):
        return WGS84
    epsg = re.fullmatch(r"(?:EPSG:+|URN:OGC:DEF:CRS:EPSG:[0-9.]*:)?([0-9]{4,6})", key)
    if epsg:
        return _usable(Crs(f"EPSG:{epsg[1]}"))
    if re.search(r"GAUSS|GK|高斯|3度|三度|3DEGREE|中央|CM[0-9]", key):
        zone = re.search(r"(?:ZONE|带号)([0-9]{2})|([0-9]{2})(?:号?带)", key)
        if zone and 25 <= int(zone[1] or zone[2]) <= 45:
            return Crs(f"EPSG:{4513 + int(zone[1] or zone[2]) - 25}")
        meridian = re.search(r"(?:CM|中央经线|中央子午线)([0-9]{2,3})", key)
        if meridian and 75 <= int(meridian[1]) <= 135 and int(meridian[1]) % 3 == 0:
            return Crs(f"EPSG:{4534 + (int(meridian[1]) - 75) // 3}")
    raise UnknownCrs(why_zh="不认识该名称", why_en="the name is not known")


def _declared(text: str) -> Crs:
    """Recognise what a file says of itself, an authority code or WKT of either dialect."""
    if "[" not in text:
        return _named(text)
    if len(text) > _WKT_CHARACTERS_MAX:
        raise UnknownCrs(why_zh="坐标系定义过长", why_en="its definition is too long")
    try:
        crs = CRS.from_wkt(text)
        epsg = crs.to_epsg()
    except CRSError as error:
        raise UnknownCrs(why_zh="坐标系定义无法解析", why_en="its WKT is broken") from error
    return _usable(Crs(f"EPSG:{epsg}") if epsg else Crs(crs.name, text))


def _usable(crs: Crs) -> Crs:
    """Pass a horizontal system on an ellipsoid of CGCS2000's size, else raise UnknownCrs."""
    try:
        system = _system(crs)
    except CRSError as error:
        raise UnknownCrs(why_zh="没有这个 EPSG 编号", why_en="no such EPSG code") from error
    ellipsoid, meridian = system.ellipsoid, system.prime_meridian
    if not (system.is_geographic or system.is_projected) or ellipsoid is None or meridian is None:
        raise UnknownCrs(why_zh="不是平面或经纬度坐标系", why_en="it is not a map system")
    flattening = ellipsoid.inverse_flattening
    same_size = ellipsoid.semi_major_metre == 6378137 and abs(flattening - 298.2572) < 1e-3
    if not same_size or meridian.longitude != 0:
        raise UnknownCrs(
            why_zh="基准不同（如西安80、北京54），请先转换到 CGCS2000",
            why_en="its datum (such as Xian 1980) differs; transform it to CGCS2000 first",
        )
    return crs


@lru_cache(maxsize=64)
def _system(crs: Crs) -> CRS:
    return CRS.from_wkt(crs.wkt) if crs.wkt else CRS.from_user_input(crs.name)


@lru_cache(maxsize=64)
def _transformer(crs: Crs) -> Transformer:
    system = _system(crs)
    return Transformer.from_crs(system, system.geodetic_crs or system, always_xy=True)


def _by_ranges(bounds: Bounds | None) -> Crs:
    if bounds is None or not all(math.isfinite(value) for value in bounds):
        raise UnknownCrs(why_zh="没有可用的坐标", why_en="there are no coordinates to judge by")
    west, south, east, north = bounds
    if _within(bounds, _CHINA):
        return CGCS2000
    zone = int(west // 1_000_000)
    if _NORTHING[0] < south <= north < _NORTHING[1]:
        inner = (west - zone * 1e6, east - zone * 1e6)
        if 25 <= zone <= 45 and _EASTING[0] < inner[0] <= inner[1] < _EASTING[1]:
            return Crs(f"EPSG:{4513 + zone - 25}")
        if _EASTING[0] < west <= east < _EASTING[1]:
            raise AmbiguousCrs(
                why_zh="横坐标不带带号，中央经线（如武乡的 111 或 114）无法判断",
                why_en="eastings carry no zone, so the central meridian (111 or 114) is open",
            )
    if _swapped(bounds):
        raise UnknownCrs(why_zh="横纵坐标似乎颠倒", why_en="the axes seem to be swapped")
    raise UnknownCrs(why_zh="坐标范围不可识别", why_en="the ranges fit no system known here")


def _within(bounds: Bounds, box: Bounds) -> bool:
    west, south, east, north = bounds
    return box[0] <= west <= east <= box[2] and box[1] <= south <= north <= box[3]


def _swapped(bounds: Bounds) -> bool:
    west, south, east, north = bounds
    turned = (south, west, north, east)
    easting = south > 25e6 and north < 46e6
    return _within(turned, _CHINA) or (easting and _NORTHING[0] < west <= east < _NORTHING[1])


def _fits(crs: Crs, bounds: Bounds) -> bool:
    """Tell whether the corners land on Earth and, for EPSG systems, near their area of use."""
    if crs == GCJ02:
        return _within(bounds, _CHINA)
    west, south, east, north = bounds
    corners = np.array([[west, south], [west, north], [east, south], [east, north]])
    lonlat = _lonlat(corners, crs)
    if not np.isfinite(lonlat).all():
        return False
    low, high = lonlat.min(axis=0), lonlat.max(axis=0)
    use = _system(crs).area_of_use
    box = use.bounds if use else (-180.0, -90.0, 180.0, 90.0)
    if box[0] > box[2]:  # across the antimeridian
        box = (-180.0, box[1], 180.0, box[3])
    padded = (box[0] - 3, max(box[1] - 3, -90.0), box[2] + 3, min(box[3] + 3, 90.0))
    return _within((low[0], low[1], high[0], high[1]), padded)


def _lonlat(coordinates: NDArray[np.float64], crs: Crs) -> NDArray[np.float64]:
    if crs in {CGCS2000, WGS84}:
        return coordinates
    if crs == GCJ02:
        return gcj02_to_wgs84(coordinates)
    lon, lat = _transformer(crs).transform(coordinates[:, 0], coordinates[:, 1])
    return np.column_stack([lon, lat])


def to_lonlat(polygons: Sequence[_Shape], crs: Crs) -> list[_Shape]:
    """Bring polygons (or None) to longitude and latitude in degrees; a height is dropped.

    Coordinates that the projection cannot reach come back infinite; `repair` refuses those.
    """
    shapes: NDArray[np.object_] = np.empty(len(polygons), dtype=object)
    shapes[:] = polygons
    return list(shapely.transform(shapes, lambda coordinates: _lonlat(coordinates, crs)))
