"""Upper bounds: how much no plan can exceed, so that the answer says how good it is.

docs/dispatch.md, "The bound", says what is relaxed and why the rest holds.
"""

import math

import numpy as np

from dispatch.bounds.dual import least_dual, relaxation_of
from dispatch.bounds.least import best_of, least_of
from dispatch.bounds.supply import possible, supply_of
from dispatch.fleet import Fleet
from dispatch.plan import Bound, Cause

__all__ = ["upper_bound"]


def upper_bound(fleet: Fleet, out: dict[int, Cause], weight_planned: int) -> Bound:
    """Return what no plan exceeds that `dispatch.check` accepts; frozen plots count as done.

    ``out`` names the plots that nobody can do. The method is ``lagrangian`` where the crews' hours
    and caps leave something out, and ``everything`` where they do not.
    """
    frozen = _frozen(fleet)
    done = [plot for plot in fleet.plots if plot.job.job_id in frozen]
    weight = sum(plot.weight for plot in done)
    area = sum(plot.job.area_centimu for plot in done)
    supply = supply_of(fleet)
    plots = possible(fleet, out, supply) if supply.machines else []
    method = "everything"
    if plots:
        settings = fleet.problem.settings
        best = best_of(supply.machines, settings)
        least = least_of(plots, supply.machines, best, settings)
        relaxed = relaxation_of(least, best, supply)
        worths = (least.weight, least.area_centimu)
        more = [_whole(least_dual(relaxed, one), float(np.sum(one))) for one in worths]
        if more[0] < int(np.sum(least.weight)):
            method = "lagrangian"
        weight, area = weight + more[0], area + more[1]
    ratio = 1000 if weight == 0 else weight_planned * 1000 // weight
    return Bound(weight_max=weight, area_centimu_max=area, ratio_permille=ratio, method=method)


def _frozen(fleet: Fleet) -> set[str]:
    """Return the jobs that are done or under way."""
    return {visit.job_id for route in fleet.problem.frozen_routes for visit in route.stops}


def _whole(found: float, total: float) -> int:
    """Round a bound down to a whole number, with floating-point noise given away."""
    return int(min(total, math.floor(found * (1 + 1e-9) + 1e-6)))
