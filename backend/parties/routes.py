"""Organisations and people over HTTP."""

import asyncio
from typing import Annotated, Any
from uuid import UUID

from fastapi import File, Query, UploadFile
from starlette.requests import Request
from starlette.responses import Response

from backend.core import codes
from backend.core.db import ReadSession
from backend.core.http.etag import ExpectedVersion, tag_response
from backend.core.http.policy import (
    MEGABYTE,
    Policy,
    guarded,
    staff_edits,
    staff_reads,
    staff_writes,
)
from backend.core.http.problem import language_of
from backend.core.http.route import Reading, Writing, router
from backend.core.http.runtime import runtime_of
from backend.core.intake import read_table
from backend.core.pages import Page
from backend.core.principal import Role
from backend.core.wire import Cursor, In, Limit
from backend.parties import editing, queries
from backend.parties.directory import bureau_region_of
from backend.parties.households import import_households
from backend.parties.models import Member
from backend.parties.schemas import (
    AccountChangedOut,
    AccountIn,
    AccountOut,
    HouseholdOut,
    HouseholdPatch,
    HouseholdWholeOut,
    ImportReportOut,
    MemberOut,
    MemberPatch,
    ProfileIn,
    ProfileOut,
    WorkerIn,
    WorkerOut,
    fault_out,
    report_out,
)
from backend.parties.service import AccountFacts, PersonFacts, share_micro
from backend.parties.uploads import IMPORT_BYTES_MAX, received
from backend.parties.villages import import_villages

routes = router("/v1/orgs/{org_id}", "parties")
_READERS = (Role.CLERK, Role.DIRECTOR, Role.ACCOUNTANT, Role.CASHIER)
_EVERYONE = (*_READERS, Role.DISPATCHER, Role.CREW, Role.SUPERVISOR, Role.ADMIN)
_BOUNDARY_EDIT = Policy(
    audience="staff",
    access="write",
    roles=frozenset({Role.CLERK, Role.DIRECTOR, Role.ADMIN}),
    versioned=True,
    body_bytes_max=8 * MEGABYTE,
)
ImportFile = Annotated[UploadFile, File(description="CSV or XLSX / 表格文件")]
DryRun = Annotated[bool, Query(description="Show what would change, write nothing / 预演")]


def _stated(body: In) -> dict[str, Any]:
    """Return the fields of a patch that say something."""
    return body.model_dump(exclude_none=True)


@routes.get("/profile")
@guarded(staff_reads(*_EVERYONE))
async def read_profile(
    org_id: int, request: Request, response: Response, session: Reading
) -> ProfileOut:
    """Return the organisation's own record (组织资料)."""
    shown = await queries.profile(session, runtime_of(request).sealer, org_id=org_id)
    tag_response(response, shown.version)
    return shown


@routes.put("/profile")
@guarded(_BOUNDARY_EDIT)
async def replace_profile(
    org_id: int,
    body: ProfileIn,
    request: Request,
    response: Response,
    session: Writing,
    version: ExpectedVersion,
) -> ProfileOut:
    """Replace the organisation's own record, its boundary included (修改组织资料)."""
    sealer = runtime_of(request).sealer
    facts = editing.ProfileFacts(**body.model_dump())
    kept = await editing.replace_profile(
        session, sealer, org_id=org_id, version=version, facts=facts
    )
    tag_response(response, kept.row_version)
    return await queries.profile(ReadSession(session), sealer, org_id=org_id)


@routes.get("/households")
@guarded(staff_reads(*_READERS))
async def list_households(
    org_id: int,
    session: Reading,
    code_prefix: Annotated[str, Query(pattern=r"^\d{0,18}$", description="承包方编码前缀")] = "",
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Page[HouseholdOut]:
    """List households with their shares and masked accounts (农户名册)."""
    return await queries.households(
        session, org_id=org_id, code_prefix=code_prefix, cursor=cursor, limit=limit
    )


@routes.get("/households/{household_id}")
@guarded(staff_reads(*_READERS))
async def read_household(
    org_id: int, household_id: UUID, response: Response, session: Reading
) -> HouseholdWholeOut:
    """Return a household with members and accounts, masked (农户)."""
    shown = await queries.household(session, org_id=org_id, household_id=household_id)
    tag_response(response, shown.version)
    return shown


@routes.patch("/households/{household_id}")
@guarded(staff_edits(Role.CLERK))
async def edit_household(
    org_id: int,
    household_id: UUID,
    body: HouseholdPatch,
    response: Response,
    session: Writing,
    version: ExpectedVersion,
) -> HouseholdWholeOut:
    """Change a household's head, address or leaving day (修改农户)."""
    kept = await editing.edit_household(
        session, org_id=org_id, household_id=household_id, version=version, changes=_stated(body)
    )
    tag_response(response, kept.row_version)
    return await queries.household(ReadSession(session), org_id=org_id, household_id=household_id)


@routes.get("/members/{member_id}")
@guarded(staff_reads(*_READERS))
async def read_member(
    org_id: int, member_id: UUID, response: Response, session: Reading
) -> MemberOut:
    """Return a member, the identity number masked (成员)."""
    shown = await queries.member(session, org_id=org_id, member_id=member_id)
    tag_response(response, shown.version)
    return shown


@routes.patch("/members/{member_id}")
@guarded(staff_edits(Role.CLERK))
async def edit_member(
    org_id: int,
    member_id: UUID,
    body: MemberPatch,
    response: Response,
    session: Writing,
    version: ExpectedVersion,
) -> MemberOut:
    """Change a member's name, relation, share or status (修改成员)."""
    changes = _stated(body)
    if body.share is not None:
        changes["share_micro"] = share_micro(changes.pop("share"))
    kept: Member = await editing.edit_member(
        session, org_id=org_id, member_id=member_id, version=version, changes=changes
    )
    tag_response(response, kept.row_version)
    return await queries.member(ReadSession(session), org_id=org_id, member_id=member_id)


@routes.get("/workers")
@guarded(staff_reads(*_READERS))
async def list_workers(
    org_id: int, session: Reading, cursor: Cursor = None, limit: Limit = 50
) -> Page[WorkerOut]:
    """List the people who work for pay (务工人员名册)."""
    return await queries.workers(session, org_id=org_id, cursor=cursor, limit=limit)


@routes.post("/workers", status_code=201)
@guarded(staff_writes(Role.CLERK, Role.ACCOUNTANT))
async def add_worker(org_id: int, body: WorkerIn, request: Request, session: Writing) -> WorkerOut:
    """Register a person who works for pay (登记务工人员)."""
    runtime = runtime_of(request)
    worker = await editing.hire_worker(
        session,
        runtime.sealer,
        org_id=org_id,
        person=PersonFacts(name=body.name, id_number=body.id_number),
        household_id=body.household_id,
        kind=body.kind,
        today=runtime.clock.today(),
    )
    return WorkerOut.model_validate(worker)


@routes.get("/payee-accounts")
@guarded(staff_reads(*_READERS))
async def list_payee_accounts(
    org_id: int,
    session: Reading,
    owner_id: Annotated[UUID, Query(description="Household or worker / 户主")],
) -> list[AccountOut]:
    """List the accounts of a household or worker, the one in use first (收款账户)."""
    return await queries.accounts(session, org_id=org_id, owner_id=owner_id)


@routes.post("/payee-accounts", status_code=201)
@guarded(staff_writes(Role.CLERK, Role.CASHIER))
async def change_payee_account(
    org_id: int, body: AccountIn, request: Request, session: Writing
) -> AccountChangedOut:
    """State where a household or worker is paid from now on (变更收款账户)."""
    runtime = runtime_of(request)
    account = await editing.change_payee_account(
        session,
        runtime.sealer,
        org_id=org_id,
        owner_kind=body.owner_kind,
        owner_id=body.owner_id,
        account=AccountFacts(
            holder_name=body.holder_name, bank_name=body.bank_name, number=body.number
        ),
        now=runtime.clock.now(),
    )
    await session.refresh(account)
    remarks = codes.card_warnings(body.number, field="number")
    return AccountChangedOut(
        **AccountOut.model_validate(account).model_dump(),
        warnings=[fault_out(fault, language_of(request)) for fault in remarks],
    )


@routes.post("/imports/households")
@guarded(staff_writes(Role.CLERK, body_bytes_max=IMPORT_BYTES_MAX))
async def upload_households(
    org_id: int, file: ImportFile, request: Request, session: Writing, *, dry_run: DryRun = False
) -> ImportReportOut:
    """Import a roster of members, all or nothing (导入农户与成员)."""
    runtime, upload = runtime_of(request), await received(file)
    table = await asyncio.to_thread(read_table, upload.content, upload.filename)
    report = await import_households(
        session,
        runtime.sealer,
        org_id=org_id,
        table=table,
        source=upload.source,
        clock=runtime.clock,
        dry_run=dry_run,
    )
    return report_out(report, language_of(request))


@routes.post("/imports/villages")
@guarded(staff_writes(Role.SUPERVISOR, Role.ADMIN, body_bytes_max=IMPORT_BYTES_MAX))
async def upload_villages(
    org_id: int, file: ImportFile, request: Request, session: Writing, *, dry_run: DryRun = False
) -> ImportReportOut:
    """Import the county's villages and register their collectives (导入村名录)."""
    upload = await received(file)
    within = await bureau_region_of(session, org_id=org_id)
    table = await asyncio.to_thread(read_table, upload.content, upload.filename)
    report = await import_villages(
        session, table=table, source=upload.source, within=within, dry_run=dry_run
    )
    return report_out(report, language_of(request))
