"""The verbs of parties: register organisations, households, members and workers."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Literal
from uuid import UUID

from sqlalchemy import update
from sqlmodel import col, select

from backend.core import codes
from backend.core.crypto import Sealer
from backend.core.db import WriteSession
from backend.core.errors import BadInput
from backend.parties.errors import OrganisationExists
from backend.parties.models import (
    Organisation,
    OrgProfile,
    PayeeAccount,
    Worker,
)

OrgKind = Literal["collective", "cooperative", "provider", "county_bureau"]


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonFacts:
    """A person as a register states it; ``share_micro`` is the share in millionths."""

    name: str
    relation: str = "户主"
    id_number: str | None = None
    born_on: date | None = None
    share_micro: int = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountFacts:
    """A bank account as a register states it."""

    holder_name: str
    bank_name: str
    number: str


async def register_organisation(
    session: WriteSession, *, kind: OrgKind, code: str, name: str, region_code: str | None = None
) -> int:
    """Add an organisation to the directory and return its number.

    Providers and cooperatives are known by their unified social credit code (GB 32100), whose
    check characters are verified. Raises `OrganisationExists`, ``BadInput``.
    """
    if kind in ("provider", "cooperative"):
        faults = codes.uscc_faults(code, field="code")
        if faults:
            raise BadInput(faults)
    known = await session.scalar(select(Organisation.id).where(Organisation.code == code))
    if known is not None:
        raise OrganisationExists(code=code)
    organisation = Organisation(kind=kind, code=code, name=name, region_code=region_code)
    session.add(organisation)
    await session.flush()
    if organisation.id is None:
        msg = "the database gave no organisation number"
        raise RuntimeError(msg)
    return organisation.id


async def profile_of(session: WriteSession, *, org_id: int) -> OrgProfile:
    """Return the organisation's own record, made when it is first asked for."""
    profile = await session.get(OrgProfile, org_id)
    if profile is None:
        profile = OrgProfile(org_id=org_id)
        session.add(profile)
        await session.flush()
    return profile


async def add_worker(
    session: WriteSession,
    sealer: Sealer,
    *,
    org_id: int,
    person: PersonFacts,
    household_id: UUID | None = None,
    kind: Literal["seasonal", "staff"] = "seasonal",
) -> Worker:
    """Add a person who works for pay; ``person.id_number`` is needed to pay him (条例 art. 15)."""
    number = person.id_number or ""
    worker = Worker(
        org_id=org_id,
        household_id=household_id,
        name=person.name,
        kind=kind,
        born_on=person.born_on,
        id_number_sealed=b"",
        id_number_index=sealer.blind_index("id_number", number),
        id_number_mask=codes.mask_id(number),
    )
    worker.id_number_sealed = sealer.seal(org_id, "worker.id_number", str(worker.id), number)
    session.add(worker)
    await session.flush()
    return worker


async def set_payee_account(
    session: WriteSession,
    sealer: Sealer,
    *,
    org_id: int,
    owner_kind: Literal["household", "worker"],
    owner_id: UUID,
    account: AccountFacts,
    now: datetime,
) -> PayeeAccount:
    """Record where a household or worker is paid; the account before is kept, superseded."""
    await session.execute(
        update(PayeeAccount)
        .where(
            col(PayeeAccount.org_id) == org_id,
            col(PayeeAccount.owner_kind) == owner_kind,
            col(PayeeAccount.owner_id) == owner_id,
            col(PayeeAccount.superseded_at).is_(None),
        )
        .values(superseded_at=now)
    )
    row = PayeeAccount(
        org_id=org_id,
        owner_kind=owner_kind,
        owner_id=owner_id,
        holder_name=account.holder_name,
        bank_name=account.bank_name,
        number_sealed=b"",
        number_index=sealer.blind_index("bank_account", account.number),
        number_mask=codes.mask_card(account.number),
    )
    row.number_sealed = sealer.seal(org_id, "payee_account.number", str(row.id), account.number)
    session.add(row)
    await session.flush()
    return row


def share_micro(text: str) -> int:
    """Return a share such as ``0.5`` in millionths; raise ``ValueError`` when it is none."""
    value = Decimal(text)
    micro = value * 1_000_000
    if not value.is_finite() or micro != micro.to_integral_value() or not 0 <= value < 10_000:
        raise ValueError(text)
    return int(micro)


def share_text(micro: int) -> str:
    """Return a share in millionths as decimal text: ``500000`` is ``"0.5"``."""
    return f"{Decimal(micro) / 1_000_000:f}"
