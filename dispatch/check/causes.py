"""Stated causes of unassigned jobs that the problem, or the plan itself, contradicts.

Only what can be read off is judged: whether a job would have fitted in time is the engines' say.
"""

import math
from collections import defaultdict
from collections.abc import Callable, Iterator
from datetime import timedelta

import numpy as np

from dispatch.check.case import Case, CrewDay, DroneDay, day_start_s
from dispatch.check.ground import Outlines, scale_at, square_side_m
from dispatch.check.visits import Calendar, spray_by_s
from dispatch.check.zones import PLANE_ERROR, Zones, concerns
from dispatch.model import DAY_S, Drone, Job, Polygon, Window, ZoneKind
from dispatch.plan import Cause
from dispatch.violations import Code, Violation

SLACK_M = 1.0
"""A cause may call a zone touched from this near; a plan may not use it."""


def cause_violations(case: Case) -> Iterator[Violation]:
    """Yield unassigned jobs whose cause cannot be true."""
    judge = _Judge(case)
    spatial: list[tuple[Job, Cause]] = []
    for row in case.plan.unassigned:
        job = case.jobs.get(row.job_id)
        if job is None:
            continue
        if row.cause in {Cause.BUFFER, Cause.NO_FLY}:
            spatial.append((job, row.cause))
        elif not judge.holds(job, row.cause):
            yield Violation(code=Code.FALSE_CAUSE, job_id=job.job_id, what=row.cause.value)
    touched = _touched(case, spatial)
    for job, cause in spatial:
        if (job.job_id, cause) not in touched:
            yield Violation(code=Code.FALSE_CAUSE, job_id=job.job_id, what=cause.value)


def _touched(case: Case, rows: list[tuple[Job, Cause]]) -> set[tuple[str, Cause]]:
    """Return those of the rows whose job does touch a zone of the kind it was left out for."""
    if not rows or not case.problem.zones:
        return set()
    zones = Zones(case.problem.zones)
    outlines = Outlines([job.parts or _circle(job) for job, _ in rows])
    shapes = outlines.polygons(outlines.degrees)
    middles = outlines.middles()
    found = set()
    for number, part in zones.near(shapes, slack_m=2 * SLACK_M):
        at = int(outlines.owner[part])
        (job, cause), zone = rows[at], zones.zones[number]
        kind = ZoneKind.NO_FLY if cause is Cause.NO_FLY else ZoneKind.NO_SPRAY
        if zone.kind is not kind or not concerns(zone, job.product):
            continue
        gap_m = zones.gap_m(number, shapes[part], tuple(middles[at].tolist()))
        if zones.forbids(number, gap_m, slack_m=SLACK_M + 2 * PLANE_ERROR * zone.buffer_m):
            found.add((job.job_id, cause))
    return found


def _circle(job: Job) -> tuple[Polygon, ...]:
    """Return what a plot without parts may cover when it is turned: a polygon of 16 sides."""
    lon, lat = job.access
    radius_m = square_side_m(job) / math.sqrt(2.0) / math.cos(math.pi / 16)
    east, north = scale_at(np.array([lat]))[0].tolist()
    angles = [math.tau * (side % 16) / 16 for side in range(17)]
    ring = [
        (lon + radius_m * math.cos(one) / east, lat + radius_m * math.sin(one) / north)
        for one in angles
    ]
    return ((tuple(ring),),)


class _Judge:
    """What the problem offers: which drones could fly a job on which days, and what is left."""

    def __init__(self, case: Case) -> None:
        self.case, self.problem = case, case.problem
        self.calendar = Calendar(case.problem)
        self.used: dict[DroneDay, int] = defaultdict(int)
        for row in case.rows:
            self.used[row.drone.drone_id, row.route.day] += row.job.area_centimu
        flying: dict[CrewDay, set[str]] = defaultdict(set)
        for row in case.rows:
            flying[row.drone.crew_id, row.route.day].add(row.drone.drone_id)
        self.flying = flying
        self.room = self._room()
        self.rules: dict[Cause, Callable[[Job], bool]] = {
            Cause.NO_SKILL: self._no_skill,
            Cause.PERMIT: self._permit,
            Cause.UNAVAILABLE: self._unavailable,
            Cause.WEATHER: self._weather,
            Cause.PRE_HARVEST: self._pre_harvest,
            Cause.WINDOW: self._window,
            Cause.PINNED: self._pinned,
            Cause.NO_CAPACITY: self._no_capacity,
        }

    def holds(self, job: Job, cause: Cause) -> bool:
        """Tell whether a cause may be true; those that need trying always may."""
        rule = self.rules.get(cause)
        return rule is None or rule(job)

    def _skilled(self, job: Job) -> list[Drone]:
        return [one for one in self.problem.drones if set(job.skills) <= set(one.skills)]

    def _days(self) -> range:
        """Return the days that are not over."""
        return range(min(self.problem.now_s // DAY_S, self.problem.days), self.problem.days)

    def _windows(self, job: Job) -> list[Window]:
        """Return the windows still to come that serve a job's product and weather area."""
        days = self.calendar.serving(job)
        return [one for day in days.values() for one in day if one.end_s > self.problem.now_s]

    def _may_fly(self, drone: Drone, day: int) -> bool:
        """Tell whether papers and pilots let a drone fly on a day, beside those that do."""
        crew = self.case.crew_of(drone)
        insured = drone.insured_until >= self.problem.day + timedelta(days=day)
        if not drone.registration or not insured or not crew.pilots or day in crew.days_off:
            return False
        flying = self.flying.get((crew.crew_id, day), set())
        if drone.drone_id in flying or crew.cluster_permit:
            return True
        return len(flying) < crew.pilots

    def _room(self) -> list[tuple[int, Drone, int]]:
        """Return (area left, drone, day) of all that may fly, the roomiest first."""
        rooms = [
            (drone.area_cap_centimu - self.used.get((drone.drone_id, day), 0), drone, day)
            for drone in self.problem.drones
            for day in self._days()
            if self._may_fly(drone, day)
        ]
        return sorted(rooms, key=lambda room: -room[0])

    def _no_skill(self, job: Job) -> bool:
        return not self._skilled(job)

    def _permit(self, job: Job) -> bool:
        drones = self._skilled(job)
        return bool(drones) and not any(
            self._may_fly(drone, day) for drone in drones for day in self._days()
        )

    def _unavailable(self, job: Job) -> bool:
        """Tell whether no skilled drone with a pilot of its own works at any hour to come.

        Of a crew with more drones than pilots, and of one whose day has begun, it cannot be seen.
        """
        for drone in self._skilled(job):
            crew = self.case.crew_of(drone)
            mates = sum(one.crew_id == crew.crew_id for one in self.problem.drones)
            if crew.pilots < mates and not (crew.cluster_permit and crew.pilots):
                continue
            for day in self._days():
                midnight_s = day_start_s(day)
                start_s = max(
                    drone.available_from_s, self.problem.now_s, midnight_s + crew.shift_start_s
                )
                end_s = min(drone.available_to_s, midnight_s + crew.shift_end_s)
                begun = (crew.crew_id, day) in self.case.frozen_stops
                if start_s < end_s and not begun and self._may_fly(drone, day):
                    return False
        return True

    def _weather(self, job: Job) -> bool:
        return not self._windows(job)

    def _pre_harvest(self, job: Job) -> bool:
        """Tell whether the interval cuts off something of the windows that are left."""
        last_s = max((one.end_s for one in self._windows(job)), default=0)
        return job.harvest_on is not None and spray_by_s(self.problem, job) < last_s

    def _window(self, job: Job) -> bool:
        """Tell whether the job's own times cut off something of the windows that are left."""
        windows = self._windows(job)
        first_s = min((one.start_s for one in windows), default=0)
        last_s = max((one.end_s for one in windows), default=0)
        return bool(windows) and (job.earliest_s > first_s or job.latest_s < last_s)

    def _pinned(self, job: Job) -> bool:
        return job.pinned_drone_id != "" or job.pinned_day != -1

    def _no_capacity(self, job: Job) -> bool:
        """Tell whether no drone that can be seen to be able on a day has room for the job."""
        for left, drone, day in self.room:
            if left < job.area_centimu:
                break
            pinned = job.pinned_drone_id in {"", drone.drone_id} and job.pinned_day in {-1, day}
            able = pinned and set(job.skills) <= set(drone.skills)
            if able and self._meets(job, drone, day):
                return False
        return True

    def _meets(self, job: Job, drone: Drone, day: int) -> bool:
        """Tell whether a window of the day overlaps all times of job, drone and crew."""
        crew, midnight_s = self.case.crew_of(drone), day_start_s(day)
        start_s = max(
            job.earliest_s,
            drone.available_from_s,
            self.problem.now_s,
            midnight_s + crew.shift_start_s,
        )
        end_s = min(
            job.latest_s,
            spray_by_s(self.problem, job),
            drone.available_to_s,
            midnight_s + crew.shift_end_s,
        )
        return any(
            max(start_s, one.start_s) < min(end_s, one.end_s)
            for one in self.calendar.serving(job).get(day, [])
        )
