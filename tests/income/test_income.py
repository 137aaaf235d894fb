"""A farmer's own data over HTTP: exact, explained to the voucher, and nobody else's."""

import dataclasses
from typing import Any
from uuid import UUID

import psycopg
import pytest
import pytest_asyncio

from backend.core.audit import Command
from backend.core.db import PLATFORM_ORG_ID, Scope
from backend.core.principal import Role
from backend.identity import service as identity
from backend.income.schemas import ExplanationOut, IncomeOut
from backend.ledger import service as ledger
from tests.operations.season import FARMER_FEN, Season
from tests.payouts.paying import YEAR, Village
from tests.people import NEIGHBOUR_CODE, World

INCOME = "/v1/me/income"
MINE = ("/v1/me/parcels", "/v1/me/contracts", "/v1/me/work", INCOME)


async def _get(world: World, farmer: int, path: str = INCOME) -> Any:
    answer = await world.call(world.farmers[farmer], "GET", path)
    assert answer.status_code == 200, answer.text
    return answer.json()


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def rent(village: Village) -> dict[str, Any]:
    """An approved rent run of three households: 5.50 mu at 100.00, 100.01 and 100.02 yuan."""
    for household in range(3):
        await village.transfer(household, rent_fen=10_000 + household)
    run = await village.compute("rent", transferee_kind="collective", **YEAR)
    await village.approve(run)
    return run


async def test_approved_failed_corrected_paid(
    village: Village, world: World, rent: dict[str, Any]
) -> None:
    """The same amount shows as approved, in the bank's file, failed, and paid once; fen exact."""
    assert (await _get(world, 3))["lines"] == []
    seen = []

    async def look() -> dict[str, Any]:
        income = await _get(world, 0)
        shown = IncomeOut.model_validate(income, strict=False)
        assert set(income) == set(IncomeOut.model_fields)
        assert income["total_fen"] == income["rent_fen"] == 55_000
        assert sum(month.total_fen for month in shown.months) == shown.total_fen
        assert sum(line.amount_fen for line in shown.lines) == shown.total_fen
        payments = {line.payment for line in shown.lines}
        seen.append((*payments, shown.paid_fen))
        line: dict[str, Any] = income["lines"][0]
        return line

    await look()
    (batch,) = (await village.export(rent))["batches"]
    await look()
    answer = await village.bank_answer(batch, row_1="户名不符")
    assert (await village.give_return(batch, answer)).status_code == 201
    line = await look()
    why = await _get(world, 0, f"{INCOME}/lines/{line['id']}")
    assert (why["payment"], why["failure"], why["payment_voucher"]) == (
        "failed",
        "name_mismatch",
        None,
    )
    await village.account("household", world.households[0], "张10", "6217000000000000012")
    own = str(world.households[0])
    (item,) = [one for one in await village.items(rent) if one["payee_id"] == own]
    await village.ok("cashier", f"/v1/orgs/{{org}}/payment-items/{item['id']}/reissue")
    (second,) = (await village.export(rent))["batches"]
    assert (await village.give_return(second, await village.bank_answer(second))).status_code == 201
    await look()
    assert seen == [("approved", 0), ("exported", 0), ("failed", 0), ("paid", 55_000)]


async def test_explained_to_the_voucher(
    world: World, rent: dict[str, Any], village: Village
) -> None:
    """Both vouchers that a line names are in the collective's books on that day."""
    for line in (await _get(world, 0))["lines"]:
        why = await _get(world, 0, f"{INCOME}/lines/{line['id']}")
        assert set(why) == set(ExplanationOut.model_fields)
        assert {name: why[name] for name in line} == line
        assert why["account_mask"] == "6217 **** **** 0012"
        assert why["source_number"].startswith("LZ")
        vouchers = (await village.read("/v1/orgs/{org}/vouchers?limit=200"))["items"]
        booked = {(one["label"], one["booked_on"]) for one in vouchers}
        for named in (why["accrual_voucher"], why["payment_voucher"]):
            assert (named["label"], named["booked_on"]) in booked


async def test_nobody_elses(world: World, rent: dict[str, Any]) -> None:
    """Another farmer's line is not found, staff are refused, and nobody is asked to sign in."""
    lines = (await _get(world, 0))["lines"] + (await _get(world, 1))["lines"]
    assert lines
    foreign = f"{INCOME}/lines/{lines[0]['id']}"
    refused = await world.call(world.farmers[2], "GET", foreign)
    assert (refused.status_code, refused.json()["code"]) == (404, "line-not-found")
    for path in (*MINE, foreign):
        assert (await world.call("director", "GET", path)).status_code == 403
        assert (await world.client.get(path)).status_code == 401
        stranger = await world.call(UUID(int=7), "GET", path)
        assert stranger.status_code == 401


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("", 200),
        ("?year=2026", 200),
        ("?year=%32026", 200),
        ("?other=1", 200),
        ("?year=2000", 200),
        ("?year=2999", 200),
        ("?year=1999", 422),
        ("?year=3000", 422),
        ("?year=", 422),
        ("?year=２０２６", 422),
        ("?year=%EF%BC%92026", 422),
        ("?year=2026&year=2027", 422),
        ("?year=2026&year=2026", 422),
        ("?year=2026%26year=2027", 422),
        ("?year=2026%00", 422),
        ("?year=+2026", 422),
        ("?year=2026;DROP", 422),
    ],
)
async def test_year(world: World, rent: dict[str, Any], query: str, status: int) -> None:
    """One four-digit ASCII year or none; anything else is refused, through the fast lane too."""
    answer = await world.call(world.farmers[0], "GET", f"{INCOME}{query}")
    assert answer.status_code == status, answer.text
    if status == 200:
        assert answer.json()["total_fen"] == (
            55_000 if "2026" in query or not query or "other" in query else 0
        )
        return
    assert answer.json()["code"] in ("year-out-of-range", "text-refused")


async def test_land_contracts_and_work(season: Season, world: World) -> None:
    """A farmer sees the own parcels, the contract with its price, and what was flown there."""
    order = await season.step(await season.order(await season.entrust(1)), "released")
    await season.fly(order)
    for farmer, own in ((1, 2), (0, 0)):
        parcels = await _get(world, farmer, "/v1/me/parcels")
        assert {one["id"] for one in parcels} == {
            str(one) for one in world.parcels[farmer * 2 : farmer * 2 + 2]
        }
        assert [area["area_mu"] for one in parcels for area in one["areas"]] == ["2.00", "3.50"]
        assert len(await _get(world, farmer, "/v1/me/work")) == own
    (contract,) = await _get(world, 1, "/v1/me/contracts")
    assert contract["state"] == "in_force"
    assert contract["total_fen"] == sum(line["amount_fen"] for line in contract["lines"])
    assert {line["price_fen"] for line in contract["lines"]} == {FARMER_FEN}
    work = await _get(world, 1, "/v1/me/work")
    assert {one["order_number"] for one in work} == {order["number"]}
    assert [one["contract_mu"] for one in work] == ["2.00", "3.50"]
    assert await _get(world, 0, "/v1/me/contracts") == []


async def test_two_collectives_add_up(village: Village, world: World, rent: dict[str, Any]) -> None:
    """Who has a household in each of two villages sees the sum, and each line's village."""
    other = dataclasses.replace(
        world,
        collective=world.neighbour,
        code=NEIGHBOUR_CODE,
        households=[],
        household_codes=[],
        parcels=[],
        farmers=[],
        phones=[],
    )
    command = Command(action="test_neighbour")
    async with world.database.write(Scope(org_id=PLATFORM_ORG_ID), command) as session:
        for name in ("accountant", "director", "cashier"):
            await identity.grant(
                session, user_id=world.staff[name], org_id=world.neighbour, role=Role(name)
            )
    async with world.database.write(Scope(org_id=world.neighbour), command) as session:
        await ledger.open_books(
            session, org_id=world.neighbour, chart_id="village_2023_14", first_period=202601
        )
        await other.settle_in(session, (2,))
    assert other.farmers == [world.farmers[1]]
    before = await _get(world, 1)
    there = Village(world=other, clock=village.clock)
    await there.transfer(0, rent_fen=20_000)
    run = await there.compute("rent", transferee_kind="collective", **YEAR)
    await there.approve(run)
    after = await _get(world, 1)
    assert after["total_fen"] - before["total_fen"] == 110_000
    assert len({line["collective"] for line in after["lines"]}) == 2
    assert len(await _get(world, 1, "/v1/me/parcels")) == 4
    foreign = [one for one in after["lines"] if one not in before["lines"]]
    assert [one["amount_fen"] for one in foreign] == [40_000, 70_000]
    for line in foreign:
        why = await _get(world, 1, f"{INCOME}/lines/{line['id']}")
        assert {name: why[name] for name in line} == line


async def test_authority_ends_at_once(
    world: World, rent: dict[str, Any], owner: psycopg.Connection
) -> None:
    """A grant taken back refuses and an account switched off signs out, from the next request."""
    farmer = world.farmers[2]
    for path in MINE:
        assert (await world.call(farmer, "GET", path)).status_code == 200
    for switch, back, status in (
        (
            "UPDATE role_grant SET revoked_at = now() WHERE user_id = %s",
            "UPDATE role_grant SET revoked_at = NULL WHERE user_id = %s",
            403,
        ),
        (
            "UPDATE user_account SET disabled_at = now() WHERE id = %s",
            "UPDATE user_account SET disabled_at = NULL WHERE id = %s",
            401,
        ),
    ):
        owner.execute(switch, (farmer,))
        for path in MINE:
            assert (await world.call(farmer, "GET", path)).status_code == status, path
        owner.execute(back, (farmer,))


async def test_fast_lane_differs_in_nothing(world: World, owner: psycopg.Connection) -> None:
    """Headers, refusals and methods are those of every route, and a read leaves no audit row."""
    count = "SELECT count(*) FROM audit_entry"
    before = owner.execute(count).fetchone()
    fast = await world.call(world.farmers[0], "GET", INCOME)
    plain = await world.call(world.farmers[0], "GET", "/v1/me/parcels")
    assert set(fast.headers) == set(plain.headers)
    for name in ("cache-control", "x-content-type-options", "x-frame-options", "content-type"):
        assert fast.headers[name] == plain.headers[name]
    refused = [await world.client.get(path) for path in (INCOME, "/v1/me/parcels")]
    assert set(refused[0].headers) == set(refused[1].headers)
    bodies = [{k: v for k, v in one.json().items() if k != "request_id"} for one in refused]
    assert bodies[0] == bodies[1]
    for method in ("HEAD", "OPTIONS", "POST"):
        answer = await world.call(world.farmers[0], method, INCOME)
        assert (answer.status_code, answer.headers["allow"]) == (405, "GET")
    assert owner.execute(count).fetchone() == before
