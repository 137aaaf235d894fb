"""The search's view of a problem: lots as nodes, stretches of work as vehicles, seconds between.

A vehicle is one crew's stretch of usable weather on one day: between two stretches the truck has
time to drive, so each begins anywhere and only the first of a day begins at home. Times are
estimates that the exact simulation (`dispatch.crewday`) confirms or cuts.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from dispatch.fleet import CrewDay, Fleet
from dispatch.lots import Lot
from dispatch.machines import Machine
from dispatch.physics import (
    EARTH_RADIUS_M,
    Floats,
    Ints,
    distances_m,
    fly_s,
    matrix_m,
    roads_s,
    setup_s,
)
from dispatch.work import halts_share_s

SITE_REACH_M = 280.0
"""Way from a plot to its launch site that the estimate of halts assumes; flown days show it."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """One crew's unbroken stretch of work: seconds from the first day's midnight."""

    crew_day: int
    start_s: int
    end_s: int
    first: bool
    last: bool


class Net:
    """Nodes and vehicles of one fleet, and the seconds from node to node on demand."""

    def __init__(self, fleet: Fleet, lots: Sequence[Lot]) -> None:
        self.fleet = fleet
        self.lots = list(lots)
        self.stretches = [
            Stretch(one.index, start_s, end_s, at == 0, at == len(one.segments) - 1)
            for one in fleet.crew_days
            for at, (start_s, end_s) in enumerate(one.segments)
        ]
        self.of_day: list[list[int]] = [[] for _ in fleet.crew_days]
        for index, stretch in enumerate(self.stretches):
            self.of_day[stretch.crew_day].append(index)
        heads = [lot.plots[0] for lot in lots]
        tails = [lot.plots[-1] for lot in lots]
        middles = [lot.plots[len(lot.plots) // 2] for lot in lots]
        self.access = _places([plot.job.access for plot in heads])
        self.head = _places([plot.centre for plot in heads])
        self.tail = _places([plot.centre for plot in tails])
        self.middle = _places([plot.centre for plot in middles])
        self.reach = np.array([lot.reach_m for lot in lots])
        self.weight = np.array([lot.weight for lot in lots], dtype=np.int64)
        self.area = np.array([lot.area_centimu for lot in lots], dtype=np.int64)
        self.earliest = np.array([plot.job.earliest_s for plot in heads], dtype=np.int64)
        self.deadline = np.array([plot.deadline_s for plot in heads], dtype=np.int64)
        products = sorted({plot.job.product for plot in heads})
        self.product = np.array([products.index(plot.job.product) for plot in heads], dtype=int)
        settings = fleet.problem.settings
        self.rinse = np.array(
            [[settings.rinse_s(a, b) for b in products] for a in products], dtype=np.float64
        ).reshape(len(products), len(products))
        self.more_factor = 1.0
        self.worth = self.weight
        self._pace: dict[tuple[Machine, int], tuple[Floats, Floats]] = {}

    def favour(self, lots: Sequence[int]) -> None:
        """Let some lots, which would bring a collective to its fair share, be worth twice."""
        self.worth = self.weight.copy()
        self.worth[np.array(lots, dtype=np.int64)] *= 2

    def pace(self, crew_day: CrewDay) -> tuple[Floats, Floats]:
        """Return seconds of each lot for a crew, and what it adds when it is not the first.

        Several drones share the work of a launch site, with a tenth lost to unequal shares.
        """
        machine, count = crew_day.drones[0].machine, len(crew_day.drones)
        key = (machine, count)
        if key not in self._pace:
            share = 1.0 if count == 1 else 1.1 / count
            base = np.array([self._service_s(lot, machine) for lot in self.lots])
            more = [self._more_s(lot, machine) for lot in self.lots]
            self._pace[key] = (np.ceil(base * share), np.array(more) * share)
        return self._pace[key]

    def _service_s(self, lot: Lot, machine: Machine) -> float:
        """Return a lot's seconds for a machine: those of the reference, scaled by the spraying."""
        spray_s = self.fleet.spray_s[machine]
        return lot.service_s * sum(spray_s[plot.index] for plot in lot.plots) / lot.spray_s

    def _more_s(self, lot: Lot, machine: Machine) -> float:
        """Return the share of halts that a lot's own simulation from full does not show."""
        ferry_s = fly_s(SITE_REACH_M, machine)
        share_s = halts_share_s(machine, lot.spray_s, lot.liquid_ml, ferry_s)
        return max(0.0, share_s - (lot.service_s - lot.spray_s))

    def between(self, rows: Ints, columns: Ints, crew_day: CrewDay) -> Floats:
        """Return seconds from the end of each lot to the start of each other one's spraying."""
        settings, machine = self.fleet.problem.settings, crew_day.drones[0].machine
        count = len(crew_day.drones)
        away_m = matrix_m(self.tail[rows], self.head[columns])
        gap_m = away_m - self.reach[rows][:, None] - self.reach[columns][None, :]
        more = self.more_factor * self.pace(crew_day)[1][columns]
        hop = away_m * (100 / machine.transit_cm_per_s) / count + more
        same = self.product[rows][:, None] == self.product[columns][None, :]
        near = same & (gap_m <= settings.block_gap_m) & (away_m <= settings.block_span_m)
        rinse = self.rinse[self.product[rows][:, None], self.product[columns][None, :]]
        move = (
            roads_s(matrix_m(self.access[rows], self.access[columns]), settings)
            + setup_s(machine, settings)
            + rinse
            + self.ferry_s(rows, machine)[:, None]
            + self.ferry_s(columns, machine)[None, :]
        )
        seconds: Floats = np.where(near, np.minimum(hop, move), move)
        return seconds

    def ferry_s(self, lots: Ints, machine: Machine) -> Floats:
        """Return seconds of flight between each lot's launch site and its first plot."""
        dy = self.head[lots] - self.access[lots]
        dy[:, 0] *= np.cos(np.radians(self.access[lots][:, 1]))
        metres: Floats = np.radians(np.hypot(dy[:, 0], dy[:, 1])) * EARTH_RADIUS_M
        return metres * (100 / machine.transit_cm_per_s)

    def from_home(self, lots: Ints, stretch: Stretch) -> tuple[Floats, Floats]:
        """Return seconds of the stretch before the first lot's start, and seconds hidden before it.

        Driving and setting up may lie before the stretch: only what does not fit there delays it.
        """
        crew_day = self.fleet.crew_days[stretch.crew_day]
        machine, settings = crew_day.drones[0].machine, self.fleet.problem.settings
        setup = float(setup_s(machine, settings))
        ferry = self.ferry_s(lots, machine)
        if not stretch.first:
            return ferry, np.full(len(lots), setup)
        drive = roads_s(distances_m(crew_day.place, self.access[lots]), settings) + setup
        slack_s = max(0, stretch.start_s - crew_day.start_s)
        return np.maximum(0.0, drive - slack_s) + ferry, np.minimum(drive, slack_s)

    def to_home(self, lots: Ints, stretch: Stretch) -> tuple[Floats, Floats]:
        """Return seconds that the way home takes of the stretch after each lot, and the rest."""
        crew_day = self.fleet.crew_days[stretch.crew_day]
        machine, settings = crew_day.drones[0].machine, self.fleet.problem.settings
        if not stretch.last:
            return np.zeros(len(lots)), np.zeros(len(lots))
        home = crew_day.crew.home
        drive = roads_s(distances_m(home, self.access[lots]), settings)
        way = drive + self.ferry_s(lots, machine)
        slack_s = max(0, crew_day.end_s - stretch.end_s)
        return np.maximum(0.0, way - slack_s), np.minimum(way, slack_s)

    def hops(self, one: int, other: int, crew_day: CrewDay) -> bool:
        """Tell whether the drone flies from one lot to another, or the truck moves."""
        a, b = self.lots[one].plots[-1], self.lots[other].plots[0]
        if a.job.product != b.job.product:
            return False
        settings, machine = self.fleet.problem.settings, crew_day.drones[0].machine
        rows, columns = np.array([one]), np.array([other])
        away_m = float(matrix_m(self.tail[rows], self.head[columns])[0, 0])
        gap_m = away_m - float(self.reach[one]) - float(self.reach[other])
        if gap_m > settings.block_gap_m or away_m > settings.block_span_m:
            return False
        hop_s = away_m * 100 / machine.transit_cm_per_s / len(crew_day.drones)
        move_s = float(roads_s(matrix_m(self.access[rows], self.access[columns]), settings)[0, 0])
        more_s = self.more_factor * float(self.pace(crew_day)[1][other])
        return hop_s + more_s <= move_s + setup_s(machine, settings)


def _places(points: Sequence[tuple[float, float]]) -> Floats:
    """Return points as rows (lon, lat)."""
    return np.array(points, dtype=np.float64).reshape(-1, 2)
