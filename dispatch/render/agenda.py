"""A plan sorted the way people read it: by day, crew and drone."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from dispatch.model import Job, Problem
from dispatch.physics import setup_s
from dispatch.plan import Plan, Route, TruckRoute, TruckStop, TruckStopKind, Visit
from dispatch.resources import Crew, Drone
from dispatch.validation import InvalidProblem, require

WEEKDAYS_ZH = "一二三四五六日"


@dataclass(frozen=True, slots=True)
class Halt:
    """A truck's stop with the visits that its drones fly from there; a mixing point has none.

    ``ready_s`` is when setting up and rinsing (``rinse_s`` of it) are over.
    """

    stop: TruckStop
    visits: tuple[tuple[Drone, Visit], ...]
    ready_s: int
    rinse_s: int

    @property
    def area_centimu(self) -> int:
        """Area of the visits together."""
        return sum(visit.area_centimu for _, visit in self.visits)


@dataclass(frozen=True, slots=True)
class CrewDay:
    """One crew's day: its truck's stops in order and the routes of its drones that fly."""

    crew: Crew
    day: int
    truck: TruckRoute
    halts: tuple[Halt, ...]
    routes: tuple[tuple[Drone, Route], ...]


def day_date(plan: Plan, day: int) -> date:
    """Return the calendar day of the plan's day 0, 1 and so on."""
    return plan.day + timedelta(days=day)


def day_name(plan: Plan, day: int) -> str:
    """Return a day as staff say it: ``2026-07-20 周一``."""
    its = day_date(plan, day)
    return f"{its.isoformat()} 周{WEEKDAYS_ZH[its.weekday()]}"


def jobs_of(problem: Problem, plan: Plan) -> dict[str, Job]:
    """Return jobs by id; raises `InvalidProblem` when the plan belongs to another problem."""
    jobs = {job.job_id: job for job in problem.jobs}
    named = [(visit.job_id, "jobs") for route in plan.routes for visit in route.stops]
    named += [(row.job_id, "jobs") for row in plan.unassigned]
    for job_id, field in named:
        require(job_id in jobs, job_id, field, "不在问题文件中", "is not in the problem")
    drones = {drone.drone_id for drone in problem.drones}
    for route in plan.routes:
        known = route.drone_id in drones
        require(known, route.drone_id, "drones", "不在问题文件中", "is not in the problem")
    return jobs


def crew_days(problem: Problem, plan: Plan, day: int | None = None) -> tuple[CrewDay, ...]:
    """Return the days of crews that work, by day and then in the problem's order of crews.

    Raises `InvalidProblem` when the plan belongs to another problem or when drones fly without
    their truck.
    """
    jobs_of(problem, plan)
    found = [
        one
        for at in range(problem.days)
        if day in {None, at}
        for crew in problem.crews
        if (one := _crew_day(problem, plan, crew, at)) is not None
    ]
    return tuple(found)


def _crew_day(problem: Problem, plan: Plan, crew: Crew, day: int) -> CrewDay | None:
    """Return a crew's day, None when it stays at home."""
    routes = {route.drone_id: route for route in plan.routes if route.day == day}
    flown = tuple(
        (drone, routes[drone.drone_id])
        for drone in problem.drones
        if drone.crew_id == crew.crew_id and drone.drone_id in routes
    )
    trucks = [one for one in plan.trucks if (one.crew_id, one.day) == (crew.crew_id, day)]
    if not trucks:
        require(not flown, crew.crew_id, "trucks", "有作业但没有车程", "flies without its truck")
        return None
    halts = tuple(_halts(problem, trucks[0], flown))
    sites = {one.stop.name for one in halts if one.stop.kind is TruckStopKind.SITE}
    for _, route in flown:
        for visit in route.stops:
            if visit.block_id not in sites:
                zh, en = "不是当日的起降点", "is no launch site of its day"
                raise InvalidProblem(visit.job_id, "block_id", zh, en)
    return CrewDay(crew, day, trucks[0], halts, flown)


def _halts(
    problem: Problem, truck: TruckRoute, flown: tuple[tuple[Drone, Route], ...]
) -> Iterator[Halt]:
    """Yield the truck's stops with their visits by drone, set-up and rinse (rule 4)."""
    settings, product = problem.settings, ""
    for stop in truck.stops:
        visits = tuple(
            (drone, visit)
            for drone, route in flown
            for visit in route.stops
            if stop.kind is TruckStopKind.SITE and visit.block_id == stop.name
        )
        if not visits:
            yield Halt(stop, (), stop.arrive_s, 0)
            continue
        longest_s = max(setup_s(drone.machine, settings) for drone, _ in visits)
        rinse_s = settings.rinse_s(product, visits[0][1].product)
        ready_s = stop.arrive_s + longest_s + rinse_s
        yield Halt(stop, visits, ready_s, rinse_s)
        product = visits[0][1].product
