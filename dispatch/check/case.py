"""A problem and a plan laid side by side: which visit belongs to which drone, truck stop and job.

Nothing is judged here except that what is named exists; the other modules walk over `Case.rows`
(visits) and `Case.sites` (launch sites) and say what is wrong.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass, field

from dispatch.model import DAY_S, Crew, Drone, Job, Machine, Point, Problem
from dispatch.plan import Plan, Route, TruckRoute, TruckStop, TruckStopKind, Visit
from dispatch.violations import Code, Violation

TOLERANCE_S = 1e-4
"""Floating-point noise only, in seconds; engines round every leg up to whole seconds."""
TOLERANCE_M = 0.01

CrewDay = tuple[str, int]
DroneDay = tuple[str, int]


@dataclass(slots=True, eq=False)
class Site:
    """A truck's stop at a launch site with the visits that are flown from it."""

    truck: TruckRoute
    at: int
    stop: TruckStop
    frozen: bool
    rows: "list[Row]" = field(default_factory=list)
    setup_s: int = 0
    clean_s: int = 0
    before: str = ""
    """Product of the crew's block before on the same day; empty for the first."""

    @property
    def product(self) -> str:
        """What the block sprays, read from its first visit; empty without visits."""
        return self.rows[0].visit.product if self.rows else ""


@dataclass(slots=True, eq=False)
class Row:
    """One visit of a known drone to a known job; ``index`` is its place in `Case.rows`.

    ``opens`` marks a drone's first visit of a block, ``closes`` its last. ``before`` is the visit
    just before it on the route, None at the start. ``site`` is None when the block has no truck
    stop of the drone's own crew and day.
    """

    index: int
    route: Route
    at: int
    visit: Visit
    job: Job
    drone: Drone
    frozen: bool
    site: Site | None
    before: Visit | None
    opens: bool
    closes: bool

    @property
    def launch(self) -> Point | None:
        """The launch site, None when unknown."""
        return None if self.site is None else self.site.stop.place

    def says(self, code: Code, amount: float = 0, unit: str = "", what: str = "") -> Violation:
        """Return a violation at this visit."""
        return Violation(
            code=code,
            drone_id=self.drone.drone_id,
            crew_id=self.drone.crew_id,
            day=self.route.day,
            block_id=self.visit.block_id,
            job_id=self.visit.job_id,
            position=self.at,
            amount=up(amount),
            unit=unit,
            what=what,
        )


class Case:
    """Everything that the checks look up, built once.

    ``trucks`` are the routes of known crews; ``rows`` the visits of known drones to known jobs.
    """

    def __init__(self, problem: Problem, plan: Plan) -> None:
        self.problem, self.plan = problem, plan
        self.jobs = {job.job_id: job for job in problem.jobs}
        self.drones = {drone.drone_id: drone for drone in problem.drones}
        self.crews = {crew.crew_id: crew for crew in problem.crews}
        self.frozen_visits = _count(
            (one.drone_id, one.day, one.stops) for one in problem.frozen_routes
        )
        self.frozen_stops = _count(
            (one.crew_id, one.day, one.stops) for one in problem.frozen_trucks
        )
        self.trucks = [truck for truck in plan.trucks if truck.crew_id in self.crews]
        self.sites: list[Site] = []
        self.site_of: dict[str, Site] = {}
        self.rows: list[Row] = []
        self._place_sites()
        for route in plan.routes:
            self._place_visits(route)
        self._prepare_sites()

    def crew_of(self, drone: Drone) -> Crew:
        """Return the crew whose truck carries the drone."""
        return self.crews[drone.crew_id]

    def _place_sites(self) -> None:
        """Note every launch site; of a repeated block id the first one counts."""
        for truck in self.trucks:
            done = self.frozen_stops.get((truck.crew_id, truck.day), 0)
            for at, stop in enumerate(truck.stops):
                if stop.kind is TruckStopKind.SITE:
                    site = Site(truck, at, stop, frozen=at < done)
                    self.sites.append(site)
                    self.site_of.setdefault(stop.name, site)

    def _place_visits(self, route: Route) -> None:
        """Note the visits of one route and hang each on its launch site."""
        drone = self.drones.get(route.drone_id)
        if drone is None:
            return
        done = self.frozen_visits.get((route.drone_id, route.day), 0)
        for at, visit in enumerate(route.stops):
            job = self.jobs.get(visit.job_id)
            if job is None:
                continue
            before = route.stops[at - 1] if at else None
            after = route.stops[at + 1] if at + 1 < len(route.stops) else None
            site = self.site_of.get(visit.block_id)
            if site is not None and _owner(site) != (drone.crew_id, route.day):
                site = None
            row = Row(
                index=len(self.rows),
                route=route,
                at=at,
                visit=visit,
                job=job,
                drone=drone,
                frozen=at < done,
                site=site,
                before=before,
                opens=before is None or before.block_id != visit.block_id,
                closes=after is None or after.block_id != visit.block_id,
            )
            self.rows.append(row)
            if site is not None:
                site.rows.append(row)

    def _prepare_sites(self) -> None:
        """Work out set-up and rinse of every launch site, truck by truck from a clean tank."""
        settings = self.problem.settings
        products: dict[int, str] = {}
        for site in self.sites:
            if not site.rows:
                continue
            machines = {row.drone.drone_id: row.drone.machine for row in site.rows}
            site.setup_s = max(
                settings.setup_s, *(_service_s(machine) for machine in machines.values())
            )
            site.before = products.get(id(site.truck), "")
            apart = not any(
                site.before in group and site.product in group for group in settings.compatible
            )
            if site.before and site.before != site.product and apart:
                site.clean_s = settings.clean_s
            products[id(site.truck)] = site.product


def _service_s(machine: Machine) -> int:
    """Return the seconds after which tank and battery are both full."""
    return max(machine.refill_s, machine.battery_swap_s)


def _owner(site: Site) -> CrewDay:
    return (site.truck.crew_id, site.truck.day)


def _count(rows: Iterable[tuple[str, int, tuple[object, ...]]]) -> dict[tuple[str, int], int]:
    """Return how many stops of each (drone or crew, day) are frozen."""
    return {(one, day): len(stops) for one, day, stops in rows}


def up(amount: float) -> int:
    """Round an amount away from zero, forgiving floating-point noise."""
    return math.ceil(amount - 1e-9)


def truck_says(
    truck: TruckRoute,
    code: Code,
    *,
    at: int | None = None,
    amount: float = 0,
    unit: str = "",
    what: str = "",
) -> Violation:
    """Return a violation on a truck's day, at one of its stops where ``at`` is given."""
    block_id = ""
    if at is not None and truck.stops[at].kind is TruckStopKind.SITE:
        block_id = truck.stops[at].name
    return Violation(
        code=code,
        crew_id=truck.crew_id,
        day=truck.day,
        block_id=block_id,
        position=at,
        amount=up(amount),
        unit=unit,
        what=what,
    )


def day_start_s(day: int) -> int:
    """Return the midnight at which a day begins."""
    return day * DAY_S
