"""What every plot takes at least, whoever flies it from wherever: the figures of the bound.

All are lower bounds of what rules 1 to 8 of docs/dispatch.md ask for, not estimates.
"""

import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import shapely

from dispatch.machines import Machine
from dispatch.model import Settings
from dispatch.physics import EARTH_RADIUS_M, M2_PER_MU, Floats, Ints, Plot

_CHUNK = 2_000_000
_NOISE = 1e-6
"""A share of every spraying time given away: planes around a middle differ by less."""
_STRIP_SLACK = 0.1 + 1e-6
"""What of a swath may stay uncovered at the edge of a part (rule 7)."""


@dataclass(frozen=True, slots=True)
class Best:
    """The best of every machine in the fleet at once: no machine of it does better."""

    tank_ml: float
    battery_s: float
    refill_s: float
    swap_s: float
    transit_m_per_s: float
    setup_s: float


@dataclass(frozen=True, slots=True)
class Least:
    """Least figures of every plot; seconds unless the name says otherwise.

    ``hops`` are the flights to the two nearest plots of its product (infinite where out of reach of
    any common launch site), ``ferry_own`` and ``ferry_other`` those to its own access point and to
    the nearest one of another plot of its product, ``road`` the drive between its access point and
    the nearest one of any other plot.
    """

    spray: Floats
    hops: Floats
    ferry_own: Floats
    ferry_other: Floats
    road: Floats
    liquid_ml: Floats
    area_centimu: Floats
    weight: Floats


def best_of(machines: Sequence[Machine], settings: Settings) -> Best:
    """Return the largest tank and battery, the shortest halts and the fastest flight."""
    ready = min(max(one.refill_s, one.battery_swap_s) for one in machines)
    return Best(
        tank_ml=max(one.tank_ml for one in machines),
        battery_s=max(one.battery_s for one in machines),
        refill_s=min(one.refill_s for one in machines),
        swap_s=min(one.battery_swap_s for one in machines),
        transit_m_per_s=max(one.transit_cm_per_s for one in machines) / 100,
        setup_s=max(settings.setup_s, ready),
    )


def least_of(
    plots: Sequence[Plot], machines: Sequence[Machine], best: Best, settings: Settings
) -> Least:
    """Measure plots, at least one, for the best of these machines."""
    centre, access = _flat(plots)
    count = len(plots)
    hop_m = np.full((count, 2), math.inf)
    own_m = np.hypot(*(centre - access).T)
    other_m = np.full(count, math.inf)
    groups: dict[str, list[int]] = defaultdict(list)
    for at, plot in enumerate(plots):
        groups[plot.job.product].append(at)
    for group in groups.values():
        rows = np.array(group)
        hop_m[rows] = nearest_m(centre[rows], centre[rows], 2)
        other_m[rows] = nearest_m(centre[rows], access[rows], 1)[:, 0]
    hop_m[hop_m > 2 * settings.radius_m + 1] = math.inf
    other_m[other_m > settings.radius_m + 1] = math.inf
    per_m = 1 / best.transit_m_per_s
    spray = np.min([least_spray_s(plots, machine) for machine in machines], axis=0)
    return Least(
        spray=spray,
        hops=hop_m * per_m,
        ferry_own=own_m * per_m,
        ferry_other=other_m * per_m,
        road=_drive_s(nearest_m(access, access, 1)[:, 0], settings),
        liquid_ml=np.array(
            [one.job.area_centimu * one.job.liquid_ml_per_mu / 100 for one in plots]
        ),
        area_centimu=np.array([float(one.job.area_centimu) for one in plots]),
        weight=np.array([float(one.weight) for one in plots]),
    )


def _drive_s(metres: Floats, settings: Settings) -> Floats:
    """Return exact seconds of road over straight distances: concave, zero at zero."""
    road_m = metres * settings.road_winding_percent / 100
    slow_m = np.minimum(road_m, settings.road_slow_m)
    fast_m = np.where(np.isfinite(road_m), road_m - slow_m, 0.0)
    seconds: Floats = slow_m * 100 / settings.road_slow_cm_per_s
    return seconds + fast_m * 100 / settings.road_fast_cm_per_s


def _flat(plots: Sequence[Plot]) -> tuple[Floats, Floats]:
    """Return middles and access points in metres on one plane that lengthens no distance.

    East is scaled by the least cosine of all latitudes, so the plane's distance, which is a true
    metric, is at most that of rule 1.
    """
    centre = np.array([plot.centre for plot in plots])
    access = np.array([plot.job.access for plot in plots])
    both = np.concatenate([centre, access])
    least = max(0.0, math.cos(math.radians(float(np.abs(both[:, 1]).max()))))
    scale = np.radians(1.0) * EARTH_RADIUS_M * (1 - 1e-9) * np.array([least, 1.0])
    return (centre - both[0]) * scale, (access - both[0]) * scale


def nearest_m(rows: Floats, places: Floats, count: int) -> Floats:
    """Return metres from each row to its nearest places but the one of the same number.

    Missing ones are infinite. Rows and places are sorted along x, so each chunk of rows looks at
    few places: those within a breadth that doubles until enough are found.
    """
    size = len(rows)
    found = np.full((size, count), math.inf)
    if size <= 1:
        return found
    order = np.argsort(places[:, 0], kind="stable")
    along = places[order, 0]
    spread = np.ptp(places, axis=0).max() + np.ptp(rows, axis=0).max() + 1.0
    for chunk in np.array_split(np.argsort(rows[:, 0], kind="stable"), max(1, size // 64)):
        breadth = 4.0 * spread / math.sqrt(size)
        while True:
            low = np.searchsorted(along, rows[chunk, 0].min() - breadth)
            high = np.searchsorted(along, rows[chunk, 0].max() + breadth)
            near = order[low:high]
            gap = rows[chunk][:, None, :] - places[near][None, :, :]
            away = np.hypot(gap[:, :, 0], gap[:, :, 1])
            away[chunk[:, None] == near[None, :]] = math.inf
            kept = np.full((len(chunk), count), math.inf)
            most = min(count, away.shape[1])
            if most:
                kept[:, :most] = np.sort(away, axis=1)[:, :most]
            if high - low == size or kept.max() <= breadth:
                break
            breadth *= 2
        found[chunk] = kept
    return found


def least_spray_s(plots: Sequence[Plot], machine: Machine) -> Floats:
    """Return the least seconds over each plot at any heading (rule 7).

    A part of width ``W`` takes ``n = ⌈W / swath − 0.1⌉`` strips, so for a given ``n`` the least is
    at the widest ``W`` that ``n`` strips cover, and it grows with ``n``: the least ``n`` of the
    narrowest side, with the widest such ``W``, but no wider than the part is long.
    """
    swath = machine.swath_cm / 100
    part_rows = [(at, part) for at, plot in enumerate(plots) for part in plot.job.parts]
    owner = np.array([at for at, _ in part_rows], dtype=np.int64)
    dose = np.array([plot.job.liquid_ml_per_mu / M2_PER_MU for plot in plots])
    speed = np.minimum(machine.speed_cm_per_s / 100, machine.flow_ml_per_min / 60 / (dose * swath))
    side = np.sqrt([plot.job.area_centimu / 100 * M2_PER_MU for plot in plots])
    strips = np.maximum(1.0, np.ceil(side / swath - _STRIP_SLACK))
    total: Floats = (strips * side / speed + (strips - 1) * machine.turn_s) * (1 - _NOISE)
    if not len(owner):
        return total
    narrow, longest, area = _extents(part_rows, plots)
    strips = np.maximum(1.0, np.ceil(narrow / swath - _STRIP_SLACK - 1e-6))
    width = np.minimum((strips + _STRIP_SLACK + 1e-6) * swath, longest)
    seconds = strips * area / width / speed[owner] + (strips - 1) * machine.turn_s
    parts_s = np.bincount(owner, seconds, minlength=len(plots)) * (1 - _NOISE)
    bare = np.array([not plot.job.parts for plot in plots])
    return np.where(bare, total, parts_s)


def _extents(
    part_rows: Sequence[tuple[int, tuple[tuple[tuple[float, float], ...], ...]]],
    plots: Sequence[Plot],
) -> tuple[Floats, Floats, Floats]:
    """Return the narrowest width, the greatest extent (m) and the area (m²) of each part."""
    degree_m = np.radians(1.0) * EARTH_RADIUS_M
    shapes = []
    for at, part in part_rows:
        lon, lat = plots[at].centre
        scale = np.array([degree_m * math.cos(math.radians(lat)), degree_m])
        rings = [(np.array(ring) - (lon, lat)) * scale for ring in part]
        shapes.append(shapely.Polygon(rings[0], rings[1:]))
    area: Floats = shapely.area(shapes)
    hulls = shapely.get_exterior_ring(shapely.convex_hull(shapes))
    sizes: Ints = shapely.get_num_coordinates(hulls).astype(np.int64)
    points = shapely.get_coordinates(hulls)
    first = np.concatenate([[0], np.cumsum(sizes)[:-1]])
    narrow, longest = np.zeros(len(sizes)), np.zeros(len(sizes))
    for size in np.unique(sizes):
        rows = np.flatnonzero(sizes == size)
        for chunk in np.array_split(rows, max(1, len(rows) * int(size) ** 2 // _CHUNK)):
            ring = points[first[chunk][:, None] + np.arange(size)[None, :]]
            edge = np.diff(ring, axis=1)
            edge /= np.maximum(1e-12, np.hypot(edge[:, :, 0], edge[:, :, 1]))[:, :, None]
            gap = ring[:, None, :, :] - ring[:, :-1, None, :]
            off = np.abs(gap[..., 0] * edge[:, :, None, 1] - gap[..., 1] * edge[:, :, None, 0])
            narrow[chunk] = off.max(axis=2).min(axis=1)
            longest[chunk] = np.hypot(gap[..., 0], gap[..., 1]).max(axis=(1, 2))
    return narrow, longest, area
