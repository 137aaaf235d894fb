"""Reads of organisations, households, members, workers and accounts."""

from typing import Any
from uuid import UUID

from sqlalchemy import Row, text

from backend.core.crypto import Sealer
from backend.core.db import ReadSession
from backend.core.pages import Page, decode_cursor, page_of
from backend.parties.editing import bank_account_mask
from backend.parties.errors import HouseholdNotFound, MemberNotFound
from backend.parties.models import Member, Organisation, OrgProfile
from backend.parties.schemas import (
    AccountOut,
    HouseholdOut,
    HouseholdWholeOut,
    MemberOut,
    ProfileOut,
    WorkerOut,
)
from backend.parties.service import share_text

_HOUSEHOLDS = """
    SELECT h.id, h.code, h.head_name, h.address, h.archived_on, h.row_version,
           count(m.id) AS member_count, coalesce(sum(m.share_micro), 0) AS share_micro,
           (SELECT a.number_mask FROM payee_account a
            WHERE a.org_id = h.org_id AND a.owner_kind = 'household' AND a.owner_id = h.id
              AND a.superseded_at IS NULL) AS account_mask
    FROM household h
    LEFT JOIN member m ON m.org_id = h.org_id AND m.household_id = h.id AND m.status = 'active'
    WHERE h.org_id = :org AND {where}
    GROUP BY h.org_id, h.id ORDER BY h.id LIMIT :limit
"""
_LISTED = "(CAST(:after AS uuid) IS NULL OR h.id > :after) AND starts_with(h.code, :prefix)"


async def profile(session: ReadSession, sealer: Sealer, *, org_id: int) -> ProfileOut:
    """Return an organisation with its own record; version 0 when it keeps none yet."""
    organisation = await session.get_one(Organisation, org_id)
    kept = await session.get(OrgProfile, org_id) or OrgProfile(org_id=org_id, row_version=0)
    return ProfileOut(
        org_id=org_id,
        code=organisation.code,
        name=organisation.name,
        kind=organisation.kind,
        chart_id=kept.chart_id,
        legal_representative=kept.legal_representative,
        address=kept.address,
        phone=kept.phone,
        bank_name=kept.bank_name,
        bank_account_mask=bank_account_mask(sealer, kept),
        boundary=kept.boundary,
        version=kept.row_version,
    )


async def households(
    session: ReadSession, *, org_id: int, code_prefix: str, cursor: str | None, limit: int
) -> Page[HouseholdOut]:
    """Return a page of households whose code starts with ``code_prefix``."""
    rows = (
        await session.execute(
            text(_HOUSEHOLDS.format(where=_LISTED)),
            {
                "org": org_id,
                "after": decode_cursor(cursor),
                "prefix": code_prefix,
                "limit": limit + 1,
            },
        )
    ).all()
    return page_of([HouseholdOut(**_household(row)) for row in rows], limit, [r.id for r in rows])


async def household(session: ReadSession, *, org_id: int, household_id: UUID) -> HouseholdWholeOut:
    """Return one household with members and accounts; raise `HouseholdNotFound`."""
    row = (
        await session.execute(
            text(_HOUSEHOLDS.format(where="h.id = :id")),
            {"org": org_id, "id": household_id, "limit": 1},
        )
    ).first()
    if row is None:
        raise HouseholdNotFound
    members = await session.execute(
        text(
            "SELECT id, household_id, name, relation, born_on, id_number_mask, share_micro,"
            " status, row_version FROM member"
            " WHERE org_id = :org AND household_id = :id ORDER BY id"
        ),
        {"org": org_id, "id": household_id},
    )
    return HouseholdWholeOut(
        **_household(row),
        members=[_member(member) for member in members],
        accounts=await accounts(session, org_id=org_id, owner_id=household_id),
    )


def _household(row: Row[Any]) -> dict[str, Any]:
    return {
        "id": row.id,
        "code": row.code,
        "head_name": row.head_name,
        "address": row.address,
        "archived_on": row.archived_on,
        "member_count": row.member_count,
        "share": share_text(int(row.share_micro)),
        "account_mask": row.account_mask,
        "version": row.row_version,
    }


def _member(row: Row[Any] | Member) -> MemberOut:
    return MemberOut(
        id=row.id,
        household_id=row.household_id,
        name=row.name,
        relation=row.relation,
        born_on=row.born_on,
        id_number_mask=row.id_number_mask,
        share=share_text(row.share_micro),
        status=row.status,
        version=row.row_version,
    )


async def member(session: ReadSession, *, org_id: int, member_id: UUID) -> MemberOut:
    """Return one member; raise `MemberNotFound`."""
    found = await session.get(Member, (org_id, member_id))
    if found is None:
        raise MemberNotFound
    return _member(found)


async def accounts(session: ReadSession, *, org_id: int, owner_id: UUID) -> list[AccountOut]:
    """Return the accounts of a household or worker, the one in use first."""
    rows = await session.execute(
        text(
            "SELECT id, owner_kind, owner_id, holder_name, bank_name, number_mask, recorded_at,"
            " superseded_at FROM payee_account WHERE org_id = :org AND owner_id = :owner"
            " ORDER BY superseded_at DESC NULLS FIRST, id DESC"
        ),
        {"org": org_id, "owner": owner_id},
    )
    return [AccountOut.model_validate(row) for row in rows]


async def workers(
    session: ReadSession, *, org_id: int, cursor: str | None, limit: int
) -> Page[WorkerOut]:
    """Return a page of the workers."""
    rows = (
        await session.execute(
            text(
                "SELECT id, name, kind, household_id, born_on, id_number_mask FROM worker"
                " WHERE org_id = :org AND (CAST(:after AS uuid) IS NULL OR id > :after)"
                " ORDER BY id LIMIT :limit"
            ),
            {"org": org_id, "after": decode_cursor(cursor), "limit": limit + 1},
        )
    ).all()
    return page_of([WorkerOut.model_validate(row) for row in rows], limit, [r.id for r in rows])
