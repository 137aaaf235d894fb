"""Lines of new contracts: looked up, checked all together, priced, and written in bulk."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Protocol
from uuid import UUID

from sqlalchemy import insert, text
from sqlmodel import select

from backend.contracts import menu
from backend.contracts.errors import ContractUnsound
from backend.contracts.models import ContractLine, ServiceItem
from backend.contracts.rules import (
    LineFacts,
    Stage,
    Tier,
    TierLine,
    coverage_faults,
    faults_of_lines,
    full_mode_faults,
    line_amount_fen,
)
from backend.core.db import ReadSession, WriteSession
from backend.core.errors import Fault


@dataclass(frozen=True, slots=True, kw_only=True)
class LineDraft:
    """A wanted line; without ``area_centimu`` the parcel's area on record counts.

    Only tier two may state an area of its own, at most the entrusted one.
    """

    parcel_id: UUID
    item_id: UUID
    rounds: int = 1
    area_centimu: int | None = None


class _Draft(Protocol):
    @property
    def tier(self) -> Tier: ...
    @property
    def mode(self) -> str: ...
    @property
    def season(self) -> str: ...
    @property
    def household_id(self) -> UUID | None: ...
    @property
    def lines(self) -> Sequence[LineDraft]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class PricedLine:
    """A checked line, ready to be written."""

    parcel_id: UUID
    item_id: UUID
    stage: Stage
    crop: str
    rounds: int
    area_centimu: int
    price_fen: int
    amount_fen: int
    covers: "EntrustedLine | None" = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EntrustedLine:
    """A tier-one line that holds a parcel's stage this season."""

    contract_id: UUID
    line: int
    facts: TierLine


@dataclass(frozen=True, slots=True, kw_only=True)
class _Parcel:
    code: str
    household_id: UUID | None
    area_centimu: int | None


async def checked_lines(
    session: WriteSession, *, org_id: int, contracts: Sequence[_Draft], day: date
) -> list[list[PricedLine]]:
    """Return each contract's lines, priced on ``day``; raise `ContractUnsound` with all faults."""
    tier = contracts[0].tier
    items = await _items(session, org_id)
    prices = await menu.prices_on(session, org_id=org_id, tier=tier, day=day)
    wanted = {line.parcel_id for contract in contracts for line in contract.lines}
    parcels = await _parcels(session, org_id, wanted)
    entrusted = {}
    if tier is Tier.COLLECTIVE_TO_PROVIDER:
        entrusted = await entrusted_lines(session, org_id=org_id, season=contracts[0].season)
    faults: list[Fault] = []
    result = []
    for contract in contracts:
        facts = _facts(contract, items, prices, parcels)
        found = faults_of_lines(facts) + _mode_faults(contract, facts)
        if not found:
            lines = _priced(contract, facts, items, entrusted)
            if tier is Tier.COLLECTIVE_TO_PROVIDER:
                found = _uncovered(facts, lines, entrusted)
            result.append(lines)
        faults += found
    if faults:
        raise ContractUnsound(faults=faults, count=len(faults))
    return result


async def insert_lines(
    session: WriteSession,
    *,
    org_id: int,
    contract_ids: Sequence[UUID],
    lines: Sequence[Sequence[PricedLine]],
) -> None:
    """Write the lines of several contracts in one statement."""
    rows = [
        {
            "org_id": org_id,
            "contract_id": contract_id,
            "line": number,
            "parcel_id": line.parcel_id,
            "item_id": line.item_id,
            "stage": line.stage,
            "crop": line.crop,
            "rounds": line.rounds,
            "area_centimu": line.area_centimu,
            "price_fen": line.price_fen,
            "amount_fen": line.amount_fen,
            "covers_contract_id": None if line.covers is None else line.covers.contract_id,
            "covers_line": None if line.covers is None else line.covers.line,
        }
        for contract_id, own in zip(contract_ids, lines, strict=True)
        for number, line in enumerate(own, start=1)
    ]
    if rows:
        await session.execute(insert(ContractLine), rows)


async def entrusted_lines(
    session: ReadSession | WriteSession, *, org_id: int, season: str
) -> dict[tuple[UUID, Stage], EntrustedLine]:
    """Return the tier-one lines that hold a parcel's stage in ``season``."""
    rows = await session.execute(
        text(
            """
            SELECT l.contract_id, l.line, l.parcel_id, l.stage, l.rounds, l.area_centimu,
                   l.price_fen, p.code
            FROM entrusted_stage e
            JOIN contract_line l
              ON l.org_id = e.org_id AND l.contract_id = e.contract_id AND l.line = e.line
            JOIN parcel p ON p.org_id = l.org_id AND p.id = l.parcel_id
            WHERE e.org_id = :org AND e.season = :season AND e.tier = 'household_to_collective'
            """
        ),
        {"org": org_id, "season": season},
    )
    return {
        (row.parcel_id, Stage(row.stage)): EntrustedLine(
            contract_id=row.contract_id,
            line=row.line,
            facts=TierLine(
                row=row.line,
                parcel_id=row.parcel_id,
                parcel_code=row.code,
                stage=Stage(row.stage),
                rounds=row.rounds,
                area_centimu=row.area_centimu,
                price_fen=row.price_fen,
            ),
        )
        for row in rows
    }


async def _items(session: WriteSession, org_id: int) -> dict[UUID, ServiceItem]:
    rows = await session.scalars(select(ServiceItem).where(ServiceItem.org_id == org_id))
    return {item.id: item for item in rows}


async def _parcels(session: WriteSession, org_id: int, wanted: set[UUID]) -> dict[UUID, _Parcel]:
    """Look parcels up with their area: contract, else surveyed, else registered."""
    rows = await session.execute(
        text(
            """
            SELECT p.id, p.code, p.household_id, a.area_centimu
            FROM parcel p
            LEFT JOIN LATERAL (
              SELECT area_centimu FROM parcel_area a
              WHERE a.org_id = p.org_id AND a.parcel_id = p.id
              ORDER BY array_position(ARRAY['contract', 'surveyed', 'registered'], a.kind),
                       a.id DESC
              LIMIT 1) a ON true
            WHERE p.org_id = :org AND p.id = ANY(:ids) AND p.archived_on IS NULL
            """
        ),
        {"org": org_id, "ids": list(wanted)},
    )
    return {
        row.id: _Parcel(code=row.code, household_id=row.household_id, area_centimu=row.area_centimu)
        for row in rows
    }


def _facts(
    contract: _Draft,
    items: dict[UUID, ServiceItem],
    prices: dict[UUID, int],
    parcels: dict[UUID, _Parcel],
) -> list[LineFacts]:
    facts = []
    for row, line in enumerate(contract.lines, start=1):
        item, parcel = items.get(line.item_id), parcels.get(line.parcel_id)
        household_id = None if parcel is None else parcel.household_id
        area = None if parcel is None else parcel.area_centimu
        facts.append(
            LineFacts(
                row=row,
                parcel_code=str(line.parcel_id) if parcel is None else parcel.code,
                stage=None if item is None else Stage(item.stage),
                unit=None if item is None else item.unit,
                area_centimu=line.area_centimu or area,
                price_fen=prices.get(line.item_id),
                own=contract.household_id in (None, household_id) and parcel is not None,
            )
        )
    return facts


def _mode_faults(contract: _Draft, facts: Sequence[LineFacts]) -> list[Fault]:
    if contract.mode != "full" or contract.tier is not Tier.HOUSEHOLD_TO_COLLECTIVE:
        return []
    codes = {fact.parcel_code for fact in facts}
    return full_mode_faults(
        {
            code: frozenset(
                fact.stage for fact in facts if fact.parcel_code == code and fact.stage is not None
            )
            for code in sorted(codes)
        }
    )


def _priced(
    contract: _Draft,
    facts: Sequence[LineFacts],
    items: dict[UUID, ServiceItem],
    entrusted: dict[tuple[UUID, Stage], EntrustedLine],
) -> list[PricedLine]:
    lines = []
    for line, fact in zip(contract.lines, facts, strict=True):
        item = items[line.item_id]
        area, price = fact.area_centimu or 0, fact.price_fen or 0
        lines.append(
            PricedLine(
                parcel_id=line.parcel_id,
                item_id=line.item_id,
                stage=Stage(item.stage),
                crop=item.crop,
                rounds=line.rounds,
                area_centimu=area,
                price_fen=price,
                amount_fen=line_amount_fen(area, line.rounds, price),
                covers=entrusted.get((line.parcel_id, Stage(item.stage))),
            )
        )
    return lines


def _uncovered(
    facts: Sequence[LineFacts],
    lines: Sequence[PricedLine],
    entrusted: dict[tuple[UUID, Stage], EntrustedLine],
) -> list[Fault]:
    return coverage_faults(
        [
            TierLine(
                row=fact.row,
                parcel_id=line.parcel_id,
                parcel_code=fact.parcel_code,
                stage=line.stage,
                rounds=line.rounds,
                area_centimu=line.area_centimu,
                price_fen=line.price_fen,
            )
            for fact, line in zip(facts, lines, strict=True)
        ],
        {key: value.facts for key, value in entrusted.items()},
    )
