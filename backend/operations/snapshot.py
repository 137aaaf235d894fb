"""What a plan is made from: one reading of jobs, plots, drones and crews, and its hash."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from sqlalchemy import text

from backend.core.db import ReadSession, WriteSession
from backend.operations import rules
from backend.operations.facts import DroneFacts, JobFacts, PlotFacts, Snapshot
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
      WHERE s.org_id = :org AND s.job_id = ANY(:jobs) AND s.state = 'done'
      UNION ALL
      SELECT 'drone ' || d.id || ' ' || d.row_version || ' ' || c.id || ' ' || c.row_version
      FROM drone d JOIN crew c ON c.org_id = d.org_id AND c.id = d.crew_id
      WHERE d.org_id = :org AND d.id = ANY(:drones)) facts
    """
)
_JOBS = text(
    """
    SELECT id, number, source_org_id, state, product, liquid_ml_per_mu, earliest_at, latest_at, priority
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
    SELECT d.id, d.name, d.state, d.registration_no, d.model, d.insured_until, d.crew_id,
           c.certificate_until, c.home_lon, c.home_lat,
           EXISTS (SELECT FROM drone_day y WHERE y.org_id = d.org_id AND y.drone_id = d.id
             AND y.day = :day) AS busy
    FROM drone d JOIN crew c ON c.org_id = d.org_id AND c.id = d.crew_id
    WHERE d.org_id = :org AND d.id = ANY(:drones) ORDER BY d.name, d.id
    """
)


async def digest(
    session: ReadSession | WriteSession,
    *,
    org_id: int,
    job_ids: Sequence[UUID],
    drone_ids: Sequence[UUID],
) -> str:
    """Return the hash of job states, plots done, and versions of drones and crews."""
    values = {"org": org_id, "jobs": list(job_ids), "drones": list(drone_ids)}
    return str(await session.scalar(_HASH, values))


async def open_centimu(
    session: ReadSession | WriteSession, *, org_id: int, job_ids: Sequence[UUID]
) -> int:
    """Return the area of the jobs' plots that are not sprayed yet, in 0.01 mu."""
    found = await session.scalar(
        text(f"SELECT coalesce(sum(p.area_centimu), 0)::bigint {_OPEN_PLOTS}"),
        {"org": org_id, "jobs": list(job_ids)},
    )
    return int(found or 0)


async def take(
    session: ReadSession | WriteSession,
    *,
    org_id: int,
    day: date,
    job_ids: Sequence[UUID],
    drone_ids: Sequence[UUID],
) -> Snapshot:
    """Read everything a plan of ``day`` needs.

    The hash is taken first: what changes while the rest is read differs from it at the end.
    """
    found = await digest(session, org_id=org_id, job_ids=job_ids, drone_ids=drone_ids)
    values = {"org": org_id, "jobs": list(job_ids), "drones": list(drone_ids), "day": day}
    jobs = (await session.execute(_JOBS, values)).all()
    plots = (await session.execute(_PLOTS, values)).all()
    able, grounded = await fit_drones(session, org_id=org_id, day=day, drone_ids=drone_ids)
    return Snapshot(
        digest=found,
        jobs=tuple(
            JobFacts(
                job_id=row.id,
                number=row.number,
                source_org_id=row.source_org_id,
                product=row.product,
                liquid_ml_per_mu=row.liquid_ml_per_mu,
                earliest_at=row.earliest_at,
                latest_at=row.latest_at,
                priority=row.priority,
            )
            for row in jobs
        ),
        plots=tuple(
            PlotFacts(
                job_id=row.job_id,
                parcel_id=row.parcel_id,
                parcel_code=row.parcel_code,
                area_centimu=row.area_centimu,
                polygon=row.polygon,
            )
            for row in plots
        ),
        drones=able,
        grounded=grounded,
    )


async def fit_drones(
    session: ReadSession | WriteSession, *, org_id: int, day: date, drone_ids: Sequence[UUID]
) -> tuple[tuple[DroneFacts, ...], tuple[tuple[UUID, str, Grounding], ...]]:
    """Part the drones into those that may fly on ``day`` and those that may not, with the cause.

    Without a cluster permit a crew's one pilot flies one drone: the first by name.
    """
    values = {"org": org_id, "drones": list(drone_ids), "day": day}
    able: list[DroneFacts] = []
    grounded: list[tuple[UUID, str, Grounding]] = []
    flying: set[UUID] = set()
    for row in await session.execute(_DRONES, values):
        papers = rules.Papers(
            state=row.state,
            registration_no=row.registration_no,
            insured_until=row.insured_until,
            certificate_until=row.certificate_until,
            busy=row.busy,
            pilot_taken=row.crew_id in flying,
        )
        cause = rules.grounding(papers, day)
        if cause is not None:
            grounded.append((row.id, row.name, cause))
            continue
        flying.add(row.crew_id)
        able.append(
            DroneFacts(
                drone_id=row.id,
                name=row.name,
                registration_no=row.registration_no,
                model=row.model,
                insured_until=row.insured_until,
                crew_id=row.crew_id,
                home=(row.home_lon, row.home_lat),
            )
        )
    return tuple(able), tuple(grounded)
