"""Upper bounds: how much no plan can exceed, so that the answer says how good it is."""

from dispatch.fleet import Fleet
from dispatch.plan import Bound, Cause


def upper_bound(fleet: Fleet, out: dict[int, Cause], weight_planned: int) -> Bound:
    """Return the fractional knapsack over jobs against all crews' stretches of work."""
    frozen = sum(plot.weight for plot in fleet.plots) - sum(p.weight for p in fleet.open_plots)
    rows = []
    for plot in fleet.open_plots:
        if plot.index in out:
            continue
        least = min(one[plot.index] for one in fleet.spray_s.values())
        rows.append((least, plot.weight, plot.job.area_centimu))
    total_s = sum((e - s) * len(day.drones) for day in fleet.crew_days for s, e in day.segments)
    best = frozen + _fill([(s, w) for s, w, _ in rows], total_s)
    done = sum(p.job.area_centimu for p in fleet.plots) - sum(
        p.job.area_centimu for p in fleet.open_plots
    )
    area = done + _fill([(s, a) for s, _, a in rows], total_s)
    ratio = 1000 if best == 0 else weight_planned * 1000 // best
    return Bound(weight_max=best, area_centimu_max=area, ratio_permille=ratio, method="knapsack")


def _fill(rows: list[tuple[float, int]], limit: float) -> int:
    """Fill a knapsack with (size, value) rows by value per size, the last one in part."""
    total, left = 0.0, float(limit)
    for size, value in sorted(rows, key=lambda row: row[1] / row[0], reverse=True):
        part = min(1.0, left / size)
        total, left = total + value * part, left - size * part
        if left <= 0:
            break
    return int(total + 0.999999)
