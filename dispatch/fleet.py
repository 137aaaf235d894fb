"""The problem prepared for the engines: plots measured, crews' days opened, jobs ruled out."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from dispatch.coverage.sweep import sweep_many
from dispatch.machines import Machine
from dispatch.model import Problem
from dispatch.physics import EARTH_RADIUS_M, M2_PER_MU, Plot, plot_of
from dispatch.plan import Route
from dispatch.resources import Crew, Drone
from dispatch.shapes import DAY_S, Point, Polygon
from dispatch.spans import Span, clip, day_spans
from dispatch.zones import Air, air_of


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class CrewDay:
    """One crew on one day as a plan may fill it: from ``start_s`` at ``place`` home by ``end_s``.

    ``drones`` may fly on that day by their papers and pilots. What is frozen is in the start:
    place, product in the tanks, water, areas used; ``stops_frozen`` counts its truck stops.
    """

    index: int
    crew: Crew
    day: int
    drones: tuple[Drone, ...]
    start_s: int
    end_s: int
    place: Point
    product: str
    water_ml: int | None
    used_centimu: tuple[int, ...]
    stops_frozen: int
    segments: tuple[Span, ...]

    @property
    def room_centimu(self) -> int:
        """Area that the caps of all its drones together still allow on an empty day."""
        return sum(one.area_cap_centimu for one in self.drones) - sum(self.used_centimu)

    def may(self, drone: int, plot: Plot) -> bool:
        """Tell whether one of the drones has the skills and is not ruled out by a pin."""
        job, one = plot.job, self.drones[drone]
        return (
            set(job.skills) <= set(one.skills)
            and job.pinned_drone_id in {"", one.drone_id}
            and job.pinned_day in {-1, self.day}
        )

    def block_id(self, number: int) -> str:
        """Return the name of the block at a truck stop of this day."""
        return f"{self.crew.crew_id}/{self.day + 1}#{number + 1}"


@dataclass(slots=True)
class Fleet:
    """A problem measured once; engines share it and never change it.

    ``spray_s`` and ``heading_cdeg`` give each machine's time over each plot (seconds) and the
    direction of its swaths. ``open_plots`` are those that are not frozen.
    """

    problem: Problem
    plots: list[Plot] = field(init=False)
    open_plots: list[Plot] = field(init=False)
    crew_days: list[CrewDay] = field(init=False)
    spray_s: dict[Machine, list[float]] = field(init=False)
    heading_cdeg: dict[Machine, list[int]] = field(init=False)
    air: Air | None = field(init=False)
    _spans: dict[tuple[int, int, str, str], list[Span]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Measure everything that does not depend on a plan."""
        problem = self.problem
        self.plots = [
            plot_of(index, job, job.deadline_s(problem.day))
            for index, job in enumerate(problem.jobs)
        ]
        frozen = {visit.job_id for route in problem.frozen_routes for visit in route.stops}
        self.open_plots = [plot for plot in self.plots if plot.job.job_id not in frozen]
        self.air = air_of(problem.zones)
        self._measure()
        days = [(crew, day) for day in range(problem.days) for crew in problem.crews]
        self.crew_days = []
        for crew, day in days:
            opened = _crew_day(problem, crew, day, len(self.crew_days))
            if opened is not None:
                self.crew_days.append(opened)

    def _measure(self) -> None:
        """Plan the swaths of every plot for every machine."""
        shapes = [plot.job.parts or (_square(plot),) for plot in self.plots]
        doses = [plot.job.liquid_ml_per_mu for plot in self.plots]
        self.spray_s, self.heading_cdeg = {}, {}
        for machine in sorted({one.machine for one in self.problem.drones}, key=repr):
            sweeps = sweep_many(shapes, machine, doses)
            self.spray_s[machine] = [sweep.seconds for sweep in sweeps]
            self.heading_cdeg[machine] = [sweep.heading_cdeg for sweep in sweeps]

    def spans(self, crew_day: CrewDay, drone: int, product: str, area_id: str) -> list[Span]:
        """Return when a drone may spray a product in a weather area on a day, in order."""
        key = (crew_day.index, drone, product, area_id)
        known = self._spans.get(key)
        if known is None:
            windows = [one for one in self.problem.windows if one.serves(product, area_id)]
            one = crew_day.drones[drone]
            known = clip(
                day_spans(windows, crew_day.crew, crew_day.day),
                max(one.available_from_s, self.problem.now_s),
                one.available_to_s,
            )
            self._spans[key] = known
        return known

    def start_s(
        self, crew_day: CrewDay, drone: int, plot: Plot, ready_s: int, seconds: int
    ) -> int | None:
        """Return the first start from ``ready_s`` at which a visit of ``seconds`` is allowed."""
        job = plot.job
        least_s = max(ready_s, job.earliest_s)
        for open_s, close_s in self.spans(crew_day, drone, job.product, job.area_id):
            begin_s = max(least_s, open_s)
            if begin_s + seconds <= min(close_s, plot.deadline_s):
                return begin_s
        return None


def _square(plot: Plot) -> Polygon:
    """Return the square that stands for a plot without a polygon."""
    lon, lat = plot.centre
    half_m = math.sqrt(plot.job.area_centimu / 100 * M2_PER_MU) / 2
    dy = math.degrees(half_m / EARTH_RADIUS_M)
    dx = dy / math.cos(math.radians(lat))
    west, east, south, north = lon - dx, lon + dx, lat - dy, lat + dy
    return (((west, south), (east, south), (east, north), (west, north), (west, south)),)


def _crew_day(problem: Problem, crew: Crew, day: int, index: int) -> CrewDay | None:
    """Open a crew's day where its frozen part ends; None when it cannot fly that day."""
    if day in crew.days_off:
        return None
    routes = [one for one in problem.frozen_routes if one.day == day]
    truck = next(
        (one for one in problem.frozen_trucks if (one.crew_id, one.day) == (crew.crew_id, day)),
        None,
    )
    drones = _able(problem, crew, day, routes)
    midnight_s = day * DAY_S
    start_s = max(midnight_s + crew.shift_start_s, problem.now_s)
    if truck is not None and truck.stops:
        start_s = max(start_s, truck.stops[-1].leave_s)
    end_s = midnight_s + crew.shift_end_s
    if not drones or start_s >= end_s:
        return None
    jobs = {job.job_id: job for job in problem.jobs}
    done = {
        route.drone_id: sum(jobs[visit.job_id].area_centimu for visit in route.stops)
        for route in routes
    }
    mine = {one.drone_id for one in problem.drones if one.crew_id == crew.crew_id}
    last = truck.stops[-1] if truck is not None and truck.stops else None
    spans = [
        span
        for drone in drones
        for span in clip(
            day_spans(problem.windows, crew, day),
            max(drone.available_from_s, start_s),
            min(drone.available_to_s, end_s),
        )
    ]
    return CrewDay(
        index=index,
        crew=crew,
        day=day,
        drones=drones,
        start_s=start_s,
        end_s=end_s,
        place=crew.home if last is None else last.place,
        product=_last_product(routes, mine),
        water_ml=crew.water_ml if last is None else last.water_ml,
        used_centimu=tuple(done.get(drone.drone_id, 0) for drone in drones),
        stops_frozen=0 if truck is None else len(truck.stops),
        segments=_segments(spans),
    )


def _segments(spans: Sequence[Span]) -> tuple[Span, ...]:
    """Join spans with less than a quarter of an hour between them into stretches of work."""
    joined: list[Span] = []
    for start_s, end_s in sorted(spans):
        if joined and start_s - joined[-1][1] < 900:
            joined[-1] = (joined[-1][0], max(joined[-1][1], end_s))
        else:
            joined.append((start_s, end_s))
    return tuple(joined)


def _last_product(routes: Sequence[Route], drone_ids: set[str]) -> str:
    """Return the product of the newest frozen visit of a crew, empty when there is none."""
    visits = [visit for route in routes if route.drone_id in drone_ids for visit in route.stops]
    newest = max(visits, key=lambda visit: visit.start_s, default=None)
    return "" if newest is None else newest.product


def _able(problem: Problem, crew: Crew, day: int, routes: Sequence[Route]) -> tuple[Drone, ...]:
    """Return the crew's drones with papers and a pilot on a day, those already flying first."""
    on = problem.day + timedelta(days=day)
    flying = {route.drone_id for route in routes if route.stops}
    midnight_s = day * DAY_S
    sound = [
        drone
        for drone in problem.drones
        if drone.crew_id == crew.crew_id
        and drone.registration
        and drone.insured_until >= on
        and drone.available_from_s < midnight_s + DAY_S
        and drone.available_to_s > max(midnight_s, problem.now_s)
    ]
    if crew.pilots == 0:
        return ()
    if crew.cluster_permit:
        return tuple(sound)
    mine = {drone.drone_id for drone in problem.drones if drone.crew_id == crew.crew_id}
    grounded = (flying & mine) - {drone.drone_id for drone in sound}
    ranked = sorted(sound, key=lambda drone: drone.drone_id not in flying)
    return tuple(ranked[: max(0, crew.pilots - len(grounded))])
