"""Upper bounds: how much no plan can exceed, so that the answer says how good it is."""

from dispatch.fleet import Fleet
from dispatch.physics import setup_s, spray_s
from dispatch.plan import Bound


def upper_bound(fleet: Fleet, weight_planned: int) -> Bound:
    """Return the fractional knapsack over jobs against all drones' hours and area caps.

    Each job costs only its spraying on the quickest machine, each drone only one set-up; roads,
    refills, batteries and the jobs' own windows are ignored, so the true optimum is at most this.
    """
    machines = {drone.machine for drone, _ in fleet.crews}
    if not machines:
        return Bound(weight_max=0, area_centimu_max=0, ratio_permille=1000)
    open_s = [_open_s(fleet, index) for index in range(len(fleet.crews))]
    cap = sum(drone.area_cap_centimu for drone, _ in fleet.crews)
    rows = [
        (min(spray_s(plot, machine) for machine in machines), plot.job.area_centimu, plot.weight)
        for plot in fleet.open_plots
    ]
    weights = (
        _fill([(seconds, weight) for seconds, _, weight in rows], sum(open_s)),
        _fill([(float(area), weight) for _, area, weight in rows], cap),
    )
    areas = (
        _fill([(seconds, area) for seconds, area, _ in rows], sum(open_s)),
        _fill([(float(area), area) for _, area, _ in rows], cap),
    )
    best = min(weights)
    ratio = 1000 if best == 0 else weight_planned * 1000 // best
    return Bound(weight_max=best, area_centimu_max=min(areas), ratio_permille=ratio)


def _open_s(fleet: Fleet, index: int) -> int:
    """Return seconds in which one drone could at most be spraying."""
    drone, crew = fleet.crews[index]
    start_s = crew.shift_start_s + setup_s(drone.machine, fleet.problem.settings)
    spans = sorted(
        (max(window.start_s, start_s), min(window.end_s, crew.shift_end_s))
        for window in fleet.problem.windows
    )
    total_s, done_s = 0, 0
    for begin_s, end_s in spans:
        fresh_s = max(begin_s, done_s)
        if end_s > fresh_s:
            total_s, done_s = total_s + end_s - fresh_s, end_s
    return total_s


def _fill(rows: list[tuple[float, int]], limit: float) -> int:
    """Fill a knapsack with (size, value) rows by value per size, the last one in part."""
    total, left = 0.0, float(limit)
    for size, value in sorted(rows, key=lambda row: row[1] / row[0], reverse=True):
        part = min(1.0, left / size)
        total, left = total + value * part, left - size * part
        if left <= 0:
            break
    return int(total + 0.999999)
