"""`tgj organisation` and `tgj user`: what an installation needs before anybody can sign in.

Collectives come with `tgj import villages`; providers, cooperatives and the county bureau are
registered here, and so is each organisation's first member of staff, who adds the others.
"""

import argparse
import asyncio
import getpass
import sys
from typing import Any

from pydantic import ValidationError
from sqlalchemy import text

from backend.cli.database import running_database
from backend.core.audit import Command
from backend.core.db import PLATFORM_ORG_ID, Database, Scope
from backend.core.errors import BadInput, Fault, NotFound
from backend.core.http.validation_words import sentence_for
from backend.core.principal import Role
from backend.core.settings import Settings
from backend.identity import service as identity
from backend.identity.schemas import StaffUserIn
from backend.parties import service as parties

_KINDS = ("provider", "cooperative", "county_bureau")
_SCOPE = Scope(org_id=PLATFORM_ORG_ID)


def add_parser(commands: Any) -> None:
    """Add both commands to `tgj`."""
    organisation = commands.add_parser("organisation", help="登记组织 / register an organisation")
    organisation.add_argument("kind", choices=_KINDS)
    organisation.add_argument("code", help="统一社会信用代码 / unified social credit code")
    organisation.add_argument("name")
    organisation.add_argument("--region", metavar="CODE", help="行政区划代码 / division")
    organisation.set_defaults(run=run_organisation)
    user = commands.add_parser("user", help="新增工作人员 / add a member of staff")
    user.add_argument("login_name")
    user.add_argument("--org", required=True, metavar="CODE", help="组织代码")
    user.add_argument("--role", required=True, choices=[one for one in Role if one != Role.FARMER])
    user.add_argument("--name", required=True, help="姓名 / name shown")
    user.set_defaults(run=run_user)


def run_organisation(arguments: argparse.Namespace, settings: Settings) -> int:
    """Register one organisation in the directory."""
    with running_database(settings) as url:
        org_id = asyncio.run(_register(url, arguments))
    print(f"已登记组织 {org_id}：{arguments.name} / registered")
    return 0


def run_user(arguments: argparse.Namespace, settings: Settings) -> int:
    """Add a member of staff; the password is asked for, or read from standard input."""
    asked = sys.stdin.isatty()
    password = getpass.getpass("口令 password: ") if asked else sys.stdin.readline().rstrip("\r\n")
    wanted = _checked(arguments, password)
    with running_database(settings) as url:
        asyncio.run(_add(url, arguments.org, wanted))
    print(f"已新增 {wanted.login_name}（{wanted.role}）/ added")
    return 0


def _checked(arguments: argparse.Namespace, password: str) -> StaffUserIn:
    """Hold the words to the form that the API demands; raise `BadInput` without echoing them."""
    try:
        return StaffUserIn(
            login_name=arguments.login_name,
            display_name=arguments.name,
            password=password,
            role=arguments.role,
        )
    except ValidationError as error:
        faults = [
            Fault(
                code=str(item["type"]),
                zh=sentence_for(item, "zh"),
                en=sentence_for(item, "en"),
                field=str(item["loc"][0]),
            )
            for item in error.errors()
        ]
        raise BadInput(faults) from None


async def _register(url: str, arguments: argparse.Namespace) -> int:
    database = await Database.open(url, connections=1)
    try:
        async with database.write(_SCOPE, Command(action="register_organisation")) as session:
            return await parties.register_organisation(
                session,
                kind=arguments.kind,
                code=arguments.code,
                name=arguments.name,
                region_code=arguments.region,
            )
    finally:
        await database.close()


async def _add(url: str, code: str, wanted: StaffUserIn) -> None:
    database = await Database.open(url, connections=1)
    try:
        async with database.write(_SCOPE, Command(action="add_staff_user")) as session:
            org_id = await session.scalar(
                text("SELECT id FROM organisation WHERE code = :code"), {"code": code}
            )
            if org_id is None:
                raise NotFound(what=f"组织 {code}")
            user = await identity.register_staff(
                session,
                login_name=wanted.login_name,
                display_name=wanted.display_name,
                password=wanted.password,
            )
            await identity.grant(session, user_id=user.id, org_id=org_id, role=Role(wanted.role))
    finally:
        await database.close()
