"""Facts in, problem out."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import shapely

import dispatch
from backend.operations import rules
from backend.operations.facts import DroneFacts, JobFacts, PlotFacts, Snapshot, WindowFacts

Ring = tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What the dispatcher (the person) asked for; ``days`` counts from ``day``."""

    day: date
    days: int = 1
    windows: tuple[WindowFacts, ...]
    area_cap_centimu: int
    seconds: float
    seed: int
    workers: int = 1


def models() -> frozenset[str]:
    """Return the machines whose data the dispatcher has (机型)."""
    return frozenset(dispatch.catalogue())


def job_key(number: str, parcel_code: str) -> str:
    """Return a plot's name in problem and plan: the order's number and the parcel's code."""
    return f"{number}/{parcel_code}"


def area_of(place: tuple[float, float]) -> str:
    """Return the weather area of a place: its square of a tenth of a degree, about 10 km.

    The name is the square's middle, so the place to ask the weather for is in it.
    """
    return f"{place[0]:.1f},{place[1]:.1f}"


def problem_for(snapshot: Snapshot, wish: Wish) -> dispatch.Problem:
    """Turn a snapshot into the dispatcher's problem.

    The truck is taken to stand at the first corner of a plot's boundary. Raises
    ``dispatch.InvalidProblem`` naming plot or drone.
    """
    jobs = {job.job_id: job for job in snapshot.jobs}
    crews = {drone.crew_id: drone.home for drone in snapshot.drones}
    return dispatch.Problem(
        day=wish.day,
        days=wish.days,
        jobs=tuple(_job(plot, jobs[plot.job_id], wish) for plot in snapshot.plots),
        drones=tuple(_drone(drone, wish.area_cap_centimu) for drone in snapshot.drones),
        crews=tuple(
            dispatch.Crew(crew_id=str(crew_id), home=home) for crew_id, home in crews.items()
        ),
        windows=tuple(
            dispatch.Window(
                start_s=one.start_s, end_s=one.end_s, products=one.products, areas=one.areas
            )
            for one in wish.windows
        ),
    )


def _job(plot: PlotFacts, job: JobFacts, wish: Wish) -> dispatch.Job:
    parts = _parts(plot.polygon)
    span = rules.span_of_days(wish.day, wish.days, job.earliest_at, job.latest_at)
    if span is None:
        raise dispatch.InvalidProblem(job.number, "day", "不在作业时间内", "is outside its window")
    access = parts[0][0][0]
    return dispatch.Job(
        job_id=job_key(job.number, plot.parcel_code),
        order_id=job.number,
        area_centimu=plot.area_centimu,
        access=access,
        product=job.product,
        parts=parts,
        collective_id=str(job.source_org_id),
        area_id=area_of(access),
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


def _parts(geometry: Mapping[str, Any]) -> tuple[tuple[Ring, ...], ...]:
    """Return the rings of each part of a GeoJSON (multi)polygon."""
    shape = shapely.from_geojson(json.dumps(geometry))
    if isinstance(shape, shapely.MultiPolygon):
        parts = tuple(shape.geoms)
    elif isinstance(shape, shapely.Polygon):
        parts = (shape,)
    else:
        raise dispatch.InvalidProblem("plot", "polygon", "不是面", "is no polygon")
    return tuple(
        tuple(_ring(ring.coords) for ring in (part.exterior, *part.interiors)) for part in parts
    )


def _ring(coordinates: Sequence[Sequence[float]]) -> Ring:
    return tuple((float(point[0]), float(point[1])) for point in coordinates)
