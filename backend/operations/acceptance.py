"""Acceptance (验收): the village looks at what was reported, parcel by parcel."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text

from backend.core.db import WriteSession
from backend.core.errors import Fault
from backend.operations import orders, rules
from backend.operations.errors import AcceptanceUnsound, NothingToAccept
from backend.operations.models import SprayOrder
from backend.operations.rules import OrderState

_RECORDS = text(
    """
    SELECT r.id, r.parcel_id, r.state, r.flown_centimu, o.ordered_centimu, p.code,
           coalesce((c.terms ->> 'area_tolerance_permille')::int, 0) AS permille
    FROM operation_record r
    JOIN spray_order_parcel o
      ON o.org_id = r.org_id AND o.order_id = r.order_id AND o.parcel_id = r.parcel_id
    JOIN trusteeship_contract c ON c.org_id = o.org_id AND c.id = o.contract_id
    JOIN parcel p ON p.org_id = r.org_id AND p.id = r.parcel_id
    WHERE r.org_id = :org AND r.order_id = :order AND r.state <> 'accepted'
    ORDER BY p.code
    """
)
_ACCEPT = text(
    """
    UPDATE operation_record r
    SET state = 'accepted', accepted_centimu = a.area, acceptance_reason = a.reason,
        accepted_by = :by, accepted_at = :now
    FROM unnest(CAST(:ids AS uuid[]), CAST(:areas AS bigint[]), CAST(:reasons AS text[]))
      AS a(id, area, reason)
    WHERE r.org_id = :org AND r.id = a.id
    """
)
_DISPUTE = text(
    """
    UPDATE operation_record r SET state = 'disputed', acceptance_reason = a.reason
    FROM unnest(CAST(:ids AS uuid[]), CAST(:reasons AS text[])) AS a(id, reason)
    WHERE r.org_id = :org AND r.id = a.id
    """
)
_OPEN = text(
    """
    SELECT count(*) FROM spray_order_parcel o
    LEFT JOIN operation_record r
      ON r.org_id = o.org_id AND r.order_id = o.order_id AND r.parcel_id = o.parcel_id
    WHERE o.org_id = :org AND o.order_id = :order AND o.withdrawn_at IS NULL
      AND r.state IS DISTINCT FROM 'accepted'
    """
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """The village's figure for one parcel; without an area the rule's own."""

    parcel_id: UUID
    area_centimu: int | None = None
    reason: str | None = None


async def accept(
    session: WriteSession,
    *,
    org_id: int,
    order_id: UUID,
    verdicts: Sequence[Verdict] | None,
    accepted_by: UUID,
    now: datetime,
) -> SprayOrder:
    """Accept records of an order; ``None``: all that are reported and not disputed, by the rule.

    The order is accepted with its last record. Raises `NothingToAccept`, and `AcceptanceUnsound`
    with every fault; nothing is written then.
    """
    order, records = await _open_records(session, org_id, order_id)
    if verdicts is None:
        verdicts = [
            Verdict(parcel_id=row.parcel_id) for row in records.values() if row.state == "reported"
        ]
        if not verdicts:
            raise NothingToAccept
    faults = _place_faults(verdicts, records)
    chosen = [(one, records[one.parcel_id]) for one in verdicts if one.parcel_id in records]
    areas = [_area(one, row) for one, row in chosen]
    for number, ((one, row), area) in enumerate(zip(chosen, areas, strict=True), start=1):
        faults += _area_faults(number, one, row, area)
    if faults:
        raise AcceptanceUnsound(faults=faults, count=len(faults))
    await session.execute(
        _ACCEPT,
        {
            "org": org_id,
            "by": accepted_by,
            "now": now,
            "ids": [row.id for _, row in chosen],
            "areas": areas,
            "reasons": [one.reason for one, _ in chosen],
        },
    )
    await conclude(session, order=order, actor_id=accepted_by)
    return order


async def dispute(
    session: WriteSession, *, org_id: int, order_id: UUID, disputes: Mapping[UUID, str]
) -> SprayOrder:
    """Object to records by parcel, each with a reason; they wait until they are accepted after all.

    Raises `NothingToAccept` and `AcceptanceUnsound`.
    """
    order, records = await _open_records(session, org_id, order_id)
    verdicts = [Verdict(parcel_id=parcel_id) for parcel_id in disputes]
    faults = _place_faults(verdicts, records)
    if faults:
        raise AcceptanceUnsound(faults=faults, count=len(faults))
    await session.execute(
        _DISPUTE,
        {
            "org": org_id,
            "ids": [records[parcel_id].id for parcel_id in disputes],
            "reasons": list(disputes.values()),
        },
    )
    return order


async def conclude(session: WriteSession, *, order: SprayOrder, actor_id: UUID | None) -> None:
    """Call a reported order accepted once every parcel left in it is."""
    if order.state != OrderState.REPORTED:
        return
    if await session.scalar(_OPEN, {"org": order.org_id, "order": order.id}):
        return
    await orders.move(session, order=order, to_state=OrderState.ACCEPTED, actor_id=actor_id)


async def _open_records(
    session: WriteSession, org_id: int, order_id: UUID
) -> tuple[SprayOrder, dict[UUID, Any]]:
    """Lock the order and return its records that are not accepted, by parcel."""
    order = await orders.locked(session, org_id=org_id, order_id=order_id)
    rows = await session.execute(_RECORDS, {"org": org_id, "order": order_id})
    records = {row.parcel_id: row for row in rows}
    if not records:
        raise NothingToAccept
    return order, records


def _area(one: Verdict, row: Any) -> int:
    if one.area_centimu is not None:
        return one.area_centimu
    return rules.accepted_by_rule(row.flown_centimu, row.ordered_centimu, row.permille)


def _place_faults(verdicts: Sequence[Verdict], records: Mapping[UUID, Any]) -> list[Fault]:
    """Return a fault for each parcel without a record that waits, and for each repetition."""
    faults = []
    seen: set[UUID] = set()
    for row, one in enumerate(verdicts, start=1):
        if one.parcel_id not in records:
            zh, en = "该地块没有待验收的记录", "The parcel has no record that waits for acceptance"
            faults.append(_fault("no-record", zh, en, row, str(one.parcel_id)))
        elif one.parcel_id in seen:
            code = records[one.parcel_id].code
            faults.append(_fault("repeated", "地块重复", "The parcel is repeated", row, code))
        seen.add(one.parcel_id)
    return faults


def _area_faults(number: int, one: Verdict, row: Any, area: int) -> list[Fault]:
    """Return what is wrong with an accepted area: above the contract, or unexplained."""
    if area > row.ordered_centimu:
        limit = f"{row.ordered_centimu / 100:.2f}"
        zh = f"验收面积超过合同下单的 {limit} 亩"
        en = f"The area is above the {limit} mu ordered from the contract"
        return [_fault("above-contract", zh, en, number, row.code)]
    unexplained = one.reason is None and rules.acceptance_needs_reason(
        area,
        flown_centimu=row.flown_centimu,
        ordered_centimu=row.ordered_centimu,
        permille=row.permille,
    )
    if unexplained:
        zh = "与上报面积相差超过合同容差，须说明原因"
        en = "The area differs from the report by more than the contract's tolerance: say why"
        return [_fault("reason", zh, en, number, row.code)]
    return []


def _fault(code: str, zh: str, en: str, row: int, subject: str) -> Fault:
    return Fault(code=code, zh=zh, en=en, row=row, field="records", subject=subject)
