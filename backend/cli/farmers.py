"""Farmers who may sign in, from the telephones of a roster: set-based, for whole villages."""

from collections.abc import Sequence

from sqlalchemy import text
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col, select

from backend.core.crypto import Sealer
from backend.core.db import WriteSession
from backend.core.ids import new_id
from backend.core.principal import Role
from backend.identity.models import UserAccount
from backend.parties.rosters import Contact


async def link_farmers(
    session: WriteSession, sealer: Sealer, *, org_id: int, contacts: Sequence[Contact]
) -> int:
    """Let each contact sign in by telephone as the farmer of the household; return new grants.

    Known telephones keep their user, known grants stay: the same roster twice changes nothing.
    A telephone that two households give signs in to both.
    """
    if not contacts:
        return 0
    name_of = {one.phone: one.name for one in contacts}
    index_of = {phone: sealer.blind_index("phone", phone) for phone in name_of}
    new = []
    for phone, index in index_of.items():
        user_id = new_id()
        sealed = sealer.seal(0, "user.phone", str(user_id), phone)
        new.append(
            {
                "id": user_id,
                "kind": "farmer",
                "display_name": name_of[phone],
                "phone_index": index,
                "phone_sealed": sealed,
                "failures": 0,
            }
        )
    await session.execute(insert(UserAccount).on_conflict_do_nothing(), new)
    rows = await session.execute(
        select(UserAccount.phone_index, UserAccount.id).where(
            col(UserAccount.phone_index).in_(list(index_of.values()))
        )
    )
    users = {row.phone_index: row.id for row in rows}
    granted = await session.execute(
        text(
            """
            INSERT INTO role_grant (id, user_id, org_id, role, household_id)
            SELECT g.id, g.user_id, h.org_id, :role, h.id
            FROM unnest(CAST(:ids AS uuid[]), CAST(:users AS uuid[]), CAST(:codes AS text[]))
                 AS g (id, user_id, code)
            JOIN household h ON h.org_id = :org AND h.code = g.code
            ON CONFLICT DO NOTHING RETURNING id
            """
        ),
        {
            "role": str(Role.FARMER),
            "org": org_id,
            "ids": [new_id() for _ in contacts],
            "users": [users[index_of[one.phone]] for one in contacts],
            "codes": [one.household_code for one in contacts],
        },
    )
    return len(granted.all())
