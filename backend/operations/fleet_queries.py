"""Reads of the provider's side: crews, drones and jobs."""

from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlmodel import col, select

from backend.core.area import Area
from backend.core.db import ReadSession
from backend.core.pages import Page, decode_cursor, page_of
from backend.operations.errors import CrewNotFound, DroneNotFound, JobNotFound
from backend.operations.fleet_models import Crew, Drone
from backend.operations.fleet_schemas import CrewOut, DroneOut, PlotOut, SpanOut, SprayJobOut
from backend.operations.rows import clock_of, plain

_JOB = """
SELECT j.*, s.plots, s.plots_done, s.area_centimu, s.done_centimu
FROM spray_job j
CROSS JOIN LATERAL (
  SELECT count(*) AS plots, count(d.done) AS plots_done,
         coalesce(sum(p.area_centimu), 0)::bigint AS area_centimu,
         coalesce(sum(p.area_centimu) FILTER (WHERE d.done), 0)::bigint AS done_centimu
  FROM spray_job_plot p
  LEFT JOIN LATERAL (SELECT true AS done FROM plan_stop s WHERE s.org_id = p.org_id
    AND s.job_id = p.job_id AND s.parcel_id = p.parcel_id AND s.state = 'done' LIMIT 1) d ON true
  WHERE p.org_id = j.org_id AND p.job_id = j.id) s
WHERE j.org_id = :org
"""
_PLOTS = text(
    """
    SELECT p.parcel_id, p.parcel_code, p.block, p.area_centimu, p.polygon,
           EXISTS (SELECT FROM plan_stop s WHERE s.org_id = p.org_id AND s.job_id = p.job_id
             AND s.parcel_id = p.parcel_id AND s.state = 'done') AS done
    FROM spray_job_plot p
    WHERE p.org_id = :org AND p.job_id = :job
      AND (CAST(:after AS uuid) IS NULL OR p.parcel_id > :after)
    ORDER BY p.parcel_id LIMIT :limit
    """
)


async def crews(
    session: ReadSession, *, org_id: int, cursor: str | None, limit: int
) -> Page[CrewOut]:
    """Return a page of crews."""
    query = select(Crew).where(Crew.org_id == org_id).order_by(col(Crew.id)).limit(limit + 1)
    after = decode_cursor(cursor)
    if after is not None:
        query = query.where(col(Crew.id) > after)
    rows = list(await session.scalars(query))
    items = [crew_out(row) for row in rows]
    return page_of(items, limit, [row.id for row in rows])


async def crew(session: ReadSession, *, org_id: int, crew_id: UUID) -> CrewOut:
    """Return one crew; raise `CrewNotFound`."""
    found = await session.get(Crew, (org_id, crew_id))
    if found is None:
        raise CrewNotFound
    return crew_out(found)


async def drones(
    session: ReadSession, *, org_id: int, cursor: str | None, limit: int
) -> Page[DroneOut]:
    """Return a page of drones."""
    query = select(Drone).where(Drone.org_id == org_id).order_by(col(Drone.id)).limit(limit + 1)
    after = decode_cursor(cursor)
    if after is not None:
        query = query.where(col(Drone.id) > after)
    rows = list(await session.scalars(query))
    items = [DroneOut.model_validate(row) for row in rows]
    return page_of(items, limit, [row.id for row in rows])


async def drone(session: ReadSession, *, org_id: int, drone_id: UUID) -> DroneOut:
    """Return one drone; raise `DroneNotFound`."""
    found = await session.get(Drone, (org_id, drone_id))
    if found is None:
        raise DroneNotFound
    return DroneOut.model_validate(found)


async def spray_jobs(
    session: ReadSession, *, org_id: int, state: str | None, cursor: str | None, limit: int
) -> Page[SprayJobOut]:
    """Return a page of received jobs, oldest first."""
    rows = (
        await session.execute(
            text(
                f"""{_JOB}
                AND (CAST(:state AS text) IS NULL OR j.state = :state)
                AND (CAST(:after AS uuid) IS NULL OR j.id > :after)
                ORDER BY j.id LIMIT :limit
                """
            ),
            {"org": org_id, "state": state, "after": decode_cursor(cursor), "limit": limit + 1},
        )
    ).all()
    return page_of([_job(row) for row in rows], limit, [row.id for row in rows])


async def spray_job(session: ReadSession, *, org_id: int, job_id: UUID) -> SprayJobOut:
    """Return one job; raise `JobNotFound`."""
    row = (
        await session.execute(text(f"{_JOB} AND j.id = :id"), {"org": org_id, "id": job_id})
    ).first()
    if row is None:
        raise JobNotFound
    return _job(row)


async def plots(
    session: ReadSession, *, org_id: int, job_id: UUID, cursor: str | None, limit: int
) -> Page[PlotOut]:
    """Return a page of a job's plots; raise `JobNotFound`."""
    await spray_job(session, org_id=org_id, job_id=job_id)
    values = {"org": org_id, "job": job_id, "after": decode_cursor(cursor), "limit": limit + 1}
    rows = (await session.execute(_PLOTS, values)).all()
    items = [PlotOut(**plain(row, PlotOut), area_mu=str(Area(row.area_centimu))) for row in rows]
    return page_of(items, limit, [row.parcel_id for row in rows])


def crew_out(row: Crew) -> CrewOut:
    """Return a crew as it goes over the wire, times as clock times."""
    return CrewOut(
        **plain(row, CrewOut)
        | {
            "rests": [
                SpanOut(start=clock_of(one["start_s"]), end=clock_of(one["end_s"]))
                for one in row.rests
            ],
            "shift_start": clock_of(row.shift_start_s),
            "shift_end": clock_of(row.shift_end_s),
        }
    )


def _job(row: Any) -> SprayJobOut:
    return SprayJobOut(
        **plain(row, SprayJobOut),
        area_mu=str(Area(row.area_centimu)),
        done_mu=str(Area(row.done_centimu)),
    )
