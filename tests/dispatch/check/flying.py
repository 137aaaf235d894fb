"""The tiny simulator's physics: distances, strips and charges, written from docs/dispatch.md.

It shares no line with the checker or an engine: shapely turns the polygons and measures them.
"""

import math
from dataclasses import dataclass

from shapely import affinity
from shapely.geometry import Polygon

from dispatch.model import Job, Machine, Point, Problem

EARTH_M = 6_371_008.8
M2_PER_MU = 2000 / 3


class Unfit(Exception):
    """The stops cannot be flown in this order."""


def metres(a: Point, b: Point) -> float:
    """Return the straight distance (rule 1)."""
    mean = math.radians(a[1] + b[1]) / 2
    x, y = math.radians(b[0] - a[0]) * math.cos(mean), math.radians(b[1] - a[1])
    return EARTH_M * math.hypot(x, y)


def road_s(problem: Problem, a: Point, b: Point) -> float:
    """Return seconds by truck (rule 2)."""
    one = problem.settings
    way_m = metres(a, b) * one.road_winding_percent / 100
    if way_m <= one.road_slow_m:
        return way_m / (one.road_slow_cm_per_s / 100)
    fast_s = (way_m - one.road_slow_m) / (one.road_fast_cm_per_s / 100)
    return one.road_slow_m / (one.road_slow_cm_per_s / 100) + fast_s


def middle(job: Job) -> Point:
    """Return the mean of the outer corners, or the access point."""
    corners = [point for part in job.parts for point in part[0][:-1]]
    if not corners:
        return job.access
    lons, lats = zip(*corners, strict=True)
    return (sum(lons) / len(lons), sum(lats) / len(lats))


def far_m(launch: Point, job: Job) -> float:
    """Return metres to the farthest corner, or to the circle around a square."""
    corners = [point for part in job.parts for point in part[0]]
    half_m = 0.0 if corners else math.sqrt(job.area_centimu / 200 * M2_PER_MU)
    return half_m + max(metres(launch, point) for point in corners or [job.access])


def spray_s(job: Job, machine: Machine, heading_cdeg: int) -> float:
    """Return seconds over the plot along a heading (rule 7)."""
    swath_m = machine.swath_cm / 100
    litres_per_m = job.liquid_ml_per_mu / M2_PER_MU * swath_m
    speed = min(machine.speed_cm_per_s / 100, machine.flow_ml_per_min / 60 / litres_per_m)
    if not job.parts:
        side_m = math.sqrt(job.area_centimu / 100 * M2_PER_MU)
        shapes = [Polygon([(0, 0), (side_m, 0), (side_m, side_m), (0, side_m)])]
        heading_cdeg = 0
    else:
        shapes = [_flat(job, part) for part in job.parts]
    total_s = 0.0
    for shape in shapes:
        # Turning the plot left by the heading brings the swaths to north; the width is then east.
        turned = affinity.rotate(shape, heading_cdeg / 100, origin=(0, 0))
        west, _, east, _ = turned.bounds
        strips = max(1, math.ceil((east - west) / swath_m - 0.1 - 1e-9))
        total_s += strips * shape.area / (east - west) / speed + (strips - 1) * machine.turn_s
    return total_s


def _flat(job: Job, part: tuple[tuple[Point, ...], ...]) -> Polygon:
    """Return a part in metres around the middle of the plot."""
    lon, lat = middle(job)
    east = EARTH_M * math.cos(math.radians(lat))
    rings = [
        [(math.radians(x - lon) * east, math.radians(y - lat) * EARTH_M) for x, y in ring]
        for ring in part
    ]
    return Polygon(rings[0], rings[1:])


@dataclass
class Charge:
    """What is left in tank and battery."""

    tank_ml: float
    battery_s: float


@dataclass
class Work:
    """What one plot costs: seconds and what happens at the halts."""

    seconds: float
    halts: int = 0
    refills: int = 0
    swaps: int = 0


def work(machine: Machine, job: Job, charge: Charge, ways: tuple[float, float, float]) -> Work:
    """Spray as far as tank and battery reach, then halt, and so on."""
    transit_s, ferry_s, over_s = ways
    liquid_ml, left_s = job.area_centimu * job.liquid_ml_per_mu / 100, over_s
    done, ground_s = Work(0), 0
    charge.battery_s -= transit_s
    while left_s > 1e-9:
        step_s = min(left_s, charge.tank_ml / (liquid_ml / over_s), charge.battery_s - ferry_s)
        if step_s > 1e-6:
            charge.tank_ml -= step_s * liquid_ml / over_s
            charge.battery_s -= step_s
            left_s -= step_s
            continue
        if machine.battery_s < 2 * ferry_s + 10:
            raise Unfit(job.job_id)
        refill = charge.tank_ml < machine.tank_ml / 2
        swap = charge.battery_s < machine.battery_s / 2 or not refill
        pauses = [machine.refill_s] * refill + [machine.battery_swap_s] * swap
        ground_s += max(pauses)
        charge.tank_ml = machine.tank_ml if refill else charge.tank_ml
        # What the old battery could not fly any more is charged to the new one.
        lack_s = min(0.0, charge.battery_s - ferry_s)
        charge.battery_s = machine.battery_s + lack_s if swap else charge.battery_s - ferry_s
        charge.battery_s -= ferry_s
        done.halts, done.refills, done.swaps = (
            done.halts + 1,
            done.refills + refill,
            done.swaps + swap,
        )
    done.seconds = transit_s + over_s + 2 * ferry_s * done.halts + ground_s
    return done


def heading_of(job: Job) -> int:
    """Return some heading that differs from job to job."""
    return sum(map(ord, job.job_id)) * 1_234 % 18_000
