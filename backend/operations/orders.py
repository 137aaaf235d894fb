"""The collective's verbs of a spray order: order, cancel, and the one door for every step."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import insert, text
from sqlmodel import col, select

from backend.contracts.models import TrusteeshipContract
from backend.core.clock import SHANGHAI
from backend.core.db import WriteSession
from backend.core.errors import Fault
from backend.core.ids import new_id
from backend.operations import rules
from backend.operations.errors import (
    ContractNotOrderable,
    OrderNotAllowedNow,
    OrderNotFound,
    OrderUnsound,
)
from backend.operations.models import OrderEvent, SprayOrder, SprayOrderParcel
from backend.operations.rules import OrderState

_LINES = text(
    """
    SELECT l.line, l.parcel_id, l.crop, l.rounds, l.area_centimu, p.code,
           p.polygon IS NOT NULL AS mapped,
           EXISTS (SELECT FROM spray_order_parcel o WHERE o.org_id = l.org_id
             AND o.contract_id = l.contract_id AND o.contract_line = l.line
             AND o.round = :round AND o.withdrawn_at IS NULL) AS ordered
    FROM contract_line l
    JOIN parcel p ON p.org_id = l.org_id AND p.id = l.parcel_id
    WHERE l.org_id = :org AND l.contract_id = :contract AND l.stage = 'protect'
    ORDER BY l.line
    """
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Spraying:
    """What is to be sprayed and when; ``dose`` is product, ``liquid`` the whole tank mix."""

    target: str
    product: str
    registration_no: str
    manufacturer: str
    dose_ml_per_mu: int
    liquid_ml_per_mu: int
    pre_harvest_days: int
    earliest_at: datetime
    latest_at: datetime
    priority: int = 0
    product_kind: str = "insecticide"
    harvest_on: date | None = None
    skills: Sequence[str] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ParcelWish:
    """A parcel of the contract to be sprayed; without an area the line's whole area."""

    parcel_id: UUID
    area_centimu: int | None = None


async def order_spraying(
    session: WriteSession,
    *,
    org_id: int,
    contract_id: UUID,
    spraying: Spraying,
    actor_id: UUID | None,
    parcels: Sequence[ParcelWish] | None = None,
    crop: str | None = None,
    round_no: int = 1,
) -> SprayOrder:
    """Draft an order from the plant-protection lines of a provider's contract in force.

    Without ``parcels`` all lines (of ``crop``, if given) whose round is not ordered yet are taken.
    Raises `ContractNotOrderable` and `OrderUnsound` with every fault.
    """
    contract = await session.scalar(
        select(TrusteeshipContract)
        .where(TrusteeshipContract.org_id == org_id, TrusteeshipContract.id == contract_id)
        .with_for_update()
    )
    if contract is None or contract.provider_org_id is None or contract.state != "in_force":
        raise ContractNotOrderable
    values = {"org": org_id, "contract": contract_id, "round": round_no}
    lines = (await session.execute(_LINES, values)).all()
    if parcels is None:
        open_lines = [one for one in lines if not one.ordered and one.rounds >= round_no]
        wanted = [ParcelWish(parcel_id=one.parcel_id) for one in open_lines]
        wanted = wanted if crop is None else _of_crop(wanted, open_lines, crop)
    else:
        wanted = list(parcels)
    by_parcel = {line.parcel_id: line for line in lines}
    faults = _time_faults(contract, spraying) + _wish_faults(wanted, by_parcel, crop, round_no)
    if faults:
        raise OrderUnsound(faults=faults, count=len(faults))
    chosen = [(by_parcel[wish.parcel_id], wish) for wish in wanted]
    order = await _write(session, contract, spraying, "、".join(_crops(chosen)))
    await session.execute(
        insert(SprayOrderParcel),
        [
            {
                "org_id": org_id,
                "order_id": order.id,
                "parcel_id": line.parcel_id,
                "contract_id": contract_id,
                "contract_line": line.line,
                "round": round_no,
                "ordered_centimu": wish.area_centimu or line.area_centimu,
            }
            for line, wish in chosen
        ],
    )
    session.add(_event(order, None, OrderState.DRAFT, actor_id, None))
    await session.flush()
    return order


async def cancel(
    session: WriteSession, *, order: SprayOrder, actor_id: UUID | None, reason: str | None
) -> None:
    """Give a draft up: its lines' rounds may be ordered again. Raises `OrderNotAllowedNow`."""
    await move(session, order=order, to_state=OrderState.CANCELLED, actor_id=actor_id, why=reason)
    await session.execute(
        text(
            "UPDATE spray_order_parcel SET withdrawn_at = now()"
            " WHERE org_id = :org AND order_id = :order AND withdrawn_at IS NULL"
        ),
        {"org": order.org_id, "order": order.id},
    )


async def locked(session: WriteSession, *, org_id: int, order_id: UUID) -> SprayOrder:
    """Return an order locked for a command; raise `OrderNotFound`."""
    order = await session.scalar(
        select(SprayOrder)
        .where(SprayOrder.org_id == org_id, col(SprayOrder.id) == order_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if order is None:
        raise OrderNotFound
    return order


async def move(
    session: WriteSession,
    *,
    order: SprayOrder,
    to_state: OrderState,
    actor_id: UUID | None,
    why: str | None = None,
) -> None:
    """Take one step of the table of transitions and record it; raise `OrderNotAllowedNow`."""
    state = OrderState(order.state)
    if (state, to_state) not in rules.ORDER_TRANSITIONS:
        raise OrderNotAllowedNow(state=state, wanted=to_state)
    session.add(_event(order, state, to_state, actor_id, why))
    order.state = to_state
    order.row_version += 1
    await session.flush()


async def _write(
    session: WriteSession, contract: TrusteeshipContract, spraying: Spraying, crop: str
) -> SprayOrder:
    code = await session.scalar(
        text("SELECT code FROM organisation WHERE id = :org"), {"org": contract.org_id}
    )
    key = new_id()
    order = SprayOrder(
        org_id=contract.org_id,
        id=key,
        number=rules.order_number(contract.season, str(code), key),
        contract_id=contract.id,
        provider_org_id=contract.provider_org_id or 0,
        season=contract.season,
        crop=crop,
        target=spraying.target,
        product=spraying.product,
        registration_no=spraying.registration_no,
        manufacturer=spraying.manufacturer,
        dose_ml_per_mu=spraying.dose_ml_per_mu,
        liquid_ml_per_mu=spraying.liquid_ml_per_mu,
        pre_harvest_days=spraying.pre_harvest_days,
        earliest_at=spraying.earliest_at,
        latest_at=spraying.latest_at,
        priority=spraying.priority,
        product_kind=spraying.product_kind,
        harvest_on=spraying.harvest_on,
        skills=sorted(set(spraying.skills)),
    )
    session.add(order)
    await session.flush()
    return order


def _event(
    order: SprayOrder,
    state: OrderState | None,
    to_state: OrderState,
    actor_id: UUID | None,
    why: str | None,
) -> OrderEvent:
    return OrderEvent(
        org_id=order.org_id,
        order_id=order.id,
        from_state=state,
        to_state=to_state,
        actor_id=actor_id,
        reason=why,
    )


def _of_crop(wanted: list[ParcelWish], lines: Sequence[Any], crop: str) -> list[ParcelWish]:
    return [wish for wish, line in zip(wanted, lines, strict=True) if line.crop == crop]


def _crops(chosen: Sequence[tuple[Any, ParcelWish]]) -> list[str]:
    return sorted({line.crop for line, _ in chosen})


def _time_faults(contract: TrusteeshipContract, spraying: Spraying) -> list[Fault]:
    """Return what is wrong with the window: backwards, or outside the contract's term."""
    if spraying.latest_at <= spraying.earliest_at:
        zh, en = "最晚时间须晚于最早时间", "The window ends before it begins"
        return [Fault(code="window", zh=zh, en=en, field="latest_at")]
    first = spraying.earliest_at.astimezone(SHANGHAI).date()
    last = spraying.latest_at.astimezone(SHANGHAI).date()
    if first < contract.starts_on or last > contract.ends_on:
        zh, en = "作业时间超出合同服务期", "The window leaves the contract's term"
        return [Fault(code="outside-term", zh=zh, en=en, field="earliest_at")]
    harvest_on, interval = spraying.harvest_on, timedelta(days=spraying.pre_harvest_days)
    if harvest_on is not None and first > harvest_on - interval:
        zh, en = "安全间隔期内不得施药", "The interval before the harvest has begun"
        return [Fault(code="pre-harvest", zh=zh, en=en, field="harvest_on")]
    return []


def _wish_faults(
    wanted: Sequence[ParcelWish], lines: dict[UUID, Any], crop: str | None, round_no: int
) -> list[Fault]:
    """Return every fault of the wanted parcels, by their place in the list from 1."""
    if not wanted:
        zh, en = "没有可下单的防治地块", "No parcel is left to be ordered"
        return [Fault(code="nothing-to-order", zh=zh, en=en, field="parcels")]
    faults = []
    seen: set[UUID] = set()
    for row, wish in enumerate(wanted, start=1):
        found = _wish_fault(wish, lines.get(wish.parcel_id), crop, round_no)
        if wish.parcel_id in seen:
            found = ("repeated", "地块重复", "The parcel is repeated")
        seen.add(wish.parcel_id)
        if found is not None:
            code, zh, en = found
            line = lines.get(wish.parcel_id)
            subject = str(wish.parcel_id) if line is None else line.code
            faults.append(Fault(code=code, zh=zh, en=en, row=row, field="parcels", subject=subject))
    return faults


def _wish_fault(
    wish: ParcelWish, line: Any, crop: str | None, round_no: int
) -> tuple[str, str, str] | None:
    if line is None:
        return "not-in-contract", "合同没有该地块的防治环节", "The contract does not protect it"
    checks = (
        (
            crop is not None and line.crop != crop,
            ("other-crop", "地块作物与订单不符", "The parcel bears another crop"),
        ),
        (
            round_no > line.rounds,
            ("more-rounds", f"合同只约定 {line.rounds} 次", f"{line.rounds} rounds are agreed"),
        ),
        (line.ordered, ("already-ordered", "该次作业已下单", "This round is ordered already")),
        (not line.mapped, ("no-boundary", "地块没有界址，不能飞防", "The parcel has no boundary")),
        (
            wish.area_centimu is not None and not 0 < wish.area_centimu <= line.area_centimu,
            (
                "area",
                f"面积须大于 0 且不超过合同的 {line.area_centimu / 100:.2f} 亩",
                f"The area must lie above 0 and within the {line.area_centimu / 100:.2f} mu agreed",
            ),
        ),
    )
    return next((fault for broken, fault in checks if broken), None)
