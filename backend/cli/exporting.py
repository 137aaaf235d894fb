"""`tgj export`: write workbooks to files."""

import argparse
import asyncio
from pathlib import Path
from typing import Any

from sqlalchemy import text

from backend.cli.database import running_database
from backend.core.db import PLATFORM_ORG_ID, Database, Scope
from backend.core.errors import NotFound
from backend.core.settings import Settings
from backend.exports.books import Book, export


def add_parser(commands: Any) -> None:
    """Add the command to `tgj`."""
    command = commands.add_parser("export", help="导出 / write workbooks")
    command.add_argument("book", choices=[*Book, "all"])
    command.add_argument("--org", required=True, metavar="CODE", help="组织代码")
    command.add_argument("--period", required=True, type=int, metavar="YYYYMM")
    command.add_argument("--out", required=True, type=Path, metavar="FILE.xlsx")
    command.set_defaults(run=run)


def run(arguments: argparse.Namespace, settings: Settings) -> int:
    """Write the workbook; an existing file is replaced only by a whole new one."""
    books = tuple(Book) if arguments.book == "all" else (Book(arguments.book),)
    with running_database(settings) as url:
        content = asyncio.run(_content(url, arguments.org, books, arguments.period))
    partial: Path = arguments.out.with_suffix(".part")
    partial.write_bytes(content)
    partial.replace(arguments.out)
    print(f"已写入 {arguments.out}，{len(content)} 字节 / written")
    return 0


async def _content(url: str, code: str, books: tuple[Book, ...], period: int) -> bytes:
    database = await Database.open(url, connections=2)
    try:
        async with database.read(Scope(org_id=PLATFORM_ORG_ID)) as session:
            org_id = await session.scalar(
                text("SELECT id FROM organisation WHERE code = :code"), {"code": code}
            )
        if org_id is None:
            raise NotFound(what=f"组织 {code}")
        async with database.read(Scope(org_id=org_id)) as session:
            return await export(session, org_id=org_id, books=books, period=period)
    finally:
        await database.close()
