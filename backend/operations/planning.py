"""The one file where the service meets the dispatcher: facts in, problem; plan out, stops.

`solve_in_child` runs in a process of its own: building the problem, solving, checking and writing
the stops keep a processor busy for seconds, and nothing of that may hold up the service.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from multiprocessing.connection import Connection
from multiprocessing.synchronize import Event
from typing import Any, Literal
from uuid import UUID

import shapely

import dispatch
from backend.operations import rules
from backend.operations.facts import DroneFacts, JobFacts, PlotFacts, Snapshot
from dispatch import render

View = Literal["geojson", "map", "gantt"]
_VIEWS: Mapping[View, Callable[[dispatch.Problem, dispatch.Plan], str]] = {
    "geojson": render.geojson,
    "map": render.svg_map,
    "gantt": render.svg_gantt,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What the dispatcher (the person) asked for: seconds from local midnight of ``day``."""

    day: date
    windows: tuple[tuple[int, int], ...]
    area_cap_centimu: int
    seconds: float
    seed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StopRow:
    """A stop as it is stored; ``seq`` counts a drone's stops from 1."""

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


def models() -> frozenset[str]:
    """Return the machines whose data the dispatcher has (机型)."""
    return frozenset(dispatch.catalogue())


def job_key(number: str, parcel_code: str) -> str:
    """Return a plot's name in problem and plan: the order's number and the parcel's code."""
    return f"{number}/{parcel_code}"


def problem_for(snapshot: Snapshot, wish: Wish) -> dispatch.Problem:
    """Turn a snapshot into the dispatcher's problem.

    The truck is taken to stand at the first corner of a plot's boundary; a plot of several parts
    counts as the hull around them. Raises ``dispatch.InvalidProblem`` naming plot or drone.
    """
    jobs = {job.job_id: job for job in snapshot.jobs}
    crews = {drone.crew_id: drone.home for drone in snapshot.drones}
    return dispatch.Problem(
        day=wish.day,
        jobs=tuple(_job(plot, jobs[plot.job_id], wish.day) for plot in snapshot.plots),
        drones=tuple(_drone(drone, wish.area_cap_centimu) for drone in snapshot.drones),
        crews=tuple(
            dispatch.Crew(crew_id=str(crew_id), home=home) for crew_id, home in crews.items()
        ),
        windows=tuple(dispatch.Window(start_s=start, end_s=end) for start, end in wish.windows),
    )


def record_plan(plan: dispatch.Plan, snapshot: Snapshot, day: date) -> tuple[StopRow, ...]:
    """Return a plan's stops as rows, in UTC and with our keys."""
    numbers = {job.job_id: job.number for job in snapshot.jobs}
    plots = {job_key(numbers[p.job_id], p.parcel_code): p for p in snapshot.plots}
    drones = {drone.name: drone.drone_id for drone in snapshot.drones}
    return tuple(
        StopRow(
            drone_id=drones[route.drone_id],
            seq=seq,
            job_id=plots[visit.job_id].job_id,
            parcel_id=plots[visit.job_id].parcel_id,
            start_at=rules.local_instant(day, visit.start_s),
            finish_at=rules.local_instant(day, visit.finish_s),
            area_centimu=visit.area_centimu,
            liquid_ml=visit.liquid_ml,
        )
        for route in plan.routes
        for seq, visit in enumerate(route.stops, start=1)
    )


def solve_in_child(snapshot: Snapshot, wish: Wish, out: Connection, finish: Event) -> None:
    """Solve and check; send ``("progress", …)`` on the way and ``("solved"|"refused", …)`` last."""

    def tell(progress: dispatch.Progress) -> None:
        out.send(("progress", asdict(progress)))

    try:
        problem = problem_for(snapshot, wish)
        plan = dispatch.solve(
            problem,
            stop=dispatch.Stop(seconds=wish.seconds, cancelled=finish.is_set),
            seed=wish.seed,
            on_progress=tell,
        )
    except dispatch.InvalidProblem as error:
        out.send(("refused", error.zh))
        return
    solved = Solved(
        problem=json.loads(problem.to_json()),
        plan=json.loads(plan.to_json()),
        ordered_centimu=sum(job.area_centimu for job in problem.jobs),
        planned_centimu=plan.totals.area_centimu,
        violations=tuple(one.sentence() for one in dispatch.check(problem, plan)),
        stops=record_plan(plan, snapshot, wish.day),
    )
    out.send(("solved", solved))


def picture(problem: Mapping[str, Any], plan: Mapping[str, Any], view: View) -> str:
    """Draw a stored plan: GeoJSON, the map, or the drones' day (SVG)."""
    return _VIEWS[view](
        dispatch.Problem.from_json(json.dumps(problem)), dispatch.Plan.from_json(json.dumps(plan))
    )


def left_out(plan: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return the plots that a stored plan leaves out (`job_key`) with their causes."""
    return [(row["job_id"], row["cause"]) for row in plan["unassigned"]]


def _job(plot: PlotFacts, job: JobFacts, day: date) -> dispatch.Job:
    rings = _rings(plot.polygon)
    span = rules.span_on_day(day, job.earliest_at, job.latest_at)
    if span is None:
        raise dispatch.InvalidProblem(job.number, "day", "不在作业时间内", "is outside its window")
    return dispatch.Job(
        job_id=job_key(job.number, plot.parcel_code),
        order_id=job.number,
        area_centimu=plot.area_centimu,
        access=rings[0][0],
        product=job.product,
        rings=rings,
        liquid_ml_per_mu=job.liquid_ml_per_mu,
        earliest_s=span[0],
        latest_s=span[1],
        priority=job.priority,
    )


def _drone(drone: DroneFacts, area_cap_centimu: int) -> dispatch.Drone:
    return dispatch.Drone(
        drone_id=drone.name,
        crew_id=str(drone.crew_id),
        registration=drone.registration_no,
        insured_until=drone.insured_until,
        machine=dispatch.catalogue()[drone.model],
        area_cap_centimu=area_cap_centimu,
    )


def _rings(geometry: Mapping[str, Any]) -> tuple[tuple[tuple[float, float], ...], ...]:
    """Return the rings of a GeoJSON polygon; of several parts, the hull's one ring."""
    shape = shapely.from_geojson(json.dumps(geometry))
    if not isinstance(shape, shapely.Polygon):
        shape = shapely.convex_hull(shape)
    if not isinstance(shape, shapely.Polygon):
        raise dispatch.InvalidProblem("plot", "polygon", "不是面", "is no polygon")
    return tuple(_ring(ring.coords) for ring in (shape.exterior, *shape.interiors))


def _ring(coordinates: Sequence[Sequence[float]]) -> tuple[tuple[float, float], ...]:
    return tuple((float(point[0]), float(point[1])) for point in coordinates)
