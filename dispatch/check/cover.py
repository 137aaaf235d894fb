"""Is everything named once, and does every name exist: rules 3 to 5."""

from collections import Counter
from collections.abc import Iterator

from dispatch.check.case import Case, Row
from dispatch.violations import Code, Violation


def cover_violations(case: Case) -> Iterator[Violation]:
    """Yield what is unknown, missing, repeated, or on no day of the horizon."""
    if case.plan.day != case.problem.day:
        days = abs((case.plan.day - case.problem.day).days)
        yield Violation(code=Code.DAY, amount=days, unit="days")
    yield from _jobs(case)
    yield from _routes(case)
    yield from _trucks(case)
    yield from _blocks(case)


def _jobs(case: Case) -> Iterator[Violation]:
    """Yield jobs planned or left out more than once, or neither, and unknown ones."""
    counts = Counter(visit.job_id for route in case.plan.routes for visit in route.stops)
    counts.update(row.job_id for row in case.plan.unassigned)
    for job_id, count in counts.items():
        if count > 1:
            yield Violation(code=Code.REPEATED_JOB, job_id=job_id, amount=count - 1, unit="count")
    for route in case.plan.routes:
        for at, visit in enumerate(route.stops):
            if visit.job_id not in case.jobs:
                yield Violation(
                    code=Code.UNKNOWN_JOB,
                    drone_id=route.drone_id,
                    day=route.day,
                    block_id=visit.block_id,
                    job_id=visit.job_id,
                    position=at,
                )
    for row in case.plan.unassigned:
        if row.job_id not in case.jobs:
            yield Violation(code=Code.UNKNOWN_JOB, job_id=row.job_id)
    for job_id in case.jobs:
        if job_id not in counts:
            yield Violation(code=Code.MISSING_JOB, job_id=job_id)


def _routes(case: Case) -> Iterator[Violation]:
    """Yield unknown drones, days outside the horizon, and second routes of a drone on a day."""
    counts = Counter((route.drone_id, route.day) for route in case.plan.routes)
    for (drone_id, day), count in counts.items():
        if drone_id not in case.drones:
            yield Violation(code=Code.UNKNOWN_DRONE, drone_id=drone_id, day=day)
        if not 0 <= day < case.problem.days:
            yield Violation(code=Code.HORIZON, drone_id=drone_id, day=day)
        if count > 1:
            yield Violation(
                code=Code.REPEATED_ROUTE,
                drone_id=drone_id,
                day=day,
                amount=count - 1,
                unit="count",
            )


def _trucks(case: Case) -> Iterator[Violation]:
    """Yield unknown crews, days outside the horizon, and second truck routes of a crew on a day."""
    counts = Counter((truck.crew_id, truck.day) for truck in case.plan.trucks)
    for (crew_id, day), count in counts.items():
        if crew_id not in case.crews:
            yield Violation(code=Code.UNKNOWN_CREW, crew_id=crew_id, day=day)
        if not 0 <= day < case.problem.days:
            yield Violation(code=Code.HORIZON, crew_id=crew_id, day=day)
        if count > 1:
            yield Violation(
                code=Code.REPEATED_TRUCK, crew_id=crew_id, day=day, amount=count - 1, unit="count"
            )


def _blocks(case: Case) -> Iterator[Violation]:
    """Yield block ids used twice, blocks without a truck stop, mixed and interrupted blocks."""
    for name, count in Counter(site.stop.name for site in case.sites).items():
        if count > 1:
            yield Violation(code=Code.REPEATED_BLOCK, block_id=name, amount=count - 1, unit="count")
    for site in case.sites:
        if not site.rows and not site.frozen:
            yield Violation(
                code=Code.EMPTY_STOP,
                crew_id=site.truck.crew_id,
                day=site.truck.day,
                block_id=site.stop.name,
                position=site.at,
            )
        for row in site.rows:
            if row.visit.product != site.product:
                yield row.says(Code.MIXED_BLOCK, what=site.product)
    yield from _visits(case.rows)


def _visits(rows: list[Row]) -> Iterator[Violation]:
    """Yield visits without a launch site, and those that open a block their drone has left."""
    opened: set[tuple[str, int, str]] = set()
    for row in rows:
        if row.site is None:
            yield row.says(Code.BLOCK)
        key = (row.drone.drone_id, row.route.day, row.visit.block_id)
        if row.opens:
            if key in opened:
                yield row.says(Code.REPEATED_BLOCK)
            opened.add(key)
