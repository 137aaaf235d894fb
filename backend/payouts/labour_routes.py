"""Work for pay over HTTP."""

from typing import Annotated

from fastapi import Query
from starlette.requests import Request

from backend.core.http.policy import guarded, staff_reads, staff_writes
from backend.core.http.problem import language_of
from backend.core.http.route import Caller, Reading, Writing, router
from backend.core.http.runtime import runtime_of
from backend.core.pages import Page
from backend.core.principal import Role
from backend.core.wire import Cursor, Limit
from backend.payouts import labour, queries
from backend.payouts.schemas import (
    RecordIdsIn,
    RecordsChangedOut,
    RecordState,
    WorkRecordOut,
    WorkRecordsIn,
    WorkRecordsOut,
    faults_out,
)

routes = router("/v1/orgs/{org_id}", "payouts")
_FOREMEN = (Role.CLERK, Role.DIRECTOR)


@routes.post("/work-records", status_code=201)
@guarded(staff_writes(*_FOREMEN))
async def submit_work_records(
    org_id: int, body: WorkRecordsIn, request: Request, session: Writing, caller: Caller
) -> WorkRecordsOut:
    """Submit a sheet of work for pay, all or none (上报用工)."""
    submitted = await labour.submit(
        session,
        org_id=org_id,
        records=[labour.WorkDone(**record.model_dump()) for record in body.records],
        submitted_by=caller.user_id,
        today=runtime_of(request).clock.today(),
    )
    return WorkRecordsOut(
        ids=submitted.ids, warnings=faults_out(submitted.warnings, language_of(request))
    )


@routes.get("/work-records")
@guarded(staff_reads(*_FOREMEN, Role.ACCOUNTANT))
async def list_work_records(
    org_id: int,
    session: Reading,
    state: Annotated[RecordState | None, Query()] = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Page[WorkRecordOut]:
    """List work records (用工记录)."""
    return await queries.work_records(
        session, org_id=org_id, state=state, cursor=cursor, limit=limit
    )


@routes.post("/work-records/confirm")
@guarded(staff_writes(*_FOREMEN))
async def confirm_work_records(
    org_id: int, body: RecordIdsIn, session: Writing, caller: Caller
) -> RecordsChangedOut:
    """Confirm records that somebody else submitted, all or none (确认用工)."""
    count = await labour.confirm(
        session, org_id=org_id, record_ids=body.record_ids, confirmed_by=caller.user_id
    )
    return RecordsChangedOut(count=count)


@routes.post("/work-records/reject")
@guarded(staff_writes(*_FOREMEN))
async def reject_work_records(
    org_id: int, body: RecordIdsIn, session: Writing
) -> RecordsChangedOut:
    """Reject submitted records, all or none (退回用工)."""
    count = await labour.reject(session, org_id=org_id, record_ids=body.record_ids)
    return RecordsChangedOut(count=count)
