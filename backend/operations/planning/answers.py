"""Plan out: stops for the database, pictures and listings for people."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

import dispatch
from backend.operations import rules
from backend.operations.facts import Snapshot
from backend.operations.planning.problem import job_key
from dispatch import render

View = Literal["geojson", "map", "gantt"]
_VIEWS: Mapping[View, Callable[[dispatch.Problem, dispatch.Plan], str]] = {
    "geojson": render.geojson,
    "map": render.svg_map,
    "gantt": render.svg_gantt,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """What the documents' names stand for: drones, and plots as (job, parcel)."""

    drones: Mapping[str, UUID]
    plots: Mapping[str, tuple[UUID, UUID]]

    @classmethod
    def of(cls, snapshot: Snapshot) -> "Names":
        """Return the names that a problem made of ``snapshot`` uses."""
        numbers = {job.job_id: job.number for job in snapshot.jobs}
        return cls(
            drones={drone.name: drone.drone_id for drone in snapshot.drones},
            plots={
                job_key(numbers[plot.job_id], plot.parcel_code): (plot.job_id, plot.parcel_id)
                for plot in snapshot.plots
            },
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class StopRow:
    """A stop as it is stored; ``seq`` counts a drone's stops over all days from 1."""

    drone_id: UUID
    seq: int
    job_id: UUID
    parcel_id: UUID
    start_at: datetime
    finish_at: datetime
    area_centimu: int
    liquid_ml: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Solved:
    """A plan with its check, as documents and as stops; areas in 0.01 mu."""

    problem: dict[str, Any]
    plan: dict[str, Any]
    ordered_centimu: int
    planned_centimu: int
    violations: tuple[str, ...]
    stops: tuple[StopRow, ...]


def solved(problem: dispatch.Problem, plan: dispatch.Plan, names: Names) -> Solved:
    """Check a plan and return what is stored of it."""
    rows = stop_rows(problem, plan, names)
    frozen = {stop.job_id for route in problem.frozen_routes for stop in route.stops}
    return Solved(
        problem=json.loads(problem.to_json()),
        plan=json.loads(plan.to_json()),
        ordered_centimu=sum(job.area_centimu for job in problem.jobs if job.job_id not in frozen),
        planned_centimu=sum(row.area_centimu for row in rows),
        violations=tuple(one.sentence() for one in dispatch.check(problem, plan)),
        stops=rows,
    )


def stop_rows(problem: dispatch.Problem, plan: dispatch.Plan, names: Names) -> tuple[StopRow, ...]:
    """Return a plan's stops as rows, in UTC and with our keys.

    What is frozen belongs to the plan that was flown before and is left out.
    """
    frozen = {stop.job_id for route in problem.frozen_routes for stop in route.stops}
    rows: list[StopRow] = []
    count: dict[str, int] = {}
    for route in sorted(plan.routes, key=lambda one: (one.drone_id, one.day)):
        for visit in route.stops:
            if visit.job_id in frozen:
                continue
            seq = count[route.drone_id] = count.get(route.drone_id, 0) + 1
            job_id, parcel_id = names.plots[visit.job_id]
            rows.append(
                StopRow(
                    drone_id=names.drones[route.drone_id],
                    seq=seq,
                    job_id=job_id,
                    parcel_id=parcel_id,
                    start_at=rules.local_instant(plan.day, visit.start_s),
                    finish_at=rules.local_instant(plan.day, visit.finish_s),
                    area_centimu=visit.area_centimu,
                    liquid_ml=visit.liquid_ml,
                )
            )
    return tuple(rows)


def read(
    problem: Mapping[str, Any], plan: Mapping[str, Any]
) -> tuple[dispatch.Problem, dispatch.Plan]:
    """Read a stored problem and its plan."""
    return (
        dispatch.Problem.from_json(json.dumps(problem)),
        dispatch.Plan.from_json(json.dumps(plan)),
    )


def picture(problem: Mapping[str, Any], plan: Mapping[str, Any], view: View) -> str:
    """Draw a stored plan: GeoJSON, the map, or the drones' day (SVG)."""
    return _VIEWS[view](*read(problem, plan))


def left_out(plan: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return the plots that a stored plan leaves out (`job_key`) with their causes."""
    return [(row["job_id"], row["cause"]) for row in plan["unassigned"]]
