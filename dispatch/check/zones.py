"""No-spray and no-fly zones, against plots and against every straight flight (rule 11).

A search tree on one common plane finds the pairs that may be too near; only these are measured,
each on the plane around the plot's middle or the flight's start.
"""

import math
from collections.abc import Iterator, Sequence

import numpy as np
import shapely

from dispatch.check.case import TOLERANCE_M, Case, Row
from dispatch.check.ground import Floats, Ground, Outlines, Shapes, scale_at
from dispatch.model import Point, Zone, ZoneKind
from dispatch.violations import Code, Violation

PLANE_ERROR = 0.001
"""Share of a buffer by which two fair planes may differ: it is given to the plan."""


def zone_violations(case: Case, ground: Ground) -> Iterator[Violation]:
    """Yield plots and flights that come within the buffer of a zone."""
    if not case.problem.zones or not case.rows:
        return
    zones = Zones(case.problem.zones)
    yield from _plots(ground, zones)
    yield from _flights(ground, zones)


class Zones:
    """All zones of a problem, ready to be measured on any plane."""

    def __init__(self, zones: Sequence[Zone]) -> None:
        self.zones = zones
        self._outlines = Outlines([(zone.rings,) for zone in zones])
        degrees = self._outlines.degrees
        self._polygons: Shapes = self._outlines.polygons(degrees)
        self.origin: Floats = degrees.mean(axis=0)
        self._buffers: Floats = np.array([float(zone.buffer_m) for zone in zones])

    def near(self, shapes: Shapes, slack_m: float = 1.0) -> list[tuple[int, int]]:
        """Return the pairs (zone, shape) that may be within the buffer; shapes are in degrees."""
        lats = np.concatenate([shapely.bounds(self._polygons), shapely.bounds(shapes)])[:, [1, 3]]
        east, least = _cosines(lats)
        flat = self._stretched(self._polygons)
        tree = shapely.STRtree(self._stretched(shapes))
        reach = self._buffers * (east / least) * (1 + 2 * PLANE_ERROR) + slack_m
        zone, shape = tree.query(flat, predicate="dwithin", distance=reach)
        return list(zip(zone.tolist(), shape.tolist(), strict=True))

    def _stretched(self, shapes: Shapes) -> Shapes:
        """Return shapes in metres on the common plane."""
        scale = scale_at(self.origin[1:])[0]
        moved: Shapes = shapely.transform(shapes, lambda one: (one - self.origin) * scale)
        return moved

    def gap_m(self, zone: int, shape: object, origin: Point) -> float:
        """Return metres between a zone and a shape in degrees, on the plane around ``origin``."""
        scale = scale_at(np.array([origin[1]]))[0]
        pair = np.array([self._polygons[zone], shape], dtype=object)
        area, other = shapely.transform(pair, lambda one: (one - np.array(origin)) * scale)
        return float(shapely.distance(area, other))

    def forbids(self, zone: int, gap_m: float, slack_m: float = -TOLERANCE_M) -> bool:
        """Tell whether a gap is within the buffer; touching counts even without one."""
        buffer_m = self.zones[zone].buffer_m
        return gap_m <= max(0.0, buffer_m * (1.0 - PLANE_ERROR) + slack_m)


def _cosines(latitudes: Floats) -> tuple[float, float]:
    """Return the largest and the least cosine over a range of latitudes."""
    low, high = float(latitudes.min()), float(latitudes.max())
    ends = (math.cos(math.radians(low)), math.cos(math.radians(high)))
    return (1.0 if low <= 0.0 <= high else max(ends), max(1e-6, min(ends)))


def _plots(ground: Ground, zones: Zones) -> Iterator[Violation]:
    """Yield visits to plots within a zone; of several parts the nearest counts."""
    outlines = ground.outlines
    shapes = outlines.polygons(outlines.degrees)
    least: dict[tuple[int, int], float] = {}
    for zone, part in zones.near(shapes):
        row = ground.rows[int(outlines.owner[part])]
        if row.frozen or not concerns(zones.zones[zone], row.job.product):
            continue
        gap_m = zones.gap_m(zone, shapes[part], tuple(ground.middle[row.index].tolist()))
        key = (zone, row.index)
        least[key] = min(gap_m, least.get(key, math.inf))
    for (zone, index), gap_m in sorted(least.items(), key=lambda item: (item[0][1], item[0][0])):
        if zones.forbids(zone, gap_m):
            yield _says(ground.rows[index], zones.zones[zone], gap_m)


def concerns(zone: Zone, product: str) -> bool:
    """Tell whether a zone minds a product."""
    return zone.kind is ZoneKind.NO_FLY or not zone.products or product in zone.products


def _flights(ground: Ground, zones: Zones) -> Iterator[Violation]:
    """Yield visits whose straight flights come within a no-fly zone."""
    if all(zone.kind is not ZoneKind.NO_FLY for zone in zones.zones):
        return
    rows: list[Row] = []
    ends: list[tuple[Point, Point]] = []
    middles: list[Point] = [(lon, lat) for lon, lat in ground.middle.tolist()]
    for row in ground.rows:
        if row.frozen:
            continue
        launch, middle = row.launch, middles[row.index]
        if launch is not None and (row.opens or row.closes or row.visit.halts):
            rows.append(row)
            ends.append((launch, middle))
        if not row.opens and not math.isnan(ground.hop_s[row.index]):
            rows.append(row)
            ends.append((middles[row.index - 1], middle))
    if not ends:
        return
    lines: Shapes = np.asarray(shapely.linestrings(np.array(ends)))
    told: set[tuple[int, int]] = set()
    for zone, flight in sorted(zones.near(lines), key=lambda pair: pair[::-1]):
        row = rows[flight]
        if zones.zones[zone].kind is not ZoneKind.NO_FLY or (zone, row.index) in told:
            continue
        gap_m = zones.gap_m(zone, lines[flight], ends[flight][0])
        if zones.forbids(zone, gap_m):
            told.add((zone, row.index))
            yield _says(row, zones.zones[zone], gap_m)


def _says(row: Row, zone: Zone, gap_m: float) -> Violation:
    """Return the violation of one zone, with the metres that are lacking."""
    code = Code.NO_FLY if zone.kind is ZoneKind.NO_FLY else Code.BUFFER
    return row.says(code, max(0.0, zone.buffer_m - gap_m), "m", zone.zone_id)
