"""Crews, drones and received jobs over HTTP: the provider's side."""

from typing import Annotated
from uuid import UUID

from fastapi import Path
from starlette.responses import Response

from backend.core.http.etag import ExpectedVersion, tag_response
from backend.core.http.policy import guarded, staff_edits, staff_reads, staff_writes
from backend.core.http.route import Reading, Writing, router
from backend.core.pages import Page
from backend.core.principal import Role
from backend.core.wire import Cursor, Limit
from backend.operations import fleet, fleet_queries
from backend.operations.fleet_schemas import (
    CrewIn,
    CrewOut,
    DroneIn,
    DroneOut,
    JobStateName,
    PlotOut,
    SprayJobOut,
)
from backend.operations.rows import second_of

routes = router("/v1/orgs/{org_id}", "operations")
_KEEPERS = (Role.DISPATCHER, Role.DIRECTOR)
_READERS = (*_KEEPERS, Role.CREW)
_OrgPath = Annotated[int, Path(description="The provider / 服务主体")]


@routes.post("/crews", status_code=201)
@guarded(staff_writes(*_KEEPERS))
async def register_crew(
    org_id: _OrgPath, body: CrewIn, response: Response, session: Writing
) -> CrewOut:
    """Register a crew (登记机组)."""
    crew = await fleet.register_crew(session, org_id=org_id, facts=_facts(body))
    tag_response(response, crew.row_version)
    return fleet_queries.crew_out(crew)


@routes.get("/crews")
@guarded(staff_reads(*_READERS))
async def list_crews(
    org_id: _OrgPath, session: Reading, cursor: Cursor = None, limit: Limit = 50
) -> Page[CrewOut]:
    """List crews (机组列表)."""
    return await fleet_queries.crews(session, org_id=org_id, cursor=cursor, limit=limit)


@routes.get("/crews/{crew_id}")
@guarded(staff_reads(*_READERS))
async def read_crew(
    org_id: _OrgPath, crew_id: UUID, response: Response, session: Reading
) -> CrewOut:
    """Return a crew (机组详情)."""
    found = await fleet_queries.crew(session, org_id=org_id, crew_id=crew_id)
    tag_response(response, found.row_version)
    return found


@routes.put("/crews/{crew_id}")
@guarded(staff_edits(*_KEEPERS))
async def edit_crew(
    org_id: _OrgPath,
    crew_id: UUID,
    body: CrewIn,
    response: Response,
    session: Writing,
    version: ExpectedVersion,
) -> CrewOut:
    """Replace a crew's facts (修改机组)."""
    crew = await fleet.edit_crew(
        session,
        org_id=org_id,
        crew_id=crew_id,
        facts=_facts(body),
        expected_version=version,
    )
    tag_response(response, crew.row_version)
    return fleet_queries.crew_out(crew)


def _facts(body: CrewIn) -> fleet.CrewFacts:
    """Return a crew's facts with times in seconds of the day."""
    clocks = {"rests", "shift_start", "shift_end"}
    return fleet.CrewFacts(
        **body.model_dump(exclude=clocks),
        rests=[(second_of(one.start), second_of(one.end)) for one in body.rests],
        shift_s=(second_of(body.shift_start), second_of(body.shift_end)),
    )


@routes.post("/drones", status_code=201)
@guarded(staff_writes(*_KEEPERS))
async def register_drone(
    org_id: _OrgPath, body: DroneIn, response: Response, session: Writing
) -> DroneOut:
    """Register a drone with its papers (登记无人机)."""
    drone = await fleet.register_drone(
        session, org_id=org_id, facts=fleet.DroneFacts(**body.model_dump())
    )
    tag_response(response, drone.row_version)
    return DroneOut.model_validate(drone)


@routes.get("/drones")
@guarded(staff_reads(*_READERS))
async def list_drones(
    org_id: _OrgPath, session: Reading, cursor: Cursor = None, limit: Limit = 50
) -> Page[DroneOut]:
    """List drones (无人机列表)."""
    return await fleet_queries.drones(session, org_id=org_id, cursor=cursor, limit=limit)


@routes.get("/drones/{drone_id}")
@guarded(staff_reads(*_READERS))
async def read_drone(
    org_id: _OrgPath, drone_id: UUID, response: Response, session: Reading
) -> DroneOut:
    """Return a drone (无人机详情)."""
    found = await fleet_queries.drone(session, org_id=org_id, drone_id=drone_id)
    tag_response(response, found.row_version)
    return found


@routes.put("/drones/{drone_id}")
@guarded(staff_edits(*_KEEPERS))
async def edit_drone(
    org_id: _OrgPath,
    drone_id: UUID,
    body: DroneIn,
    response: Response,
    session: Writing,
    version: ExpectedVersion,
) -> DroneOut:
    """Replace a drone's facts, its state among them (修改无人机)."""
    drone = await fleet.edit_drone(
        session,
        org_id=org_id,
        drone_id=drone_id,
        facts=fleet.DroneFacts(**body.model_dump()),
        expected_version=version,
    )
    tag_response(response, drone.row_version)
    return DroneOut.model_validate(drone)


@routes.get("/spray-jobs")
@guarded(staff_reads(*_READERS))
async def list_spray_jobs(
    org_id: _OrgPath,
    session: Reading,
    state: JobStateName | None = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Page[SprayJobOut]:
    """List received jobs (作业列表)."""
    return await fleet_queries.spray_jobs(
        session, org_id=org_id, state=state, cursor=cursor, limit=limit
    )


@routes.get("/spray-jobs/{job_id}")
@guarded(staff_reads(*_READERS))
async def read_spray_job(org_id: _OrgPath, job_id: UUID, session: Reading) -> SprayJobOut:
    """Return a received job (作业详情)."""
    return await fleet_queries.spray_job(session, org_id=org_id, job_id=job_id)


@routes.get("/spray-jobs/{job_id}/plots")
@guarded(staff_reads(*_READERS))
async def list_job_plots(
    org_id: _OrgPath, job_id: UUID, session: Reading, cursor: Cursor = None, limit: Limit = 50
) -> Page[PlotOut]:
    """List a job's plots with their boundaries (作业地块)."""
    return await fleet_queries.plots(
        session, org_id=org_id, job_id=job_id, cursor=cursor, limit=limit
    )
