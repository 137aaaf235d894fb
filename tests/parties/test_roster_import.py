"""Importing rosters of households: faults by row, differences, and nothing half-done."""

import asyncio
import csv
import io
from collections.abc import Sequence
from datetime import date
from typing import Any

import psycopg
import pytest

from backend.core import codes
from tests.people import COLLECTIVE_CODE, World

HEADER = (
    *("承包方编码", "承包方名称", "成员姓名", "与户主关系", "证件号码", "出生日期"),
    *("联系电话", "收益权份额", "银行卡号", "开户行"),
)
BANK = "示范农村商业银行"


def person(number: int) -> str:
    """Return the identity number of a made-up person born on 2 March 1975."""
    return codes.make_id("990000", date(1975, 3, 2), number)


def member(household: int, number: int, relation: str = "户主", **more: str) -> dict[str, str]:
    """Return a row; heads carry a card."""
    return {
        "承包方编码": f"{COLLECTIVE_CODE}{household:04d}",
        "承包方名称": f"王{household}",
        "成员姓名": f"王{household}" if relation == "户主" else f"李{number}",
        "与户主关系": relation,
        "证件号码": person(number),
        "出生日期": "1975-03-02",
        "联系电话": "",
        "收益权份额": "1",
        "银行卡号": "6299990000000010" if relation == "户主" else "",
        "开户行": BANK if relation == "户主" else "",
    } | more


def roster(rows: Sequence[dict[str, str]]) -> bytes:
    """Return the rows as CSV."""
    text = io.StringIO()
    table = csv.DictWriter(text, HEADER)
    table.writeheader()
    table.writerows(rows)
    return text.getvalue().encode()


async def upload(world: World, rows: Sequence[dict[str, str]], query: str = "") -> Any:
    """Send rows to the household import and return the answer."""
    return await world.client.post(
        f"/v1/orgs/{world.collective}/imports/households{query}",
        files={"file": ("农户.csv", roster(rows))},
        headers=world.headers("clerk"),
    )


def counts(owner: psycopg.Connection) -> tuple[int, ...]:
    """Return the numbers of households, members and accounts in the database."""
    row = owner.execute(
        "SELECT (SELECT count(*) FROM household), (SELECT count(*) FROM member),"
        " (SELECT count(*) FROM payee_account)"
    ).fetchone()
    assert row is not None
    return tuple(row)


async def test_dry_run_then_import_then_the_same_again(
    world: World, owner: psycopg.Connection
) -> None:
    """A dry run writes nothing, the import all, the same file changes nothing."""
    rows = [member(11, 1), member(11, 2, "妻", 收益权份额="0.5"), member(12, 3)]
    before = counts(owner)
    dry = await upload(world, rows, "?dry_run=true")
    assert dry.status_code == 200, dry.text
    assert (dry.json()["created"], dry.json()["totals"]["members_created"]) == (2, 3)
    assert counts(owner) == before
    assert (await upload(world, rows)).json()["created"] == 2
    assert counts(owner) == (before[0] + 2, before[1] + 3, before[2] + 2)
    again = (await upload(world, rows)).json()
    assert (again["created"], again["updated"], again["unchanged"]) == (0, 0, 2)
    assert again["missing"] == 4
    assert counts(owner) == (before[0] + 2, before[1] + 3, before[2] + 2)


async def test_differences_are_named_and_a_new_card_is_a_new_row(
    world: World, owner: psycopg.Connection
) -> None:
    """Share, card and a new child; whoever is not in the file stays and is reported."""
    rows = [member(13, 21), member(13, 22, "妻"), member(13, 23, "子")]
    assert (await upload(world, rows)).status_code == 200
    before = counts(owner)
    changed = [
        member(13, 21, 银行卡号="6299990000000028"),
        member(13, 22, "妻", 收益权份额="0.5"),
        member(13, 24, "女"),
    ]
    report = (await upload(world, changed)).json()
    assert {(c["field"], c["before"], c["after"]) for c in report["changes"]} == {
        ("share", "1", "0.5"),
        ("account", "6299 **** **** 0010", "6299 **** **** 0028"),
    }
    assert report["totals"]["members_missing"] == 1
    assert "member-missing" in {one["code"] for one in report["warnings"]}
    assert counts(owner) == (before[0], before[1] + 1, before[2] + 1)
    live = owner.execute(
        "SELECT number_mask FROM payee_account a JOIN household h ON h.id = a.owner_id"
        " WHERE h.code = %s AND superseded_at IS NULL",
        [f"{COLLECTIVE_CODE}0013"],
    ).fetchall()
    assert live == [("6299 **** **** 0028",)]


WRONG_CHECK = person(31)[:-1] + ("0" if person(31)[-1] != "0" else "1")


@pytest.mark.parametrize(
    ("bad", "code"),
    [
        ({"证件号码": WRONG_CHECK}, "id-check"),
        ({"证件号码": "990000197503020"}, "id-form"),
        ({"证件号码": person(1)}, "id-elsewhere"),
        ({"证件号码": person(30)}, "id-repeated"),
        ({"出生日期": "1975-03-03"}, "birth-differs"),
        ({"出生日期": "三月二日"}, "birth-form"),
        ({"联系电话": "12345"}, "mobile-form"),
        ({"收益权份额": "半份"}, "share-form"),
        ({"收益权份额": "0.1234567"}, "share-form"),
        ({"银行卡号": "12-34"}, "card-form"),
        ({"开户行": ""}, "bank-blank"),
        ({"承包方编码": COLLECTIVE_CODE + "14"}, "household-code-form"),
        ({"承包方编码": "140429100202000015"}, "household-of-another-collective"),
        ({"成员姓名": ""}, "text-blank"),
        ({"与户主关系": "妻"}, "household-heads"),
        ({"承包方编码": COLLECTIVE_CODE + "0014"}, "household-heads"),
    ],
)
async def test_bad_rows_are_named_and_nothing_is_written(
    world: World, owner: psycopg.Connection, bad: dict[str, str], code: str
) -> None:
    """One bad row among good ones refuses the file; no number is repeated in the answer."""
    await upload(world, [member(11, 1), member(11, 2, "妻", 收益权份额="0.5")])
    before = counts(owner)
    answer = await upload(world, [member(14, 30), member(15, 31) | bad])
    assert answer.status_code == 422, answer.text
    assert code in {fault["code"] for fault in answer.json()["faults"]}
    assert bad.get("证件号码", "no number") not in answer.text
    assert counts(owner) == before


async def test_a_number_that_is_no_card_is_only_remarked_on(world: World) -> None:
    """Old passbooks fail Luhn; the import goes on."""
    report = (await upload(world, [member(16, 41, 银行卡号="12345678")], "?dry_run=true")).json()
    assert report["faults"] == []
    assert "card-luhn" in {one["code"] for one in report["warnings"]}


async def test_a_missing_column_is_named_with_those_that_are_there(world: World) -> None:
    """The clerk sees which header is missing and what was seen instead."""
    answer = await world.client.post(
        f"/v1/orgs/{world.collective}/imports/households",
        files={"file": ("a.csv", "姓名,电话\n张三,1\n".encode())},
        headers=world.headers("clerk"),
    )
    assert answer.status_code == 422
    assert {fault["code"] for fault in answer.json()["faults"]} == {"column-missing"}


async def test_two_clerks_with_one_file_make_one_set(
    world: World, owner: psycopg.Connection
) -> None:
    """The second import waits for the first and then finds everything registered."""
    rows = [member(household, 100 + household) for household in range(50, 80)]
    before = counts(owner)
    answers = await asyncio.gather(upload(world, rows), upload(world, rows))
    assert [one.status_code for one in answers] == [200, 200]
    assert sorted(one.json()["created"] for one in answers) == [0, 30]
    assert counts(owner)[0] == before[0] + 30


async def test_a_member_without_a_number_gets_one_later(
    world: World, owner: psycopg.Connection
) -> None:
    """A child known by name is found again when the file brings the number."""
    child = member(17, 52, "子", 证件号码="", 出生日期="")
    assert (await upload(world, [member(17, 51), child])).status_code == 200
    before = counts(owner)
    report = (await upload(world, [member(17, 51), member(17, 52, "子")])).json()
    assert {change["field"] for change in report["changes"]} == {"born_on", "id_number"}
    assert counts(owner) == before


async def test_providers_have_no_households(world: World) -> None:
    """Only a village collective keeps a roster."""
    answer = await world.client.post(
        f"/v1/orgs/{world.provider}/imports/households",
        files={"file": ("a.csv", roster([member(18, 61)]))},
        headers=world.headers("provider_director"),
    )
    assert answer.status_code == 403
