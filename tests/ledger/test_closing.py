"""The year's end in the books."""

import asyncio
from datetime import date

import psycopg

from backend.core.clock import SteppedClock
from tests.payouts.paying import Village
from tests.people import World

PATH = "/v1/orgs/{org}/years/2026/carry-forward"


async def test_carry_forward_and_what_comes_late(world: World, clock: SteppedClock) -> None:
    """Both classes go to 321, their difference to 32202; a late voucher is carried by itself."""
    village = Village(world=world, clock=clock)
    await village.post(("102", 900), ("50101", -700), ("50106", -200))
    await village.post(("51101", 1_500), ("102", -1_500))
    clock.set_to_morning(date(2027, 1, 3))
    first, second = (await world.call("accountant", "POST", PATH)).json()
    lines = (await village.read(f"/v1/orgs/{{org}}/vouchers/{first['id']}"))["lines"]
    assert [(row["account_code"], row["debit_fen"], row["credit_fen"]) for row in lines] == [
        ("50101", 700, 0),
        ("50106", 200, 0),
        ("51101", 0, 1_500),
        ("321", 0, 900),
        ("321", 1_500, 0),
    ]
    lines = (await village.read(f"/v1/orgs/{{org}}/vouchers/{second['id']}"))["lines"]
    assert [(row["account_code"], row["debit_fen"], row["credit_fen"]) for row in lines] == [
        ("321", 0, 600),
        ("32202", 600, 0),
    ]
    again = await world.call("accountant", "POST", PATH)
    assert (again.status_code, again.json()["code"]) == (409, "year-carried-forward")
    await village.post(("102", 50), ("50101", -50), on=date(2026, 12, 30))
    assert len((await world.call("accountant", "POST", PATH)).json()) == 2
    assert await village.balance("32202") == 550


async def test_two_at_once_carry_one_result(world: World, clock: SteppedClock) -> None:
    """Of two accountants one carries the year forward; the balance moves once."""
    village = Village(world=world, clock=clock)
    before = await village.balance("32202")
    await village.post(("102", 70), ("50101", -70), on=date(2026, 12, 31))
    answers = await asyncio.gather(*(world.call("accountant", "POST", PATH) for _ in range(4)))
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409]
    assert await village.balance("32202") == before - 70


async def test_a_closed_december_is_not_touched(
    world: World, clock: SteppedClock, owner: psycopg.Connection
) -> None:
    """After the month is closed the year cannot be carried into it."""
    village = Village(world=world, clock=clock)
    await village.post(("102", 5), ("50101", -5), on=date(2026, 12, 31))
    owner.execute(
        "UPDATE period SET state = 'closed' WHERE org_id = %s AND period = 202612",
        (world.collective,),
    )
    answer = await world.call("accountant", "POST", PATH)
    assert (answer.status_code, answer.json()["code"]) == (409, "period-closed")
