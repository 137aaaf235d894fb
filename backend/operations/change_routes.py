"""Changing plans over HTTP: a person moves a stop, the rest of a day is planned anew."""

from typing import Annotated
from uuid import UUID

from fastapi import Path
from starlette.requests import Request
from starlette.responses import Response

from backend.core.area import Area
from backend.core.errors import PreconditionFailed
from backend.core.http.etag import ExpectedVersion, tag_response
from backend.core.http.openapi import problem
from backend.core.http.policy import Policy, guarded, staff_writes
from backend.core.http.route import Caller, CallerScope, Writing, router
from backend.core.http.runtime import runtime_of
from backend.core.principal import Role
from backend.operations import plan_queries, planning, questions, replans
from backend.operations.change_schemas import EditIn, EditOut, ReplanIn, ViolationOut
from backend.operations.plan_schemas import PlanWholeOut, UnassignedOut
from backend.operations.rows import second_of

routes = router("/v1/orgs/{org_id}", "operations")
_OrgPath = Annotated[int, Path(description="The provider / 服务主体")]
_PlanPath = Annotated[UUID, Path(description="The plan / 方案")]
# A process works out the change with no session open; the version that was read guards it.
_EDITS = Policy(audience="staff", access="none", roles=frozenset({Role.DISPATCHER}), versioned=True)


@routes.post("/plans/{plan_id}/edits", responses={409: problem(409)})
@guarded(_EDITS)
async def edit_plan(
    org_id: _OrgPath,
    plan_id: _PlanPath,
    body: EditIn,
    request: Request,
    response: Response,
    scope: CallerScope,
    version: ExpectedVersion,
) -> EditOut:
    """Move a plot: what it costs and breaks; with `apply` a sound one is kept (调整方案)."""
    database = runtime_of(request).database
    stored = await questions.stored(database, scope, plan_id)
    if stored.row_version != version:
        raise PreconditionFailed
    if body.apply:
        questions.require_solved(stored.state)
    before = body.before
    move = planning.Move(
        plot=stored.plot(body.job_id, body.parcel_id),
        drone=stored.drone(body.drone_id),
        day=stored.day_of(body.day),
        before=None if before is None else stored.plot(before.job_id, before.parcel_id),
        whole=body.apply,
    )
    moved = await questions.try_move(stored, move)
    if body.apply:
        version = await questions.keep(
            database, scope, plan_id=plan_id, moved=moved, expected_version=version
        )
    tag_response(response, version)
    return edit_out(moved, version=version, applied=body.apply)


@routes.post("/plans/{plan_id}/replans", status_code=202)
@guarded(staff_writes(Role.DISPATCHER))
async def replan(
    org_id: _OrgPath,
    plan_id: _PlanPath,
    body: ReplanIn,
    request: Request,
    response: Response,
    session: Writing,
    caller: Caller,
) -> PlanWholeOut:
    """Plan the rest of a published plan anew: breakdown, rain, urgent, slower (改排)."""
    runtime = runtime_of(request)
    wanted = replans.ReplanRequest(
        now=body.now or runtime.clock.now(),
        breakdowns=body.breakdowns,
        windows=None
        if body.windows is None
        else [(second_of(one.start), second_of(one.end)) for one in body.windows],
        by_forecast=body.weather == "forecast",
        urgent=body.urgent,
        slower=[(one.crew_id, one.percent) for one in body.slower],
        seconds=body.seconds,
        seed=body.seed,
    )
    plan = await replans.request_replan(
        session,
        org_id=org_id,
        plan_id=plan_id,
        wanted=wanted,
        made_by=caller.user_id,
        has_weather=runtime.settings.weather_gateway != "off",
    )
    tag_response(response, plan.row_version)
    return await plan_queries.plan(session, org_id=org_id, plan_id=plan.id)


def edit_out(moved: planning.Moved, *, version: int, applied: bool = False) -> EditOut:
    """Return what a move costs and breaks as it goes over the wire."""
    return EditOut(
        applied=applied,
        row_version=version,
        cost_s=moved.cost_s,
        planned_mu=str(Area(moved.planned_centimu)),
        violations=[ViolationOut(code=code, zh=zh, en=en) for code, zh, en in moved.violations],
        dropped=[UnassignedOut(plot=plot, cause=cause) for plot, cause in moved.dropped],
    )
