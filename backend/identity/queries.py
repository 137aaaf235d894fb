"""Reads of users and their grants."""

from uuid import UUID

from sqlalchemy import text

from backend.core.db import ReadSession
from backend.core.principal import Role
from backend.identity.schemas import GrantOut, StaffUserOut


async def display_name(session: ReadSession, user_id: UUID) -> str:
    """Return a user's shown name."""
    row = await session.execute(
        text("SELECT display_name FROM user_account WHERE id = :id"), {"id": user_id}
    )
    return str(row.scalar_one())


async def grants(session: ReadSession, user_id: UUID) -> list[GrantOut]:
    """Return the user's live grants with the organisations' names."""
    rows = await session.execute(
        text(
            """
            SELECT g.org_id, o.name AS org_name, o.kind AS org_kind, g.role, g.household_id
            FROM role_grant g JOIN organisation o ON o.id = g.org_id
            WHERE g.user_id = :id AND g.revoked_at IS NULL ORDER BY g.org_id, g.role
            """
        ),
        {"id": user_id},
    )
    return [GrantOut.model_validate(row) for row in rows]


async def staff_of(session: ReadSession, org_id: int) -> list[StaffUserOut]:
    """Return an organisation's staff with their roles there."""
    rows = await session.execute(
        text(
            """
            SELECT u.id AS user_id, u.login_name, u.display_name,
                   array_agg(g.role ORDER BY g.role) AS roles
            FROM role_grant g JOIN user_account u ON u.id = g.user_id
            WHERE g.org_id = :org AND g.revoked_at IS NULL AND u.kind = 'staff'
            GROUP BY u.id ORDER BY u.login_name
            """
        ),
        {"org": org_id},
    )
    return [
        StaffUserOut(
            user_id=row.user_id,
            login_name=row.login_name,
            display_name=row.display_name,
            roles=[Role(role) for role in row.roles],
        )
        for row in rows
    ]
