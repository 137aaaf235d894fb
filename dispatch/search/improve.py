"""Neighbourhood re-optimisation: a few days and what is left out around them, solved anew.

Each round takes the crew's day that was touched least recently, its nearest neighbours and the most
promising lots that nobody has, gives them to the kernel with a warm start, flies the result exactly
and keeps it when it is better. Disjoint neighbourhoods are solved side by side by worker processes.
"""

import signal
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor, ProcessPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from multiprocessing import get_context

import numpy as np

from dispatch.engine import Context
from dispatch.physics import Floats, matrix_m, roads_s
from dispatch.plan import PRIZE_S_PER_WEIGHT
from dispatch.search.draft import Draft, Leg
from dispatch.search.fairness import Fairness
from dispatch.search.kernel import Kernel, solve_spec
from dispatch.search.settle import fill, settle
from dispatch.search.subproblem import cut_out

CANDIDATES = 100
"""Lots that nobody has, in one neighbourhood."""
CPU_S = 0.2
"""Seconds of the kernel for each day of a neighbourhood."""
EARLY_SIZES = (1, 2)
LATE_SIZES = (2, 3)
"""Crews' days in one neighbourhood: few while every day is still poor, more afterwards."""
EARLY_ROUNDS = 4
CALIBRATE_EVERY = 20
"""Rounds after which the kernel's estimate is compared with what was flown."""
ITERATIONS = 200
"""Iterations of the kernel for each day of a neighbourhood, where they are counted."""


IMPROVE_SHARE = 0.85
"""Part of the budget that improves a plan taken up again; forcing in and mending take the rest."""


def improve(
    context: Context,
    draft: Draft,
    *,
    share: float,
    stability_s: int = 0,
    homes: Mapping[int, int] | None = None,
) -> None:
    """Improve a draft in place until a share of the budget is used, with the context's workers.

    ``stability_s`` and ``homes`` are `Improver`'s.
    """
    improver = Improver(context, draft, stability_s=stability_s, homes=homes or {})
    with ExitStack() as stack:
        pool = stack.enter_context(_pool(context.workers)) if context.workers > 1 else None
        improver.run(pool, lambda: context.over(share), context.stop.iterations)


def _pool(count: int) -> Executor:
    """Return a pool of processes that leave the terminal's Ctrl-C to the parent."""
    return ProcessPoolExecutor(count, mp_context=get_context("spawn"), initializer=_begin)


def _begin() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)


@dataclass(slots=True)
class Group:
    """One neighbourhood: crews' days, their stretches, and all lots that take part."""

    days: list[int]
    stretches: list[int]
    lots: list[int]
    seed: int


@dataclass(slots=True)
class Improver:
    """Runs rounds of re-optimisation on a draft until the context's budget is over.

    ``stability_s`` is the price, in seconds, of each plot that is not where ``homes`` has its lot.
    """

    context: Context
    draft: Draft
    stability_s: int = 0
    homes: Mapping[int, int] = field(default_factory=dict)
    rounds: int = 0
    _touched: dict[int, int] = field(default_factory=dict)
    _chance: np.random.Generator = field(init=False)
    _fairness: Fairness = field(init=False)
    _residents: dict[int, list[int]] = field(init=False)

    def __post_init__(self) -> None:
        """Seed the choice of neighbourhoods."""
        self._fairness = Fairness(self.context.fleet)
        self._residents = defaultdict(list)
        for lot, day in self.homes.items():
            self._residents[day].append(lot)
        self._chance = np.random.default_rng(self.context.seed)

    def run(self, pool: Executor | None, over: Callable[[], bool], most: int | None = None) -> None:
        """Improve until ``over`` says so, or ``most`` neighbourhoods have been tried."""
        width = self.context.workers if pool is not None else 1
        while not over() and (most is None or self.rounds < most):
            if self.rounds % CALIBRATE_EVERY < width:
                self.draft.calibrate()
            self._favour()
            groups = self._groups(width)
            if not groups:
                return
            kernels = [self._kernel(group) for group in groups]
            answers = self._solve(pool, groups, kernels)
            for group, routes in zip(groups, answers, strict=True):
                self._take(group, routes)
            self.context.report("improve", [leg.flight for leg in self.draft.legs])

    def _solve(
        self, pool: Executor | None, groups: Sequence[Group], kernels: Sequence[Kernel]
    ) -> list[list[list[int]]]:
        timed = self.context.stop.seconds is not None
        tasks = [
            (
                kernel,
                None if timed else ITERATIONS * len(group.days),
                self._patience_s(len(group.days)) if timed else None,
                group.seed,
            )
            for group, kernel in zip(groups, kernels, strict=True)
        ]
        if pool is None:
            return [solve_spec(*task) for task in tasks]
        runs = [pool.submit(solve_spec, *task) for task in tasks]
        return [run.result() for run in runs]

    def _favour(self) -> None:
        """Favour as many lots of each collective as make up its fair share, served ones first."""
        net, draft = self.draft.net, self.draft
        targets = dict(self._fairness.targets())
        if not targets:
            return
        ratio = net.weight / np.array([lot.service_s for lot in net.lots])
        order = sorted(
            range(len(net.lots)), key=lambda one: (not draft.served[one], -float(ratio[one]))
        )
        chosen: list[int] = []
        for lot in order:
            collective = net.lots[lot].plots[0].job.collective_id
            if targets[collective] > 0:
                chosen.append(lot)
                targets[collective] -= int(net.weight[lot])
        net.favour(chosen)

    def _patience_s(self, days: int) -> float:
        """Return the kernel's seconds for a neighbourhood: never most of what is left."""
        left_s = self.context.left_s(0.9)
        return CPU_S * days if left_s is None else min(CPU_S * days, 0.6 * left_s)

    def _groups(self, width: int) -> list[Group]:
        """Choose disjoint neighbourhoods, around the days touched least recently."""
        legs = self.draft.legs
        centres = self._centres()
        free = [index for index in range(len(legs)) if self.draft.net.of_day[index]]
        taken: set[int] = set()
        groups: list[Group] = []
        for _ in range(width):
            if not free:
                break
            seed = min(free, key=lambda index: (self._touched.get(index, -1), index))
            # A little chance in who counts as near: the same few days together again and again
            # end in the same place.
            away = np.hypot(*(centres[free] - centres[seed]).T)
            away *= self._chance.uniform(0.5, 1.5, len(free))
            early = self.rounds < EARLY_ROUNDS * len(legs)
            size = int(self._chance.choice(EARLY_SIZES if early else LATE_SIZES))
            order = np.argsort(away, kind="stable")[:size]
            days = [free[int(at)] for at in order]
            if seed not in days:
                days = [seed, *days[:-1]]
            free = [index for index in free if index not in days]
            self._touched[seed] = self.rounds
            self.rounds += 1
            lots = [lot for index in days for lot in legs[index].order]
            lots += self._promising(days, taken)
            taken.update(lots)
            if lots:
                stretches = [one for index in days for one in self.draft.net.of_day[index]]
                groups.append(Group(days, stretches, lots, self.context.seed + self.rounds))
        return groups

    def _centres(self) -> Floats:
        """Return where each crew's day has its middle: degrees, longitudes shrunk to scale."""
        net = self.draft.net
        rows = [
            net.middle[leg.order].mean(axis=0)
            if leg.order
            else np.array(net.fleet.crew_days[index].place)
            for index, leg in enumerate(self.draft.legs)
        ]
        centres: Floats = np.array(rows).reshape(-1, 2) * [0.8, 1.0]
        return centres

    def _promising(self, days: Sequence[int], taken: set[int]) -> list[int]:
        """Return the unserved lots that would earn most for their way and work."""
        net, draft = self.draft.net, self.draft
        idle = np.array([lot for lot in draft.unserved() if lot not in taken], dtype=np.int64)
        if not len(idle):
            return []
        here = [lot for index in days for lot in draft.legs[index].order]
        places = (
            net.access[here]
            if here
            else np.array([net.fleet.crew_days[index].place for index in days])
        )
        nearest_m = np.full(len(idle), np.inf)
        for start in range(0, len(places), 256):
            away = matrix_m(net.access[idle], places[start : start + 256])
            nearest_m = np.minimum(nearest_m, away.min(axis=1))
        crew_day = net.fleet.crew_days[days[0]]
        way_s = 1.5 * roads_s(nearest_m, net.fleet.problem.settings)
        ratio = (way_s + net.pace(crew_day)[0][idle]) / net.worth[idle]
        best = np.argsort(ratio, kind="stable")[:CANDIDATES]
        return [int(lot) for lot in idle[best]]

    def _kernel(self, group: Group) -> Kernel:
        """Cut the neighbourhood out of the draft, with its present routes as the start."""
        legs = [self.draft.legs[index] for index in group.days]
        starts = [route for leg in legs for route in leg.by_stretch.values()]
        late_s = {
            one: late for index in group.days for one, late in self.draft.late_s(index).items()
        }
        room = {one: area for leg in legs for one, area in self._rooms(leg).items()}
        return cut_out(
            self.draft.net,
            group.stretches,
            group.lots,
            starts,
            late_s=late_s,
            room_centimu=room,
        )

    def _rooms(self, leg: Leg) -> dict[int, int]:
        """Share a day's area cap among its stretches: what each has, and an equal part more."""
        day = leg.flight.crew_day
        used = sum(leg.area_by_stretch.values())
        more = max(0, day.room_centimu - used) // max(1, len(leg.area_by_stretch))
        return {one: area + more for one, area in leg.area_by_stretch.items()}

    def _take(self, group: Group, routes: list[list[int]]) -> None:
        """Fly the kernel's routes and keep them when the days together cost less."""
        draft, lots = self.draft, group.lots
        place = {stretch: at for at, stretch in enumerate(group.stretches)}
        before = self._price([draft.legs[index] for index in group.days])
        fresh: list[Leg] = []
        used: set[int] = set()
        for index in group.days:
            wanted = {
                one: [lots[client] for client in routes[place[one]]]
                for one in draft.net.of_day[index]
            }
            leg = draft.legs[index]
            if wanted != leg.by_stretch:
                leg = settle(draft, index, wanted)
            fresh.append(leg)
            used.update(leg.order)
        if self._price(fresh) >= before + abs(before) // 50:
            return
        others = np.array([lot for lot in lots if lot not in used], dtype=np.int64)
        for at, leg in enumerate(fresh):
            fresh[at] = fill(draft, leg, others)
            others = others[~np.isin(others, fresh[at].order)]
        if self._price(fresh) >= before:
            return
        for index, leg in zip(group.days, fresh, strict=True):
            draft.put(index, leg)

    def _price(self, legs: Sequence[Leg]) -> int:
        """Return what some days cost, with the price of every plot that is not at home any more."""
        moved = 0
        for leg in legs if self.stability_s else ():
            kept = set(leg.order)
            moved += sum(
                len(self.draft.net.lots[lot].plots)
                for lot in self._residents[leg.flight.crew_day.index]
                if lot not in kept
            )
        changed = {leg.flight.crew_day.index for leg in legs}
        others = [leg for at, leg in enumerate(self.draft.legs) if at not in changed]
        lacking = self._fairness.lacking([leg.flight for leg in (*others, *legs)])
        unfair = PRIZE_S_PER_WEIGHT * lacking
        return sum(leg.cost for leg in legs) + self.stability_s * moved + unfair
