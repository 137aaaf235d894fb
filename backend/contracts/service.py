"""The verbs of trusteeship: draft, offer, sign, put in force, complete, terminate."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlmodel import col, select

from backend.contracts import holds
from backend.contracts.drafting import LineDraft, checked_lines, insert_lines
from backend.contracts.errors import ContractNotFound, NotAllowedNow, ProviderNotFound
from backend.contracts.models import ContractEvent, TrusteeshipContract
from backend.contracts.rules import TRANSITIONS, State, Tier, may_become
from backend.core.db import WriteSession
from backend.core.errors import PreconditionFailed, RoleMissing
from backend.core.ids import new_id
from backend.core.principal import Role


@dataclass(frozen=True, slots=True, kw_only=True)
class ContractDraft:
    """A contract to be drafted. Exactly one of household and provider is given, by tier.

    ``entrustor`` and ``trustee`` are the parties as they will sign (甲方, 乙方).
    """

    number: str
    mode: str
    season: str
    starts_on: date
    ends_on: date
    lines: Sequence[LineDraft]
    household_id: UUID | None = None
    provider_org_id: int | None = None
    entrustor: dict[str, Any] = field(default_factory=dict)
    trustee: dict[str, Any] = field(default_factory=dict)
    terms: dict[str, Any] = field(default_factory=dict)

    @property
    def tier(self) -> Tier:
        """Return the tier that the parties make."""
        if self.household_id is not None:
            return Tier.HOUSEHOLD_TO_COLLECTIVE
        return Tier.COLLECTIVE_TO_PROVIDER


async def draft(
    session: WriteSession,
    *,
    org_id: int,
    contracts: Sequence[ContractDraft],
    priced_on: date,
    actor_id: UUID | None,
) -> list[UUID]:
    """Draft contracts with the prices in force on ``priced_on``; return their ids in order.

    All contracts are of one tier. Raises ``ContractUnsound`` with the faults of all of them and
    `ProviderNotFound`; nothing is written then.
    """
    for contract in contracts:
        await _check_provider(session, contract.provider_org_id)
    priced = await checked_lines(session, org_id=org_id, contracts=contracts, day=priced_on)
    ids = []
    for contract, lines in zip(contracts, priced, strict=True):
        row = TrusteeshipContract(
            org_id=org_id,
            number=contract.number,
            tier=contract.tier,
            mode=contract.mode,
            season=contract.season,
            household_id=contract.household_id,
            provider_org_id=contract.provider_org_id,
            entrustor=contract.entrustor,
            trustee=contract.trustee,
            terms=contract.terms,
            starts_on=contract.starts_on,
            ends_on=contract.ends_on,
            total_fen=sum(line.amount_fen for line in lines),
        )
        session.add(row)
        ids.append(row.id)
    await session.flush()
    session.add_all(
        ContractEvent(org_id=org_id, contract_id=contract_id, to_state="draft", actor_id=actor_id)
        for contract_id in ids
    )
    await session.flush()
    await insert_lines(session, org_id=org_id, contract_ids=ids, lines=priced)
    return ids


async def advance(
    session: WriteSession,
    *,
    org_id: int,
    contract_ids: Sequence[UUID],
    to_state: State,
    actor_id: UUID | None,
    day: date,
    roles: frozenset[Role] | None = None,
    expected_version: int | None = None,
    reason: str | None = None,
) -> list[TrusteeshipContract]:
    """Move contracts to ``to_state``, all or none, and record the events.

    Signing takes hold of the parcels' stages; terminating gives them back. ``roles`` are the
    caller's, checked against the table of transitions (``None``: an installation command).
    Raises `ContractNotFound`, `NotAllowedNow`, ``ParcelAlreadyEntrusted``, ``ContractUnsound``,
    ``PassedOnToProvider``, ``PreconditionFailed``.
    """
    contracts = await _locked(session, org_id, contract_ids)
    for contract in contracts:
        state = State(contract.state)
        if expected_version is not None and contract.row_version != expected_version:
            raise PreconditionFailed
        if not may_become(state, to_state):
            raise NotAllowedNow(state=state, wanted=to_state)
        if roles is not None and not roles & TRANSITIONS[state, to_state]:
            raise RoleMissing
    if to_state is State.SIGNED:
        await holds.take(session, org_id=org_id, contracts=contracts)
    if to_state is State.TERMINATED:
        await holds.give_back(session, org_id=org_id, contracts=contracts)
    for contract in contracts:
        session.add(
            ContractEvent(
                org_id=org_id,
                contract_id=contract.id,
                from_state=contract.state,
                to_state=to_state,
                actor_id=actor_id,
                reason=reason,
            )
        )
        contract.state = to_state
        contract.row_version += 1
        if to_state is State.SIGNED:
            contract.signed_on = day
    await session.flush()
    return contracts


async def next_number(session: WriteSession, *, org_id: int, tier: Tier, season: str) -> str:
    """Return a fresh contract number: season, tier letter, code, time and counter of an id."""
    letter = "N" if tier is Tier.HOUSEHOLD_TO_COLLECTIVE else "F"
    code = await session.scalar(
        text("SELECT code FROM organisation WHERE id = :org"), {"org": org_id}
    )
    return f"TG{season}{letter}-{code}-{new_id().hex[:16].upper()}"


async def _locked(
    session: WriteSession, org_id: int, contract_ids: Sequence[UUID]
) -> list[TrusteeshipContract]:
    """Return the contracts, locked in the order of their keys so that commands do not deadlock."""
    found = await session.scalars(
        select(TrusteeshipContract)
        .where(TrusteeshipContract.org_id == org_id, col(TrusteeshipContract.id).in_(contract_ids))
        .order_by(col(TrusteeshipContract.id))
        .with_for_update()
    )
    contracts = list(found)
    if len(contracts) != len(set(contract_ids)):
        raise ContractNotFound
    return contracts


async def _check_provider(session: WriteSession, provider_org_id: int | None) -> None:
    if provider_org_id is None:
        return
    known = await session.scalar(
        text("SELECT 1 FROM organisation WHERE id = :id AND kind IN ('provider', 'cooperative')"),
        {"id": provider_org_id},
    )
    if known is None:
        raise ProviderNotFound(org_id=provider_org_id)
