"""Does the plan begin with what is done or under way, unchanged: rule 14."""

from collections.abc import Iterator
from dataclasses import replace

from dispatch.check.case import Case, truck_says
from dispatch.plan import Route, TruckRoute
from dispatch.violations import Code, Violation


def frozen_violations(case: Case) -> Iterator[Violation]:
    """Yield frozen visits and truck stops that are gone or changed, and additions to them."""
    routes = {(route.drone_id, route.day): route for route in reversed(case.plan.routes)}
    for frozen in case.problem.frozen_routes:
        yield from _route(frozen, routes.get((frozen.drone_id, frozen.day)))
    trucks = {(truck.crew_id, truck.day): truck for truck in reversed(case.plan.trucks)}
    for before in case.problem.frozen_trucks:
        yield from _truck(before, trucks.get((before.crew_id, before.day)))
    closed = {visit.block_id for route in case.problem.frozen_routes for visit in route.stops}
    closed |= {site.stop.name for site in case.sites if site.frozen}
    for row in case.rows:
        if not row.frozen and row.visit.block_id in closed:
            yield row.says(Code.FROZEN, what="block")


def _route(frozen: Route, route: Route | None) -> Iterator[Violation]:
    """Yield the frozen visits that a drone's day does not begin with."""
    stops = () if route is None else route.stops
    for at, visit in enumerate(frozen.stops):
        if at >= len(stops) or stops[at] != visit:
            yield Violation(
                code=Code.FROZEN,
                drone_id=frozen.drone_id,
                day=frozen.day,
                block_id=visit.block_id,
                job_id=visit.job_id,
                position=at,
            )


def _truck(frozen: TruckRoute, truck: TruckRoute | None) -> Iterator[Violation]:
    """Yield the frozen stops that a crew's day does not begin with.

    The last one may be left later than foreseen: the truck waits for its drones and for ``now_s``.
    """
    if truck is None or truck.depart_s != frozen.depart_s:
        amount = 0 if truck is None else abs(truck.depart_s - frozen.depart_s)
        unit = "" if truck is None else "s"
        yield truck_says(frozen, Code.FROZEN, amount=amount, unit=unit, what="depart_s")
    stops = () if truck is None else truck.stops
    for at, stop in enumerate(frozen.stops):
        now = stops[at] if at < len(stops) else None
        if now is not None and at == len(frozen.stops) - 1 and now.leave_s > stop.leave_s:
            now = replace(now, leave_s=stop.leave_s)
        if now != stop:
            yield truck_says(frozen, Code.FROZEN, at=at, what=stop.name)
