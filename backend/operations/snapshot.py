"""What a plan is made from: one reading of jobs, plots, fleet and places, and its hash."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import text

from backend.core.db import ReadSession, WriteSession
from backend.operations import rules
from backend.operations.facts import (
    CrewFacts,
    DroneFacts,
    JobFacts,
    MixPointFacts,
    PlotFacts,
    Snapshot,
    ZoneFacts,
)
from backend.operations.rules import Grounding

_HASH = text(
    """
    SELECT encode(sha256(convert_to(coalesce(string_agg(fact, E'\\n' ORDER BY fact), ''), 'UTF8')),
                  'hex')
    FROM (
      SELECT 'job ' || j.id || ' ' || j.state AS fact FROM spray_job j
      WHERE j.org_id = :org AND j.id = ANY(:jobs)
      UNION ALL
      SELECT 'plot ' || s.job_id || ' ' || s.parcel_id FROM plan_stop s
      WHERE :with_done AND s.org_id = :org AND s.job_id = ANY(:jobs) AND s.state = 'done'
      UNION ALL
      SELECT 'zone ' || z.id || ' ' || z.row_version FROM spray_zone z
      WHERE z.org_id = :org AND z.in_use
      UNION ALL
      SELECT 'water ' || m.id || ' ' || m.row_version FROM mix_point m
      WHERE m.org_id = :org AND m.in_use
      UNION ALL
      SELECT 'drone ' || d.id || ' ' || d.row_version || ' ' || c.id || ' ' || c.row_version
      FROM drone d JOIN crew c ON c.org_id = d.org_id AND c.id = d.crew_id
      WHERE d.org_id = :org AND d.id = ANY(:drones)) facts
    """
)
_JOBS = text(
    """
    SELECT id, number, source_org_id, state, product, product_kind, liquid_ml_per_mu, earliest_at,
           latest_at, priority, skills, harvest_on, pre_harvest_days
    FROM spray_job WHERE org_id = :org AND id = ANY(:jobs) ORDER BY id
    """
)
_OPEN_PLOTS = """
    FROM spray_job_plot p
    WHERE p.org_id = :org AND p.job_id = ANY(:jobs)
      AND NOT EXISTS (SELECT FROM plan_stop s WHERE s.org_id = p.org_id AND s.job_id = p.job_id
        AND s.parcel_id = p.parcel_id AND s.state = 'done')
"""
_PLOTS = text(
    f"""
    SELECT p.job_id, p.parcel_id, p.parcel_code, p.area_centimu, p.polygon {_OPEN_PLOTS}
    ORDER BY p.job_id, p.parcel_code, p.parcel_id
    """
)
_DRONES = text(
    """
    SELECT d.id, d.name, d.state, d.registration_no, d.model, d.insured_until, d.crew_id, d.skills,
           c.certificate_until, c.home_lon, c.home_lat, c.pilots, c.cluster_permit, c.water_ml,
           c.rests, c.shift_start_s, c.shift_end_s,
           EXISTS (SELECT FROM drone_day y WHERE y.org_id = d.org_id AND y.drone_id = d.id
             AND y.day BETWEEN :day AND :last_day) AS busy
    FROM drone d JOIN crew c ON c.org_id = d.org_id AND c.id = d.crew_id
    WHERE d.org_id = :org AND d.id = ANY(:drones) ORDER BY d.name, d.id
    """
)
_ZONES = text(
    """
    SELECT name, kind, polygon, buffer_m, products FROM spray_zone
    WHERE org_id = :org AND in_use ORDER BY name
    """
)
_MIX_POINTS = text(
    """
    SELECT name, lon, lat, fill_s, open_s, close_s FROM mix_point
    WHERE org_id = :org AND in_use ORDER BY name
    """
)
_Session = ReadSession | WriteSession


@dataclass(frozen=True, slots=True, kw_only=True)
class Fit:
    """The drones that may fly with their crews, and those that may not with the cause."""

    drones: tuple[DroneFacts, ...]
    crews: tuple[CrewFacts, ...]
    grounded: tuple[tuple[UUID, str, Grounding], ...]


async def digest(
    session: _Session,
    *,
    org_id: int,
    job_ids: Sequence[UUID],
    drone_ids: Sequence[UUID],
    with_done: bool = True,
) -> str:
    """Return the hash of job states, plots done, and versions of drones, crews and places.

    ``with_done`` is off for a plan that is under way: its crews report all the time.
    """
    values = {"org": org_id, "jobs": list(job_ids), "drones": list(drone_ids)}
    return str(await session.scalar(_HASH, values | {"with_done": with_done}))


async def open_centimu(session: _Session, *, org_id: int, job_ids: Sequence[UUID]) -> int:
    """Return the area of the jobs' plots that are not sprayed yet, in 0.01 mu."""
    found = await session.scalar(
        text(f"SELECT coalesce(sum(p.area_centimu), 0)::bigint {_OPEN_PLOTS}"),
        {"org": org_id, "jobs": list(job_ids)},
    )
    return int(found or 0)


async def take(
    session: _Session,
    *,
    org_id: int,
    day: date,
    days: int,
    job_ids: Sequence[UUID],
    drone_ids: Sequence[UUID],
) -> Snapshot:
    """Read everything a plan of ``days`` from ``day`` on needs.

    The hash is taken first: what changes while the rest is read differs from it at the end.
    """
    found = await digest(session, org_id=org_id, job_ids=job_ids, drone_ids=drone_ids)
    values = {"org": org_id, "jobs": list(job_ids)}
    jobs = (await session.execute(_JOBS, values)).all()
    plots = (await session.execute(_PLOTS, values)).all()
    fit = await fit_drones(session, org_id=org_id, day=day, days=days, drone_ids=drone_ids)
    zones = (await session.execute(_ZONES, values)).all()
    waters = (await session.execute(_MIX_POINTS, values)).all()
    return Snapshot(
        digest=found,
        jobs=tuple(_job(row) for row in jobs),
        plots=tuple(PlotFacts(**row._asdict()) for row in plots),
        drones=fit.drones,
        crews=fit.crews,
        grounded=fit.grounded,
        zones=tuple(
            ZoneFacts(
                name=row.name,
                kind=row.kind,
                polygon=row.polygon,
                buffer_m=row.buffer_m,
                products=tuple(row.products),
            )
            for row in zones
        ),
        mix_points=tuple(
            MixPointFacts(
                name=row.name,
                place=(row.lon, row.lat),
                fill_s=row.fill_s,
                open_s=row.open_s,
                close_s=row.close_s,
            )
            for row in waters
        ),
    )


async def fit_drones(
    session: _Session, *, org_id: int, day: date, days: int, drone_ids: Sequence[UUID]
) -> Fit:
    """Part the drones into those that may fly on all ``days`` and those that may not.

    Without a cluster permit each pilot of a crew flies one drone: the first by name fly.
    """
    last_day = day + timedelta(days=days - 1)
    values = {"org": org_id, "drones": list(drone_ids), "day": day, "last_day": last_day}
    able: list[DroneFacts] = []
    crews: dict[UUID, CrewFacts] = {}
    grounded: list[tuple[UUID, str, Grounding]] = []
    flying: Counter[UUID] = Counter()
    for row in await session.execute(_DRONES, values):
        papers = rules.Papers(
            state=row.state,
            registration_no=row.registration_no,
            insured_until=row.insured_until,
            certificate_until=row.certificate_until,
            busy=row.busy,
            pilot_taken=row.cluster_permit is None and flying[row.crew_id] >= row.pilots,
            truck_full=flying[row.crew_id] >= rules.DRONES_ON_A_TRUCK_MAX,
        )
        cause = rules.grounding(papers, last_day)
        if cause is not None:
            grounded.append((row.id, row.name, cause))
            continue
        flying[row.crew_id] += 1
        crews[row.crew_id] = _crew(row)
        able.append(
            DroneFacts(
                drone_id=row.id,
                name=row.name,
                registration_no=row.registration_no,
                model=row.model,
                insured_until=row.insured_until,
                crew_id=row.crew_id,
                skills=tuple(row.skills),
            )
        )
    return Fit(drones=tuple(able), crews=tuple(crews.values()), grounded=tuple(grounded))


def _job(row: Any) -> JobFacts:
    return JobFacts(
        job_id=row.id,
        number=row.number,
        source_org_id=row.source_org_id,
        product=row.product,
        product_kind=row.product_kind,
        liquid_ml_per_mu=row.liquid_ml_per_mu,
        earliest_at=row.earliest_at,
        latest_at=row.latest_at,
        priority=row.priority,
        skills=tuple(row.skills),
        harvest_on=row.harvest_on,
        pre_harvest_days=row.pre_harvest_days,
    )


def _crew(row: Any) -> CrewFacts:
    return CrewFacts(
        crew_id=row.crew_id,
        home=(row.home_lon, row.home_lat),
        pilots=row.pilots,
        cluster_permit=row.cluster_permit or "",
        water_ml=row.water_ml,
        rests=tuple((one["start_s"], one["end_s"]) for one in row.rests),
        shift_s=(row.shift_start_s, row.shift_end_s),
    )
