"""The checker's walk along one drone's day."""

import math
from collections.abc import Iterator
from dataclasses import dataclass

from dispatch.check_physics import Measured, Ruler, air_s, drive_s, far_edge_m
from dispatch.model import Crew, Drone, Job, Point, Problem
from dispatch.plan import Route, Visit
from dispatch.violations import Code, Violation

TOLERANCE_S = 0.01
"""Floating-point noise only; engines round every leg up to whole seconds."""


@dataclass(slots=True)
class _Walk:
    """What the checker remembers between two visits; tank and battery are optimistic."""

    finish_s: int
    launch: Point | None = None
    middle: Point | None = None
    product: str = ""
    block: str = ""
    tank_ml: float = 0.0
    battery_s: float = 0.0


class RouteCheck:
    """Walks a route once and collects every violation on it."""

    def __init__(
        self, problem: Problem, drone: Drone, crew: Crew, jobs: dict[str, Job], ruler: Ruler
    ) -> None:
        self.problem, self.drone, self.crew = problem, drone, crew
        self.jobs, self.ruler = jobs, ruler
        self.found: list[Violation] = []
        self.spray_s = self.setup_s = self.clean_s = 0
        self.road_s = 0.0

    def say(self, code: Code, at: int | None, job: str, amount: float, unit: str) -> None:
        """Note a violation; amounts are rounded away from zero."""
        self.found.append(
            Violation(
                code=code,
                drone_id=self.drone.drone_id,
                job_id=job,
                position=at,
                amount=math.ceil(amount - 1e-9),
                unit=unit,
            )
        )

    def run(self, route: Route) -> list[Violation]:
        """Return all violations of the route."""
        crew = self.crew
        if route.depart_s < crew.shift_start_s:
            self.say(Code.SHIFT, None, "", crew.shift_start_s - route.depart_s, "s")
        if route.return_s > crew.shift_end_s:
            self.say(Code.SHIFT, None, "", route.return_s - crew.shift_end_s, "s")
        walk = _Walk(finish_s=route.depart_s)
        for at, visit in enumerate(route.stops):
            job = self.jobs.get(visit.job_id)
            if job is None:
                self.say(Code.UNKNOWN_JOB, at, visit.job_id, 0, "")
                continue
            measured = self.ruler.measure(job, self.drone.machine)
            self._facts(at, visit, job)
            self._times(at, visit, job)
            transit_s = self._approach(walk, at, visit, job, measured)
            self._work(walk, at, visit, transit_s, measured)
            walk.finish_s, walk.middle = visit.finish_s, measured.middle
        back_s = walk.finish_s + sum(self._homeward(walk, crew.home))
        self.road_s += self._homeward(walk, crew.home)[1]
        if route.return_s < back_s - TOLERANCE_S:
            self.say(Code.TRAVEL_TIME, None, "", back_s - route.return_s, "s")
        self._cap(route)
        return self.found

    def _cap(self, route: Route) -> None:
        """Compare the day's true area with the drone's cap."""
        area = sum(
            self.jobs[visit.job_id].area_centimu
            for visit in route.stops
            if visit.job_id in self.jobs
        )
        if area > self.drone.area_cap_centimu:
            self.say(Code.AREA_CAP, None, "", area - self.drone.area_cap_centimu, "centimu")

    def _facts(self, at: int, visit: Visit, job: Job) -> None:
        """Compare what the visit says of the job with the job, and the drone's skills."""
        if visit.area_centimu != job.area_centimu:
            amount = abs(visit.area_centimu - job.area_centimu)
            self.say(Code.AREA, at, job.job_id, amount, "centimu")
        liquid_ml = math.ceil(job.area_centimu * job.liquid_ml_per_mu / 100 - 1e-9)
        if visit.liquid_ml != liquid_ml:
            self.say(Code.LIQUID, at, job.job_id, abs(visit.liquid_ml - liquid_ml), "ml")
        if visit.product != job.product:
            self.say(Code.PRODUCT, at, job.job_id, 0, "")
        lacking = set(job.skills) - set(self.drone.skills)
        if lacking:
            self.say(Code.SKILL, at, job.job_id, len(lacking), "count")

    def _times(self, at: int, visit: Visit, job: Job) -> None:
        """Check the order of the instants, the weather and the job's own window."""
        outside = max(job.earliest_s - visit.start_s, visit.finish_s - job.latest_s)
        if outside > 0:
            self.say(Code.TIME_WINDOW, at, job.job_id, outside, "s")
        misses = [
            max(0, window.start_s - visit.start_s) + max(0, visit.finish_s - window.end_s)
            for window in self.problem.windows
            if not window.products or job.product in window.products
        ]
        if min(misses, default=1) > 0:
            self.say(Code.WEATHER, at, job.job_id, min(misses, default=0), "s")

    def _homeward(self, walk: _Walk, target: Point) -> tuple[float, float]:
        """Return the flight back to the launch site and the drive from there, in seconds."""
        if walk.launch is None or walk.middle is None:
            return (0.0, drive_s(self.crew.home, target, self.problem.settings))
        return (
            air_s(walk.middle, walk.launch, self.drone.machine),
            drive_s(walk.launch, target, self.problem.settings),
        )

    def _approach(self, walk: _Walk, at: int, visit: Visit, job: Job, measured: Measured) -> float:
        """Check how the drone gets to the plot; return the seconds of the flight to it."""
        opens = visit.block_id != walk.block
        if opens:
            self._open_block(walk, at, visit, job)
        else:
            if visit.product != walk.product:
                self.say(Code.BLOCK, at, job.job_id, 0, "")
            if visit.start_s > walk.finish_s:
                amount = visit.start_s - walk.finish_s
                self.say(Code.WAIT_IN_AIR, at, job.job_id, amount, "s")
            early = max(walk.finish_s - visit.arrive_s, visit.arrive_s - visit.start_s)
            if early > 0:
                self.say(Code.TRAVEL_TIME, at, job.job_id, early, "s")
        launch = walk.launch if walk.launch is not None else job.access
        beyond = far_edge_m(launch, job) - self.problem.settings.radius_m
        if beyond > 0.01:
            self.say(Code.RADIUS, at, job.job_id, beyond, "m")
        origin = launch if opens or walk.middle is None else walk.middle
        return air_s(origin, measured.middle, self.drone.machine)

    def _open_block(self, walk: _Walk, at: int, visit: Visit, job: Job) -> None:
        """Check the drive, the set-up and the rinse before the first plot of a block."""
        machine, settings = self.drone.machine, self.problem.settings
        flight_s, road_s = self._homeward(walk, job.access)
        early = walk.finish_s + flight_s + road_s - visit.arrive_s
        if early > TOLERANCE_S:
            self.say(Code.TRAVEL_TIME, at, job.job_id, early, "s")
        setup_s = max(settings.setup_s, machine.refill_s, machine.battery_swap_s)
        clean_s = settings.clean_s if walk.product not in {"", visit.product} else 0
        short = visit.arrive_s + setup_s + clean_s - visit.start_s
        if short > 0:
            code = Code.SETUP_TIME if short > clean_s else Code.CLEAN_TIME
            self.say(code, at, job.job_id, short, "s")
        self.road_s += road_s
        self.setup_s += setup_s
        self.clean_s += clean_s
        walk.launch, walk.product, walk.block = job.access, visit.product, visit.block_id
        walk.middle = None
        walk.tank_ml, walk.battery_s = float(machine.tank_ml), float(machine.battery_s)

    def _work(
        self, walk: _Walk, at: int, visit: Visit, transit_s: float, measured: Measured
    ) -> None:
        """Check minutes, halts, tank and battery over one plot, giving every benefit of doubt."""
        machine = self.drone.machine
        launch = walk.launch if walk.launch is not None else measured.middle
        ferry_s = air_s(launch, measured.middle, machine)
        both = visit.refills + visit.battery_swaps - visit.halts
        if not 0 <= both <= min(visit.refills, visit.battery_swaps):
            self.say(Code.HALTS, at, visit.job_id, abs(both), "count")
            both = min(visit.refills, visit.battery_swaps)
        ground_s = (
            both * max(machine.refill_s, machine.battery_swap_s)
            + (visit.refills - both) * machine.refill_s
            + (visit.battery_swaps - both) * machine.battery_swap_s
        )
        flight_s = transit_s + measured.spray_s + 2 * ferry_s * visit.halts
        self.spray_s += visit.finish_s - visit.start_s
        short = visit.start_s + flight_s + ground_s - visit.finish_s
        if short > TOLERANCE_S:
            self.say(Code.WORK_TIME, at, visit.job_id, short, "s")
        job = self.jobs[visit.job_id]
        need_ml = job.area_centimu * job.liquid_ml_per_mu / 100
        walk.tank_ml = min(
            float(machine.tank_ml), walk.tank_ml + visit.refills * machine.tank_ml - need_ml
        )
        # Each job's liquid is rounded up to a millilitre by the plan, never by the checker.
        if walk.tank_ml < -0.01:
            self.say(Code.TANK, at, visit.job_id, -walk.tank_ml, "ml")
            walk.tank_ml = 0.0
        full_s = float(machine.battery_s)
        walk.battery_s = min(full_s, walk.battery_s + visit.battery_swaps * full_s - flight_s)
        if walk.battery_s < ferry_s - TOLERANCE_S:
            self.say(Code.BATTERY, at, visit.job_id, ferry_s - walk.battery_s, "s")
            walk.battery_s = ferry_s


def block_violations(routes: tuple[Route, ...]) -> Iterator[Violation]:
    """Yield a violation for every block id that comes twice, in one route or in two."""
    seen: set[str] = set()
    for route in routes:
        before = ""
        for at, visit in enumerate(route.stops):
            if visit.block_id != before and visit.block_id in seen:
                yield Violation(
                    code=Code.BLOCK, drone_id=route.drone_id, job_id=visit.job_id, position=at
                )
            seen.add(visit.block_id)
            before = visit.block_id
