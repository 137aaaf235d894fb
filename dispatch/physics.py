"""The engines' physical model: distances, roads, flights, and what a plot is to them.

docs/dispatch.md states the same rules in words; `dispatch.check` implements them on its own.
"""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from dispatch.land import Job
from dispatch.machines import Machine
from dispatch.model import Settings
from dispatch.shapes import Point

EARTH_RADIUS_M = 6_371_008.8
M2_PER_MU = 2000 / 3
EPS = 1e-6

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


def distance_m(a: Point, b: Point) -> float:
    """Return metres between two nearby places (equirectangular at their mean latitude)."""
    dy = math.radians(b[1] - a[1])
    dx = math.radians(b[0] - a[0]) * math.cos(math.radians((a[1] + b[1]) / 2))
    return EARTH_RADIUS_M * math.hypot(dx, dy)


def distances_m(here: Point, places: Floats) -> Floats:
    """Return metres from one place to each row (lon, lat) of ``places``."""
    dy = np.radians(places[:, 1] - here[1])
    dx = np.radians(places[:, 0] - here[0]) * np.cos(np.radians((places[:, 1] + here[1]) / 2))
    metres: Floats = EARTH_RADIUS_M * np.hypot(dx, dy)
    return metres


def matrix_m(rows: Floats, columns: Floats) -> Floats:
    """Return metres from each row (lon, lat) of ``rows`` to each of ``columns``."""
    dy = np.radians(columns[None, :, 1] - rows[:, None, 1])
    mean = np.radians((columns[None, :, 1] + rows[:, None, 1]) / 2)
    dx = np.radians(columns[None, :, 0] - rows[:, None, 0]) * np.cos(mean)
    metres: Floats = EARTH_RADIUS_M * np.hypot(dx, dy)
    return metres


def flat_m(places: Floats) -> Floats:
    """Project rows (lon, lat) to metres on a plane through their mean, one row (x, y) a place."""
    middle = places.mean(axis=0)
    scale = np.array([math.cos(math.radians(float(middle[1]))), 1.0])
    flat: Floats = np.radians(places - middle) * scale * EARTH_RADIUS_M
    return flat


def road_s(metres: float, settings: Settings) -> int:
    """Return whole seconds by truck over a straight distance: concave, so hops never pay."""
    road_m = metres * settings.road_winding_percent / 100
    slow_m = min(road_m, settings.road_slow_m)
    slow_s = slow_m * 100 / settings.road_slow_cm_per_s
    return math.ceil(slow_s + (road_m - slow_m) * 100 / settings.road_fast_cm_per_s - EPS)


def roads_s(metres: Floats, settings: Settings) -> Floats:
    """Return `road_s` of many straight distances at once, as whole numbers."""
    road_m = metres * (settings.road_winding_percent / 100)
    slow_m = np.minimum(road_m, settings.road_slow_m)
    slow_s = slow_m * (100 / settings.road_slow_cm_per_s)
    whole: Floats = np.ceil(slow_s + (road_m - slow_m) * (100 / settings.road_fast_cm_per_s) - EPS)
    return whole


def fly_s(metres: float, machine: Machine) -> float:
    """Return seconds in the air without spraying; whoever adds them up rounds up once."""
    return metres * 100 / machine.transit_cm_per_s


def setup_s(machine: Machine, settings: Settings) -> int:
    """Return seconds to set up at a launch site; tank and battery are made full meanwhile."""
    return max(settings.setup_s, machine.refill_s, machine.battery_swap_s)


@dataclass(frozen=True, slots=True, eq=False)
class Plot:
    """A job as the engines see it: its number, its middle, and metres from there to its edge.

    ``deadline_s`` is the last moment of spraying, the pre-harvest interval included.
    """

    index: int
    job: Job
    centre: Point
    reach_m: float
    corners: tuple[Point, ...]
    deadline_s: int
    weight: int
    liquid_ml: int

    def far_m(self, launch: Point) -> float:
        """Return metres from a launch site to the farthest corner."""
        if not self.corners:
            return distance_m(launch, self.centre) + self.reach_m
        return max(distance_m(launch, corner) for corner in self.corners)


def plot_of(index: int, job: Job, deadline_s: int) -> Plot:
    """Measure one job; without a polygon it is a square around its access point."""
    corners = tuple(point for part in job.parts for point in part[0][:-1])
    if corners:
        lon = sum(point[0] for point in corners) / len(corners)
        lat = sum(point[1] for point in corners) / len(corners)
        centre = (lon, lat)
        reach_m = max(distance_m(centre, point) for point in corners)
    else:
        centre = job.access
        reach_m = math.sqrt(job.area_centimu / 100 * M2_PER_MU / 2)
    return Plot(
        index=index,
        job=job,
        centre=centre,
        reach_m=reach_m,
        corners=corners,
        deadline_s=deadline_s,
        weight=job.weight,
        liquid_ml=job.liquid_ml,
    )
