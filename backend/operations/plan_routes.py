"""Plans over HTTP: asked for, looked at, published, flown, reported."""

import asyncio
from typing import Annotated, Any
from uuid import UUID

from fastapi import Path
from starlette.requests import Request
from starlette.responses import Response

from backend.core.http.etag import ExpectedVersion, tag_response
from backend.core.http.openapi import problem
from backend.core.http.policy import MEGABYTE, guarded, staff_reads, staff_writes
from backend.core.http.route import Caller, CallerScope, Reading, Writing, router
from backend.core.http.runtime import runtime_of
from backend.core.pages import Page
from backend.core.principal import Role
from backend.core.wire import Cursor, Limit
from backend.operations import plan_queries, plan_requests, planning, plans, reporting
from backend.operations.facts import PinFacts
from backend.operations.plan_schemas import (
    PlanIn,
    PlanOut,
    PlanStepIn,
    PlanWholeOut,
    ReportedOut,
    ReportsIn,
    StopOut,
    UnassignedOut,
)
from backend.operations.rows import centimu, second_of
from backend.operations.rules import PlanState

routes = router("/v1/orgs/{org_id}", "operations")
_KEEPERS = (Role.DISPATCHER, Role.DIRECTOR)
_READERS = (*_KEEPERS, Role.CREW)
_OrgPath = Annotated[int, Path(description="The provider / 服务主体")]
_PlanPath = Annotated[UUID, Path(description="The plan / 方案")]
_SVG: dict[int | str, dict[str, Any]] = {
    409: problem(409),
    200: {"description": "SVG", "content": {"image/svg+xml": {"schema": {"type": "string"}}}},
}
_GEOJSON: dict[int | str, dict[str, Any]] = {
    409: problem(409),
    200: {
        "description": "FeatureCollection (RFC 7946)",
        "content": {"application/geo+json": {"schema": {"type": "object"}}},
    },
}


@routes.post("/plans", status_code=202)
@guarded(staff_writes(Role.DISPATCHER))
async def request_plan(
    org_id: _OrgPath,
    body: PlanIn,
    request: Request,
    response: Response,
    session: Writing,
    caller: Caller,
) -> PlanWholeOut:
    """Ask for a plan of one or several days; it is solved in the background (请求排程)."""
    runtime = runtime_of(request)
    wanted = plan_requests.PlanRequest(
        day=body.day,
        days=body.days,
        job_ids=body.job_ids,
        drone_ids=body.drone_ids,
        windows=None
        if body.windows is None
        else [(second_of(one.start), second_of(one.end)) for one in body.windows],
        by_forecast=body.weather == "forecast",
        pins=[
            PinFacts(
                job_id=pin.job_id,
                parcel_id=pin.parcel_id,
                drone_id=pin.drone_id,
                day=-1 if pin.day is None else (pin.day - body.day).days,
            )
            for pin in body.pins
        ],
        area_cap_centimu=centimu(body.area_cap_mu, row=1, field="area_cap_mu"),
        seconds=body.seconds,
        seed=body.seed,
    )
    plan = await plan_requests.request_plan(
        session,
        org_id=org_id,
        wanted=wanted,
        made_by=caller.user_id,
        today=runtime.clock.today(),
        has_weather=runtime.settings.weather_gateway != "off",
    )
    tag_response(response, plan.row_version)
    return await plan_queries.plan(session, org_id=org_id, plan_id=plan.id)


@routes.get("/plans")
@guarded(staff_reads(*_READERS))
async def list_plans(
    org_id: _OrgPath, session: Reading, cursor: Cursor = None, limit: Limit = 50
) -> Page[PlanOut]:
    """List plans (方案列表)."""
    return await plan_queries.plans(session, org_id=org_id, cursor=cursor, limit=limit)


@routes.get("/plans/{plan_id}")
@guarded(staff_reads(*_READERS))
async def read_plan(
    org_id: _OrgPath, plan_id: _PlanPath, response: Response, session: Reading
) -> PlanWholeOut:
    """Return a plan with its progress and each drone's day (方案详情)."""
    found = await plan_queries.plan(session, org_id=org_id, plan_id=plan_id)
    tag_response(response, found.row_version)
    return found


@routes.get("/plans/{plan_id}/unassigned", responses={409: problem(409)})
@guarded(staff_reads(*_READERS))
async def list_unassigned(
    org_id: _OrgPath, plan_id: _PlanPath, session: Reading
) -> list[UnassignedOut]:
    """List the plots that the plan leaves out, with their causes (未派地块)."""
    return await plan_queries.unassigned(session, org_id=org_id, plan_id=plan_id)


@routes.get("/plans/{plan_id}/drones/{drone_id}/stops")
@guarded(staff_reads(*_READERS))
async def list_drone_stops(
    org_id: _OrgPath, plan_id: _PlanPath, drone_id: UUID, session: Reading
) -> list[StopOut]:
    """List a drone's stops in their order (单机站点)."""
    return await plan_queries.drone_stops(
        session, org_id=org_id, plan_id=plan_id, drone_id=drone_id
    )


@routes.get("/plans/{plan_id}/geojson", response_class=Response, responses=_GEOJSON)
@guarded(staff_reads(*_READERS))
async def draw_plan_geojson(org_id: _OrgPath, plan_id: _PlanPath, session: Reading) -> Response:
    """Return plots, launch sites and truck routes for a map program (方案 GeoJSON)."""
    return await _picture(session, org_id, plan_id, "geojson", "application/geo+json")


@routes.get("/plans/{plan_id}/map.svg", response_class=Response, responses=_SVG)
@guarded(staff_reads(*_READERS))
async def draw_plan_map(org_id: _OrgPath, plan_id: _PlanPath, session: Reading) -> Response:
    """Return the plan as a map (方案地图)."""
    return await _picture(session, org_id, plan_id, "map", "image/svg+xml")


@routes.get("/plans/{plan_id}/gantt.svg", response_class=Response, responses=_SVG)
@guarded(staff_reads(*_READERS))
async def draw_plan_gantt(org_id: _OrgPath, plan_id: _PlanPath, session: Reading) -> Response:
    """Return the drones' day as a Gantt chart (方案甘特图)."""
    return await _picture(session, org_id, plan_id, "gantt", "image/svg+xml")


@routes.post("/plans/{plan_id}/steps")
@guarded(staff_writes(*_KEEPERS, versioned=True))
async def advance_plan(
    org_id: _OrgPath,
    plan_id: _PlanPath,
    body: PlanStepIn,
    response: Response,
    session: Writing,
    scope: CallerScope,
    version: ExpectedVersion,
) -> PlanWholeOut:
    """Publish, start, finish or cancel a plan; the orders' collectives see it (方案流转)."""
    plan = await plans.advance(
        session,
        scope,
        plan_id=plan_id,
        to_state=PlanState(body.to_state),
        expected_version=version,
    )
    tag_response(response, plan.row_version)
    return await plan_queries.plan(session, org_id=org_id, plan_id=plan_id)


@routes.post("/plans/{plan_id}/reports")
@guarded(staff_writes(*_READERS, body_bytes_max=8 * MEGABYTE))
async def report_stops(
    org_id: _OrgPath,
    plan_id: _PlanPath,
    body: ReportsIn,
    request: Request,
    session: Writing,
    caller: Caller,
    scope: CallerScope,
) -> ReportedOut:
    """Report stops as done or skipped; a crew reports its own drones' only (上报作业)."""
    reported = await reporting.report_stops(
        session,
        scope,
        plan_id=plan_id,
        reports=[
            reporting.StopReport(
                drone_id=one.drone_id,
                seq=one.seq,
                done=one.state == "done",
                flown_centimu=centimu(one.flown_mu, row=row, field="stops.flown_mu"),
                started_at=one.started_at,
                finished_at=one.finished_at,
                used_ml=one.used_ml,
                reason=one.reason,
            )
            for row, one in enumerate(body.stops, start=1)
        ],
        now=runtime_of(request).clock.now(),
        any_drone=bool(caller.roles_in(scope.org_id) & set(_KEEPERS)),
        weather_json=None if body.weather is None else body.weather.model_dump_json(),
    )
    waiting = await plan_queries.stops_waiting(session, org_id=org_id, plan_id=plan_id)
    return ReportedOut(reported=reported, waiting=waiting)


async def _picture(
    session: Reading, org_id: int, plan_id: UUID, view: planning.View, media_type: str
) -> Response:
    """Draw off the event loop: thousands of plots take a moment."""
    problem, plan = await plan_queries.documents(session, org_id=org_id, plan_id=plan_id)
    drawn = await asyncio.to_thread(planning.picture, problem, plan, view)
    return Response(drawn, media_type=media_type)
