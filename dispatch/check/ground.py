"""The checker's own geometry: distances, roads, middles, and the least time over a plot.

Written from docs/dispatch.md (rules 1, 2, 6 and 7), for all visits of a plan at once. A plot lies
on the plane around its middle. Nothing here is used by an engine, and nothing of theirs is here.
"""

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from dispatch.check.case import Row
from dispatch.model import Job, Point, Polygon, Settings

METRES_PER_DEGREE = 6_371_008.8 * math.pi / 180.0
SQUARE_METRES_PER_MU = 2000.0 / 3.0
STRIP_SLACK = 0.1 + 1e-6
"""What of a swath may stay uncovered at the edge (rule 7), and floating-point noise."""

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Shapes = NDArray[Any]


def apart_m(origin: Point, place: Point) -> float:
    """Return the straight distance of two places in metres (rule 1)."""
    scale = math.cos(math.radians((origin[1] + place[1]) / 2.0))
    east = (place[0] - origin[0]) * scale
    return METRES_PER_DEGREE * math.sqrt(east * east + (place[1] - origin[1]) ** 2)


def drive_s(origin: Point, place: Point, settings: Settings) -> float:
    """Return the least seconds by truck: the first stretch slow, the rest fast (rule 2)."""
    road_m = apart_m(origin, place) * settings.road_winding_percent / 100.0
    slow_m = min(road_m, float(settings.road_slow_m))
    fast_m = road_m - slow_m
    return slow_m * 100.0 / settings.road_slow_cm_per_s + (
        fast_m * 100.0 / settings.road_fast_cm_per_s
    )


def distances_m(origins: Floats, places: Floats) -> Floats:
    """Return the straight distance of each pair of rows (longitude, latitude), in metres."""
    scale = np.cos(np.radians((origins[:, 1] + places[:, 1]) / 2.0))
    east = (places[:, 0] - origins[:, 0]) * scale
    metres: Floats = METRES_PER_DEGREE * np.hypot(east, places[:, 1] - origins[:, 1])
    return metres


def scale_at(latitude: Floats) -> Floats:
    """Return metres per degree (east, north) on the planes around some latitudes."""
    east = METRES_PER_DEGREE * np.cos(np.radians(latitude))
    return np.stack([east, np.full_like(east, METRES_PER_DEGREE)], axis=-1)


def square_side_m(job: Job) -> float:
    """Return the side of the square that stands for a plot without parts."""
    return math.sqrt(job.area_centimu / 100.0 * SQUARE_METRES_PER_MU)


def outline(job: Job, heading_cdeg: int) -> tuple[Polygon, ...]:
    """Return the plot's polygons: its parts, or a square along the heading around its access."""
    if job.parts:
        return job.parts
    lon, lat = job.access
    half = square_side_m(job) / 2.0
    angle = math.radians(heading_cdeg / 100.0)
    sine, cosine = math.sin(angle) * half, math.cos(angle) * half
    east_m = METRES_PER_DEGREE * math.cos(math.radians(lat))
    corners = [
        (lon + (i * sine + j * cosine) / east_m, lat + (i * cosine - j * sine) / METRES_PER_DEGREE)
        for i, j in ((1, 1), (-1, 1), (-1, -1), (1, -1), (1, 1))
    ]
    return ((tuple(corners),),)


class Outlines:
    """Polygons of many plots as flat arrays.

    ``degrees`` has one row a point; ``ring`` is the ring of each point, ``part`` the part of each
    ring, ``owner`` the plot of each part; ``outer`` marks the points of outer rings.
    """

    def __init__(self, plots: Sequence[tuple[Polygon, ...]]) -> None:
        parts = [part for plot in plots for part in plot]
        rings = [ring for part in parts for ring in part]
        sizes = [len(ring) for ring in rings]
        points = [point for ring in rings for point in ring]
        self.degrees: Floats = np.array(points, dtype=np.float64).reshape(-1, 2)
        self.ring: Ints = np.repeat(np.arange(len(rings)), sizes)
        self.part: Ints = np.repeat(np.arange(len(parts)), [len(part) for part in parts])
        self.owner: Ints = np.repeat(np.arange(len(plots)), [len(plot) for plot in plots])
        shell = np.ones(len(rings), dtype=np.bool_)
        shell[1:] = self.part[1:] != self.part[:-1]
        self.shell = shell
        self.outer = shell[self.ring]
        closing = np.ones(len(points), dtype=np.bool_)
        closing[:-1] = self.ring[1:] != self.ring[:-1]
        self.corner = self.outer & ~closing
        self.point_owner: Ints = self.owner[self.part[self.ring]]

    def middles(self) -> Floats:
        """Return the mean of the outer corners of each plot, in degrees."""
        owner = self.point_owner[self.corner]
        size = int(self.owner[-1]) + 1 if len(self.owner) else 0
        count = np.bincount(owner, minlength=size)
        sums = [
            np.bincount(owner, weights=self.degrees[self.corner, axis], minlength=size)
            for axis in (0, 1)
        ]
        return np.stack(sums, axis=-1) / count[:, None]

    def areas_m2(self, flat: Floats) -> Floats:
        """Return the area of each part, holes taken off, on the plane of ``flat``."""
        x, y = flat[:, 0], flat[:, 1]
        same = self.ring[1:] == self.ring[:-1]
        cross = np.where(same, x[:-1] * y[1:] - x[1:] * y[:-1], 0.0)
        twice = np.bincount(self.ring[:-1], cross, minlength=len(self.part))
        rings = np.abs(twice).astype(np.float64) / 2.0
        signed = np.where(self.shell, rings, -rings)
        return np.bincount(self.part, signed, minlength=len(self.owner)).astype(np.float64)

    def polygons(self, flat: Floats) -> Shapes:
        """Return one shapely polygon a part."""
        lines = np.asarray(shapely.linearrings(flat, indices=self.ring))
        return np.asarray(shapely.polygons(lines, indices=self.part))


class Ground:
    """What the checker measures of every visit; arrays run along `Case.rows`.

    ``middle`` in degrees; ``spray_s`` the least time over the plot at the visit's heading;
    ``ferry_s`` the flight between launch site and middle, ``hop_s`` that from the visit before
    (nan without one); ``far_m`` from the launch site to the farthest corner.
    """

    def __init__(self, rows: Sequence[Row]) -> None:
        self.rows = rows
        self.outlines = Outlines([outline(row.job, row.visit.heading_cdeg) for row in rows])
        count = len(rows)
        none = (math.nan, math.nan)
        self.launch: Floats = np.array([row.launch or none for row in rows]).reshape(-1, 2)
        if not count:
            empty: Floats = np.zeros(0)
            self.middle, self.far_m = np.zeros((0, 2)), empty
            self.spray_s = self.ferry_s = self.hop_s = empty
            return
        bare = np.array([not row.job.parts for row in rows])
        access: Floats = np.array([row.job.access for row in rows])
        self.middle = np.where(bare[:, None], access, self.outlines.middles())
        owner = self.outlines.point_owner
        self.flat: Floats = (self.outlines.degrees - self.middle[owner]) * (
            scale_at(self.middle[:, 1])[owner]
        )
        self.spray_s = self._spray_s()
        transit = np.array([row.drone.machine.transit_cm_per_s / 100.0 for row in rows])
        self.ferry_s = distances_m(self.launch, self.middle) / transit
        hops: Floats = np.full(count, math.nan)
        hops[1:] = distances_m(self.middle[:-1], self.middle[1:]) / transit[1:]
        follows = [
            before.route is row.route and before.at == row.at - 1 for before, row in pairwise(rows)
        ]
        hops[1:][~np.array(follows, dtype=np.bool_)] = math.nan
        self.hop_s = hops
        far = distances_m(self.launch[owner], self.outlines.degrees)
        starts = np.searchsorted(owner, np.arange(count))
        self.far_m = np.maximum.reduceat(far, starts)

    def _spray_s(self) -> Floats:
        """Return the least seconds over each plot: whole strips at full length, and the turns."""
        outlines, rows = self.outlines, self.rows
        machines = [row.drone.machine for row in rows]
        swath = np.array([machine.swath_cm / 100.0 for machine in machines])
        turn = np.array([float(machine.turn_s) for machine in machines])
        fastest = np.array([machine.speed_cm_per_s / 100.0 for machine in machines])
        pump = np.array([machine.flow_ml_per_min / 60.0 for machine in machines])
        dose = np.array([row.job.liquid_ml_per_mu / SQUARE_METRES_PER_MU for row in rows])
        speed = np.minimum(fastest, pump / (dose * swath))
        angle = np.radians([row.visit.heading_cdeg / 100.0 for row in rows])
        owner = outlines.point_owner
        across = self.flat[:, 0] * np.cos(angle)[owner] - self.flat[:, 1] * np.sin(angle)[owner]
        inside = outlines.part[outlines.ring[outlines.outer]]
        starts = np.searchsorted(inside, np.arange(len(outlines.owner)))
        across = across[outlines.outer]
        width = np.maximum.reduceat(across, starts) - np.minimum.reduceat(across, starts)
        whose = outlines.owner
        strips = np.maximum(1.0, np.ceil(width / swath[whose] - STRIP_SLACK))
        seconds = strips * outlines.areas_m2(self.flat) / width / speed[whose]
        seconds += (strips - 1.0) * turn[whose]
        return np.bincount(whose, seconds, minlength=len(rows)).astype(np.float64)
