"""The problem prepared for the engines: plots measured, drones that may fly, jobs ruled out."""

from dataclasses import dataclass, field, replace

import shapely

from dispatch.flight import Flight
from dispatch.model import DAY_S, Crew, Drone, Machine, Point, Problem, Ring
from dispatch.physics import EARTH_RADIUS_M, Plot, distance_m, plots_of
from dispatch.plan import Cause


def _buffered(problem: Problem, plots: list[Plot]) -> set[int]:
    """Return the indices of plots that come within a zone's buffer for their product."""
    hit: set[int] = set()
    for zone in problem.zones:
        origin = zone.rings[0][0]
        shape = shapely.Polygon(
            _local(zone.rings[0], origin), [_local(ring, origin) for ring in zone.rings[1:]]
        )
        for plot in plots:
            if zone.products and plot.job.product not in zone.products:
                continue
            spot = shapely.Point(_local((plot.centre,), origin)[0])
            if shape.distance(spot) > 2 * plot.reach_m + zone.buffer_m + 10:
                continue
            if plot.job.rings:
                body = shapely.Polygon(_local(plot.job.rings[0], origin))
            else:
                body = spot.buffer(plot.reach_m)
            if shape.distance(body) <= zone.buffer_m + _MARGIN_M:
                hit.add(plot.index)
    return hit


def _local(ring: Ring, origin: Point) -> list[Point]:
    """Project a ring to metres around an origin, with the same distances as `distance_m`."""
    sign = [(1 if lon >= origin[0] else -1, lat) for lon, lat in ring]
    return [
        (side * distance_m((origin[0], lat), (lon, lat)), (lat - origin[1]) * _M_PER_DEGREE)
        for (side, lat), (lon, _) in zip(sign, ring, strict=True)
    ]


_MARGIN_M = 0.5
"""Kept beyond every buffer: two projections of one plot differ by less."""
_M_PER_DEGREE = EARTH_RADIUS_M * 3.141592653589793 / 180


@dataclass(slots=True)
class Fleet:
    """A problem with its plots measured once; engines share it and never change it.

    ``open_plots`` may be planned; ``ruled_out`` says why the others may not. ``crews`` lists the
    drones that may fly with their crew.
    """

    problem: Problem
    plots: list[Plot] = field(init=False)
    open_plots: list[Plot] = field(init=False)
    ruled_out: dict[int, Cause] = field(init=False)
    crews: list[tuple[Drone, Crew]] = field(init=False)
    spray_caches_s: dict[Machine, dict[int, float]] = field(init=False)

    def __post_init__(self) -> None:
        """Measure everything that does not depend on a plan."""
        problem = self.problem
        self.plots = plots_of(problem)
        self.spray_caches_s = {drone.machine: {} for drone in problem.drones}
        self.crews = _able(problem)
        self.ruled_out = dict.fromkeys(_buffered(problem, self.plots), Cause.BUFFER)
        for plot in self.plots:
            if plot.index not in self.ruled_out:
                cause = self._impossible(plot)
                if cause is not None:
                    self.ruled_out[plot.index] = cause
        self.open_plots = [plot for plot in self.plots if plot.index not in self.ruled_out]

    def flights(self) -> list[Flight]:
        """Return an empty day for every drone that may fly."""
        return [self.flight(drone, crew) for drone, crew in self.crews]

    def flight(self, drone: Drone, crew: Crew) -> Flight:
        """Return an empty day of one drone."""
        return Flight(self.problem, drone, crew, self.spray_caches_s[drone.machine])

    def _impossible(self, plot: Plot) -> Cause | None:
        """Return why no drone could spray the plot even on an empty day."""
        wanted = set(plot.job.skills)
        if not any(wanted <= set(drone.skills) for drone in self.problem.drones):
            return Cause.NO_SKILL
        able = [pair for pair in self.crews if wanted <= set(pair[0].skills)]
        if not able:
            return Cause.PERMIT
        windows = [
            window
            for window in self.problem.windows
            if not window.products or plot.job.product in window.products
        ]
        if not windows:
            return Cause.WEATHER
        like = {(drone.machine, crew, drone.area_cap_centimu): drone for drone, crew in able}
        kinds = [(drone, crew) for (_, crew, _), drone in like.items()]
        if self._fits(plot, kinds):
            return None
        anytime = replace(plot, job=replace(plot.job, earliest_s=0, latest_s=DAY_S))
        return Cause.WINDOW if self._fits(anytime, kinds) else Cause.TOO_LARGE

    def _fits(self, plot: Plot, pairs: list[tuple[Drone, Crew]]) -> bool:
        """Tell whether any of these drones could spray the plot as the only one of its day."""
        return any(self.flight(drone, crew).add(plot, "only") for drone, crew in pairs)


def _able(problem: Problem) -> list[tuple[Drone, Crew]]:
    """Return drones with papers and a pilot; without a cluster permit one pilot flies one drone."""
    crews = {crew.crew_id: crew for crew in problem.crews}
    pilots = {crew.crew_id: crew.pilots for crew in problem.crews}
    able = []
    for drone in problem.drones:
        crew = crews[drone.crew_id]
        if not drone.registration or drone.insured_until < problem.day or crew.pilots == 0:
            continue
        if not crew.cluster_permit:
            if pilots[crew.crew_id] == 0:
                continue
            pilots[crew.crew_id] -= 1
        able.append((drone, crew))
    return able
