"""The baseline a careful dispatcher works by hand: always the nearest plot, the freest drone."""

import numpy as np
import numpy.typing as npt

from dispatch.engine import Context
from dispatch.fleet import Fleet
from dispatch.flight import Flight
from dispatch.physics import Floats, Plot, distances_m

_TRIES = 12
"""Nearest candidates tried before a drone is sent home."""


class Greedy:
    """Nearest neighbour, plot by plot: fly on while near, else drive; no search, no randomness."""

    name = "greedy"

    def solve(self, context: Context) -> list[Flight]:
        """Give the drone that is free first its nearest plot until nobody can take another."""
        fleet = context.fleet
        flights = fleet.flights()
        pool = _Pool(fleet)
        active = list(range(len(flights)))
        blocks = 0
        while active and pool.size and not context.over():
            turn = min(active, key=lambda index: (flights[index].free_s, index))
            blocks += 1
            if not _take(flights[turn], pool, f"B{blocks}", fleet):
                active.remove(turn)
        return flights


class _Pool:
    """Unplanned plots as arrays, so that the nearest is one vector operation."""

    def __init__(self, fleet: Fleet) -> None:
        plots = sorted(fleet.open_plots, key=lambda plot: -plot.job.priority)
        self.plots: list[Plot] = plots
        self.places: Floats = np.array([plot.centre for plot in plots]).reshape(-1, 2)
        self.penalty_m: Floats = np.array(
            [(100 - plot.job.priority) * 1000.0 for plot in plots], dtype=np.float64
        )
        self.areas = np.array([plot.job.area_centimu for plot in plots], dtype=np.int64)
        self.free = np.ones(len(plots), dtype=bool)
        self._able: dict[frozenset[str], npt.NDArray[np.bool_]] = {}

    def able(self, skills: tuple[str, ...]) -> npt.NDArray[np.bool_]:
        """Return which plots ask for no skill beyond these."""
        known = frozenset(skills)
        if known not in self._able:
            wanted = [known.issuperset(plot.job.skills) for plot in self.plots]
            self._able[known] = np.array(wanted, dtype=bool)
        return self._able[known]

    @property
    def size(self) -> int:
        """Number of plots still free."""
        return int(self.free.sum())

    def nearest(self, flight: Flight) -> list[int]:
        """Return free plots the drone may take, by priority and then distance from it."""
        here = flight.plots[-1].centre if flight.plots else flight.crew.home
        small = self.areas <= flight.area_left_centimu
        rows = np.flatnonzero(self.free & small & self.able(flight.drone.skills))
        away = distances_m(here, self.places[rows]) + self.penalty_m[rows]
        return [int(rows[index]) for index in np.argsort(away, kind="stable")[:_TRIES]]


def _take(flight: Flight, pool: _Pool, block: str, fleet: Fleet) -> bool:
    """Append the nearest plot that fits: by air in the open block, else by truck in a new one."""
    gap_m = fleet.problem.settings.block_gap_m
    span_m = fleet.problem.settings.block_span_m
    for row in pool.nearest(flight):
        plot = pool.plots[row]
        near = False
        if flight.plots and flight.launch is not None:
            ends = np.array([flight.plots[-1].centre, flight.launch])
            hop_m, reach_m = distances_m(plot.centre, ends)
            near = bool(hop_m - plot.reach_m <= gap_m and reach_m <= span_m / 2)
        open_block = flight.visits[-1].block_id if flight.visits else ""
        if (near and flight.add(plot, open_block)) or flight.add(plot, block):
            pool.free[row] = False
            return True
    return False
