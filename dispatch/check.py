"""`check`: does a plan keep every rule of its problem? Shares no code with the engines.

It reads only the problem, the plan and its own physics, so a fault in an engine cannot hide.
"""

from collections import Counter
from collections.abc import Iterator

from dispatch.check_physics import Ruler, gap_to_zone_m, straight_m
from dispatch.check_route import RouteCheck, block_violations
from dispatch.model import Crew, Drone, Job, Problem, Zone
from dispatch.plan import Cause, Plan
from dispatch.violations import Code, Violation

__all__ = ["Code", "Violation", "check"]


def check(problem: Problem, plan: Plan) -> tuple[Violation, ...]:
    """Return every violation of the plan; an empty tuple means it may be published."""
    jobs = {job.job_id: job for job in problem.jobs}
    drones = {drone.drone_id: drone for drone in problem.drones}
    crews = {crew.crew_id: crew for crew in problem.crews}
    found: list[Violation] = []
    if plan.day != problem.day:
        days = abs((plan.day - problem.day).days)
        found.append(Violation(code=Code.DAY, amount=days, unit="days"))
    found += _cover(plan, jobs)
    found += _papers(problem, plan, drones, crews)
    found += block_violations(plan.routes)
    found += _zones(problem, plan, jobs)
    ruler, walks = Ruler(), []
    for route in plan.routes:
        drone = drones.get(route.drone_id)
        if drone is None:
            found.append(Violation(code=Code.UNKNOWN_DRONE, drone_id=route.drone_id))
            continue
        walk = RouteCheck(problem, drone, crews[drone.crew_id], jobs, ruler)
        found += walk.run(route)
        walks.append(walk)
    found += _causes(problem, plan, jobs)
    found += _totals(plan)
    found += _objective(problem, plan, jobs, walks)
    return tuple(found)


def _cover(plan: Plan, jobs: dict[str, Job]) -> Iterator[Violation]:
    """Yield jobs planned or left out more than once, or neither, and drones with two routes."""
    counts = Counter(visit.job_id for route in plan.routes for visit in route.stops)
    counts.update(row.job_id for row in plan.unassigned)
    for job_id, count in counts.items():
        if count > 1:
            yield Violation(code=Code.REPEATED_JOB, job_id=job_id, amount=count - 1, unit="count")
    for row in plan.unassigned:
        if row.job_id not in jobs:
            yield Violation(code=Code.UNKNOWN_JOB, job_id=row.job_id)
    for job_id in jobs:
        if job_id not in counts:
            yield Violation(code=Code.MISSING_JOB, job_id=job_id)
    for drone_id, count in Counter(route.drone_id for route in plan.routes).items():
        if count > 1:
            yield Violation(
                code=Code.REPEATED_DRONE, drone_id=drone_id, amount=count - 1, unit="count"
            )


def _papers(
    problem: Problem, plan: Plan, drones: dict[str, Drone], crews: dict[str, Crew]
) -> Iterator[Violation]:
    """Yield drones without registration or insurance, and crews with too few pilots."""
    flying: Counter[str] = Counter()
    for drone_id in sorted({route.drone_id for route in plan.routes if route.stops}):
        drone = drones.get(drone_id)
        if drone is None:
            continue
        flying[drone.crew_id] += 1
        if drone.registration == "" or drone.insured_until < problem.day:
            yield Violation(code=Code.PERMIT, drone_id=drone_id)
    for crew_id, count in flying.items():
        crew = crews[crew_id]
        allowed = count if crew.cluster_permit and crew.pilots else crew.pilots
        if count > allowed:
            members = [one for one in drones.values() if one.crew_id == crew_id]
            yield Violation(
                code=Code.PILOTS,
                drone_id=members[-1].drone_id,
                amount=count - allowed,
                unit="count",
            )


def _in_zone(job: Job, zone: Zone, slack_m: float = 0.0) -> bool:
    """Tell whether a zone forbids the job; far plots are dismissed without geometry."""
    if zone.products and job.product not in zone.products:
        return False
    corner = zone.rings[0][0]
    around_m = max(straight_m(corner, point) for point in zone.rings[0])
    if job.rings:
        near_m = min(straight_m(corner, point) for point in job.rings[0])
        size_m = max(straight_m(job.rings[0][0], point) for point in job.rings[0])
        if near_m - size_m > around_m + zone.buffer_m + slack_m:
            return False
    return gap_to_zone_m(job, zone) <= zone.buffer_m + slack_m


def _zones(problem: Problem, plan: Plan, jobs: dict[str, Job]) -> Iterator[Violation]:
    """Yield planned plots within a no-spray zone or its buffer."""
    for route in plan.routes:
        for at, visit in enumerate(route.stops):
            job = jobs.get(visit.job_id)
            if job is None:
                continue
            for zone in problem.zones:
                if _in_zone(job, zone):
                    yield Violation(
                        code=Code.BUFFER,
                        drone_id=route.drone_id,
                        job_id=job.job_id,
                        position=at,
                        amount=max(0, round(zone.buffer_m - gap_to_zone_m(job, zone))),
                        unit="m",
                    )


def _causes(problem: Problem, plan: Plan, jobs: dict[str, Job]) -> Iterator[Violation]:
    """Yield unassigned jobs whose stated cause the problem contradicts."""
    used = Counter[str]()
    for route in plan.routes:
        used[route.drone_id] += sum(visit.area_centimu for visit in route.stops)
    for row in plan.unassigned:
        job = jobs.get(row.job_id)
        if job is not None and not _cause_holds(problem, job, row.cause, used):
            yield Violation(code=Code.FALSE_CAUSE, job_id=row.job_id)


def _cause_holds(problem: Problem, job: Job, cause: Cause, used: Counter[str]) -> bool:
    """Tell whether a cause that can be read off the problem is true (others pass)."""
    able = [drone for drone in problem.drones if set(job.skills) <= set(drone.skills)]
    crews = {crew.crew_id: crew for crew in problem.crews}
    legal = [
        drone
        for drone in able
        if drone.registration and drone.insured_until >= problem.day
        if crews[drone.crew_id].pilots
    ]
    if cause is Cause.NO_SKILL:
        return not able
    if cause is Cause.BUFFER:
        return any(_in_zone(job, zone, slack_m=1.0) for zone in problem.zones)
    if cause is Cause.WEATHER:
        return not any(
            not window.products or job.product in window.products for window in problem.windows
        )
    if cause is Cause.PERMIT:
        flying = {drone_id for drone_id, area in used.items() if area}
        return not any(drone.drone_id in flying for drone in legal)
    if cause is Cause.NO_CAPACITY:
        return all(
            drone.area_cap_centimu - used[drone.drone_id] < job.area_centimu
            for drone in legal
            if crews[drone.crew_id].cluster_permit or used[drone.drone_id]
        )
    return True


def _totals(plan: Plan) -> Iterator[Violation]:
    """Yield totals that are not the sums of the visits."""
    visits = [visit for route in plan.routes for visit in route.stops]
    true = {
        "jobs": len(visits),
        "blocks": len({visit.block_id for visit in visits}),
        "area_centimu": sum(visit.area_centimu for visit in visits),
        "liquid_ml": sum(visit.liquid_ml for visit in visits),
        "refills": sum(visit.refills for visit in visits),
        "battery_swaps": sum(visit.battery_swaps for visit in visits),
    }
    for name, value in true.items():
        off = abs(getattr(plan.totals, name) - value)
        if off:
            yield Violation(code=Code.TOTALS, amount=off, unit=name)


def _objective(
    problem: Problem, plan: Plan, jobs: dict[str, Job], walks: list[RouteCheck]
) -> Iterator[Violation]:
    """Yield parts of the objective that the checker's own walk does not confirm."""
    goal = plan.objective
    weights = {job.job_id: job.area_centimu * (1 + job.priority) for job in problem.jobs}
    done = sum(
        weights[visit.job_id]
        for route in plan.routes
        for visit in route.stops
        if visit.job_id in jobs
    )
    legs = sum(len(route.stops) + 1 for route in plan.routes)
    parts = (
        (goal.weight_planned, done, 0),
        (goal.weight_unassigned, sum(weights.values()) - done, 0),
        (goal.spray_s, sum(walk.spray_s for walk in walks), 0),
        (goal.setup_s, sum(walk.setup_s for walk in walks), 0),
        (goal.clean_s, sum(walk.clean_s for walk in walks), 0),
        (goal.road_s, sum(walk.road_s for walk in walks), legs),
    )
    names = ("weight_planned", "weight_unassigned", "spray_s", "setup_s", "clean_s", "road_s")
    for name, (said, true, slack) in zip(names, parts, strict=True):
        if abs(said - true) > slack:
            yield Violation(code=Code.OBJECTIVE, amount=round(abs(said - true)), unit=name)
