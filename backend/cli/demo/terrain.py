"""The landscape of the demonstration: one river, three side valleys and the ridges between.

The landscape is fixed, whatever the seed: it lies in 112.8-113.1° E, 36.75-36.95° N, where Wuxiang
is, but its valleys are made up. Work is done on a plane in metres (Lambert azimuthal equal-area on
the CGCS2000 ellipsoid around the county's middle), so areas on the plane are true areas.
"""

import functools
import math
from dataclasses import dataclass

import numpy as np
import pyproj
import shapely
from numpy.typing import NDArray

Floats = NDArray[np.float64]

_PLANE = pyproj.Proj("+proj=laea +lat_0=36.85 +lon_0=112.95 +ellps=GRS80 +units=m")
_RELIEF_M = 190.0
_FLOOR_M = 600.0
_BLEND_M = 12.0
_CREST_SLOPE = 0.07
_MOUTH_SLOPE = 2.0
_TRACE_STEP_M = 5.0


@dataclass(frozen=True, slots=True)
class Valley:
    """A valley's axis: a sine wave of ``amplitude_m`` around a straight line, climbing upstream.

    The line starts at ``x_m, y_m`` (the mouth of a side valley) and runs ``length_m`` along
    ``heading_rad``; the river bed rises from ``bed_m`` by ``climb`` metres for each metre.
    """

    x_m: float
    y_m: float
    heading_rad: float
    length_m: float
    amplitude_m: float
    wave_m: float
    bed_m: float
    climb: float


@dataclass(frozen=True, slots=True)
class Axis:
    """A valley's axis sampled by arc length: places and left normals, arrays of equal length."""

    s_m: Floats
    xy_m: Floats
    normal: Floats

    def place(self, s_m: Floats, offset_m: Floats) -> Floats:
        """Return plane coordinates, shape ``(…, 2)``, ``offset_m`` to the left of the axis."""
        foot = [np.interp(s_m, self.s_m, self.xy_m[:, k]) for k in (0, 1)]
        normal = [np.interp(s_m, self.s_m, self.normal[:, k]) for k in (0, 1)]
        return np.stack([foot[0] + offset_m * normal[0], foot[1] + offset_m * normal[1]], axis=-1)


@dataclass(frozen=True, slots=True)
class Site:
    """Where a village stands: which valley, how far up its axis, and on which bank (1 left)."""

    valley: int
    s_m: float
    bank: int


@functools.cache
def axis(valley: int) -> Axis:
    """Return the sampled axis of one of `valleys`."""
    shape = valleys()[valley]
    u = np.arange(0.0, shape.length_m + _TRACE_STEP_M, _TRACE_STEP_M)
    k = 2 * math.pi / shape.wave_m
    wave, slope = shape.amplitude_m * np.sin(k * u), shape.amplitude_m * k * np.cos(k * u)
    cos, sin = math.cos(shape.heading_rad), math.sin(shape.heading_rad)
    xy = np.column_stack(
        [shape.x_m + u * cos - wave * sin, shape.y_m + u * sin + wave * cos],
    )
    stretch = np.hypot(1.0, slope)
    normal = np.column_stack([-sin - slope * cos, cos - slope * sin]) / stretch[:, None]
    steps = np.hypot(*np.diff(xy, axis=0).T)
    return Axis(np.concatenate([[0.0], np.cumsum(steps)]), xy, normal)


@functools.cache
def valleys() -> tuple[Valley, ...]:
    """Return the main valley (number 0) and the side valleys that join it."""
    main = Valley(10_200, 2_600, math.radians(193), 21_000, 420, 6_200, 905, 0.0040)
    sides = []
    for s_m, turn_deg, amplitude_m in ((14_600, -97, 220), (8_900, 86, -240), (3_700, -84, 230)):
        k = 2 * math.pi / main.wave_m
        wave_m = main.amplitude_m * math.sin(k * s_m)
        cos, sin = math.cos(main.heading_rad), math.sin(main.heading_rad)
        sides.append(
            Valley(
                main.x_m + s_m * cos - wave_m * sin,
                main.y_m + s_m * sin + wave_m * cos,
                main.heading_rad + math.radians(turn_deg),
                6_800,
                amplitude_m,
                5_200,
                main.bed_m + main.climb * s_m,
                0.0115,
            )
        )
    return (main, *sides)


SITES: tuple[Site, ...] = (
    Site(0, 10_900, 1),
    Site(0, 13_700, -1),
    Site(0, 8_200, -1),
    Site(0, 16_400, 1),
    Site(0, 5_500, 1),
    Site(1, 2_500, 1),
    Site(2, 2_600, -1),
    Site(0, 2_700, -1),
    Site(0, 19_100, -1),
    Site(2, 5_000, 1),
    Site(1, 4_900, -1),
    Site(3, 2_700, 1),
)
"""Twelve places 1.5-4 km apart; any first few of them are neighbours."""


@functools.cache
def rivers() -> shapely.MultiLineString:
    """Return the axes of all valleys on the plane."""
    return shapely.MultiLineString([axis(k).xy_m[::8] for k in range(len(valleys()))])


def to_lonlat(xy_m: Floats) -> Floats:
    """Return CGCS2000 longitude and latitude in degrees, rounded to 7 decimals (about 1 cm)."""
    lon, lat = _PLANE(xy_m[..., 0], xy_m[..., 1], inverse=True)
    return np.round(np.stack([lon, lat], axis=-1), 7)


def to_plane(lonlat_deg: Floats) -> Floats:
    """Return plane coordinates in metres of longitudes and latitudes."""
    x, y = _PLANE(lonlat_deg[..., 0], lonlat_deg[..., 1])
    return np.stack([x, y], axis=-1)


def height_xy_m(xy_m: Floats) -> Floats:
    """Return the height above the sea of places on the plane, shape ``(…, 2)`` to ``(…)``.

    Each valley alone would be a flat floor between slopes; the ground is their smooth minimum, so
    crests form where two valleys' slopes meet (on the floors it is the plain minimum, or a pit
    would open where rivers join). Spurs and gullies run down the slopes. A side valley
    ends at its mouth: behind it the ground of its own rises steeply and the main valley's counts.
    """
    ground = []
    least_steep = np.ones(xy_m.shape[:-1])
    for shape in valleys():
        cos, sin = math.cos(shape.heading_rad), math.sin(shape.heading_rad)
        x, y = xy_m[..., 0] - shape.x_m, xy_m[..., 1] - shape.y_m
        u = x * cos + y * sin
        v = y * cos - x * sin - shape.amplitude_m * np.sin(2 * math.pi * u / shape.wave_m)
        steep = 1 - 1 / (1 + (v / _FLOOR_M) ** 4)
        least_steep = np.minimum(least_steep, steep)
        spurs = 22 * np.sin(u / 88 + 1.1 * np.sin(v / 260)) + 13 * np.sin(u / 149 - v / 230)
        crest = _CREST_SLOPE * (np.hypot(v, _FLOOR_M) - _FLOOR_M)
        behind = _MOUTH_SLOPE * np.maximum(-u, 0.0) * (shape is not valleys()[0])
        ground.append(shape.bed_m + shape.climb * u + steep * (_RELIEF_M + spurs) + crest + behind)
    lowest = np.min(ground, axis=0)
    blend_m = np.maximum(_BLEND_M * least_steep, 0.01)
    blend = np.sum([np.exp((lowest - one) / blend_m) for one in ground], axis=0)
    return np.asarray(lowest - blend_m * np.log(blend))


def height(lon: float, lat: float) -> float:
    """Return the height in metres above the sea at a longitude and latitude in degrees."""
    return float(height_xy_m(to_plane(np.array([lon, lat]))))


def gradient_xy(xy_m: Floats) -> Floats:
    """Return the uphill slope (metres for each metre east and north) by central differences."""
    steps = np.array([[2.0, 0.0], [-2.0, 0.0], [0.0, 2.0], [0.0, -2.0]])
    east, west, north, south = height_xy_m(xy_m + steps.reshape(4, *(1,) * (xy_m.ndim - 1), 2))
    return np.stack([(east - west) / 4, (north - south) / 4], axis=-1)
