"""The plan as a GeoJSON FeatureCollection (RFC 7946), ready for a map program."""

import json
from typing import Any

from dispatch.model import Job, Problem
from dispatch.plan import Plan, Route


def geojson(problem: Problem, plan: Plan) -> str:
    """Return plots, launch sites and truck routes as features told apart by ``kind``."""
    jobs = {job.job_id: job for job in problem.jobs}
    drones = {drone.drone_id: drone for drone in problem.drones}
    homes = {crew.crew_id: crew.home for crew in problem.crews}
    features: list[dict[str, Any]] = []
    for route in plan.routes:
        home = homes[drones[route.drone_id].crew_id]
        features += _plots(route, jobs)
        features += _truck(route, jobs, home)
    for row in plan.unassigned:
        facts = {"kind": "unassigned", "job_id": row.job_id, "cause": row.cause.value}
        features.append(_feature(_shape(jobs[row.job_id]), facts))
    for zone in problem.zones:
        shape = {"type": "Polygon", "coordinates": zone.rings}
        about = {"kind": "no_spray_zone", "zone_id": zone.zone_id, "buffer_m": zone.buffer_m}
        features.append(_feature(shape, about))
    return json.dumps({"type": "FeatureCollection", "features": features}, ensure_ascii=False)


def _feature(geometry: dict[str, Any], facts: dict[str, Any]) -> dict[str, Any]:
    """Return one feature."""
    return {"type": "Feature", "geometry": geometry, "properties": facts}


def _shape(job: Job) -> dict[str, Any]:
    """Return the plot's polygon, or its access point when it has none."""
    if job.rings:
        return {"type": "Polygon", "coordinates": job.rings}
    return {"type": "Point", "coordinates": job.access}


def _plots(route: Route, jobs: dict[str, Job]) -> list[dict[str, Any]]:
    """Return the plots of a route with their times."""
    return [
        _feature(
            _shape(jobs[visit.job_id]),
            {
                "kind": "plot",
                "drone_id": route.drone_id,
                "job_id": visit.job_id,
                "order_id": jobs[visit.job_id].order_id,
                "block_id": visit.block_id,
                "position": position,
                "start_s": visit.start_s,
                "finish_s": visit.finish_s,
                "area_centimu": visit.area_centimu,
            },
        )
        for position, visit in enumerate(route.stops)
    ]


def _truck(route: Route, jobs: dict[str, Job], home: tuple[float, float]) -> list[dict[str, Any]]:
    """Return the launch sites and the line the truck drives over them, home to home."""
    sites: list[tuple[str, tuple[float, float], int]] = []
    for visit in route.stops:
        if not sites or sites[-1][0] != visit.block_id:
            sites.append((visit.block_id, jobs[visit.job_id].access, visit.arrive_s))
    track = [home, *[place for _, place, _ in sites], home]
    drive = _feature(
        {"type": "LineString", "coordinates": track},
        {
            "kind": "truck_route",
            "drone_id": route.drone_id,
            "depart_s": route.depart_s,
            "return_s": route.return_s,
        },
    )
    launches = [
        _feature(
            {"type": "Point", "coordinates": place},
            {
                "kind": "launch_site",
                "drone_id": route.drone_id,
                "block_id": block_id,
                "arrive_s": arrive_s,
            },
        )
        for block_id, place, arrive_s in sites
    ]
    return [drive, *launches]
