"""Workbooks over HTTP: they add up to the ledger, codes stay text, and nothing is a formula."""

import io
from typing import Any

import openpyxl
import psycopg
import pytest
import pytest_asyncio

from tests.payouts.paying import YEAR, Village
from tests.people import World

BOOKS = "/v1/orgs/{org}/exports"
PERIOD = 202607
SNARES = ("=1+1", "@SUM(A1:A9)", '=HYPERLINK("http://x.example","领取")')


async def _sheet(world: World, book: str, user: str = "accountant") -> list[list[Any]]:
    """Return the sheet's cells from its heading down."""
    answer = await world.call(user, "GET", f"{BOOKS}/{book}.xlsx?period={PERIOD}")
    assert answer.status_code == 200, answer.text
    (sheet,) = openpyxl.load_workbook(io.BytesIO(answer.content)).worksheets
    return [list(row) for row in sheet.iter_rows(min_row=2)]


def _fen(rows: list[list[Any]], title: str) -> int:
    place = [cell.value for cell in rows[0]].index(title)
    return sum(round((row[place].value or 0) * 100) for row in rows[1:])


def _column(rows: list[list[Any]], title: str) -> list[Any]:
    place = [cell.value for cell in rows[0]].index(title)
    return [row[place] for row in rows[1:]]


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def rent(village: Village, world: World, owner: psycopg.Connection) -> dict[str, Any]:
    """An approved and paid rent run of three households whose names are snares."""
    for place, name in enumerate(SNARES):
        owner.execute(
            "UPDATE household SET head_name = %s WHERE id = %s", (name, world.households[place])
        )
        await village.transfer(place, rent_fen=10_001)
    run = await village.compute("rent", transferee_kind="collective", **YEAR)
    await village.approve(run)
    return run


@pytest.fixture(scope="module")
def owner(database_url: str) -> Any:
    """A connection as the schema's owner that lasts as long as the village."""
    with psycopg.connect(database_url, autocommit=True) as connection:
        yield connection


async def test_vouchers_add_up(village: Village, world: World, rent: dict[str, Any]) -> None:
    """Debits equal credits and the ledger's own, to the fen."""
    rows = await _sheet(world, "vouchers")
    debit, credit = _fen(rows, "借方金额(元)"), _fen(rows, "贷方金额(元)")
    table = await village.read(f"/v1/orgs/{{org}}/trial-balances/{PERIOD}")
    booked = sum(row["year_debit_fen"] for row in table["rows"] if row["is_leaf"])
    assert debit == credit == booked == rent["total_fen"] > 0


async def test_trial_balance_adds_up(village: Village, world: World, rent: dict[str, Any]) -> None:
    """Each cell is the API's figure, and the last row sums the leaves."""
    rows = await _sheet(world, "trial-balance")
    table = await village.read(f"/v1/orgs/{{org}}/trial-balances/{PERIOD}")
    for row, known in zip(rows[1:-1], table["rows"], strict=True):
        assert row[0].value == known["code"]
        assert round(row[8].value * 100) == known["closing_debit_fen"]
        assert round(row[9].value * 100) == known["closing_credit_fen"]
    last = [round(cell.value * 100) for cell in rows[-1][2:]]
    assert last[4] == last[5] == rent["total_fen"]
    assert last[6] == last[7]


async def test_payouts_add_up(world: World, rent: dict[str, Any]) -> None:
    """A payment of two parcels counts once: both columns of amounts are the run's total."""
    rows = await _sheet(world, "payouts")
    assert len(rows) == 1 + 6
    assert _fen(rows, "本笔合计(元)") == rent["total_fen"]
    assert _fen(rows, "明细金额(元)") == rent["total_fen"]


@pytest.mark.parametrize("book", ["vouchers", "trial-balance", "payouts"])
async def test_no_cell_is_a_formula(world: World, rent: dict[str, Any], book: str) -> None:
    """Names that begin like a formula, and codes of digits, are text cells."""
    rows = await _sheet(world, book)
    assert {cell.data_type for row in rows for cell in row} <= {"s", "n", "d"}
    if book == "trial-balance":
        codes = _column(rows, "科目编码")
    else:
        codes = [cell for cell in _column(rows, "承包方编码") if cell.value is not None]
    if book == "vouchers":
        assert set(SNARES) <= {cell.value for cell in _column(rows, "往来对象")}
    assert codes
    assert {cell.data_type for cell in codes} == {"s"}


async def test_who_may(world: World, rent: dict[str, Any]) -> None:
    """Accountant and director read; others are refused; a foreign village is not found."""
    for user, status in (
        ("accountant", 200), ("director", 200), ("clerk", 403), ("cashier", 403),
        ("neighbour_director", 404), ("dispatcher", 404), (world.farmers[0], 403),
    ):  # fmt: skip
        for book in ("vouchers", "payouts", "trial-balance"):
            answer = await world.call(user, "GET", f"{BOOKS}/{book}.xlsx?period={PERIOD}")
            assert answer.status_code == status, (user, answer.text)


@pytest.mark.parametrize(
    "path",
    [
        "vouchers.xlsx", "vouchers.xlsx?period=x", "vouchers.xlsx?period=202600",
        "vouchers.xlsx?period=202613", "vouchers.xlsx?period=99999999999999999999",
        "secrets.xlsx?period=202607",
    ],
)  # fmt: skip
async def test_bad_periods(world: World, path: str) -> None:
    """A period without a month and a book that is not kept are refused as problems."""
    answer = await world.call("accountant", "GET", f"{BOOKS}/{path}")
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
