"""What of a plan is done, in the air or under way at a moment, and so no longer to be planned."""

import math
from collections.abc import Collection
from dataclasses import replace

from dispatch.model import Problem
from dispatch.physics import distance_m, fly_s, plot_of, road_s
from dispatch.plan import Plan, Route, TruckRoute, TruckStop, TruckStopKind, Visit

HOLD_S = 900
"""Visits that begin so soon are flown as planned."""


def freeze(
    problem: Problem,
    plan: Plan,
    *,
    now_s: int,
    broken: Collection[str] = (),
    by_visit: bool = False,
) -> tuple[tuple[Route, ...], tuple[TruckRoute, ...]]:
    """Return the beginnings of all routes that stay as they are.

    At a launch site where the truck stands by now, visits that begin within `HOLD_S` stay: crews do
    not stop to wait for a new plan. Of drones that are ``broken`` only what they have finished
    stays, and with ``by_visit`` (it rains) only visits that have begun. A plot that a broken drone
    was over is free again, whole.
    """
    reached = {
        stop.name
        for truck in plan.trucks
        for stop in truck.stops
        if stop.kind is TruckStopKind.SITE and stop.arrive_s <= now_s
    }

    def stays(drone_id: str, visit: Visit) -> bool:
        if drone_id in broken:
            return visit.finish_s <= now_s
        if by_visit:
            return visit.start_s < now_s
        return visit.block_id in reached and visit.start_s <= now_s + HOLD_S

    routes = tuple(
        replace(route, stops=kept)
        for route in plan.routes
        if (kept := tuple(one for one in route.stops if stays(route.drone_id, one)))
    )
    kept_of: dict[str, list[tuple[str, Visit]]] = {}
    for route in routes:
        for visit in route.stops:
            kept_of.setdefault(visit.block_id, []).append((route.drone_id, visit))
    trucks = tuple(
        cut
        for truck in plan.trucks
        if (cut := _cut(problem, truck, kept_of, now_s=now_s)) is not None
    )
    return routes, trucks


def _cut(
    problem: Problem,
    truck: TruckRoute,
    kept_of: dict[str, list[tuple[str, Visit]]],
    *,
    now_s: int,
) -> TruckRoute | None:
    """Return a truck's day up to its last stop that stays, None when it has not begun."""
    stops: list[TruckStop] = []
    for stop in truck.stops:
        if stop.kind is TruckStopKind.MIX:
            if stop.arrive_s > now_s:
                break
            stops.append(stop)
        elif stop.name in kept_of:
            stops.append(_shortened(problem, truck, stop, kept_of[stop.name]))
    if not stops:
        return None
    home = next(crew.home for crew in problem.crews if crew.crew_id == truck.crew_id)
    back_s = road_s(distance_m(stops[-1].place, home), problem.settings)
    return replace(truck, stops=tuple(stops), return_s=stops[-1].leave_s + back_s)


def _shortened(
    problem: Problem, truck: TruckRoute, stop: TruckStop, kept: list[tuple[str, Visit]]
) -> TruckStop:
    """Return a launch site with only some of its visits: when its last drone lands, water left."""
    jobs = {job.job_id: job for job in problem.jobs}
    machines = {drone.drone_id: drone.machine for drone in problem.drones}
    last: dict[str, Visit] = {}
    for drone_id, visit in kept:
        if drone_id not in last or visit.start_s > last[drone_id].start_s:
            last[drone_id] = visit
    leave_s = 0
    for drone_id, visit in last.items():
        centre = plot_of(0, jobs[visit.job_id], 0).centre
        back_s = math.ceil(fly_s(distance_m(centre, stop.place), machines[drone_id]))
        leave_s = max(leave_s, visit.finish_s + back_s)
    water = stop.water_ml
    if water is not None:
        water = _water_before(problem, truck, stop) - sum(visit.liquid_ml for _, visit in kept)
    return replace(stop, leave_s=leave_s, water_ml=water)


def _water_before(problem: Problem, truck: TruckRoute, stop: TruckStop) -> int:
    """Return the water on board when the truck came to a stop."""
    at = truck.stops.index(stop)
    crew = next(one for one in problem.crews if one.crew_id == truck.crew_id)
    before = truck.stops[at - 1].water_ml if at else crew.water_ml
    return before or 0
