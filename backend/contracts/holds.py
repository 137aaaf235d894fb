"""Holds: a parcel's stage of a season belongs to one contract of each tier at most.

The primary key of ``entrusted_stage`` is the guard; two contracts that are signed at the same
moment meet there.
"""

from collections.abc import Sequence

from sqlalchemy import text

from backend.contracts.errors import ContractUnsound, ParcelAlreadyEntrusted, PassedOnToProvider
from backend.contracts.models import TrusteeshipContract
from backend.core.db import WriteSession
from backend.core.errors import Fault

_TAKE = text(
    """
    WITH wanted AS (
      SELECT c.org_id, c.tier, c.season, l.parcel_id, l.stage, l.contract_id, l.line
      FROM trusteeship_contract c
      JOIN contract_line l ON l.org_id = c.org_id AND l.contract_id = c.id
      WHERE c.org_id = :org AND c.id = ANY(:ids)
      ORDER BY l.parcel_id, l.stage),
    taken AS (
      INSERT INTO entrusted_stage (org_id, tier, season, parcel_id, stage, contract_id, line)
      SELECT org_id, tier, season, parcel_id, stage, contract_id, line FROM wanted
      ON CONFLICT DO NOTHING
      RETURNING contract_id, line)
    SELECT p.code, w.stage, w.line FROM wanted w
    JOIN parcel p ON p.org_id = w.org_id AND p.id = w.parcel_id
    WHERE NOT EXISTS (
      SELECT FROM taken t WHERE t.contract_id = w.contract_id AND t.line = w.line)
    ORDER BY p.code, w.stage
    """
)
_UNCOVERED = text(
    """
    SELECT p.code, l.stage, l.line
    FROM contract_line l
    JOIN parcel p ON p.org_id = l.org_id AND p.id = l.parcel_id
    LEFT JOIN trusteeship_contract a
      ON a.org_id = l.org_id AND a.id = l.covers_contract_id
      AND a.state IN ('signed', 'in_force')
    WHERE l.org_id = :org AND l.contract_id = ANY(:ids) AND a.id IS NULL
    ORDER BY l.line
    """
)
_LOCK_COVERED = text(
    """
    SELECT 1 FROM trusteeship_contract a
    WHERE a.org_id = :org AND a.id IN (
      SELECT covers_contract_id FROM contract_line WHERE org_id = :org AND contract_id = ANY(:ids))
    ORDER BY a.id FOR SHARE
    """
)
_PASSED_ON = text(
    """
    SELECT b.number FROM contract_line l
    JOIN trusteeship_contract b ON b.org_id = l.org_id AND b.id = l.contract_id
    WHERE l.org_id = :org AND l.covers_contract_id = ANY(:ids)
      AND b.state IN ('signed', 'in_force')
    LIMIT 1
    """
)


async def take(
    session: WriteSession, *, org_id: int, contracts: Sequence[TrusteeshipContract]
) -> None:
    """Hold every line's parcel and stage for its contract.

    Raises `ParcelAlreadyEntrusted` naming each parcel, and `ContractUnsound` when an entrustment
    that tier two passes on is no longer in force.
    """
    values = {"org": org_id, "ids": [contract.id for contract in contracts]}
    if any(contract.tier == "collective_to_provider" for contract in contracts):
        # Nobody may terminate the entrustments while we rely on them.
        await session.execute(_LOCK_COVERED, values)
        tier_two = [c.id for c in contracts if c.tier == "collective_to_provider"]
        missing = (await session.execute(_UNCOVERED, values | {"ids": tier_two})).all()
        if missing:
            faults = [
                _fault(row.code, row.line, "not-entrusted", "农户委托已失效", "no longer entrusted")
                for row in missing
            ]
            raise ContractUnsound(faults=faults, count=len(faults))
    refused = (await session.execute(_TAKE, values)).all()
    if refused:
        faults = [
            _fault(
                row.code,
                row.line,
                "already-entrusted",
                f"环节 {row.stage} 本季已托管",
                f"the stage {row.stage} is entrusted this season",
            )
            for row in refused
        ]
        raise ParcelAlreadyEntrusted(faults=faults, count=len(faults))


async def give_back(
    session: WriteSession, *, org_id: int, contracts: Sequence[TrusteeshipContract]
) -> None:
    """Release the contracts' holds; raise `PassedOnToProvider` while tier two relies on one."""
    values = {"org": org_id, "ids": [contract.id for contract in contracts]}
    number = await session.scalar(_PASSED_ON, values)
    if number is not None:
        raise PassedOnToProvider(number=number)
    await session.execute(
        text("DELETE FROM entrusted_stage WHERE org_id = :org AND contract_id = ANY(:ids)"), values
    )


def _fault(code: str, row: int, kind: str, zh: str, en: str) -> Fault:
    return Fault(code=kind, zh=zh, en=en, row=row, field="lines", subject=code)
