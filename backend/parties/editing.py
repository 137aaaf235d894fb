"""Editing what an organisation keeps of itself and its people; each edit names the version read."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal
from uuid import UUID

from sqlmodel import select

from backend.core import codes, geometry
from backend.core.crypto import Sealer
from backend.core.db import WriteSession
from backend.core.errors import BadInput, Fault, PreconditionFailed
from backend.parties.errors import (
    FactsUnsound,
    HouseholdNotFound,
    MemberNotFound,
    WorkerExists,
    WorkerNotFound,
)
from backend.parties.models import Household, Member, OrgProfile, PayeeAccount, Worker
from backend.parties.service import AccountFacts, PersonFacts, add_worker, set_payee_account

_SEALED_FIELD = "org_profile.bank_account"


@dataclass(frozen=True, slots=True, kw_only=True)
class ProfileFacts:
    """What an organisation states of itself; a ``bank_account`` of None keeps the one on record.

    ``boundary`` is a GeoJSON polygon in CGCS2000 degrees.
    """

    legal_representative: str | None
    address: str | None
    phone: str | None
    bank_name: str | None
    bank_account: str | None
    boundary: Mapping[str, Any] | None


async def replace_profile(
    session: WriteSession, sealer: Sealer, *, org_id: int, version: int, facts: ProfileFacts
) -> OrgProfile:
    """Write the organisation's profile; version 0 is one that does not exist yet.

    Raises `PreconditionFailed`, and `FactsUnsound` for an account number or a boundary.
    """
    faults: list[Fault] = []
    if facts.bank_account is not None:
        faults += codes.card_faults(facts.bank_account, field="bank_account")
    boundary = None
    if facts.boundary is not None:
        try:
            boundary = sound_boundary(facts.boundary)
        except BadInput as error:
            faults += error.faults
    if faults:
        raise FactsUnsound(faults=faults, count=len(faults))
    profile = await session.scalar(
        select(OrgProfile).where(OrgProfile.org_id == org_id).with_for_update()
    )
    if (profile.row_version if profile else 0) != version:
        raise PreconditionFailed
    if profile is None:
        profile = OrgProfile(org_id=org_id, row_version=0)
        session.add(profile)
    profile.legal_representative = facts.legal_representative
    profile.address, profile.phone = facts.address, facts.phone
    profile.bank_name, profile.boundary = facts.bank_name, boundary
    if facts.bank_account is not None:
        profile.bank_account_sealed = sealer.seal(
            org_id, _SEALED_FIELD, str(org_id), facts.bank_account
        )
    profile.row_version += 1
    await session.flush()
    return profile


def bank_account_mask(sealer: Sealer, profile: OrgProfile) -> str | None:
    """Return an organisation's own account number as it may be shown."""
    if profile.bank_account_sealed is None:
        return None
    number = sealer.open(
        profile.org_id, _SEALED_FIELD, str(profile.org_id), profile.bank_account_sealed
    )
    return codes.mask_card(number)


def sound_boundary(value: Mapping[str, Any]) -> dict[str, Any]:
    """Return a valid boundary polygon in degrees; raise BadInput naming what is wrong."""
    polygon = geometry.polygon_from_geojson(dict(value), path="boundary")
    west, south, east, north = polygon.bounds
    if not (-180 <= west <= east <= 180 and -90 <= south <= north <= 90):
        zh, en = "界址应为经纬度（度）", "The boundary must be in degrees"
        raise BadInput([Fault(code="boundary-not-degrees", zh=zh, en=en, field="boundary")])
    answer = geometry.repair(polygon, subject="boundary")
    if isinstance(answer, geometry.Refused):
        raise BadInput([answer.fault])
    document = geometry.polygon_to_geojson(answer.polygon)
    if not geometry.polygon_from_geojson(document).is_valid:
        zh, en = "边界在毫米级自相交", "The boundary crosses itself by a millimetre"
        raise BadInput([Fault(code="boundary-invalid", zh=zh, en=en, field="boundary")])
    return document


async def edit_household(
    session: WriteSession,
    *,
    org_id: int,
    household_id: UUID,
    version: int,
    changes: Mapping[str, Any],
) -> Household:
    """Change a household's head_name, address or archived_on.

    Raises `HouseholdNotFound`, `PreconditionFailed`.
    """
    household = await session.scalar(
        select(Household)
        .where(Household.org_id == org_id, Household.id == household_id)
        .with_for_update()
    )
    if household is None:
        raise HouseholdNotFound
    if household.row_version != version:
        raise PreconditionFailed
    for name, value in changes.items():
        setattr(household, name, value)
    household.row_version += 1
    await session.flush()
    return household


async def edit_member(
    session: WriteSession, *, org_id: int, member_id: UUID, version: int, changes: Mapping[str, Any]
) -> Member:
    """Change a member's name, relation, share_micro or status.

    Raises `MemberNotFound`, `PreconditionFailed`, and `FactsUnsound` when a member who left
    cannot come back because the number is active in another household.
    """
    member = await session.scalar(
        select(Member).where(Member.org_id == org_id, Member.id == member_id).with_for_update()
    )
    if member is None:
        raise MemberNotFound
    if member.row_version != version:
        raise PreconditionFailed
    if changes.get("status") == "active" and member.status != "active":
        await _refuse_twin(session, member)
    for name, value in changes.items():
        setattr(member, name, value)
    member.row_version += 1
    await session.flush()
    return member


async def _refuse_twin(session: WriteSession, member: Member) -> None:
    """Refuse a second active member with the same identity number."""
    if member.id_number_index is None:
        return
    twin = await session.scalar(
        select(Member.id).where(
            Member.org_id == member.org_id,
            Member.id_number_index == member.id_number_index,
            Member.status == "active",
        )
    )
    if twin is not None:
        zh, en = "该证件号码的成员已在册", "A member with this number is active already"
        fault = Fault(code="member-twin", zh=zh, en=en, field="status", subject=str(twin))
        raise FactsUnsound(faults=[fault], count=1)


async def hire_worker(
    session: WriteSession,
    sealer: Sealer,
    *,
    org_id: int,
    person: PersonFacts,
    household_id: UUID | None,
    kind: Literal["seasonal", "staff"],
    today: date,
) -> Worker:
    """Register a worker whose identity number is sound.

    Raises `FactsUnsound`, `WorkerExists`, `HouseholdNotFound`.
    """
    number = codes.canonical_id(person.id_number or "")
    faults = codes.id_faults(number, today=today, field="id_number")
    if faults:
        raise FactsUnsound(faults=faults, count=len(faults))
    if household_id is not None and await session.get(Household, (org_id, household_id)) is None:
        raise HouseholdNotFound
    known = await session.scalar(
        select(Worker.id).where(
            Worker.org_id == org_id,
            Worker.id_number_index == sealer.blind_index("id_number", number),
        )
    )
    if known is not None:
        raise WorkerExists
    born_on = date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    return await add_worker(
        session,
        sealer,
        org_id=org_id,
        person=PersonFacts(name=person.name, id_number=number, born_on=born_on),
        household_id=household_id,
        kind=kind,
    )


async def change_payee_account(
    session: WriteSession,
    sealer: Sealer,
    *,
    org_id: int,
    owner_kind: Literal["household", "worker"],
    owner_id: UUID,
    account: AccountFacts,
    now: datetime,
) -> PayeeAccount:
    """Record where a household or worker is paid from now on.

    The owner's row is locked, so that two changes at once leave one account in use. Raises
    `FactsUnsound`, `HouseholdNotFound`, `WorkerNotFound`.
    """
    faults = codes.card_faults(account.number, field="number")
    if faults:
        raise FactsUnsound(faults=faults, count=len(faults))
    await _lock_owner(session, org_id=org_id, owner_kind=owner_kind, owner_id=owner_id)
    return await set_payee_account(
        session,
        sealer,
        org_id=org_id,
        owner_kind=owner_kind,
        owner_id=owner_id,
        account=account,
        now=now,
    )


async def _lock_owner(
    session: WriteSession, *, org_id: int, owner_kind: str, owner_id: UUID
) -> None:
    if owner_kind == "household":
        found = await session.scalar(
            select(Household.id)
            .where(Household.org_id == org_id, Household.id == owner_id)
            .with_for_update()
        )
        if found is None:
            raise HouseholdNotFound
        return
    worker = await session.scalar(
        select(Worker.id).where(Worker.org_id == org_id, Worker.id == owner_id).with_for_update()
    )
    if worker is None:
        raise WorkerNotFound
