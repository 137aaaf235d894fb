"""`tgj migrate`: bring the database to the newest revision, or to a named one."""

import argparse
from typing import Any

from backend.cli.database import running_database
from backend.core import schema
from backend.core.settings import Settings


def add_parser(commands: Any) -> None:
    """Add the command to `tgj`."""
    command = commands.add_parser("migrate", help="迁移数据库 / migrate the database")
    command.add_argument("--to", default="head", metavar="REVISION")
    command.add_argument("--down", action="store_true", help="go back to REVISION")
    command.set_defaults(run=run)


def run(arguments: argparse.Namespace, settings: Settings) -> int:
    """Migrate as the schema's owner (``TGJ_MIGRATION_URL`` when it differs)."""
    with running_database(settings) as url:
        target = settings.migration_url or url
        if arguments.down:
            schema.downgrade(target, arguments.to)
        else:
            schema.upgrade(target, arguments.to)
    print(f"数据库已到版本 {arguments.to} / the database is at {arguments.to}")
    return 0
