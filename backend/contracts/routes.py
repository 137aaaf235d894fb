"""Contracts and the menu over HTTP."""

from typing import Annotated
from uuid import UUID

from fastapi import Query
from sqlalchemy import text
from starlette.requests import Request
from starlette.responses import Response

from backend.contracts import menu, queries, service
from backend.contracts.drafting import LineDraft
from backend.contracts.errors import ContractUnsound
from backend.contracts.rules import Stage, State, Tier
from backend.contracts.schemas import (
    AgreementOut,
    ContractIn,
    ContractOut,
    ContractWholeOut,
    ItemIn,
    ItemOut,
    PartyIn,
    PriceIn,
    PriceOut,
    StepIn,
    TierName,
)
from backend.core.area import Area
from backend.core.db import WriteSession
from backend.core.errors import Fault
from backend.core.http.etag import ExpectedVersion, tag_response
from backend.core.http.policy import guarded, staff_reads, staff_writes
from backend.core.http.route import Caller, CallerScope, Reading, Writing, router
from backend.core.http.runtime import runtime_of
from backend.core.pages import Page
from backend.core.principal import Role
from backend.core.wire import Cursor, Limit

routes = router("/v1/orgs/{org_id}", "contracts")
_READERS = (Role.CLERK, Role.DIRECTOR, Role.ACCOUNTANT, Role.CASHIER)


@routes.post("/service-items", status_code=201)
@guarded(staff_writes(Role.CLERK, Role.DIRECTOR))
async def add_service_item(org_id: int, body: ItemIn, session: Writing) -> ItemOut:
    """Put a service on the menu (新增服务项目)."""
    item = await menu.add_item(
        session,
        org_id=org_id,
        name=body.name,
        crop=body.crop,
        stage=Stage(body.stage),
        unit=body.unit,
        quality_standard=body.quality_standard,
    )
    return ItemOut(
        id=item.id,
        name=item.name,
        crop=item.crop,
        stage=item.stage,
        unit=item.unit,
        quality_standard=item.quality_standard,
        farmer_price_fen=None,
        provider_price_fen=None,
    )


@routes.get("/service-items")
@guarded(staff_reads(*_READERS))
async def list_service_items(org_id: int, request: Request, session: Reading) -> list[ItemOut]:
    """List the menu with today's prices (服务菜单)."""
    return await queries.items(session, org_id=org_id, day=runtime_of(request).clock.today())


@routes.post("/service-items/{item_id}/prices", status_code=201)
@guarded(staff_writes(Role.DIRECTOR))
async def add_service_price(
    org_id: int, item_id: UUID, body: PriceIn, session: Writing
) -> PriceOut:
    """Add a dated price; older contracts keep theirs (新增服务价格)."""
    price = await menu.set_price(
        session,
        org_id=org_id,
        item_id=item_id,
        tier=Tier(body.tier),
        price_fen=body.price_fen,
        valid_from=body.valid_from,
        document=body.document,
    )
    return PriceOut.model_validate(price)


@routes.post("/contracts", status_code=201)
@guarded(staff_writes(Role.CLERK, Role.DIRECTOR))
async def draft_contract(
    org_id: int,
    body: ContractIn,
    request: Request,
    response: Response,
    session: Writing,
    caller: Caller,
) -> ContractWholeOut:
    """Draft a contract of either tier at today's prices (起草托管合同)."""
    _one_party(body)
    today = runtime_of(request).clock.today()
    tier = (
        Tier.COLLECTIVE_TO_PROVIDER if body.household_id is None else Tier.HOUSEHOLD_TO_COLLECTIVE
    )
    wanted = service.ContractDraft(
        number=await service.next_number(session, org_id=org_id, tier=tier, season=body.season),
        mode=body.mode,
        season=body.season,
        starts_on=body.starts_on,
        ends_on=body.ends_on,
        household_id=body.household_id,
        provider_org_id=body.provider_org_id,
        entrustor=await _party(session, org_id, body.entrustor, household_id=body.household_id),
        trustee=await _party(session, org_id, body.trustee, provider_id=body.provider_org_id),
        terms=body.terms.model_dump(),
        lines=[
            LineDraft(
                parcel_id=line.parcel_id,
                item_id=line.item_id,
                rounds=line.rounds,
                area_centimu=None if line.area_mu is None else Area.parse(line.area_mu).centimu,
            )
            for line in body.lines
        ],
    )
    (contract_id,) = await service.draft(
        session, org_id=org_id, contracts=[wanted], priced_on=today, actor_id=caller.user_id
    )
    tag_response(response, 1)
    return await queries.contract(session, org_id=org_id, contract_id=contract_id)


@routes.get("/contracts")
@guarded(staff_reads(*_READERS))
async def list_contracts(
    org_id: int,
    session: Reading,
    season: Annotated[str | None, Query(pattern=r"^20\d{2}$")] = None,
    tier: TierName | None = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Page[ContractOut]:
    """List contracts by season and tier (合同列表)."""
    return await queries.contracts(
        session, org_id=org_id, season=season, tier=tier, cursor=cursor, limit=limit
    )


@routes.get("/contracts/{contract_id}")
@guarded(staff_reads(*_READERS))
async def read_contract(
    org_id: int, contract_id: UUID, response: Response, session: Reading
) -> ContractWholeOut:
    """Return a contract with its lines (合同详情)."""
    found = await queries.contract(session, org_id=org_id, contract_id=contract_id)
    tag_response(response, found.row_version)
    return found


@routes.post("/contracts/{contract_id}/steps")
@guarded(staff_writes(Role.CLERK, Role.DIRECTOR, versioned=True))
async def advance_contract(
    org_id: int,
    contract_id: UUID,
    body: StepIn,
    request: Request,
    response: Response,
    session: Writing,
    caller: Caller,
    scope: CallerScope,
    version: ExpectedVersion,
) -> ContractWholeOut:
    """Offer, sign, put in force, complete or terminate a contract (合同流转)."""
    (contract,) = await service.advance(
        session,
        org_id=org_id,
        contract_ids=[contract_id],
        to_state=State(body.to_state),
        actor_id=caller.user_id,
        day=runtime_of(request).clock.today(),
        roles=caller.roles_in(scope.org_id),
        expected_version=version,
        reason=body.reason,
    )
    tag_response(response, contract.row_version)
    return await queries.contract(session, org_id=org_id, contract_id=contract_id)


@routes.get("/contracts/{contract_id}/agreement")
@guarded(staff_reads(*_READERS))
async def check_agreement(org_id: int, contract_id: UUID, session: Reading) -> AgreementOut:
    """Check a provider's contract against the households' in mu and yuan (双层核对)."""
    return await queries.agreement(session, org_id=org_id, contract_id=contract_id)


def _one_party(body: ContractIn) -> None:
    """Refuse a contract with both tiers' parties or none, and a term that runs backwards."""
    faults = []
    if (body.household_id is None) == (body.provider_org_id is None):
        faults.append(
            Fault(
                code="one-party",
                zh="农户与服务主体必须且只能填一个",
                en="Give exactly one of household and provider",
                field="household_id",
            )
        )
    if body.ends_on < body.starts_on:
        faults.append(
            Fault(
                code="term",
                zh="服务期止早于服务期起",
                en="The term ends before it begins",
                field="ends_on",
            )
        )
    if body.household_id is not None and any(line.area_mu is not None for line in body.lines):
        faults.append(
            Fault(
                code="area-of-record",
                zh="一层合同按登记面积，不能另填亩数",
                en="Tier one takes the area on record",
                field="lines.area_mu",
            )
        )
    if faults:
        raise ContractUnsound(faults=faults, count=len(faults))


async def _party(
    session: WriteSession,
    org_id: int,
    given: PartyIn | None,
    *,
    household_id: UUID | None = None,
    provider_id: int | None = None,
) -> dict[str, str | None]:
    """Return a party as it signs; by default the names that the registers hold."""
    if given is not None:
        return given.model_dump()
    if household_id is not None:
        name = await session.scalar(
            text("SELECT head_name FROM household WHERE org_id = :org AND id = :id"),
            {"org": org_id, "id": household_id},
        )
    else:
        name = await session.scalar(
            text("SELECT name FROM organisation WHERE id = :id"), {"id": provider_id or org_id}
        )
    return {"name": name, "representative": None, "address": None}
