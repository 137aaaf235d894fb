"""The books over HTTP."""

from typing import Annotated
from uuid import UUID

from fastapi import Path, Query
from starlette.requests import Request

from backend.core.http.policy import guarded, staff_reads, staff_writes
from backend.core.http.route import Caller, Reading, Writing, router
from backend.core.http.runtime import runtime_of
from backend.core.pages import Page
from backend.core.principal import Role
from backend.core.wire import Cursor, Limit
from backend.ledger import queries, service
from backend.ledger.rules import Line
from backend.ledger.schemas import (
    AccountOut,
    BooksIn,
    DraftOut,
    PeriodOut,
    PostedOut,
    ReversalIn,
    TrialBalanceOut,
    VoucherIn,
    VoucherOut,
    VoucherWholeOut,
)

routes = router("/v1/orgs/{org_id}", "ledger")
_READERS = (Role.ACCOUNTANT, Role.CASHIER, Role.DIRECTOR)
_PeriodPath = Annotated[int, Path(ge=194901, le=999912)]


@routes.post("/books", status_code=201)
@guarded(staff_writes(Role.ACCOUNTANT))
async def open_books(org_id: int, body: BooksIn, session: Writing) -> list[PeriodOut]:
    """Open the books with a chart of accounts (建账)."""
    await service.open_books(
        session, org_id=org_id, chart_id=body.chart_id, first_period=body.first_period
    )
    return [PeriodOut(period=body.first_period, state="open")]


@routes.get("/accounts")
@guarded(staff_reads(*_READERS))
async def list_accounts(org_id: int, session: Reading) -> list[AccountOut]:
    """List the chart of accounts (会计科目)."""
    return await queries.accounts(session, org_id=org_id)


@routes.post("/voucher-drafts", status_code=201)
@guarded(staff_writes(Role.ACCOUNTANT))
async def draft_voucher(org_id: int, body: VoucherIn, session: Writing, caller: Caller) -> DraftOut:
    """Make a voucher for review by a second person (制单)."""
    draft = await service.draft_voucher(
        session,
        org_id=org_id,
        booked_on=body.booked_on,
        summary=body.summary,
        attachments=body.attachments,
        lines=[Line(**line.model_dump()) for line in body.lines],
        maker_id=caller.user_id,
    )
    return DraftOut.model_validate(draft)


@routes.post("/voucher-drafts/{draft_id}/review")
@guarded(staff_writes(Role.ACCOUNTANT, Role.DIRECTOR))
async def review_voucher(
    org_id: int, draft_id: UUID, session: Writing, caller: Caller
) -> PostedOut:
    """Post a draft as its reviewer, never its maker (审核记账)."""
    posted = await service.review_draft(
        session, org_id=org_id, draft_id=draft_id, reviewer_id=caller.user_id
    )
    return PostedOut.model_validate(posted)


@routes.get("/vouchers")
@guarded(staff_reads(*_READERS))
async def list_vouchers(
    org_id: int,
    session: Reading,
    period: Annotated[int | None, Query(ge=194901, le=999912)] = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Page[VoucherOut]:
    """List vouchers, of one month or all (凭证列表)."""
    return await queries.vouchers(session, org_id=org_id, period=period, cursor=cursor, limit=limit)


@routes.get("/vouchers/{voucher_id}")
@guarded(staff_reads(*_READERS))
async def read_voucher(org_id: int, voucher_id: UUID, session: Reading) -> VoucherWholeOut:
    """Return a voucher with its lines (凭证详情)."""
    return await queries.voucher(session, org_id=org_id, voucher_id=voucher_id)


@routes.post("/vouchers/{voucher_id}/reversal", status_code=201)
@guarded(staff_writes(Role.ACCOUNTANT))
async def reverse_voucher(
    org_id: int, voucher_id: UUID, body: ReversalIn, session: Writing, caller: Caller
) -> PostedOut:
    """Cancel a voucher by its red copy (红字冲销)."""
    posted = await service.reverse(
        session,
        org_id=org_id,
        voucher_id=voucher_id,
        booked_on=body.booked_on,
        maker_id=caller.user_id,
    )
    return PostedOut.model_validate(posted)


@routes.get("/periods")
@guarded(staff_reads(*_READERS))
async def list_periods(org_id: int, session: Reading) -> list[PeriodOut]:
    """List the accounting months (会计期间)."""
    return await queries.periods(session, org_id=org_id)


@routes.post("/periods/{period}/close")
@guarded(staff_writes(Role.ACCOUNTANT, serializable=True))
async def close_period(
    org_id: int, period: _PeriodPath, request: Request, session: Writing, caller: Caller
) -> PeriodOut:
    """Close a month: nothing more is booked in it (结账)."""
    await service.close_period(
        session,
        org_id=org_id,
        period=period,
        closed_by=caller.user_id,
        now=runtime_of(request).clock.now(),
    )
    return PeriodOut(period=period, state="closed")


@routes.get("/trial-balances/{period}")
@guarded(staff_reads(*_READERS))
async def read_trial_balance(org_id: int, period: _PeriodPath, session: Reading) -> TrialBalanceOut:
    """Return the trial balance of a month (科目余额表)."""
    return await queries.trial_balance(session, org_id=org_id, period=period)
