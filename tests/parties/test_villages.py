"""Importing villages: divisions and collectives by code, under a county bureau's authority."""

import os
from pathlib import Path
from typing import Any

import psycopg
import pytest

from backend.core.audit import Command
from backend.core.db import PLATFORM_ORG_ID, Database, Scope
from backend.core.intake import Table, read_table
from backend.core.principal import Role
from backend.identity import service as identity
from backend.parties.reports import ImportRefused, ImportReport
from backend.parties.service import register_organisation
from backend.parties.villages import collective_name, import_villages
from tests.people import PASSWORD, World

SHARED = Path(os.environ.get("TGJ_SHARED_DATA", Path(__file__).parents[3] / "shared" / "data"))
HEADER = "code,name,streetCode,provinceCode,cityCode,areaCode\n"
GOOD = HEADER + "140428100201,甲村村委会,140428100,14,1404,140428\n"


def table(text: str) -> Table:
    """Return a CSV text as a table."""
    return read_table(text.encode(), "villages.csv")


async def run(database: Database, found: Table, **options: Any) -> ImportReport:
    """Import as the platform does."""
    scope = Scope(org_id=PLATFORM_ORG_ID)
    async with database.write(scope, Command(action="import_villages")) as session:
        return await import_villages(session, table=found, source="test", **options)


@pytest.mark.parametrize(
    ("village", "expected"),
    [
        ("松庄村村委会", "松庄村股份经济合作社"),
        ("松庄村委会", "松庄村股份经济合作社"),
        ("松庄村村民委员会", "松庄村股份经济合作社"),
        ("和平社区居委会", "和平社区股份经济合作社"),
        ("东街居民委员会", "东街股份经济合作社"),
        ("宝塔", "宝塔股份经济合作社"),
    ],
)
def test_the_office_gives_way_in_the_collectives_name(village: str, expected: str) -> None:
    """Both ways of writing 村委会 lead to one name."""
    assert collective_name(village) == expected


async def test_parents_are_made_and_named_when_a_file_names_them(
    database: Database, owner: psycopg.Connection
) -> None:
    """A town known by code only is named by its code until a list of towns comes."""
    report = await run(database, table(GOOD))
    assert (report.created, report.totals["regions_created"]) == (1, 3)
    town = owner.execute("SELECT name FROM region WHERE code = '140428100'").fetchone()
    assert town == ("140428100",)
    towns = table("code,name\n140428100,甲镇\n")
    named = await run(database, towns)
    assert (named.updated, named.totals["collectives_created"]) == (1, 0)
    assert (await run(database, towns)).unchanged == 1


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("14042810020,乙村村委会,,,,", "region-code-form"),
        ("140428100201,乙村村委会,,,,", "village-repeated"),
        ("140428100202,,,,,", "village-name"),
        ("140428100202,乙村村委会,140428101,,,", "village-parent"),
        ("140429100202,乙村村委会,,,,", "village-elsewhere"),
    ],
)
async def test_one_bad_line_refuses_the_list(
    database: Database, owner: psycopg.Connection, line: str, code: str
) -> None:
    """The line is named and nothing is written; a dry run says the same without an error."""
    before = owner.execute("SELECT count(*) FROM region").fetchone()
    found = table(GOOD + line + "\n")
    with pytest.raises(ImportRefused) as refused:
        await run(database, found, within="140428")
    assert [fault.code for fault in refused.value.faults] == [code]
    assert refused.value.faults[0].row == 3
    dry = await run(database, found, within="140428", dry_run=True)
    assert [fault.code for fault in dry.faults] == [code]
    assert owner.execute("SELECT count(*) FROM region").fetchone() == before


async def test_only_a_bureau_imports_and_only_its_own_county(world: World) -> None:
    """A collective's staff may not; the bureau's list stops at its border."""
    scope = Scope(org_id=PLATFORM_ORG_ID)
    async with world.database.write(scope, Command(action="test")) as session:
        bureau = await register_organisation(
            session, kind="county_bureau", code="bureau", name="县农业农村局", region_code="140430"
        )
        user = await identity.register_staff(
            session, login_name="bureau", display_name="监管", password=PASSWORD
        )
        await identity.grant(session, user_id=user.id, org_id=bureau, role=Role.SUPERVISOR)
    path = f"/v1/orgs/{bureau}/imports/villages"
    foreign = await world.client.post(
        path, files={"file": ("a.csv", GOOD.encode())}, headers=world.headers(user.id)
    )
    assert foreign.json()["faults"][0]["code"] == "village-elsewhere"
    own = GOOD.replace("140428", "140430")
    done = await world.client.post(
        path, files={"file": ("a.csv", own.encode())}, headers=world.headers(user.id)
    )
    assert (done.status_code, done.json()["created"]) == (200, 1)
    refused = await world.client.post(
        f"/v1/orgs/{world.collective}/imports/villages",
        files={"file": ("a.csv", own.encode())},
        headers=world.headers("clerk"),
    )
    assert refused.status_code == 403


@pytest.mark.skipif(
    not SHARED.is_dir(), reason="the shared real data are not here; set TGJ_SHARED_DATA"
)
async def test_all_villages_of_wuxiang_with_two_of_one_name(
    database: Database, owner: psycopg.Connection
) -> None:
    """277 rows: two zones without a collective, and 松庄村 twice under its two codes."""
    path = SHARED / "admin" / "villages_wuxiang_140429.csv"
    found = read_table(path, path.name)
    report = await run(database, found)
    assert (report.rows, report.created, report.skipped) == (277, 277, 2)
    listed = [f"{row.cells[0]}00" for row in found.rows]
    there = owner.execute(
        "SELECT count(*) FROM organisation WHERE kind = 'collective' AND code = ANY (%s)", [listed]
    ).fetchone()
    assert there == (275,)
    twins = owner.execute(
        "SELECT code FROM organisation WHERE name = '松庄村股份经济合作社' ORDER BY code"
    ).fetchall()
    assert twins == [("14042910024300",), ("14042920822200",)]
    again = await run(database, found)
    assert (again.created, again.updated, again.unchanged) == (0, 0, 277)
