"""Rent: exact to the fen, by the days of the term, never netted, never paid before it came in."""

from datetime import date
from fractions import Fraction

import pytest

from backend.core.money import half_up
from backend.payouts import rules
from backend.payouts.errors import PeriodUnsound
from tests.payouts.paying import RUNS, YEAR, Village


async def test_rent_of_the_collective_is_its_expense(village: Village) -> None:
    """A whole year and a part of one: the formula in words, the numbers, the booking."""
    await village.transfer(0)
    await village.transfer(1, rent_fen=61_337, term=(date(2026, 3, 15), date(2030, 3, 14)))
    early = await village.transfer(2, rent_fen=70_000, terminated_on=date(2026, 2, 1))
    run = await village.compute("rent", transferee_kind="collective", **YEAR)
    lines = await village.lines(run)
    assert lines[0]["formula"] == "2.00 亩 × 650.00 元/亩·年 × 365/365 天 = 1300.00 元"
    part = [half_up(centimu * 61_337 * 292, 100 * 365) for centimu in (200, 350)]
    until_february = [half_up(centimu * 70_000 * 31, 100 * 365) for centimu in (200, 350)]
    assert [line["amount_fen"] for line in lines] == [130_000, 227_500, *part, *until_february]
    assert lines[2]["inputs"]["days"] == 292
    assert lines[4]["source_id"] == str(early)
    for line in lines:
        n = line["inputs"]
        exact = Fraction(n["area_centimu"] * n["rent_fen_per_mu"] * n["days"], 100 * n["year_days"])
        assert abs(exact - line["amount_fen"]) <= Fraction(1, 2)
    assert run["total_fen"] == sum(line["amount_fen"] for line in lines)
    assert [item["amount_fen"] for item in await village.items(run)] == [
        357_500,
        sum(part),
        sum(until_february),
    ]
    await village.approve(run)
    assert await village.balance("51104") == run["total_fen"]
    assert await village.balance("11302") == -run["total_fen"]


async def test_overlapping_days_are_refused_and_later_ones_not(village: Village) -> None:
    """The same parcel's rent is computed once for each day, whatever period it is asked for."""
    half = {"covers_from": "2026-07-01", "covers_to": "2027-06-30"}
    body = {"kind": "rent", "title": "重叠", "transferee_kind": "collective", **half}
    answer = await village.world.call("accountant", "POST", RUNS, body)
    assert (answer.status_code, answer.json()["code"]) == (409, "already-claimed")
    assert answer.json()["faults"][0]["subject"] == village.world.household_codes[0]
    later = {"covers_from": "2027-01-01", "covers_to": "2027-06-30"}
    run = await village.compute("rent", transferee_kind="collective", **later)
    lines = await village.lines(run)
    assert lines[0]["amount_fen"] == half_up(200 * 65_000 * 181, 100 * 365)
    await village.ok("director", f"{RUNS}/{run['id']}/cancel")
    again = await village.compute("rent", transferee_kind="collective", **later)
    assert again["total_fen"] == run["total_fen"]


async def test_operators_rent_passes_through_when_it_came_in(village: Village) -> None:
    """Approval waits until 21102 covers the run; then nothing of it is income or expense."""
    transfer = await village.transfer(3, to="operator")
    run = await village.compute("rent", transferee_kind="operator", **YEAR)
    assert [flag["code"] for flag in run["flags"]] == ["missing-account", "rent-not-collected"]
    await village.post(("102", 357_499), ("21102", -357_499))
    await village.lay_open(run)
    approve = f"{RUNS}/{run['id']}/approve"
    answer = await village.world.call("director", "POST", approve)
    assert (answer.status_code, answer.json()["code"]) == (409, "rent-not-collected")
    assert "357499" in answer.json()["title"]
    assert "357500" in answer.json()["title"]
    expense_fen, owed_fen = await village.balance("51104"), await village.balance("11302")
    await village.post(("102", 1), ("21102", -1))
    approved = await village.ok("director", approve)
    assert await village.balance("21102") == 0
    assert await village.balance("51104") == expense_fen
    assert await village.balance("11302") == owed_fen - 357_500
    voucher = await village.read(f"/v1/orgs/{{org}}/vouchers/{approved['accrual_voucher_id']}")
    assert [(line["account_code"], line["contract_id"]) for line in voucher["lines"]] == [
        ("21102", str(transfer)),
        ("11302", None),
    ]


async def test_days_that_run_backwards_or_beyond_a_year(village: Village) -> None:
    """A rent run covers at most a year, in order."""
    for covers_to in ("2025-12-31", "2027-01-01"):
        body = {
            "kind": "rent",
            "title": "错误",
            "transferee_kind": "collective",
            "covers_from": "2026-01-01",
            "covers_to": covers_to,
        }
        assert await village.refused("accountant", RUNS, body) == (422, "period-unsound")
    empty = {
        "kind": "rent",
        "title": "无",
        "transferee_kind": "collective",
        "covers_from": "1990-01-01",
        "covers_to": "1990-12-31",
    }
    assert await village.refused("accountant", RUNS, empty) == (422, "nothing-to-pay")


@pytest.mark.parametrize(
    ("covers_from", "covers_to", "days"),
    [
        (date(2026, 1, 1), date(2026, 12, 31), 365),
        (date(2028, 1, 1), date(2028, 12, 31), 366),
        (date(2027, 3, 1), date(2028, 2, 29), 366),
        (date(2027, 2, 28), date(2028, 2, 27), 365),
        (date(2028, 2, 29), date(2029, 2, 28), 366),
    ],
)
def test_the_year_of_a_run(covers_from: date, covers_to: date, days: int) -> None:
    """A year ends on the day before its own date; one day more is refused."""
    assert rules.year_days(covers_from, covers_to) == days
    with pytest.raises(PeriodUnsound):
        rules.year_days(covers_from, date.fromordinal(covers_to.toordinal() + 1))
