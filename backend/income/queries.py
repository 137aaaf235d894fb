"""Reads of the farmer's own data; every one is bound to the caller's households."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import text

from backend.core.area import Area
from backend.core.db import ReadSession
from backend.income.errors import LineNotFound
from backend.income.schemas import (
    ExplanationOut,
    MyContractLineOut,
    MyContractOut,
    MyParcelOut,
    ParcelAreaOut,
    VoucherRefOut,
    WorkDoneOut,
)
from backend.ledger.service import voucher_label

_EXPLANATION = """
SELECT l.id, r.kind, r.title, o.name AS collective, l.amount_fen, l.formula,
       v.booked_on AS earned_on, i.state AS payment, i.paid_on, l.inputs, l.source_kind,
       t.number AS source_number, r.notice_from, r.notice_until, r.approved_at,
       v.period AS accrual_period, v.number AS accrual_number,
       w.period AS payment_period, w.number AS payment_number, w.booked_on AS payment_booked_on,
       a.number_mask AS account_mask, i.failure
FROM payout_line l
JOIN payout_run r ON r.org_id = l.org_id AND r.id = l.run_id
JOIN voucher v ON v.org_id = r.org_id AND v.id = r.accrual_voucher_id
JOIN payment_item i ON i.org_id = l.org_id AND i.id = l.item_id
JOIN organisation o ON o.id = l.org_id
LEFT JOIN land_transfer t
  ON t.org_id = l.org_id AND t.id = l.source_id AND l.source_kind = 'land_transfer'
LEFT JOIN voucher w ON w.org_id = i.org_id AND w.id = i.paid_voucher_id
LEFT JOIN payee_account a ON a.org_id = i.org_id AND a.id = i.account_id
WHERE l.id = :line AND l.household_id = ANY(:households) AND NOT l.void
"""
_PARCELS = """
SELECT p.id, o.name AS collective, p.code, p.name, p.crop, p.polygon,
       coalesce((SELECT json_agg(json_build_object('kind', a.kind, 'centimu', a.area_centimu,
                                                   'source', a.source) ORDER BY a.kind)
        FROM (SELECT DISTINCT ON (kind) kind, area_centimu, source FROM parcel_area a
              WHERE a.org_id = p.org_id AND a.parcel_id = p.id ORDER BY kind, id DESC) a), '[]')
         AS areas
FROM parcel p JOIN organisation o ON o.id = p.org_id
WHERE p.household_id = ANY(:households) AND p.archived_on IS NULL ORDER BY p.code
"""
_CONTRACTS = """
SELECT c.id, c.number, o.name AS collective, c.mode, c.season, c.state, c.starts_on, c.ends_on,
       c.total_fen, c.terms
FROM trusteeship_contract c JOIN organisation o ON o.id = c.org_id
WHERE c.household_id = ANY(:households) AND c.state <> 'draft' ORDER BY c.id DESC
"""
_CONTRACT_LINES = """
SELECT l.contract_id, p.code AS parcel_code, p.name AS parcel_name, l.stage, i.name AS item_name,
       l.rounds, l.area_centimu, l.price_fen, l.amount_fen
FROM contract_line l
JOIN trusteeship_contract c ON c.org_id = l.org_id AND c.id = l.contract_id
JOIN parcel p ON p.org_id = l.org_id AND p.id = l.parcel_id
JOIN service_item i ON i.org_id = l.org_id AND i.id = l.item_id
WHERE c.household_id = ANY(:households) AND c.state <> 'draft' ORDER BY l.contract_id, l.line
"""
_WORK = """
SELECT p.code AS parcel_code, p.name AS parcel_name, s.number AS order_number, r.product,
       s.target, r.drone_registration, r.pilot, r.started_at, r.finished_at,
       c.area_centimu AS contract_centimu, sp.ordered_centimu, r.flown_centimu,
       r.accepted_centimu, r.state, r.acceptance_reason, r.weather,
       sl.farmer_fen AS farmer_fee_fen
FROM operation_record r
JOIN parcel p ON p.org_id = r.org_id AND p.id = r.parcel_id
JOIN spray_order s ON s.org_id = r.org_id AND s.id = r.order_id
JOIN spray_order_parcel sp
  ON sp.org_id = r.org_id AND sp.order_id = r.order_id AND sp.parcel_id = r.parcel_id
JOIN contract_line c
  ON c.org_id = sp.org_id AND c.contract_id = sp.contract_id AND c.line = sp.contract_line
LEFT JOIN settlement st ON st.org_id = r.org_id AND st.order_id = r.order_id
LEFT JOIN settlement_line sl
  ON sl.org_id = st.org_id AND sl.settlement_id = st.id AND sl.parcel_id = r.parcel_id
WHERE p.household_id = ANY(:households) ORDER BY r.started_at DESC, p.code
"""


async def explanation(
    session: ReadSession, *, households: Sequence[UUID], line_id: UUID
) -> ExplanationOut:
    """Return why an amount is what it is, down to the vouchers; raise `LineNotFound`."""
    found = await session.execute(
        text(_EXPLANATION), {"line": line_id, "households": list(households)}
    )
    row = found.first()
    if row is None:
        raise LineNotFound
    known = row._mapping  # noqa: SLF001 -- SQLAlchemy's documented accessor
    paid_by = None
    if row.payment_number is not None:
        paid_by = VoucherRefOut(
            label=voucher_label(row.payment_period, row.payment_number),
            booked_on=row.payment_booked_on,
        )
    accrual = VoucherRefOut(
        label=voucher_label(row.accrual_period, row.accrual_number), booked_on=row.earned_on
    )
    names = ExplanationOut.model_fields.keys() & known.keys()
    return ExplanationOut(
        **{name: known[name] for name in names},
        accrual_voucher=accrual,
        payment_voucher=paid_by,
    )


async def parcels(session: ReadSession, *, households: Sequence[UUID]) -> list[MyParcelOut]:
    """Return the households' parcels with the newest statement of each kind of area."""
    rows = await session.execute(text(_PARCELS), {"households": list(households)})
    return [
        MyParcelOut(
            id=row.id,
            collective=row.collective,
            code=row.code,
            name=row.name,
            crop=row.crop,
            polygon=row.polygon,
            areas=[
                ParcelAreaOut(
                    kind=area["kind"], area_mu=str(Area(area["centimu"])), source=area["source"]
                )
                for area in row.areas
            ],
        )
        for row in rows
    ]


async def contracts(session: ReadSession, *, households: Sequence[UUID]) -> list[MyContractOut]:
    """Return the households' trusteeship contracts that were offered or more, newest first."""
    values = {"households": list(households)}
    lines: dict[UUID, list[MyContractLineOut]] = {}
    for row in await session.execute(text(_CONTRACT_LINES), values):
        line = MyContractLineOut(
            area_mu=str(Area(row.area_centimu)), **_fields(row, MyContractLineOut)
        )
        lines.setdefault(row.contract_id, []).append(line)
    rows = await session.execute(text(_CONTRACTS), values)
    return [
        MyContractOut(lines=lines.get(row.id, []), **_fields(row, MyContractOut)) for row in rows
    ]


async def work_done(session: ReadSession, *, households: Sequence[UUID]) -> list[WorkDoneOut]:
    """Return what was done on the households' land, newest first, with each kind of area."""
    rows = await session.execute(text(_WORK), {"households": list(households)})
    return [
        WorkDoneOut(
            **_fields(row, WorkDoneOut),
            contract_mu=str(Area(row.contract_centimu)),
            ordered_mu=str(Area(row.ordered_centimu)),
            flown_mu=str(Area(row.flown_centimu)),
            accepted_mu=None if row.accepted_centimu is None else str(Area(row.accepted_centimu)),
        )
        for row in rows
    ]


def _fields(
    row: Any, model: type[MyContractLineOut | MyContractOut | WorkDoneOut]
) -> dict[str, Any]:
    """Return the columns of ``row`` that the model has under the same name."""
    known = row._mapping  # noqa: SLF001 -- SQLAlchemy's documented accessor
    return {name: known[name] for name in model.model_fields.keys() & known.keys()}
