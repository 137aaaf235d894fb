"""The checker's own reading of the physical model, written from docs/dispatch.md.

Nothing here is used by an engine, and nothing of the engines is used here. All times are exact
lower bounds in fractional seconds: engines round up, so a sound plan is never refused.
"""

import math
from dataclasses import dataclass

import shapely

from dispatch.model import Job, Machine, Point, Ring, Settings, Zone

RADIUS_OF_EARTH_M = 6_371_008.8
SQUARE_METRES_PER_MU = 2000.0 / 3.0


def offset_m(origin: Point, place: Point) -> tuple[float, float]:
    """Return metres east and north of an origin, at the mean latitude of both."""
    per_degree = RADIUS_OF_EARTH_M * math.pi / 180.0
    middle = math.radians(0.5 * (origin[1] + place[1]))
    east = (place[0] - origin[0]) * per_degree * math.cos(middle)
    return (east, (place[1] - origin[1]) * per_degree)


def straight_m(origin: Point, place: Point) -> float:
    """Return the straight distance in metres."""
    east, north = offset_m(origin, place)
    return math.sqrt(east * east + north * north)


def drive_s(origin: Point, place: Point, settings: Settings) -> float:
    """Return the least seconds by truck: slow road first, the rest fast."""
    road = straight_m(origin, place) * settings.road_winding_percent / 100.0
    if road <= settings.road_slow_m:
        return road / (settings.road_slow_cm_per_s / 100.0)
    slow = settings.road_slow_m / (settings.road_slow_cm_per_s / 100.0)
    return slow + (road - settings.road_slow_m) / (settings.road_fast_cm_per_s / 100.0)


def air_s(origin: Point, place: Point, machine: Machine) -> float:
    """Return the least seconds of a transit flight."""
    return straight_m(origin, place) / (machine.transit_cm_per_s / 100.0)


def middle_of(job: Job) -> Point:
    """Return the mean of the outer corners, or the access point of a job without a polygon."""
    if not job.rings:
        return job.access
    corners = job.rings[0][1:]
    return (
        math.fsum(corner[0] for corner in corners) / len(corners),
        math.fsum(corner[1] for corner in corners) / len(corners),
    )


def _hull(points: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """Return the convex hull, counter-clockwise (Andrew's monotone chain)."""

    def chain(ordered: list[tuple[float, float]]) -> list[tuple[float, float]]:
        made: list[tuple[float, float]] = []
        for point in ordered:
            while len(made) > 1 and _turn(made[-2], made[-1], point) <= 0:
                made.pop()
            made.append(point)
        return made[:-1]

    ordered = sorted(set(points))
    return chain(ordered) + chain(ordered[::-1])


def _turn(a: tuple[float, float], b: tuple[float, float], c: tuple[float, float]) -> float:
    """Return twice the signed area of a triangle; positive for a left turn."""
    return (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])


def strip_width_m(job: Job) -> float:
    """Return the least width between two parallel lines that hold the plot."""
    if not job.rings:
        return math.sqrt(job.area_centimu * SQUARE_METRES_PER_MU / 100.0)
    corners = job.rings[0][:-1]
    scale = math.cos(math.radians(math.fsum(one[1] for one in corners) / len(corners)))
    unit = RADIUS_OF_EARTH_M * math.pi / 180.0
    lon, lat = corners[0]
    flat = [((x - lon) * unit * scale, (y - lat) * unit) for x, y in corners]
    hull = _hull(flat)
    widths = []
    for index, start in enumerate(hull):
        end = hull[(index + 1) % len(hull)]
        base = math.dist(start, end)
        widths.append(max(_turn(start, end, point) for point in hull) / base)
    return min(widths)


def over_plot_s(job: Job, machine: Machine, width_m: float) -> float:
    """Return the least seconds of spraying the plot once: swaths in full, turns between them."""
    swath_m = machine.swath_cm / 100.0
    passes = max(1, math.ceil(width_m / swath_m - 1e-4))
    area_m2 = job.area_centimu * SQUARE_METRES_PER_MU / 100.0
    litres_a_second = machine.flow_ml_per_min / 60_000.0
    litres_a_metre = job.liquid_ml_per_mu / 1000.0 / SQUARE_METRES_PER_MU * swath_m
    speed = min(machine.speed_cm_per_s / 100.0, litres_a_second / litres_a_metre)
    return passes * (area_m2 / width_m) / speed + (passes - 1) * machine.turn_s


def far_edge_m(launch: Point, job: Job) -> float:
    """Return metres from a launch site to the farthest corner of a plot."""
    if job.rings:
        return max(straight_m(launch, corner) for corner in job.rings[0])
    half_diagonal = math.sqrt(job.area_centimu * SQUARE_METRES_PER_MU / 100.0 / 2.0)
    return straight_m(launch, job.access) + half_diagonal


def gap_to_zone_m(job: Job, zone: Zone) -> float:
    """Return metres between a plot and a no-spray zone, zero when they touch or overlap."""
    origin = zone.rings[0][0]

    def flat(ring: Ring) -> list[tuple[float, float]]:
        return [offset_m(origin, point) for point in ring]

    area = shapely.Polygon(flat(zone.rings[0]), [flat(ring) for ring in zone.rings[1:]])
    if job.rings:
        plot = shapely.Polygon(flat(job.rings[0]), [flat(ring) for ring in job.rings[1:]])
        return float(area.distance(plot))
    half_diagonal = math.sqrt(job.area_centimu * SQUARE_METRES_PER_MU / 100.0 / 2.0)
    spot = shapely.Point(offset_m(origin, job.access))
    return max(0.0, float(area.distance(spot)) - half_diagonal)


@dataclass(frozen=True, slots=True)
class Measured:
    """What the checker knows of a job for one machine."""

    middle: Point
    spray_s: float


class Ruler:
    """Measures each job once for each machine."""

    def __init__(self) -> None:
        self._widths: dict[str, float] = {}
        self._known: dict[tuple[str, Machine], Measured] = {}

    def measure(self, job: Job, machine: Machine) -> Measured:
        """Return the middle of the plot and the least seconds of spraying it."""
        key = (job.job_id, machine)
        if key not in self._known:
            if job.job_id not in self._widths:
                self._widths[job.job_id] = strip_width_m(job)
            width = self._widths[job.job_id]
            self._known[key] = Measured(middle_of(job), over_plot_s(job, machine, width))
        return self._known[key]
