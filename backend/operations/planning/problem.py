"""Facts in, problem out."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

import shapely

import dispatch
from backend.operations import rules
from backend.operations.facts import (
    CrewFacts,
    DroneFacts,
    JobFacts,
    MixPointFacts,
    PinFacts,
    PlotFacts,
    Snapshot,
    WindowFacts,
    ZoneFacts,
)

Ring = tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What the dispatcher (the person) asked for; ``days`` counts from ``day``.

    ``forecast`` stamps the weather behind ``windows``; it is empty for windows given by hand.
    """

    day: date
    days: int = 1
    windows: tuple[WindowFacts, ...]
    pins: tuple[PinFacts, ...] = ()
    area_cap_centimu: int
    seconds: float
    seed: int
    workers: int = 1
    forecast: str = ""


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
    ``dispatch.InvalidProblem`` naming plot, drone or zone.
    """
    return dispatch.Problem(
        day=wish.day,
        days=wish.days,
        jobs=tuple(jobs_for(snapshot, wish)),
        drones=tuple(_drone(drone, wish.area_cap_centimu) for drone in snapshot.drones),
        crews=tuple(_crew(crew) for crew in snapshot.crews),
        windows=tuple(window(one) for one in wish.windows),
        zones=tuple(one for zone in snapshot.zones for one in _zones(zone)),
        mix_points=tuple(_mix_point(point) for point in snapshot.mix_points),
    )


def refusal_of_zone(zone: ZoneFacts) -> tuple[str, str, str] | None:
    """Return what the dispatcher refuses of a zone: field, Chinese and English; None: nothing."""
    try:
        tuple(_zones(zone))
    except dispatch.InvalidProblem as error:
        return error.field, error.zh, error.en
    return None


def refusal_of_mix_point(point: MixPointFacts) -> tuple[str, str, str] | None:
    """Return what the dispatcher refuses of a mixing point, as `refusal_of_zone` does."""
    try:
        _mix_point(point)
    except dispatch.InvalidProblem as error:
        return error.field, error.zh, error.en
    return None


def jobs_for(snapshot: Snapshot, wish: Wish) -> Iterator[dispatch.Job]:
    """Yield the snapshot's plots as the dispatcher's jobs; raises ``dispatch.InvalidProblem``."""
    jobs = {job.job_id: job for job in snapshot.jobs}
    drones = {drone.drone_id: drone.name for drone in snapshot.drones}
    pins: dict[tuple[UUID, UUID | None], PinFacts] = {
        (pin.job_id, pin.parcel_id): pin for pin in wish.pins
    }
    for plot in snapshot.plots:
        whole = pins.get((plot.job_id, None))
        pin = pins.get((plot.job_id, plot.parcel_id), whole)
        yield _job(plot, jobs[plot.job_id], wish, pin, drones)


def window(facts: WindowFacts) -> dispatch.Window:
    """Return a window as the dispatcher's."""
    return dispatch.Window(
        start_s=facts.start_s, end_s=facts.end_s, products=facts.products, areas=facts.areas
    )


def _job(
    plot: PlotFacts,
    job: JobFacts,
    wish: Wish,
    pin: PinFacts | None,
    drones: Mapping[UUID, str],
) -> dispatch.Job:
    key = job_key(job.number, plot.parcel_code)
    parts = _parts(plot.polygon)
    span = rules.span_of_days(wish.day, wish.days, job.earliest_at, job.latest_at)
    if span is None:
        raise dispatch.InvalidProblem(job.number, "day", "不在作业时间内", "is outside its window")
    pinned = ""
    if pin is not None and pin.drone_id is not None:
        if pin.drone_id not in drones:
            zh, en = "指定的无人机停飞", "is pinned to a drone that stays on the ground"
            raise dispatch.InvalidProblem(key, "pinned_drone_id", zh, en)
        pinned = drones[pin.drone_id]
    access = parts[0][0][0]
    return dispatch.Job(
        job_id=key,
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
        skills=job.skills,
        harvest_on=job.harvest_on,
        pre_harvest_days=job.pre_harvest_days,
        pinned_drone_id=pinned,
        pinned_day=-1 if pin is None else pin.day,
    )


def _zones(zone: ZoneFacts) -> Iterator[dispatch.Zone]:
    """Yield a zone's parts, numbered from the second on."""
    for number, part in enumerate(_parts(zone.polygon), start=1):
        yield dispatch.Zone(
            zone_id=zone.name if number == 1 else f"{zone.name}·{number}",
            rings=part,
            buffer_m=zone.buffer_m,
            products=zone.products,
            kind=dispatch.ZoneKind(zone.kind),
        )


def _mix_point(point: MixPointFacts) -> dispatch.MixPoint:
    return dispatch.MixPoint(
        point_id=point.name,
        place=point.place,
        fill_s=point.fill_s,
        open_s=point.open_s,
        close_s=point.close_s,
    )


def _drone(drone: DroneFacts, area_cap_centimu: int) -> dispatch.Drone:
    return dispatch.Drone(
        drone_id=drone.name,
        crew_id=str(drone.crew_id),
        registration=drone.registration_no,
        insured_until=drone.insured_until,
        machine=dispatch.catalogue()[drone.model],
        area_cap_centimu=area_cap_centimu,
        skills=drone.skills,
    )


def _crew(crew: CrewFacts) -> dispatch.Crew:
    return dispatch.Crew(
        crew_id=str(crew.crew_id),
        home=crew.home,
        shift_start_s=crew.shift_s[0],
        shift_end_s=crew.shift_s[1],
        pilots=crew.pilots,
        cluster_permit=crew.cluster_permit,
        water_ml=crew.water_ml,
        rests=tuple(dispatch.Rest(start_s=start, end_s=end) for start, end in crew.rests),
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
