"""The plan as a GeoJSON FeatureCollection (RFC 7946), ready for a map program."""

import json
from itertools import pairwise
from typing import Any

from dispatch.model import Job, Polygon, Problem, Ring
from dispatch.plan import Plan, TruckStopKind
from dispatch.render.agenda import CrewDay, Halt, crew_days, jobs_of


def geojson(problem: Problem, plan: Plan, *, day: int | None = None) -> str:
    """Return the plan, or one day of it, as features told apart by ``kind``.

    Kinds are ``plot``, ``truck_route``, ``launch_site``, ``mix_point``, ``no_spray_zone``,
    ``no_fly_zone`` and ``unassigned``; times are seconds from midnight of the plan's first day.
    """
    jobs = jobs_of(problem, plan)
    frozen = {visit.job_id for route in problem.frozen_routes for visit in route.stops}
    days = crew_days(problem, plan, day)
    features: list[dict[str, Any]] = []
    for one in days:
        features += _plots(one, jobs, frozen)
        features += _truck(one)
    features += _mix_points(problem, days)
    for row in plan.unassigned:
        facts = {"kind": "unassigned", "job_id": row.job_id, "cause": row.cause.value}
        features.append(_feature(_shape(jobs[row.job_id]), facts))
    for zone in problem.zones:
        about = {
            "kind": f"{zone.kind.value}_zone",
            "zone_id": zone.zone_id,
            "buffer_m": zone.buffer_m,
            "products": zone.products,
        }
        shape = {"type": "Polygon", "coordinates": _rings(zone.rings)}
        features.append(_feature(shape, about))
    return json.dumps({"type": "FeatureCollection", "features": features}, ensure_ascii=False)


def _feature(geometry: dict[str, Any], facts: dict[str, Any]) -> dict[str, Any]:
    """Return one feature."""
    return {"type": "Feature", "geometry": geometry, "properties": facts}


def _rings(polygon: Polygon) -> list[Ring]:
    """Return rings turned as RFC 7946 wants them: the outer one leftwards, holes rightwards."""
    return [
        ring if (_twice_area(ring) > 0) == (number == 0) else ring[::-1]
        for number, ring in enumerate(polygon)
    ]


def _twice_area(ring: Ring) -> float:
    """Return twice the signed area in square degrees; positive runs against the clock."""
    x0, y0 = ring[0]
    return sum((a[0] - x0) * (b[1] - y0) - (b[0] - x0) * (a[1] - y0) for a, b in pairwise(ring))


def _shape(job: Job) -> dict[str, Any]:
    """Return the plot's polygons, or its access point when it has none."""
    if not job.parts:
        return {"type": "Point", "coordinates": job.access}
    if len(job.parts) == 1:
        return {"type": "Polygon", "coordinates": _rings(job.parts[0])}
    return {"type": "MultiPolygon", "coordinates": [_rings(part) for part in job.parts]}


def _plots(one: CrewDay, jobs: dict[str, Job], frozen: set[str]) -> list[dict[str, Any]]:
    """Return a crew's plots of a day in each drone's order."""
    return [
        _feature(
            _shape(jobs[visit.job_id]),
            {
                "kind": "plot",
                "day": one.day,
                "crew_id": one.crew.crew_id,
                "drone_id": drone.drone_id,
                "job_id": visit.job_id,
                "order_id": jobs[visit.job_id].order_id,
                "block_id": visit.block_id,
                "product": visit.product,
                "position": position,
                "start_s": visit.start_s,
                "finish_s": visit.finish_s,
                "area_centimu": visit.area_centimu,
                "liquid_ml": visit.liquid_ml,
                "heading_cdeg": visit.heading_cdeg,
                "halts": visit.halts,
                "frozen": visit.job_id in frozen,
            },
        )
        for drone, route in one.routes
        for position, visit in enumerate(route.stops)
    ]


def _truck(one: CrewDay) -> list[dict[str, Any]]:
    """Return the line the truck drives, home to home, and its launch sites."""
    home = one.crew.home
    track = [home, *[halt.stop.place for halt in one.halts], home]
    facts = {
        "kind": "truck_route",
        "day": one.day,
        "crew_id": one.crew.crew_id,
        "depart_s": one.truck.depart_s,
        "return_s": one.truck.return_s,
    }
    drive = _feature({"type": "LineString", "coordinates": track}, facts)
    sites = [halt for halt in one.halts if halt.stop.kind is TruckStopKind.SITE]
    return [drive, *[_site(one, halt) for halt in sites]]


def _site(one: CrewDay, halt: Halt) -> dict[str, Any]:
    """Return a launch site."""
    facts = {
        "kind": "launch_site",
        "day": one.day,
        "crew_id": one.crew.crew_id,
        "block_id": halt.stop.name,
        "drone_ids": sorted({drone.drone_id for drone, _ in halt.visits}),
        "arrive_s": halt.stop.arrive_s,
        "leave_s": halt.stop.leave_s,
        "area_centimu": halt.area_centimu,
        "water_ml": halt.stop.water_ml,
    }
    return _feature({"type": "Point", "coordinates": halt.stop.place}, facts)


def _mix_points(problem: Problem, days: tuple[CrewDay, ...]) -> list[dict[str, Any]]:
    """Return every mixing point of the problem with the fillings of the plan."""
    found = []
    for point in problem.mix_points:
        fillings = [
            {
                "day": one.day,
                "crew_id": one.crew.crew_id,
                "arrive_s": halt.stop.arrive_s,
                "leave_s": halt.stop.leave_s,
            }
            for one in days
            for halt in one.halts
            if halt.stop.kind is TruckStopKind.MIX and halt.stop.name == point.point_id
        ]
        facts = {
            "kind": "mix_point",
            "point_id": point.point_id,
            "open_s": point.open_s,
            "close_s": point.close_s,
            "fillings": fillings,
        }
        found.append(_feature({"type": "Point", "coordinates": point.place}, facts))
    return found
