"""Upper bounds: how much no plan can exceed, so that the answer says how good it is."""

from collections.abc import Sequence

import numpy as np
import shapely

from dispatch.fleet import Fleet
from dispatch.lots import local_m
from dispatch.physics import Floats, Plot, fly_s, setup_s
from dispatch.plan import Bound, Cause

_PLANE_SHARE = 0.99
"""Distances on one plane over a county may be this much off."""


def upper_bound(fleet: Fleet, out: dict[int, Cause], weight_planned: int) -> Bound:
    """Return the smaller of two fractional knapsacks: of working time, and of area caps.

    Between two visits of one drone in a stretch of weather it flies at least from the nearest
    other plot, or the truck sets up anew, which takes longer still: so every plot costs its
    spraying on the quickest machine and the cheaper of the two, and each drone has one arrival
    free in each stretch. Roads, halts and the jobs' own times are left out, so no plan is above.
    """
    chosen = [plot for plot in fleet.open_plots if plot.index not in out]
    held = {plot.index for plot in fleet.open_plots}
    frozen = [plot for plot in fleet.plots if plot.index not in held]
    arrive_s = _arrivals_s(fleet, chosen)
    least_s = [min(one[plot.index] for one in fleet.spray_s.values()) for plot in chosen]
    work_s = [spray + float(way) for spray, way in zip(least_s, arrive_s, strict=True)]
    free_s = float(arrive_s.max()) if chosen else 0.0
    time_s = sum(
        (end_s - start_s + free_s) * len(day.drones)
        for day in fleet.crew_days
        for start_s, end_s in day.segments
    )
    room = sum(
        max(0, drone.area_cap_centimu - used)
        for day in fleet.crew_days
        for drone, used in zip(day.drones, day.used_centimu, strict=True)
    )
    weights = [plot.weight for plot in chosen]
    areas = [plot.job.area_centimu for plot in chosen]
    best = sum(plot.weight for plot in frozen) + min(
        _fill(work_s, weights, time_s), _fill(areas, weights, room)
    )
    area = sum(plot.job.area_centimu for plot in frozen) + min(
        _fill(work_s, areas, time_s), _fill(areas, areas, room)
    )
    return Bound(
        weight_max=best,
        area_centimu_max=area,
        ratio_permille=1000 if best == 0 else weight_planned * 1000 // best,
        method="knapsack of time and caps",
    )


def _arrivals_s(fleet: Fleet, plots: Sequence[Plot]) -> Floats:
    """Return the least seconds from one visit to the next plot, for each plot."""
    machines = list(fleet.spray_s)
    if len(plots) < 2 or not machines:
        return np.zeros(len(plots))
    spots = [shapely.Point(row) for row in local_m(plots).tolist()]
    tree = shapely.STRtree(spots)
    (rows, _), away = tree.query_nearest(
        spots, exclusive=True, return_distance=True, all_matches=False
    )
    nearest_m = np.zeros(len(plots))
    nearest_m[rows] = away
    quickest_s = min(fly_s(1.0, machine) for machine in machines)
    setup = min(setup_s(machine, fleet.problem.settings) for machine in machines)
    seconds: Floats = np.minimum(nearest_m * _PLANE_SHARE * quickest_s, setup)
    return seconds


def _fill(sizes: Sequence[float], values: Sequence[int], limit: float) -> int:
    """Fill a knapsack by value per size, the last one in part; rounded up."""
    total, left = 0.0, float(limit)
    rows = sorted(zip(sizes, values, strict=True), key=lambda row: row[1] / row[0], reverse=True)
    for size, value in rows:
        part = min(1.0, left / size)
        total, left = total + value * part, left - size * part
        if left <= 0:
            break
    return int(total + 0.999999)
