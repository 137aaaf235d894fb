"""Geometry of parcels: coordinate systems, equal-area sizes, repair, overlaps and GeoJSON.

Every function here takes and returns longitude and latitude in degrees unless it says
otherwise; `to_lonlat` is the way in from a file's own coordinate system.
"""

from backend.core.geometry.crs import (
    CGCS2000,
    GCJ02,
    WGS84,
    AmbiguousCrs,
    Crs,
    CrsContradicted,
    CrsHint,
    UnknownCrs,
    recognise,
    to_lonlat,
)
from backend.core.geometry.geojson import polygon_from_geojson, polygon_to_geojson
from backend.core.geometry.shapes import (
    Duplicate,
    Polygonal,
    Refused,
    Repaired,
    areas_m2,
    duplicates,
    overlaps,
    repair,
)

__all__ = [
    "CGCS2000",
    "GCJ02",
    "WGS84",
    "AmbiguousCrs",
    "Crs",
    "CrsContradicted",
    "CrsHint",
    "Duplicate",
    "Polygonal",
    "Refused",
    "Repaired",
    "UnknownCrs",
    "areas_m2",
    "duplicates",
    "overlaps",
    "polygon_from_geojson",
    "polygon_to_geojson",
    "recognise",
    "repair",
    "to_lonlat",
]
