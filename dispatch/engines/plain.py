"""PyVRP on all plots at once, as anybody would use it: the measure of what the search adds."""

from collections.abc import Callable

import numpy as np
import pyvrp

from dispatch.engine import Context
from dispatch.lots import make_lots
from dispatch.search.construct import deal
from dispatch.search.draft import Draft
from dispatch.search.kernel import Kernel, routes_of, solution
from dispatch.search.net import Net
from dispatch.search.settle import fill, settle
from dispatch.search.subproblem import cut_out
from dispatch.vrp.budget import Budget

_SHARE = 0.9
"""Part of the budget for PyVRP; flying and mending the result take the rest."""


class Plain:
    """One node a plot, one dense matrix, PyVRP's own defaults and random start.

    It is given what a careful user would give it: times scaled to what flown days show.
    """

    name = "pyvrp"
    warm = False

    def solve(self, context: Context) -> Draft:
        """Return the draft of PyVRP's best routes."""
        net = Net(context.fleet, make_lots(context.fleet, context.plots, join=False))
        dealt = deal(context, net)
        if not net.lots or not net.stretches:
            return dealt
        dealt.calibrate()
        draft = dealt if self.warm else Draft(net)
        kernel = whole(net, draft)
        data = kernel.data()
        budget = Budget(iterations=context.stop.iterations, cpu_seconds=context.left_s(_SHARE))
        found = pyvrp.solve(
            data,
            stop=_Until(budget, context.cancelled),
            seed=context.seed,
            collect_stats=False,
            initial_solution=solution(data, kernel.starts) if self.warm else None,
        )
        routes = routes_of(found.best, len(kernel.vehicles))
        if self.warm:
            settle_routes(draft, routes)
        else:
            take_routes(draft, routes)
        return draft


class Warm(Plain):
    """The same, begun from the dealt draft, its routes settled as the blocks engine settles."""

    name = "pyvrp-warm"
    warm = True


class _Until:
    """PyVRP's stopping rule: a budget, or somebody's wish."""

    def __init__(self, budget: Budget, cancelled: Callable[[], bool]) -> None:
        self._budget, self._cancelled = budget, cancelled

    def __call__(self, best_cost: float) -> bool:
        """Tell whether to stop; the cost found so far does not matter."""
        del best_cost
        self._budget.spent += 1
        return self._budget.progress() > 1.0 or self._cancelled()


def whole(net: Net, draft: Draft) -> Kernel:
    """Return the kernel's problem for everything at once; a dealt draft is its start."""
    room: dict[int, int] = {}
    for day in net.fleet.crew_days:
        stretches = {at: net.stretches[at] for at in net.of_day[day.index]}
        spans_s = {at: one.end_s - one.start_s for at, one in stretches.items()}
        total_s = sum(spans_s.values())
        used = draft.legs[day.index].area_by_stretch
        share = {
            at: day.room_centimu * seconds // max(1, total_s) for at, seconds in spans_s.items()
        }
        room |= {at: max(share[at], used.get(at, 0)) for at in spans_s}
    starts = [route for leg in draft.legs for route in leg.by_stretch.values()]
    return cut_out(
        net,
        list(range(len(net.stretches))),
        list(range(len(net.lots))),
        starts,
        late_s={},
        room_centimu=room,
    )


def take_routes(draft: Draft, routes: list[list[int]]) -> None:
    """Fly the routes of every stretch exactly; what overruns is left out."""
    for index, stretches in enumerate(draft.net.of_day):
        draft.put(index, draft.fly(index, [lot for one in stretches for lot in routes[one]]))


def settle_routes(draft: Draft, routes: list[list[int]]) -> None:
    """Fly the routes exactly as the blocks engine does: trade what overruns, fill what is idle."""
    net = draft.net
    for index, stretches in enumerate(net.of_day):
        draft.put(index, settle(draft, index, {one: routes[one] for one in stretches}))
    for index in range(len(net.of_day)):
        idle = np.array(draft.unserved(), dtype=np.int64)
        draft.put(index, fill(draft, draft.legs[index], idle))
