"""The audit log: one row for each command, hash-chained per organisation.

The chain is computed by a database trigger in the command's own transaction: ``hash`` is
SHA-256 over the previous hash and the entry's exact text. The application role cannot update,
delete or truncate it. `broken_links` recomputes the whole chain.
"""

import json
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import Field, SQLModel

from backend.core.columns import server_now, tenant_key


class AuditEntry(SQLModel, table=True):
    """One command in an organisation's chain (操作日志)."""

    __tablename__ = "audit_entry"

    org_id: int = tenant_key()
    """The organisation whose chain this is (组织)."""
    seq: int = Field(sa_type=BigInteger, primary_key=True)
    """Position in the chain, from 1 without gaps (序号)."""
    recorded_at: datetime = server_now()
    """When the command was carried out, UTC (时间)."""
    action: str
    """The operation's name (操作)."""
    entry: str
    """The hashed JSON text: actor, action, subject and details (内容)."""
    prev_hash: bytes
    """Hash of the entry before; 32 zero bytes for the first (前一哈希)."""
    hash: bytes
    """SHA-256(prev_hash ‖ entry) (哈希)."""


class AuditHead(SQLModel, table=True):
    """The end of an organisation's chain; its row lock orders concurrent commands."""

    __tablename__ = "audit_head"

    org_id: int = tenant_key()
    """The organisation (组织)."""
    seq: int = Field(sa_type=BigInteger)
    """The last entry's position (末尾序号)."""
    hash: bytes
    """The last entry's hash (末尾哈希)."""


@dataclass(slots=True, kw_only=True)
class Command:
    """What is being done, for the audit row. ``details`` may grow while the command runs.

    No personal data in ``details``: identifiers, amounts, counts and hashes only.
    """

    action: str
    subject: str = ""
    details: dict[str, Any] = field(default_factory=dict)
    idle: bool = False
    """Set when nothing was done, as for a repeated stored answer: nothing is recorded."""


async def append(
    session: AsyncSession, org_id: int, user_id: UUID | None, command: Command
) -> None:
    """Write the command's row at the end of the organisation's chain."""
    entry = {
        "action": command.action,
        "actor": None if user_id is None else str(user_id),
        "details": command.details,
        "subject": command.subject,
    }
    await session.execute(
        text("INSERT INTO audit_entry (org_id, action, entry) VALUES (:org, :action, :entry)"),
        {
            "org": org_id,
            "action": command.action,
            "entry": json.dumps(entry, ensure_ascii=False, sort_keys=True, default=str),
        },
    )


async def broken_links(session: AsyncSession) -> list[tuple[int, int]]:
    """Recompute every visible chain; return (org_id, seq) of each entry that does not fit.

    An entry fits when its hash is SHA-256 of the previous hash and its text, its position follows
    the one before, and the head names the last one.
    """
    rows = await session.execute(
        text(
            """
            WITH chain AS (
              SELECT org_id, seq, prev_hash, hash, entry,
                     lag(hash, 1, decode(repeat('00', 32), 'hex')) OVER w AS expected_prev,
                     lag(seq, 1, 0::bigint) OVER w AS expected_seq
              FROM audit_entry WINDOW w AS (PARTITION BY org_id ORDER BY seq))
            SELECT org_id, seq FROM chain
            WHERE prev_hash <> expected_prev OR seq <> expected_seq + 1
               OR hash <> sha256(prev_hash || convert_to(entry, 'UTF8'))
            UNION ALL
            SELECT h.org_id, h.seq FROM audit_head h
            LEFT JOIN audit_entry e ON e.org_id = h.org_id AND e.seq = h.seq
            WHERE e.hash IS DISTINCT FROM h.hash
               OR h.seq <> (SELECT max(seq) FROM audit_entry m WHERE m.org_id = h.org_id)
            ORDER BY 1, 2
            """
        )
    )
    return [(row.org_id, row.seq) for row in rows]
