"""Papers, pilots, area caps and days off (rules 3, 5, 12 and 13; 条例 art. 10, 12, 26, 31).

What is frozen counts for the caps and is not judged again.
"""

from collections import defaultdict
from collections.abc import Iterator
from datetime import timedelta

from dispatch.check.case import Case, CrewDay, DroneDay, Row, truck_says
from dispatch.model import Drone
from dispatch.violations import Code, Violation


def people_violations(case: Case) -> Iterator[Violation]:
    """Yield what the people and their papers do not allow on a day."""
    days: dict[DroneDay, list[Row]] = defaultdict(list)
    for row in case.rows:
        days[row.drone.drone_id, row.route.day].append(row)
    flying: dict[CrewDay, list[Drone]] = defaultdict(list)
    for (drone_id, day), rows in days.items():
        if all(row.frozen for row in rows):
            continue
        drone = case.drones[drone_id]
        flying[drone.crew_id, day].append(drone)
        yield from _papers(case, drone, day)
        area = sum(row.job.area_centimu for row in rows)
        if area > drone.area_cap_centimu:
            yield Violation(
                code=Code.AREA_CAP,
                drone_id=drone_id,
                crew_id=drone.crew_id,
                day=day,
                amount=area - drone.area_cap_centimu,
                unit="centimu",
            )
    yield from _pilots(case, flying)
    for truck in case.trucks:
        added = len(truck.stops) > case.frozen_stops.get((truck.crew_id, truck.day), 0)
        if added and truck.day in case.crews[truck.crew_id].days_off:
            yield truck_says(truck, Code.DAY_OFF)


def _papers(case: Case, drone: Drone, day: int) -> Iterator[Violation]:
    """Yield a drone that is unregistered, or uninsured on the very day."""
    missing = "" if drone.registration else "registration"
    if not missing and drone.insured_until < case.problem.day + timedelta(days=day):
        missing = "insured_until"
    if missing:
        yield Violation(
            code=Code.PERMIT,
            drone_id=drone.drone_id,
            crew_id=drone.crew_id,
            day=day,
            what=missing,
        )


def _pilots(case: Case, flying: dict[CrewDay, list[Drone]]) -> Iterator[Violation]:
    """Yield crews that fly more drones on a day than they have pilots, without a permit."""
    for (crew_id, day), drones in flying.items():
        crew = case.crews[crew_id]
        allowed = len(drones) if crew.cluster_permit and crew.pilots else crew.pilots
        if len(drones) > allowed:
            yield Violation(
                code=Code.PILOTS,
                crew_id=crew_id,
                day=day,
                amount=len(drones) - allowed,
                unit="count",
            )
