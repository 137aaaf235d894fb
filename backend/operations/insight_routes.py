"""Looking into plans over HTTP: weather, progress, comparison, explanations, questions."""

import asyncio
from typing import Annotated, Any
from uuid import UUID

from fastapi import Body, Path, Query
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from backend.core.area import Area
from backend.core.http.openapi import problem
from backend.core.http.policy import Policy, guarded, staff_reads
from backend.core.http.route import CallerScope, Reading, router
from backend.core.http.runtime import runtime_of
from backend.core.principal import Role
from backend.operations import children, following, plan_queries, planning, questions
from backend.operations.change_routes import edit_out
from backend.operations.change_schemas import (
    AnswerOut,
    ComparisonOut,
    ExplanationOut,
    GainOut,
    MovedPlotOut,
    PlaceOut,
    PlanWeatherOut,
    QuestionIn,
    SumsOut,
    WhatIfIn,
)

routes = router("/v1/orgs/{org_id}", "operations")
_KEEPERS = (Role.DISPATCHER, Role.DIRECTOR)
_READERS = (*_KEEPERS, Role.CREW)
# These read by themselves and hold no session while they wait or a process works.
_LOOKS = Policy(audience="staff", access="none", roles=frozenset(_READERS))
_ASKS = Policy(audience="staff", access="none", roles=frozenset(_KEEPERS))
_OrgPath = Annotated[int, Path(description="The provider / 服务主体")]
_PlanPath = Annotated[UUID, Path(description="The plan / 方案")]
_UNSOLVED: dict[int | str, dict[str, Any]] = {409: problem(409)}
_EVENTS: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "Events `state` and `progress`, each with JSON; ends with the solving",
        "content": {"text/event-stream": {"schema": {"type": "string"}}},
    },
    204: {"description": "The last event was received: nothing more will come"},
}


@routes.get("/plans/{plan_id}/weather", responses=_UNSOLVED)
@guarded(staff_reads(*_READERS))
async def read_plan_weather(
    org_id: _OrgPath, plan_id: _PlanPath, session: Reading
) -> PlanWeatherOut:
    """Return the windows of a plan and, by the forecast, why each hour is closed (天气依据)."""
    return await plan_queries.weather(session, org_id=org_id, plan_id=plan_id)


@routes.get("/plans/{plan_id}/events", response_class=Response, responses=_EVENTS)
@guarded(_LOOKS)
async def follow_plan(
    org_id: _OrgPath, plan_id: _PlanPath, request: Request, scope: CallerScope
) -> Response:
    """Follow a plan's solving as server-sent events (求解进度)."""
    database = runtime_of(request).database
    following.admit()
    seen = await following.look(database, scope, plan_id)
    last_id = request.headers.get("last-event-id")
    if last_id == seen["event_id"] and following.ended(seen):
        return Response(status_code=204)
    return StreamingResponse(
        following.events(database, scope, plan_id, first=seen, last_id=last_id),
        media_type="text/event-stream",
        headers={"X-Accel-Buffering": "no"},
    )


@routes.get("/plans/{plan_id}/comparison", responses=_UNSOLVED)
@guarded(staff_reads(*_READERS))
async def compare_plans(
    org_id: _OrgPath,
    plan_id: _PlanPath,
    session: Reading,
    other_id: Annotated[UUID, Query(alias="with", description="The other plan / 另一方案")],
) -> ComparisonOut:
    """Compare a plan with another: cost by part, area, plots only in one, moved (方案对比)."""
    documents = [
        (await plan_queries.documents(session, org_id=org_id, plan_id=one))[1]
        for one in (plan_id, other_id)
    ]
    found = await asyncio.to_thread(planning.compare, *documents)
    return ComparisonOut(
        here=_sums(plan_id, found.one),
        there=_sums(other_id, found.other),
        only_here=list(found.only_one),
        only_there=list(found.only_other),
        moved=[
            MovedPlotOut(plot=plot, here=_place(here), there=_place(there))
            for plot, here, there in found.moved
        ],
    )


@routes.get("/plans/{plan_id}/explanations", responses=_UNSOLVED)
@guarded(_ASKS)
async def explain_plan(
    org_id: _OrgPath,
    plan_id: _PlanPath,
    request: Request,
    scope: CallerScope,
    first: Annotated[int, Query(ge=0, le=100_000, description="Skip so many / 跳过")] = 0,
    limit: Annotated[int, Query(ge=1, le=100, description="Plots of one answer / 条数")] = 50,
) -> list[ExplanationOut]:
    """Say why plots are left out, the heaviest first, and what would give way (未派原因)."""
    found = await questions.left_out(
        runtime_of(request).database, scope, plan_id, first=first, count=limit
    )
    return [ExplanationOut.model_validate(one) for one in found]


@routes.post("/plans/{plan_id}/questions", responses=_UNSOLVED)
@guarded(_ASKS)
async def ask_plan(
    org_id: _OrgPath,
    plan_id: _PlanPath,
    body: Annotated[QuestionIn, Body()],
    request: Request,
    scope: CallerScope,
) -> AnswerOut:
    """Ask why a plot is not on a drone, or what more means would bring (追问方案)."""
    stored = await questions.stored(runtime_of(request).database, scope, plan_id)
    if isinstance(body, WhatIfIn):
        wanted = planning.WhatIf(change=body.change, seconds=body.seconds, seed=body.seed)
        gained: planning.Gained = await children.ask(
            stored.documents, wanted, seconds_max=2 * body.seconds + questions.WHAT_IF_MORE_S
        )
        sign = "-" if gained.area_centimu < 0 else ""
        gain = GainOut(
            change=gained.change,
            more_mu=f"{sign}{Area(abs(gained.area_centimu))}",
            weight=gained.weight,
        )
        return AnswerOut(why_not=None, what_if=gain)
    move = planning.Move(
        plot=stored.plot(body.job_id, body.parcel_id),
        drone=stored.drone(body.drone_id),
        day=stored.day_of(body.day),
    )
    moved = await questions.try_move(stored, move)
    return AnswerOut(why_not=edit_out(moved, version=stored.row_version), what_if=None)


def _sums(plan_id: UUID, sums: planning.Sums) -> SumsOut:
    return SumsOut(
        plan_id=plan_id,
        cost=sums.cost,
        parts=sums.parts,
        planned_mu=str(Area(sums.area_centimu)),
        plots=sums.plots,
        left_out=sums.left_out,
        bound_permille=sums.bound_permille,
        engine=sums.engine,
    )


def _place(place: planning.Place) -> PlaceOut:
    return PlaceOut.model_validate(place)
