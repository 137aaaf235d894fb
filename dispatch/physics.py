"""The engines' physical model: distances, roads, and how long a machine works on a plot.

docs/dispatch.md states the same rules in words; `dispatch.check` implements them on its own.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import shapely

from dispatch.model import Job, Machine, Point, Problem, Settings

EARTH_RADIUS_M = 6_371_008.8
M2_PER_MU = 2000 / 3
_EPS = 1e-6

Floats = npt.NDArray[np.float64]


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


def road_s(metres: float, settings: Settings) -> int:
    """Return whole seconds by truck over a straight distance: concave, so hops never pay."""
    road_m = metres * settings.road_winding_percent / 100
    slow_m = min(road_m, settings.road_slow_m)
    slow_s = slow_m * 100 / settings.road_slow_cm_per_s
    return math.ceil(slow_s + (road_m - slow_m) * 100 / settings.road_fast_cm_per_s - _EPS)


def fly_s(metres: float, machine: Machine) -> float:
    """Return seconds in the air without spraying; whoever adds them up rounds up once."""
    return metres * 100 / machine.transit_cm_per_s


def plane_m(rings: Sequence[Sequence[Point]]) -> Floats:
    """Project an outer ring to metres around its mean latitude, one row (x, y) a point."""
    ring = np.asarray(rings[0][:-1], dtype=np.float64)
    scale = math.cos(math.radians(float(ring[:, 1].mean())))
    flat: Floats = np.radians(ring - ring[0]) * np.array([scale, 1.0]) * EARTH_RADIUS_M
    return flat


def narrow_width_m(rings: Sequence[Sequence[Point]]) -> float:
    """Return the width of the narrowest strip that holds the polygon.

    It is the short side of the minimum rotated rectangle, and unlike that side it is the same for
    all rectangles of equal area (a triangle has three).
    """
    hull = shapely.get_coordinates(shapely.convex_hull(shapely.MultiPoint(plane_m(rings))))
    edges = np.diff(hull, axis=0)
    lengths = np.hypot(edges[:, 0], edges[:, 1])
    normals = (
        np.stack([-edges[:, 1], edges[:, 0]], axis=1)[lengths > 0] / (lengths[lengths > 0][:, None])
    )
    across = hull @ normals.T
    return float((across.max(axis=0) - across.min(axis=0)).min())


@dataclass(frozen=True, slots=True)
class Plot:
    """A job as the engines see it: index, centre of flight, width across the swaths, metres."""

    index: int
    job: Job
    centre: Point
    reach_m: float
    width_m: float
    area_m2: float
    liquid_ml: int
    weight: int


def plot_of(index: int, job: Job) -> Plot:
    """Measure one job; without a polygon it is a square around its access point."""
    area_m2 = job.area_centimu / 100 * M2_PER_MU
    if job.rings:
        ring = job.rings[0][:-1]
        lon = sum(point[0] for point in ring) / len(ring)
        lat = sum(point[1] for point in ring) / len(ring)
        centre, width_m = (lon, lat), narrow_width_m(job.rings)
        reach_m = max(distance_m(centre, point) for point in ring)
    else:
        centre, width_m = job.access, math.sqrt(area_m2)
        reach_m = width_m / math.sqrt(2)
    return Plot(
        index=index,
        job=job,
        centre=centre,
        reach_m=reach_m,
        width_m=width_m,
        area_m2=area_m2,
        liquid_ml=-(-job.area_centimu * job.liquid_ml_per_mu // 100),
        weight=job.area_centimu * (1 + job.priority),
    )


def plots_of(problem: Problem) -> list[Plot]:
    """Measure all jobs, in the problem's order."""
    return [plot_of(index, job) for index, job in enumerate(problem.jobs)]


def spray_s(plot: Plot, machine: Machine) -> float:
    """Return seconds over the plot: whole swaths at the speed the pump allows, and the turns."""
    swath_m = machine.swath_cm / 100
    swaths = max(1, math.ceil(plot.width_m / swath_m - _EPS))
    dose_ml_per_m2 = plot.job.liquid_ml_per_mu / M2_PER_MU
    pump_m_per_s = machine.flow_ml_per_min / 60 / (dose_ml_per_m2 * swath_m)
    speed_m_per_s = min(machine.speed_cm_per_s / 100, pump_m_per_s)
    length_m = swaths * plot.area_m2 / plot.width_m
    return length_m / speed_m_per_s + (swaths - 1) * machine.turn_s


def setup_s(machine: Machine, settings: Settings) -> int:
    """Return seconds to set up at a launch site; tank and battery are made full meanwhile."""
    return max(settings.setup_s, machine.refill_s, machine.battery_swap_s)
