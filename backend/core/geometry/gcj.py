"""The offset of GCJ-02 (火星坐标), which Chinese web maps and phones add to WGS-84.

The published approximation of the offset; at Wuxiang it is about 556 m. Outside the rectangle
that the maps treat as China there is no offset.
"""

import numpy as np
from numpy.typing import NDArray

_AXIS_M = 6378245.0
_ECCENTRICITY_SQUARED = 0.00669342162296594323
_ROUNDS = 6
"""Each round of the inverse shrinks the error some hundred times; four reach a millimetre."""


def _waves(along: NDArray[np.float64], *periods: tuple[float, float]) -> NDArray[np.float64]:
    total = np.zeros_like(along)
    for amplitude, frequency in periods:
        total += amplitude * np.sin(frequency * np.pi * along)
    return total * 2.0 / 3.0


def _offset(lonlat: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the degrees that GCJ-02 adds to WGS-84 at each of n points, shape (n, 2)."""
    lon, lat = lonlat[:, 0], lonlat[:, 1]
    x, y = lon - 105.0, lat - 35.0
    common = _waves(x, (20, 6), (20, 2))
    root = np.sqrt(np.abs(x))
    east_m = 300 + x + 2 * y + 0.1 * x**2 + 0.1 * x * y + 0.1 * root + common
    east_m += _waves(x, (20, 1), (40, 1 / 3)) + _waves(x, (150, 1 / 12), (300, 1 / 30))
    north_m = -100 + 2 * x + 3 * y + 0.2 * y**2 + 0.1 * x * y + 0.2 * root + common
    north_m += _waves(y, (20, 1), (40, 1 / 3)) + _waves(y, (160, 1 / 12), (320, 1 / 30))
    bend = 1 - _ECCENTRICITY_SQUARED * np.sin(np.radians(lat)) ** 2
    lon_radius_m = _AXIS_M / np.sqrt(bend) * np.cos(np.radians(lat))
    lat_radius_m = _AXIS_M * (1 - _ECCENTRICITY_SQUARED) / bend**1.5
    offset = np.column_stack(
        [np.degrees(east_m / lon_radius_m), np.degrees(north_m / lat_radius_m)]
    )
    inside = (lon > 72.004) & (lon < 137.8347) & (lat > 0.8293) & (lat < 55.8271)
    return np.where(inside[:, None], offset, 0.0)


def wgs84_to_gcj02(lonlat: NDArray[np.float64]) -> NDArray[np.float64]:
    """Shift n points, shape (n, 2) in degrees, as a Chinese web map would."""
    return lonlat + _offset(lonlat)


def gcj02_to_wgs84(lonlat: NDArray[np.float64]) -> NDArray[np.float64]:
    """Undo `wgs84_to_gcj02` by fixed-point iteration, to well under a metre."""
    guess = lonlat
    for _ in range(_ROUNDS):
        guess = lonlat - _offset(guess)
    return guess
