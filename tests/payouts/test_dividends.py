"""Dividends: the year's result, the order of art. 42, shares to the fen, and their booking."""

from datetime import date
from fractions import Fraction
from typing import Any

import psycopg
import pytest

from backend.core.money import split
from backend.payouts import rules
from backend.payouts.errors import NothingToDistribute, PoolBeyondDistributable
from tests.payouts.paying import RUNS, Village
from tests.people import World

CARRY = "/v1/orgs/{org}/years/2026/carry-forward"


def _body(**changes: Any) -> dict[str, Any]:
    return {
        "kind": "dividend",
        "title": "2026 年成员分红",
        "year": 2026,
        "reserve_permille": 125,
        "resolution": {"votes_for": 6, "votes_total": 8, "held_on": "2027-01-10"},
    } | changes


async def test_a_year_from_income_to_dividend(
    village: Village, world: World, owner: psycopg.Connection
) -> None:
    """Fractional shares: every fen of the pool goes out, and each account stands as it must."""
    for number, share in enumerate((1_000_000, 333_333, 500_000, 1_000_000, 666_667, 0, 250_000)):
        owner.execute(
            "UPDATE member SET share_micro = %s WHERE id = (SELECT id FROM member"
            " WHERE org_id = %s ORDER BY name OFFSET %s LIMIT 1)",
            (share, world.collective, number),
        )
    await village.post(("102", 1_000_003), ("50101", -1_000_003))
    await village.post(("51101", 299_990), ("102", -299_990))
    assert await village.refused("accountant", CARRY) == (409, "year-not-over")
    village.clock.set_to_morning(date(2027, 1, 15))
    assert await village.refused("accountant", RUNS, _body()) == (409, "year-not-closed")
    vouchers = await village.world.call("accountant", "POST", CARRY)
    assert [voucher["period"] for voucher in vouchers.json()] == [202612, 202612]
    assert await village.balance("32202") == -700_013
    assert await village.balance("321") == await village.balance("50101") == 0
    run = await village.ok("accountant", RUNS, _body())
    # 12.5 % of 7000.13 yuan is 875.01625 → 875.02; the pool is 6125.11 yuan.
    assert run["parameters"]["reserve_fen"] == 87_502
    assert run["total_fen"] == 612_511
    lines = await village.lines(run)
    shares = owner.execute(
        "SELECT h.code || ' ' || m.id, m.share_micro, m.id FROM member m"
        " JOIN household h ON h.org_id = m.org_id AND h.id = m.household_id"
        " WHERE m.org_id = %s AND m.share_micro > 0",
        (world.collective,),
    ).fetchall()
    expected = {share.key: share for share in split(612_511, [(row[0], row[1]) for row in shares])}
    by_member = {line["source_id"]: line for line in lines}
    assert len(by_member) == len(shares) == 7
    for key, _, member in shares:
        line = by_member[str(member)]
        assert line["amount_fen"] == expected[key].fen
        n = line["inputs"]
        exact = n["quotient_fen"] + Fraction(n["quotient_remainder"], n["quotient_divisor"])
        assert exact == expected[key].quotient
    await village.approve(run)
    assert await village.balance("31101") == -87_502
    assert await village.balance("11303") == -612_511
    assert await village.balance("32202") == 0
    assert await village.balance("3220101") == await village.balance("3220102") == 0


async def test_a_year_is_shared_out_once(village: Village) -> None:
    """A second run for the year is refused and names the first."""
    answer = await village.world.call("accountant", "POST", RUNS, _body())
    assert (answer.status_code, answer.json()["code"]) == (409, "already-claimed")


async def test_the_vote_decides(village: Village) -> None:
    """Less than two thirds of all members, or a meeting still to come, is no resolution."""
    for resolution, code in (
        ({"votes_for": 5, "votes_total": 8, "held_on": "2027-01-10"}, "too-few-votes"),
        ({"votes_for": 9, "votes_total": 8, "held_on": "2027-01-10"}, "votes-unsound"),
        ({"votes_for": 6, "votes_total": 8, "held_on": "2099-01-10"}, "resolution-in-future"),
    ):
        body = _body(resolution=resolution)
        assert await village.refused("accountant", RUNS, body) == (422, code)


async def test_notice_of_ten_days(village: Village) -> None:
    """A loss year is refused with the numbers; a good one is laid open for ten days at least."""
    await village.post(("51101", 5_000), ("102", -5_000), on=date(2027, 2, 1))
    village.clock.set_to_morning(date(2028, 1, 5))
    await village.ok_list("accountant", "/v1/orgs/{org}/years/2027/carry-forward")
    year = {"resolution": {"votes_for": 6, "votes_total": 8, "held_on": "2028-01-05"}}
    refused = await village.world.call("accountant", "POST", RUNS, _body(year=2027, **year))
    assert refused.json()["code"] == "nothing-to-distribute"
    assert "-5000" in refused.json()["title"]
    await village.post(("102", 20_000), ("50101", -20_000))
    village.clock.set_to_morning(date(2029, 1, 5))
    await village.ok_list("accountant", "/v1/orgs/{org}/years/2028/carry-forward")
    run = await village.ok("accountant", RUNS, _body(year=2028, pool_fen=8_000, **year))
    # The loss of 2027 comes first: reserve 12.5 % of 150.00, so 131.25 would be distributable.
    assert run["parameters"]["distributable_fen"] == 15_000 - 1_875
    assert run["total_fen"] == 8_000
    notice = f"{RUNS}/{run['id']}/notice"
    assert await village.refused("accountant", notice, {"days": 9}) == (422, "notice-too-short")
    noticed = await village.ok("accountant", notice, {})
    assert (noticed["notice_from"], noticed["notice_until"]) == ("2029-01-05", "2029-01-14")
    approve = f"{RUNS}/{run['id']}/approve"
    village.clock.set_to_morning(date(2029, 1, 14))
    assert await village.refused("director", approve) == (409, "notice-running")
    village.clock.set_to_morning(date(2029, 1, 15))
    await village.post(("32202", 6_000), ("31101", -6_000))
    assert await village.refused("director", approve) == (422, "pool-beyond-distributable")
    await village.post(("31101", 6_000), ("32202", -6_000))
    assert (await village.ok("director", approve))["state"] == "approved"


def test_losses_come_before_the_reserve() -> None:
    """Opening losses shrink what the reserve is taken from; opening profit does not swell it."""
    after_loss = rules.distribution(
        net_fen=10_000, opening_fen=-4_000, transfers_fen=0, reserve_permille=100
    )
    assert (after_loss.reserve_fen, after_loss.distributable_fen) == (600, 5_400)
    with_more = rules.distribution(
        net_fen=10_000, opening_fen=4_000, transfers_fen=0, reserve_permille=100
    )
    assert (with_more.reserve_fen, with_more.distributable_fen) == (1_000, 13_000)
    bad_year = rules.distribution(
        net_fen=-1_000, opening_fen=4_000, transfers_fen=0, reserve_permille=100
    )
    assert (bad_year.reserve_fen, bad_year.distributable_fen) == (0, 3_000)


def test_nothing_is_shared_that_is_not_there() -> None:
    """Zero distributable and a pool beyond it are refused with the numbers."""
    with pytest.raises(NothingToDistribute) as nothing:
        rules.distribution(net_fen=10, opening_fen=-10, transfers_fen=0, reserve_permille=0)
    assert nothing.value.facts["distributable_fen"] == 0
    with pytest.raises(PoolBeyondDistributable):
        rules.distribution(
            net_fen=10, opening_fen=0, transfers_fen=0, reserve_permille=0, pool_fen=11
        )
