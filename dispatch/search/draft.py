"""A plan in the making: lots in order for each crew's day, flown exactly after every change."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from dispatch.crewday import DayFlight, Sites
from dispatch.fleet import CrewDay
from dispatch.physics import Plot, matrix_m, setup_s
from dispatch.plan import PRIZE_S_PER_WEIGHT
from dispatch.search.net import Net
from dispatch.work import halts_share_s

_LATE_MAX_S = 3600
_SITE_LOTS_MAX = 40


@dataclass(slots=True)
class Leg:
    """One crew's day as flown: its lots by stretch, when each ends, and what it costs.

    ``cost`` is seconds of work less the prizes, ``value`` the same with what favours some
    lots for now; ``ends_s`` is the finish of each stretch's last visit.
    """

    flight: DayFlight
    order: list[int]
    by_stretch: dict[int, list[int]]
    ends_s: dict[int, int]
    area_by_stretch: dict[int, int]
    cost: int
    value: int


class Draft:
    """The lots of all crews' days; a change is tried with `fly` and kept with `put`."""

    def __init__(self, net: Net) -> None:
        self.net = net
        self.served = np.zeros(len(net.lots), dtype=bool)
        self.at = np.full(len(net.lots), -1, dtype=np.int64)
        self.legs: list[Leg] = [self.fly(index, []) for index in range(len(net.fleet.crew_days))]

    @property
    def cost(self) -> int:
        """Seconds of work less the prizes of everything planned."""
        return sum(leg.cost for leg in self.legs)

    def put(self, index: int, leg: Leg) -> None:
        """Keep a flown day in place of the present one."""
        for lot in self.legs[index].order:
            if self.at[lot] == index:
                self.served[lot], self.at[lot] = False, -1
        self.legs[index] = leg
        for lot in leg.order:
            self.served[lot], self.at[lot] = True, index

    def fly(self, index: int, order: Sequence[int]) -> Leg:
        """Fly lots in an order; those of which no plot fits are left out of the result."""
        crew_day = self.net.fleet.crew_days[index]
        flight = DayFlight(self.net.fleet, crew_day)
        flight.fly_all(self.sites(order, crew_day))
        begun = {one.plot.index: one.start_s for one in flight.visits}
        kept = [lot for lot in order if any(p.index in begun for p in self.net.lots[lot].plots)]
        stretches = self.net.of_day[index]
        by_stretch: dict[int, list[int]] = {one: [] for one in stretches}
        for lot in kept:
            first_s = min(begun[p.index] for p in self.net.lots[lot].plots if p.index in begun)
            home = next(
                (one for one in stretches if first_s < self.net.stretches[one].end_s), stretches[-1]
            )
            by_stretch[home].append(lot)
        weight = sum(one.plot.weight for one in flight.visits)
        extra = int((self.net.worth[kept] - self.net.weight[kept]).sum())
        return Leg(
            flight=flight,
            order=kept,
            by_stretch=by_stretch,
            ends_s=self._ends_s(flight, by_stretch),
            area_by_stretch={one: int(self.net.area[by_stretch[one]].sum()) for one in stretches},
            cost=work_s(flight) - PRIZE_S_PER_WEIGHT * weight,
            value=work_s(flight) - PRIZE_S_PER_WEIGHT * (weight + extra),
        )

    def sites(self, order: Sequence[int], crew_day: CrewDay) -> Sites:
        """Gather lots into launch sites so that set-ups and flights to the truck cost least."""
        net = self.net
        chains: list[list[int]] = []
        for lot in order:
            if chains and net.hops(chains[-1][-1], lot, crew_day):
                chains[-1].append(lot)
            else:
                chains.append([lot])
        return [
            [plot for lot in part for plot in net.lots[lot].plots]
            for chain in chains
            for part in self._cut(chain, crew_day)
        ]

    def _cut(self, chain: list[int], crew_day: CrewDay) -> list[list[int]]:
        """Cut a chain of lots that could be flown on and on into launch sites, at least cost.

        A site costs its set-up and, for every lot, its share of halts times the flight to the
        middle lot, near which the truck stands. Solved exactly by dynamic programming.
        """
        if len(chain) == 1:
            return [chain]
        net = self.net
        settings, machine = net.fleet.problem.settings, crew_day.drones[0].machine
        nodes = np.array(chain)
        away_m = matrix_m(net.access[nodes], net.middle[nodes])
        far_m = away_m + net.reach[nodes][None, :]
        lots = [net.lots[lot] for lot in chain]
        share = np.array(
            [halts_share_s(machine, lot.spray_s, lot.liquid_ml, 0.0) for lot in lots]
        ) / max(1, machine.refill_s, machine.battery_swap_s)
        way_s = away_m * (200 / machine.transit_cm_per_s) * share[None, :]
        fixed_s = setup_s(machine, settings) + 60.0
        best: list[tuple[float, int]] = [(0.0, 0)]
        for end in range(1, len(chain) + 1):
            options = []
            for begin in range(max(0, end - _SITE_LOTS_MAX), end):
                middle = (begin + end - 1) // 2
                if end - begin > 1 and far_m[middle, begin:end].max() > settings.radius_m:
                    continue
                ways = float(way_s[middle, begin:end].sum()) / len(crew_day.drones)
                options.append((best[begin][0] + fixed_s + ways, begin))
            best.append(min(options))
        cuts, end = [], len(chain)
        while end:
            begin = best[end][1]
            cuts.append(chain[begin:end])
            end = begin
        return cuts[::-1]

    def _ends_s(self, flight: DayFlight, by_stretch: dict[int, list[int]]) -> dict[int, int]:
        """Return when the last visit of each stretch with lots is finished."""
        ends: dict[int, int] = {}
        for index, lots in by_stretch.items():
            until_s = self.net.stretches[index].end_s
            finishes = [one.finish_s for one in flight.visits if one.start_s < until_s]
            if lots and finishes:
                ends[index] = max(finishes)
        return ends

    def late_s(self, index: int) -> dict[int, int]:
        """Return by how much the kernel may overrun each stretch of a crew's day.

        That is what its estimate of the present lots is longer than they took; negative where it
        is shorter.
        """
        net, leg = self.net, self.legs[index]
        crew_day = net.fleet.crew_days[index]
        service = net.pace(crew_day)[0]
        late = dict.fromkeys(leg.by_stretch, 0)
        for stretch, end_s in leg.ends_s.items():
            nodes = np.array(leg.by_stretch[stretch])
            way_s = float(np.diagonal(net.between(nodes[:-1], nodes[1:], crew_day)).sum())
            way_s += float(net.from_home(nodes[:1], net.stretches[stretch])[0][0])
            guess_s = net.stretches[stretch].start_s + way_s + float(service[nodes].sum())
            late[stretch] = int(np.clip(guess_s - end_s, -_LATE_MAX_S, _LATE_MAX_S))
        return late

    def calibrate(self) -> None:
        """Scale the estimate of halts on the way so that all days together end when flown."""
        net = self.net
        off_s = more_s = 0.0
        for index, leg in enumerate(self.legs):
            crew_day = net.fleet.crew_days[index]
            off_s += sum(self.late_s(index).values())
            for lots in leg.by_stretch.values():
                hopped = [b for a, b in pairwise(lots) if net.hops(a, b, crew_day)]
                more_s += float(net.pace(crew_day)[1][hopped].sum())
        if more_s > 0:
            net.more_factor = float(np.clip(net.more_factor - off_s / more_s, 0.3, 5.0))

    def unserved(self) -> list[int]:
        """Return the lots that no crew has."""
        return np.flatnonzero(~self.served).tolist()

    def missing(self, plots: Iterable[Plot]) -> list[Plot]:
        """Return which of these plots are not flown."""
        flown = {one.plot.index for leg in self.legs for one in leg.flight.visits}
        return [plot for plot in plots if plot.index not in flown]


def work_s(flight: DayFlight) -> int:
    """Return all seconds of work of a flown day: spraying, driving, setting up and the rest."""
    if not flight.visits:
        return 0
    spray_s = sum(one.finish_s - one.start_s for one in flight.visits)
    return spray_s + sum(flight.times_s)
