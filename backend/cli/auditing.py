"""`tgj audit verify`: recompute the hash chains of all organisations."""

import argparse
import asyncio
from typing import Any

from sqlalchemy import text

from backend.cli.database import running_database
from backend.core import audit
from backend.core.db import PLATFORM_ORG_ID, Database, Scope
from backend.core.settings import Settings


def add_parser(commands: Any) -> None:
    """Add the command to `tgj`."""
    command = commands.add_parser("audit", help="校验操作日志 / verify the audit log")
    command.add_argument("what", choices=["verify"])
    command.set_defaults(run=run)


def run(_arguments: argparse.Namespace, settings: Settings) -> int:
    """Print each broken link; exit 1 when there is one."""
    with running_database(settings) as url:
        broken, count = asyncio.run(_verify(url))
    for org_id, seq in broken:
        print(f"断链：组织 {org_id} 第 {seq} 条 / broken: organisation {org_id}, entry {seq}")
    print(f"已校验 {count} 条，断链 {len(broken)} 处 / {count} entries, {len(broken)} broken")
    return 1 if broken else 0


async def _verify(url: str) -> tuple[list[tuple[int, int]], int]:
    database = await Database.open(url, connections=2)
    try:
        return await verify(database)
    finally:
        await database.close()


async def verify(database: Database) -> tuple[list[tuple[int, int]], int]:
    """Return the broken links of every organisation's chain, and the number of entries."""
    async with database.read(Scope(org_id=PLATFORM_ORG_ID)) as session:
        orgs = await session.scalars(text("SELECT id FROM organisation ORDER BY id"))
        scope = Scope(org_id=PLATFORM_ORG_ID, read_org_ids=tuple(orgs))
    async with database.read(scope) as session:
        count = await session.scalar(text("SELECT count(*) FROM audit_entry"))
        return await audit.broken_links(session), int(count or 0)
