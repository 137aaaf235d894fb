"""Spray orders, acceptance and settlement over HTTP: the collective's side."""

from typing import Annotated
from uuid import UUID

from fastapi import Path, Query
from starlette.requests import Request
from starlette.responses import Response

from backend.core.errors import Fault
from backend.core.http.etag import ExpectedVersion, tag_response
from backend.core.http.policy import MEGABYTE, guarded, staff_reads, staff_writes
from backend.core.http.route import Caller, CallerScope, Reading, Writing, router
from backend.core.http.runtime import runtime_of
from backend.core.pages import Page
from backend.core.principal import Role
from backend.core.wire import Cursor, Limit
from backend.operations import acceptance, orders, queries, settlement, steps
from backend.operations.errors import AcceptanceUnsound
from backend.operations.rows import centimu
from backend.operations.rules import OrderState
from backend.operations.schemas import (
    AcceptanceIn,
    DisputesIn,
    OrderEventOut,
    OrderParcelOut,
    OrderStateName,
    OrderStepIn,
    ParcelWishIn,
    SettlementLineOut,
    SettlementOut,
    SprayOrderIn,
    SprayOrderOut,
    VerdictIn,
)

routes = router("/v1/orgs/{org_id}", "operations")
_READERS = (Role.CLERK, Role.DIRECTOR, Role.ACCOUNTANT)
_OrgPath = Annotated[int, Path(description="The collective / 村集体")]
_OrderPath = Annotated[UUID, Path(description="The order / 订单")]


@routes.post("/spray-orders", status_code=201)
@guarded(staff_writes(Role.CLERK, Role.DIRECTOR, body_bytes_max=4 * MEGABYTE))
async def order_spraying(
    org_id: _OrgPath, body: SprayOrderIn, response: Response, session: Writing, caller: Caller
) -> SprayOrderOut:
    """Draft a spray order from a provider's contract in force (飞防下单)."""
    facts = orders.Spraying(
        target=body.target,
        product=body.product,
        registration_no=body.registration_no,
        manufacturer=body.manufacturer,
        dose_ml_per_mu=body.dose_ml_per_mu,
        liquid_ml_per_mu=body.liquid_ml_per_mu,
        pre_harvest_days=body.pre_harvest_days,
        earliest_at=body.earliest_at,
        latest_at=body.latest_at,
        priority=body.priority,
        product_kind=body.product_kind,
        harvest_on=body.harvest_on,
        skills=body.skills,
    )
    order = await orders.order_spraying(
        session,
        org_id=org_id,
        contract_id=body.contract_id,
        spraying=facts,
        actor_id=caller.user_id,
        parcels=_wishes(body.parcels),
        crop=body.crop,
        round_no=body.round,
    )
    tag_response(response, order.row_version)
    return await queries.spray_order(session, org_id=org_id, order_id=order.id)


@routes.get("/spray-orders")
@guarded(staff_reads(*_READERS))
async def list_spray_orders(
    org_id: _OrgPath,
    session: Reading,
    season: Annotated[str | None, Query(pattern=r"^20\d{2}$")] = None,
    state: OrderStateName | None = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Page[SprayOrderOut]:
    """List spray orders by season and state (订单列表)."""
    return await queries.spray_orders(
        session, org_id=org_id, season=season, state=state, cursor=cursor, limit=limit
    )


@routes.get("/spray-orders/{order_id}")
@guarded(staff_reads(*_READERS))
async def read_spray_order(
    org_id: _OrgPath, order_id: _OrderPath, response: Response, session: Reading
) -> SprayOrderOut:
    """Return a spray order with the sums of its parcels (订单详情)."""
    found = await queries.spray_order(session, org_id=org_id, order_id=order_id)
    tag_response(response, found.row_version)
    return found


@routes.get("/spray-orders/{order_id}/parcels")
@guarded(staff_reads(*_READERS))
async def list_order_parcels(
    org_id: _OrgPath,
    order_id: _OrderPath,
    session: Reading,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Page[OrderParcelOut]:
    """List an order's parcels with contract, ordered, flown and accepted area (面积对照)."""
    return await queries.order_parcels(
        session, org_id=org_id, order_id=order_id, cursor=cursor, limit=limit
    )


@routes.get("/spray-orders/{order_id}/events")
@guarded(staff_reads(*_READERS))
async def list_order_events(
    org_id: _OrgPath, order_id: _OrderPath, session: Reading
) -> list[OrderEventOut]:
    """List the steps of an order (流转记录)."""
    return await queries.order_events(session, org_id=org_id, order_id=order_id)


@routes.post("/spray-orders/{order_id}/steps")
@guarded(staff_writes(Role.CLERK, Role.DIRECTOR, versioned=True))
async def advance_spray_order(
    org_id: _OrgPath,
    order_id: _OrderPath,
    body: OrderStepIn,
    response: Response,
    session: Writing,
    caller: Caller,
    scope: CallerScope,
    version: ExpectedVersion,
) -> SprayOrderOut:
    """Release an order to its provider, take it back, cancel it, or give up its rest (订单流转)."""
    order = await steps.advance(
        session,
        scope,
        order_id=order_id,
        to_state=OrderState(body.to_state),
        roles=caller.roles_in(scope.org_id),
        expected_version=version,
        reason=body.reason,
    )
    tag_response(response, order.row_version)
    return await queries.spray_order(session, org_id=org_id, order_id=order_id)


@routes.post("/spray-orders/{order_id}/acceptance")
@guarded(staff_writes(Role.CLERK, Role.DIRECTOR, body_bytes_max=8 * MEGABYTE))
async def accept_spraying(
    org_id: _OrgPath,
    order_id: _OrderPath,
    body: AcceptanceIn,
    request: Request,
    response: Response,
    session: Writing,
    caller: Caller,
) -> SprayOrderOut:
    """Accept what was sprayed, parcel by parcel or all by the rule (验收)."""
    order = await acceptance.accept(
        session,
        org_id=org_id,
        order_id=order_id,
        verdicts=_verdicts(body.records),
        accepted_by=caller.user_id,
        now=runtime_of(request).clock.now(),
    )
    tag_response(response, order.row_version)
    return await queries.spray_order(session, org_id=org_id, order_id=order_id)


@routes.post("/spray-orders/{order_id}/disputes")
@guarded(staff_writes(Role.CLERK, Role.DIRECTOR, body_bytes_max=8 * MEGABYTE))
async def dispute_spraying(
    org_id: _OrgPath, order_id: _OrderPath, body: DisputesIn, session: Writing
) -> SprayOrderOut:
    """Object to reported work, each with a reason (异议)."""
    disputes = {one.parcel_id: one.reason for one in body.records}
    if len(disputes) != len(body.records):
        fault = Fault(code="repeated", zh="地块重复", en="A parcel is repeated", field="records")
        raise AcceptanceUnsound(faults=[fault], count=1)
    await acceptance.dispute(session, org_id=org_id, order_id=order_id, disputes=disputes)
    return await queries.spray_order(session, org_id=org_id, order_id=order_id)


@routes.post("/spray-orders/{order_id}/settlement", status_code=201)
@guarded(staff_writes(Role.DIRECTOR))
async def settle_spraying(
    org_id: _OrgPath, order_id: _OrderPath, request: Request, session: Writing, caller: Caller
) -> SettlementOut:
    """Settle an accepted order at both tiers' prices and book it, once (结算)."""
    await settlement.settle(
        session,
        org_id=org_id,
        order_id=order_id,
        settled_by=caller.user_id,
        booked_on=runtime_of(request).clock.today(),
    )
    return await queries.settlement(session, org_id=org_id, order_id=order_id)


@routes.get("/spray-orders/{order_id}/settlement")
@guarded(staff_reads(*_READERS))
async def read_settlement(
    org_id: _OrgPath, order_id: _OrderPath, session: Reading
) -> SettlementOut:
    """Return an order's settlement (结算单)."""
    return await queries.settlement(session, org_id=org_id, order_id=order_id)


@routes.get("/spray-orders/{order_id}/settlement/lines")
@guarded(staff_reads(*_READERS))
async def list_settlement_lines(
    org_id: _OrgPath,
    order_id: _OrderPath,
    session: Reading,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Page[SettlementLineOut]:
    """List a settlement's lines: accepted area at both prices (结算明细)."""
    return await queries.settlement_lines(
        session, org_id=org_id, order_id=order_id, cursor=cursor, limit=limit
    )


def _wishes(given: list[ParcelWishIn] | None) -> list[orders.ParcelWish] | None:
    if given is None:
        return None
    return [
        orders.ParcelWish(
            parcel_id=one.parcel_id,
            area_centimu=centimu(one.area_mu, row=row, field="parcels.area_mu"),
        )
        for row, one in enumerate(given, start=1)
    ]


def _verdicts(given: list[VerdictIn] | None) -> list[acceptance.Verdict] | None:
    if given is None:
        return None
    return [
        acceptance.Verdict(
            parcel_id=one.parcel_id,
            area_centimu=centimu(one.accepted_mu, row=row, field="records.accepted_mu"),
            reason=one.reason,
        )
        for row, one in enumerate(given, start=1)
    ]
