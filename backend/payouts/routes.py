"""Payout runs over HTTP."""

from typing import Annotated
from uuid import UUID

from fastapi import Body, Query
from starlette.requests import Request
from starlette.responses import Response

from backend.core.http.etag import tag_response
from backend.core.http.policy import guarded, staff_reads, staff_writes
from backend.core.http.route import Caller, Reading, Writing, router
from backend.core.http.runtime import runtime_of
from backend.core.pages import Page
from backend.core.principal import Role
from backend.core.wire import Cursor, Limit
from backend.payouts import dividends, queries, rent, rules, service, wages
from backend.payouts.schemas import (
    DividendRunIn,
    ItemOut,
    ItemState,
    LineOut,
    NoticeIn,
    RentRunIn,
    RunIn,
    RunOut,
    RunState,
    RunWholeOut,
)

routes = router("/v1/orgs/{org_id}", "payouts")
READERS = (Role.ACCOUNTANT, Role.CASHIER, Role.DIRECTOR)


@routes.post("/payout-runs", status_code=201)
@guarded(staff_writes(Role.ACCOUNTANT, serializable=True))
async def compute_payout_run(
    org_id: int,
    body: Annotated[RunIn, Body()],
    request: Request,
    response: Response,
    session: Writing,
    caller: Caller,
) -> RunWholeOut:
    """Compute a rent, wage or dividend run from the registers and the books (计算发放)."""
    if isinstance(body, RentRunIn):
        run = await rent.compute(
            session,
            org_id=org_id,
            title=body.title,
            covers_from=body.covers_from,
            covers_to=body.covers_to,
            transferee=body.transferee_kind,
            maker_id=caller.user_id,
        )
    elif isinstance(body, DividendRunIn):
        run = await dividends.compute(
            session,
            org_id=org_id,
            title=body.title,
            year=body.year,
            reserve_permille=body.reserve_permille,
            pool_fen=body.pool_fen,
            resolution=rules.Resolution(**body.resolution.model_dump()),
            maker_id=caller.user_id,
            today=runtime_of(request).clock.today(),
        )
    else:
        run = await wages.compute(
            session,
            org_id=org_id,
            title=body.title,
            covers_from=body.covers_from,
            covers_to=body.covers_to,
            maker_id=caller.user_id,
        )
    tag_response(response, run.row_version)
    return await queries.run(session, org_id=org_id, run_id=run.id)


@routes.get("/payout-runs")
@guarded(staff_reads(*READERS))
async def list_payout_runs(
    org_id: int,
    session: Reading,
    kind: rules.Kind | None = None,
    state: RunState | None = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Page[RunOut]:
    """List payout runs (发放批次列表)."""
    return await queries.runs(
        session, org_id=org_id, kind=kind, state=state, cursor=cursor, limit=limit
    )


@routes.get("/payout-runs/{run_id}")
@guarded(staff_reads(*READERS))
async def read_payout_run(
    org_id: int, run_id: UUID, response: Response, session: Reading
) -> RunWholeOut:
    """Return a run with the sums of its payments and what is odd (发放批次详情)."""
    found = await queries.run(session, org_id=org_id, run_id=run_id)
    tag_response(response, found.row_version)
    return found


@routes.get("/payout-runs/{run_id}/lines")
@guarded(staff_reads(*READERS))
async def list_payout_lines(
    org_id: int, run_id: UUID, session: Reading, cursor: Cursor = None, limit: Limit = 50
) -> Page[LineOut]:
    """List the explained parts of a run (发放明细)."""
    return await queries.lines(session, org_id=org_id, run_id=run_id, cursor=cursor, limit=limit)


@routes.get("/payout-runs/{run_id}/items")
@guarded(staff_reads(*READERS))
async def list_payment_items(
    org_id: int,
    run_id: UUID,
    session: Reading,
    state: Annotated[ItemState | None, Query()] = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Page[ItemOut]:
    """List a run's payments, names and accounts masked (支付项)."""
    return await queries.items(
        session, org_id=org_id, run_id=run_id, state=state, cursor=cursor, limit=limit
    )


@routes.post("/payout-runs/{run_id}/notice")
@guarded(staff_writes(Role.ACCOUNTANT))
async def lay_payout_open(
    org_id: int,
    run_id: UUID,
    body: NoticeIn,
    request: Request,
    response: Response,
    session: Writing,
) -> RunOut:
    """Begin the public notice; nothing of the run changes from now on (公示)."""
    run = await service.lay_open(
        session,
        org_id=org_id,
        run_id=run_id,
        days=body.days,
        today=runtime_of(request).clock.today(),
    )
    tag_response(response, run.row_version)
    return RunOut.model_validate(run)


@routes.post("/payout-runs/{run_id}/approve")
@guarded(staff_writes(Role.DIRECTOR, serializable=True))
async def approve_payout_run(
    org_id: int,
    run_id: UUID,
    request: Request,
    response: Response,
    session: Writing,
    caller: Caller,
) -> RunOut:
    """Approve a run as a second person and book what it owes (审批)."""
    clock = runtime_of(request).clock
    run = await service.approve(
        session,
        org_id=org_id,
        run_id=run_id,
        approver_id=caller.user_id,
        now=clock.now(),
        today=clock.today(),
    )
    request.state.command.details["total_fen"] = run.total_fen
    tag_response(response, run.row_version)
    return RunOut.model_validate(run)


@routes.post("/payout-runs/{run_id}/cancel")
@guarded(staff_writes(Role.ACCOUNTANT, Role.DIRECTOR))
async def cancel_payout_run(
    org_id: int, run_id: UUID, response: Response, session: Writing
) -> RunOut:
    """Cancel a run that is not approved (作废)."""
    run = await service.cancel(session, org_id=org_id, run_id=run_id)
    tag_response(response, run.row_version)
    return RunOut.model_validate(run)
