"""A tiny forward simulator: it flies given stops in the given order and knows nothing of engines.

Every leg is rounded up to whole seconds, as an engine does.
"""

import math
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from dispatch.model import DAY_S, Drone, Job, Point, Problem
from dispatch.plan import (
    Bound,
    Cause,
    Parameters,
    Plan,
    Route,
    TruckRoute,
    TruckStop,
    TruckStopKind,
    Unassigned,
    Visit,
)
from tests.dispatch.check.accounts import NO_GOAL, NO_TOTALS, account
from tests.dispatch.check.flying import (
    Charge,
    Unfit,
    Work,
    far_m,
    heading_of,
    metres,
    middle,
    road_s,
    spray_s,
    work,
)


@dataclass(frozen=True)
class Site:
    """A launch site: which drone sprays which jobs from where, in order."""

    block_id: str
    launch: Point
    flights: dict[str, tuple[str, ...]]


@dataclass(frozen=True)
class Mix:
    """A stop at a mixing point."""

    point_id: str


@dataclass(frozen=True)
class Shift:
    """What a crew does on a day."""

    crew_id: str
    day: int
    steps: tuple[Site | Mix, ...]


@dataclass
class Simulator:
    """Flies shifts one by one; `plan` puts them together.

    Times less than ``hair_s`` over a whole second are `Unfit`: there a check may be one second off.
    """

    problem: Problem
    hair_s: float = 0.0
    routes: dict[tuple[str, int], list[Visit]] = field(default_factory=lambda: defaultdict(list))
    trucks: list[TruckRoute] = field(default_factory=list)

    def _whole_s(self, seconds: float) -> int:
        """Round up, as engines do."""
        if 0 < seconds % 1 < self.hair_s:
            raise Unfit(seconds)
        return math.ceil(seconds)

    def _road_s(self, a: Point, b: Point) -> int:
        return self._whole_s(road_s(self.problem, a, b))

    def fly(self, shift: Shift) -> None:
        """Drive one crew's day; raises `Unfit` when something has no place."""
        problem = self.problem
        crew = next(one for one in problem.crews if one.crew_id == shift.crew_id)
        midnight_s = shift.day * DAY_S
        depart_s = free_s = max(midnight_s + crew.shift_start_s, problem.now_s)
        place, water_ml, product = crew.home, crew.water_ml, ""
        stops = []
        for step in shift.steps:
            if isinstance(step, Mix):
                point = next(one for one in problem.mix_points if one.point_id == step.point_id)
                arrive_s = free_s + self._road_s(place, point.place)
                stop = TruckStop(
                    kind=TruckStopKind.MIX,
                    name=point.point_id,
                    place=point.place,
                    arrive_s=arrive_s,
                    leave_s=arrive_s + point.fill_s,
                    water_ml=crew.water_ml,
                )
                water_ml = crew.water_ml
            else:
                arrive_s = free_s + self._road_s(place, step.launch)
                stop, product, used_ml = self._site(shift, step, arrive_s, product)
                if water_ml is not None:
                    water_ml -= used_ml
                    if water_ml < 0:
                        raise Unfit(step.block_id)
                stop = replace(stop, water_ml=water_ml)
            stops.append(stop)
            free_s, place = stop.leave_s, stop.place
        back_s = free_s + self._road_s(place, crew.home)
        if back_s > midnight_s + crew.shift_end_s:
            raise Unfit(shift.crew_id)
        self.trucks.append(
            TruckRoute(
                crew_id=shift.crew_id,
                day=shift.day,
                depart_s=depart_s,
                return_s=back_s,
                stops=tuple(stops),
            )
        )

    def _site(
        self, shift: Shift, step: Site, arrive_s: int, before: str
    ) -> tuple[TruckStop, str, int]:
        """Fly a block; return the truck's stop, the product and the liquid used."""
        problem, one = self.problem, self.problem.settings
        jobs = {job.job_id: job for job in problem.jobs}
        drones = {drone.drone_id: drone for drone in problem.drones}
        machines = [drones[drone_id].machine for drone_id in step.flights]
        ready_s = arrive_s + max(
            one.setup_s, *(max(this.refill_s, this.battery_swap_s) for this in machines)
        )
        product = jobs[next(iter(step.flights.values()))[0]].product
        same = before in {"", product} or any(
            {before, product} <= set(group) for group in one.compatible
        )
        ready_s += 0 if same else one.clean_s
        leave_s, used_ml = ready_s, 0
        for drone_id, names in step.flights.items():
            drone = drones[drone_id]
            flown = [jobs[name] for name in names]
            works = self._works(drone, step.launch, flown)
            start_s = self._start_s(shift, drone, flown, works, ready_s)
            here_s = arrive_s
            for job, done in zip(flown, works, strict=True):
                finish_s = start_s + int(done.seconds)
                liquid_ml = -(-job.area_centimu * job.liquid_ml_per_mu // 100)
                used_ml += liquid_ml
                self.routes[drone_id, shift.day].append(
                    Visit(
                        job_id=job.job_id,
                        block_id=step.block_id,
                        product=job.product,
                        arrive_s=here_s,
                        start_s=start_s,
                        finish_s=finish_s,
                        area_centimu=job.area_centimu,
                        liquid_ml=liquid_ml,
                        heading_cdeg=heading_of(job),
                        halts=done.halts,
                        refills=done.refills,
                        battery_swaps=done.swaps,
                    )
                )
                here_s = start_s = finish_s
            back_m = metres(middle(flown[-1]), step.launch)
            back_s = self._whole_s(back_m / (drone.machine.transit_cm_per_s / 100))
            leave_s = max(leave_s, here_s + back_s)
        stop = TruckStop(
            kind=TruckStopKind.SITE,
            name=step.block_id,
            place=step.launch,
            arrive_s=arrive_s,
            leave_s=leave_s,
        )
        return stop, product, used_ml

    def _works(self, drone: Drone, launch: Point, jobs: Sequence[Job]) -> list[Work]:
        """Return the work of one drone's plots of a block, in order."""
        machine = drone.machine
        charge = Charge(machine.tank_ml, machine.battery_s)
        here, works = launch, []
        for job in jobs:
            if far_m(launch, job) > self.problem.settings.radius_m:
                raise Unfit(job.job_id)
            speed = machine.transit_cm_per_s / 100
            ways = (
                metres(here, middle(job)) / speed,
                metres(middle(job), launch) / speed,
                spray_s(job, machine, heading_of(job)),
            )
            done = work(machine, job, charge, ways)
            works.append(replace(done, seconds=self._whole_s(done.seconds)))
            here = middle(job)
        return works

    def _start_s(
        self, shift: Shift, drone: Drone, jobs: Sequence[Job], works: list[Work], ready_s: int
    ) -> int:
        """Return the first start at which all plots of the flight are allowed."""
        moments = {ready_s, *(window.start_s for window in self.problem.windows)}
        moments |= {one for job in jobs for one in _moments(self.problem, shift, job)}
        for start_s in sorted(one for one in moments if one >= ready_s):
            at_s, fine = start_s, True
            for job, done in zip(jobs, works, strict=True):
                fine = fine and self._allowed(shift, drone, job, (at_s, at_s + int(done.seconds)))
                at_s += int(done.seconds)
            if fine:
                return start_s
        raise Unfit(jobs[0].job_id)

    def _allowed(self, shift: Shift, drone: Drone, job: Job, span: tuple[int, int]) -> bool:
        """Tell whether a visit may take place at a time (rule 9)."""
        start_s, finish_s = span
        crew = next(one for one in self.problem.crews if one.crew_id == shift.crew_id)
        last_s = job.latest_s
        if job.harvest_on is not None:
            until = (job.harvest_on - self.problem.day).days - job.pre_harvest_days
            last_s = min(last_s, (until + 1) * DAY_S)
        return (
            start_s >= max(job.earliest_s, drone.available_from_s, self.problem.now_s)
            and finish_s <= min(last_s, drone.available_to_s)
            and all(
                finish_s <= shift.day * DAY_S + rest.start_s
                or start_s >= shift.day * DAY_S + rest.end_s
                for rest in crew.rests
            )
            and any(
                window.start_s <= start_s
                and finish_s <= window.end_s
                and (not window.products or job.product in window.products)
                and (not window.areas or job.area_id in window.areas)
                for window in self.problem.windows
            )
        )

    def plan(self, causes: dict[str, Cause]) -> Plan:
        """Return the plan of what was flown; every other job has a cause, or ``no_time``."""
        flown = {visit.job_id for visits in self.routes.values() for visit in visits}
        empty = Plan(
            day=self.problem.day,
            routes=tuple(
                Route(drone_id=drone_id, day=day, stops=tuple(visits))
                for (drone_id, day), visits in self.routes.items()
            ),
            trucks=tuple(self.trucks),
            unassigned=tuple(
                Unassigned(job_id=job.job_id, cause=causes.get(job.job_id, Cause.NO_TIME))
                for job in self.problem.jobs
                if job.job_id not in flown
            ),
            totals=NO_TOTALS,
            objective=NO_GOAL,
            bound=Bound(weight_max=0, area_centimu_max=0, ratio_permille=0, method="everything"),
            parameters=Parameters(engine="by hand", seed=0, workers=1),
        )
        return account(self.problem, empty)


def _moments(problem: Problem, shift: Shift, job: Job) -> Iterator[int]:
    """Yield the times at which a waiting drone may become allowed to start."""
    yield job.earliest_s
    yield problem.now_s
    yield from (drone.available_from_s for drone in problem.drones)
    for crew in problem.crews:
        yield from (shift.day * DAY_S + rest.end_s for rest in crew.rests)
