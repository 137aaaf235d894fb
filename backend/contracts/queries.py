"""Reads of contracts, the menu, and the two-tier check."""

from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import text

from backend.contracts.errors import ContractNotFound
from backend.contracts.schemas import (
    AgreementLineOut,
    AgreementOut,
    ContractOut,
    ContractWholeOut,
    ItemOut,
    LineOut,
)
from backend.core.area import Area
from backend.core.db import ReadSession, WriteSession
from backend.core.pages import Page, decode_cursor, page_of

_CONTRACT = """
SELECT c.*, h.head_name AS household_name, o.name AS provider_name
FROM trusteeship_contract c
LEFT JOIN household h ON h.org_id = c.org_id AND h.id = c.household_id
LEFT JOIN organisation o ON o.id = c.provider_org_id
WHERE c.org_id = :org
"""
_LINES = """
SELECT l.line, l.parcel_id, p.code AS parcel_code, p.name AS parcel_name, l.item_id,
       i.name AS item_name, l.stage, l.crop, l.rounds, l.area_centimu, l.price_fen, l.amount_fen,
       l.covers_contract_id, l.covers_line
FROM contract_line l
JOIN parcel p ON p.org_id = l.org_id AND p.id = l.parcel_id
JOIN service_item i ON i.org_id = l.org_id AND i.id = l.item_id
WHERE l.org_id = :org AND l.contract_id = :contract ORDER BY l.line
"""
_AGREEMENT = """
SELECT p.code AS parcel_code, b.stage, b.area_centimu AS provider_centimu,
       b.price_fen AS provider_price_fen, b.amount_fen AS provider_fen, b.rounds,
       a.area_centimu AS farmer_centimu, a.price_fen AS farmer_price_fen,
       a.amount_fen AS farmer_fen, a.rounds AS farmer_rounds
FROM contract_line b
JOIN parcel p ON p.org_id = b.org_id AND p.id = b.parcel_id
LEFT JOIN trusteeship_contract t ON t.org_id = b.org_id AND t.id = b.covers_contract_id
  AND t.state IN ('signed', 'in_force', 'completed')
LEFT JOIN contract_line a
  ON a.org_id = t.org_id AND a.contract_id = t.id AND a.line = b.covers_line
WHERE b.org_id = :org AND b.contract_id = :contract ORDER BY b.line
"""


async def items(session: ReadSession, *, org_id: int, day: date) -> list[ItemOut]:
    """Return the menu with the prices in force on ``day``."""
    rows = await session.execute(
        text(
            """
            SELECT i.id, i.name, i.crop, i.stage, i.unit, i.quality_standard,
                   f.price_fen AS farmer_price_fen, s.price_fen AS provider_price_fen
            FROM service_item i
            LEFT JOIN LATERAL (SELECT price_fen FROM service_price p WHERE p.org_id = i.org_id
              AND p.item_id = i.id AND p.tier = 'household_to_collective' AND p.valid_from <= :day
              ORDER BY p.valid_from DESC LIMIT 1) f ON true
            LEFT JOIN LATERAL (SELECT price_fen FROM service_price p WHERE p.org_id = i.org_id
              AND p.item_id = i.id AND p.tier = 'collective_to_provider' AND p.valid_from <= :day
              ORDER BY p.valid_from DESC LIMIT 1) s ON true
            WHERE i.org_id = :org AND i.archived_on IS NULL ORDER BY i.crop, i.stage, i.name
            """
        ),
        {"org": org_id, "day": day},
    )
    return [ItemOut.model_validate(row) for row in rows]


async def contracts(
    session: ReadSession,
    *,
    org_id: int,
    season: str | None,
    tier: str | None,
    cursor: str | None,
    limit: int,
) -> Page[ContractOut]:
    """Return a page of contracts, oldest first."""
    rows = (
        await session.execute(
            text(
                f"""{_CONTRACT}
                AND (CAST(:season AS text) IS NULL OR c.season = :season)
                AND (CAST(:tier AS text) IS NULL OR c.tier = :tier)
                AND (CAST(:after AS uuid) IS NULL OR c.id > :after)
                ORDER BY c.id LIMIT :limit
                """
            ),
            {
                "org": org_id,
                "season": season,
                "tier": tier,
                "after": decode_cursor(cursor),
                "limit": limit + 1,
            },
        )
    ).all()
    return page_of([_contract(row) for row in rows], limit, [row.id for row in rows])


async def contract(
    session: ReadSession | WriteSession, *, org_id: int, contract_id: UUID
) -> ContractWholeOut:
    """Return one contract with its lines; raise `ContractNotFound`."""
    values = {"org": org_id, "contract": contract_id}
    row = (await session.execute(text(f"{_CONTRACT} AND c.id = :contract"), values)).first()
    if row is None:
        raise ContractNotFound
    lines = (await session.execute(text(_LINES), values)).all()
    return ContractWholeOut(
        **_contract(row).model_dump(),
        entrustor=row.entrustor,
        trustee=row.trustee,
        terms=row.terms,
        lines=[_line(line) for line in lines],
    )


async def agreement(session: ReadSession, *, org_id: int, contract_id: UUID) -> AgreementOut:
    """Compare a provider's contract with the entrustments it passes on, line by line.

    Mu agree when tier two has no more mu and rounds than tier one; yuan agree when no line costs
    the collective more than the household pays for it.
    """
    await contract(session, org_id=org_id, contract_id=contract_id)
    rows = (await session.execute(text(_AGREEMENT), {"org": org_id, "contract": contract_id})).all()
    lines = [_agreement_line(row) for row in rows]
    return AgreementOut(
        contract_id=contract_id,
        lines=lines,
        farmer_mu=str(Area(sum(row.farmer_centimu or 0 for row in rows))),
        provider_mu=str(Area(sum(row.provider_centimu for row in rows))),
        farmer_fen=sum(row.farmer_fen or 0 for row in rows),
        provider_fen=sum(row.provider_fen for row in rows),
        margin_fen=sum((row.farmer_fen or 0) - row.provider_fen for row in rows),
        agrees=all(line.agrees for line in lines),
    )


def _agreement_line(row: Any) -> AgreementLineOut:
    covered = row.farmer_centimu is not None
    return AgreementLineOut(
        parcel_code=row.parcel_code,
        stage=row.stage,
        farmer_mu=str(Area(row.farmer_centimu)) if covered else None,
        provider_mu=str(Area(row.provider_centimu)),
        farmer_price_fen=row.farmer_price_fen,
        provider_price_fen=row.provider_price_fen,
        margin_fen=row.farmer_fen - row.provider_fen if covered else None,
        agrees=covered
        and row.provider_centimu <= row.farmer_centimu
        and row.rounds <= row.farmer_rounds
        and row.provider_fen <= row.farmer_fen,
    )


def _contract(row: Any) -> ContractOut:
    return ContractOut.model_validate(
        {name: getattr(row, name) for name in ContractOut.model_fields}
    )


def _line(row: Any) -> LineOut:
    values = {name: getattr(row, name) for name in LineOut.model_fields if name != "area_mu"}
    return LineOut(**values, area_mu=str(Area(row.area_centimu)))
