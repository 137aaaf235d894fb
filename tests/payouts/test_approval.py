"""Approval: by a second person, once, and equal everywhere; what the database itself refuses."""

import asyncio
import itertools
from datetime import date
from typing import Any
from uuid import UUID

import psycopg
import pytest
import pytest_asyncio
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from backend.core.ids import new_id
from backend.core.money import half_up, split
from backend.payouts import dividends
from tests.payouts.paying import RUNS, YEAR, Village, refused_state, work_record
from tests.people import World

_COPY_LINE = (
    "INSERT INTO payout_line SELECT (jsonb_populate_record(l, jsonb_build_object("
    "'id', gen_random_uuid(), 'seq', 99, 'claim_key', 'x'))).*"
    " FROM payout_line l WHERE run_id = %s LIMIT 1"
)
_COPY_ROW = (
    "INSERT INTO bank_batch_item SELECT (jsonb_populate_record(b, jsonb_build_object("
    "'seq', b.seq + 50))).* FROM bank_batch_item b WHERE batch_id = %s"
)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def noticed(village: Village) -> dict[str, Any]:
    """A rent run of two households whose notice has passed."""
    for household in range(2):
        await village.transfer(household)
    run = await village.compute("rent", transferee_kind="collective", **YEAR)
    await village.lay_open(run)
    return run


async def test_fifty_approvals_have_one_effect(
    village: Village, noticed: dict[str, Any], owner: psycopg.Connection
) -> None:
    """Fifty times the same request at once: one voucher, and one answer for all who get one.

    Only a twin that waited longer than the limit may be told to come back, with 409.
    """
    path, key = f"{RUNS}/{noticed['id']}/approve", str(new_id())
    answers = await asyncio.gather(
        *(village.world.call("director", "POST", path, Idempotency_Key=key) for _ in range(50))
    )
    assert {answer.status_code for answer in answers} <= {200, 409}
    good = [answer for answer in answers if answer.status_code == 200]
    replayed = await village.world.call("director", "POST", path, Idempotency_Key=key)
    assert {answer.content for answer in good} == {replayed.content}
    assert sum("idempotent-replayed" not in answer.headers for answer in good) == 1
    vouchers = owner.execute(
        "SELECT count(*) FROM voucher WHERE source_kind = 'rent_run' AND source_id = %s",
        (noticed["id"],),
    ).fetchone()
    assert vouchers == (1,)
    assert await village.balance("51104") == noticed["total_fen"]


async def test_fifty_keys_approve_once(village: Village) -> None:
    """Fifty different requests at once: one is carried out, the rest learn that it is done."""
    worker = await village.worker(1)
    await village.work(work_record(worker, worked_on="2026-06-01"))
    run = await village.compute("wage", covers_from="2026-06-01", covers_to="2026-06-01")
    await village.lay_open(run)
    path = f"{RUNS}/{run['id']}/approve"
    answers = await asyncio.gather(
        *(village.world.call("director", "POST", path) for _ in range(50))
    )
    assert sorted(answer.status_code for answer in answers) == [200] + [409] * 49
    assert await village.balance("40101") == run["total_fen"]


async def test_two_computations_at_once(village: Village) -> None:
    """The same rent computed four times at once stands in one run."""
    await village.transfer(2)
    body = {"kind": "rent", "title": "并发", "transferee_kind": "collective"} | {
        "covers_from": "2025-01-01",
        "covers_to": "2025-12-31",
    }
    answers = await asyncio.gather(
        *(village.world.call("accountant", "POST", RUNS, body) for _ in range(4))
    )
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409]


async def test_the_maker_does_not_approve(
    village: Village, owner: psycopg.Connection, world: World
) -> None:
    """An accountant who is also a director cannot approve a run of his own."""
    owner.execute(
        "INSERT INTO role_grant SELECT (jsonb_populate_record(g,"
        " jsonb_build_object('id', gen_random_uuid(), 'role', 'director'))).*"
        " FROM role_grant g WHERE user_id = %s LIMIT 1",
        (world.staff["accountant2"],),
    )
    worker = await village.worker(2)
    await village.work(work_record(worker, worked_on="2026-06-02"))
    body = {"kind": "wage", "title": "自审", "covers_from": "2026-06-02", "covers_to": "2026-06-02"}
    run = await village.ok("accountant2", RUNS, body)
    await village.lay_open(run)
    path = f"{RUNS}/{run['id']}/approve"
    assert await village.refused("accountant2", path) == (403, "approved-by-maker")
    assert await village.refused("accountant", path) == (403, "role-missing")
    assert (await village.ok("director", path))["state"] == "approved"
    assert await village.refused("accountant", f"{RUNS}/{run['id']}/cancel") == (
        409,
        "not-allowed-now",
    )


async def test_a_closed_month_refuses_the_approval(
    village: Village, owner: psycopg.Connection, world: World
) -> None:
    """Nothing of an approval stays when its month is closed."""
    worker = await village.worker(3)
    await village.work(work_record(worker, worked_on="2026-06-03"))
    run = await village.compute("wage", covers_from="2026-06-03", covers_to="2026-06-03")
    await village.lay_open(run)
    today = village.clock.today()
    month = (world.collective, today.year * 100 + today.month)
    owner.execute("UPDATE period SET state = 'closed' WHERE org_id = %s AND period = %s", month)
    path = f"{RUNS}/{run['id']}/approve"
    assert await village.refused("director", path) == (409, "period-closed")
    owner.execute("UPDATE period SET state = 'open' WHERE org_id = %s AND period = %s", month)
    assert (await village.items(run))[0]["state"] == "draft"
    assert (await village.ok("director", path))["state"] == "approved"


async def test_a_doubled_amount_is_flagged(village: Village) -> None:
    """Twice what the payee got in the run before is shown before anybody approves it."""
    worker = await village.worker(4, name="秦工")
    await village.work(work_record(worker, worked_on="2026-06-04"))
    first = await village.compute("wage", covers_from="2026-06-04", covers_to="2026-06-04")
    await village.approve(first)
    await village.work(work_record(worker, worked_on="2026-06-05", quantity_milli=3_000))
    second = await village.compute("wage", covers_from="2026-06-05", covers_to="2026-06-05")
    (flag,) = second["flags"]
    assert (flag["code"], flag["shown"][0]["last_fen"]) == ("doubled", 18_000)
    listed = await village.read(f"{RUNS}?kind=wage&limit=1")
    assert listed["next_cursor"]
    following = await village.read(f"{RUNS}?kind=wage&cursor={listed['next_cursor']}")
    assert following["items"][0]["id"] != listed["items"][0]["id"]


async def test_what_the_database_refuses(
    village: Village, noticed: dict[str, Any], owner: psycopg.Connection, world: World
) -> None:
    """Amounts, payees, steps and files hold against plain SQL by the schema's own owner."""
    run = noticed["id"]
    if (await village.read(f"{RUNS}/{run}"))["state"] == "noticed":
        await village.ok("director", f"{RUNS}/{run}/approve")
    (batch,) = (await village.export(noticed))["batches"]
    item = (await village.items(noticed))[0]["id"]
    other = str(world.households[3])
    draft = await village.compute(
        "rent", transferee_kind="collective", covers_from="2027-01-01", covers_to="2027-12-31"
    )
    statements: list[tuple[str, str, str | None]] = [
        ("UPDATE payment_item SET amount_fen = amount_fen + 1 WHERE id = %s", item, "TG007"),
        (f"UPDATE payment_item SET payee_id = '{other}' WHERE id = %s", item, "TG007"),
        ("UPDATE payment_item SET seq = 99 WHERE id = %s", item, "TG007"),
        ("UPDATE payment_item SET state = 'approved' WHERE id = %s", item, "TG006"),
        ("UPDATE payment_item SET state = 'cancelled' WHERE id = %s", item, "TG006"),
        ("UPDATE payment_item SET state = 'paid' WHERE id = %s", item, "23514"),
        ("UPDATE payment_item SET state = 'approved' WHERE run_id = %s", draft["id"], "TG006"),
        ("UPDATE payment_item SET state = 'exported' WHERE run_id = %s", draft["id"], "23514"),
        ("DELETE FROM payment_item WHERE id = %s", item, "23000"),
        ("UPDATE payout_run SET total_fen = 1 WHERE id = %s", run, "TG006"),
        ("UPDATE payout_run SET state = 'paid' WHERE id = %s", run, "TG008"),
        ("UPDATE payout_run SET state = 'noticed' WHERE id = %s", run, "TG006"),
        ("UPDATE payout_run SET state = 'cancelled' WHERE id = %s", run, "TG006"),
        ("UPDATE payout_run SET approver_id = maker_id WHERE id = %s", run, "TG006"),
        ("UPDATE payout_run SET kind = 'wage' WHERE id = %s", draft["id"], "TG007"),
        ("UPDATE payout_run SET state = 'approved' WHERE id = %s", draft["id"], "TG006"),
        (
            "UPDATE payout_run SET total_fen = 1, state = 'noticed' WHERE id = %s",
            draft["id"],
            "TG008",
        ),
        ("UPDATE payout_line SET amount_fen = 1 WHERE run_id = %s", run, "TG007"),
        ("UPDATE payout_line SET void = true WHERE run_id = %s", run, "TG007"),
        ("UPDATE payout_line SET amount_fen = -1 WHERE run_id = %s", draft["id"], "23514"),
        (_COPY_LINE, run, "TG007"),
        (_COPY_LINE.replace("99", f"99, 'run_id', '{item}'"), run, "TG007"),
        ("UPDATE bank_batch SET file_sealed = '' WHERE id = %s", batch["id"], "TG007"),
        ("UPDATE bank_batch SET total_fen = 1, state = 'returned' WHERE id = %s",
         batch["id"], "TG007"),
        ("UPDATE bank_batch_item SET amount_fen = 1, outcome = 'paid' WHERE batch_id = %s",
         batch["id"], "TG007"),
        ("UPDATE bank_batch_item SET live = false WHERE batch_id = %s", batch["id"], "23514"),
        (_COPY_ROW, batch["id"], "23505"),
        ("DELETE FROM bank_batch WHERE id = %s", batch["id"], "23000"),
    ]  # fmt: skip
    found = [(sql, value, refused_state(owner, sql, value)) for sql, value, _ in statements]
    assert found == statements


async def test_sums_that_differ_are_not_approved(
    village: Village, owner: psycopg.Connection
) -> None:
    """Should a line ever differ from its payment, the approval finds it and books nothing."""
    worker = await village.worker(5)
    await village.work(work_record(worker, worked_on="2026-06-06"))
    run = await village.compute("wage", covers_from="2026-06-06", covers_to="2026-06-06")
    await village.lay_open(run)
    owner.execute("SET session_replication_role = replica")
    owner.execute(
        "UPDATE payout_line SET amount_fen = amount_fen - 1 WHERE run_id = %s", (run["id"],)
    )
    owner.execute("SET session_replication_role = origin")
    path = f"{RUNS}/{run['id']}/approve"
    assert await village.refused("director", path) == (409, "totals-differ")
    assert (await village.read(f"{RUNS}/{run['id']}"))["accrual_voucher_id"] is None


async def test_lines_of_another_payment_are_not_laid_open(
    village: Village, owner: psycopg.Connection
) -> None:
    """Sums of the run that agree are not enough: each payment has its own lines, in its run."""
    workers = [await village.worker(seq, name=f"陈{seq}工") for seq in (7, 8)]
    await village.work(*(work_record(worker, worked_on="2026-06-08") for worker in workers))
    run = await village.compute("wage", covers_from="2026-06-08", covers_to="2026-06-08")
    items = [item["id"] for item in await village.items(run)]
    lay_open = "UPDATE payout_run SET state = 'noticed' WHERE id = %s"
    for item, refusal in ((items[0], "TG008"), (items[1], None)):
        owner.execute("SET session_replication_role = replica")
        owner.execute(
            "UPDATE payout_line SET item_id = %s WHERE run_id = %s AND seq = 2", (item, run["id"])
        )
        owner.execute("SET session_replication_role = origin")
        assert refused_state(owner, lay_open, run["id"]) == refusal


async def test_ids_made_in_sql_are_version_seven_and_in_order(
    village: Village, owner: psycopg.Connection
) -> None:
    """Version 7, the RFC's variant, the moment of the run, and lines in their order."""
    worker = await village.worker(6)
    await village.work(
        *(work_record(worker, worked_on="2026-06-07", task=f"工{number}") for number in range(9))
    )
    run = await village.compute("wage", covers_from="2026-06-07", covers_to="2026-06-07")
    rows = owner.execute(
        "SELECT id, item_id FROM payout_line WHERE run_id = %s ORDER BY seq", (run["id"],)
    ).fetchall()
    ids = [line for line, _ in rows]
    assert len(set(ids)) == 9
    assert len({item for _, item in rows}) == 1
    assert {(made.version, made.variant) for made in [*ids, rows[0][1]]} == {
        (7, "specified in RFC 4122")
    }
    assert ids == sorted(ids)
    assert 0 <= (ids[0].int >> 80) - (UUID(run["id"]).int >> 80) < 10_000


_SHARES = text(f"SELECT amount_fen, source_id FROM ({dividends._PARTS}) p")


@pytest.mark.usefixtures("village")
@given(
    pool=st.integers(min_value=1, max_value=10**14),
    weights=st.lists(st.integers(min_value=0, max_value=10**9), min_size=8, max_size=8),
)
# The connection has no state that an example could leave behind.
@settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_shares_agree_with_the_rule(
    owner: psycopg.Connection, world: World, pool: int, weights: list[int]
) -> None:
    """The SQL of the shares and the pure split give every member the same fen."""
    if not any(weights):
        weights = [1] * 8
    members = owner.execute(
        "SELECT m.id, h.code FROM member m JOIN household h ON h.id = m.household_id"
        " WHERE m.org_id = %s ORDER BY m.id",
        (world.collective,),
    ).fetchall()
    weighed = list(zip(members, weights, strict=True))
    with owner.cursor() as cursor:
        cursor.executemany(
            "UPDATE member SET share_micro = %s WHERE id = %s",
            [(weight, member) for (member, _), weight in weighed],
        )
    sql = str(_SHARES).replace(":org", "%(org)s").replace(":pool", "%(pool)s")
    rows = owner.execute(
        sql.replace(":year", "2026").encode(), {"org": world.collective, "pool": pool}
    ).fetchall()
    expected = {
        share.key[19:]: share.fen
        for share in split(
            pool, [(f"{code} {member}", weight) for (member, code), weight in weighed]
        )
        if share.fen
    }
    assert {str(member): fen for fen, member in rows} == expected
    assert sum(fen for fen, _ in rows) == pool


_years = itertools.count(2030)


@given(
    areas=st.lists(st.integers(min_value=1, max_value=10**7), min_size=4, max_size=4),
    rents=st.lists(st.integers(min_value=1, max_value=10**7), min_size=2, max_size=2),
    last=st.dates(min_value=date(2001, 1, 1), max_value=date(2001, 12, 31)),
)
@settings(
    max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
async def test_lines_items_run_and_vouchers_agree(
    village: Village,
    owner: psycopg.Connection,
    areas: list[int],
    rents: list[int],
    last: date,
) -> None:
    """Whatever the areas, rents and days: Σ lines = Σ payments = the run = what is owed."""
    year = next(_years)
    owner.execute("UPDATE land_transfer SET state = 'draft'")
    for household, rent_fen in enumerate(rents):
        transfer = await village.transfer(
            household, rent_fen=rent_fen, term=(date(year, 1, 1), date(year + 1, 1, 1))
        )
        for place in range(2):
            owner.execute(
                "UPDATE land_transfer_parcel SET area_centimu = %s"
                " WHERE transfer_id = %s AND parcel_id = %s",
                (
                    areas[household * 2 + place],
                    transfer,
                    village.world.parcels[household * 2 + place],
                ),
            )
    covers_to = last.replace(year=year)
    days = (covers_to - date(year, 1, 1)).days + 1
    year_days = (date(year + 1, 1, 1) - date(year, 1, 1)).days
    expected = [
        half_up(area * rents[number // 2] * days, 100 * year_days)
        for number, area in enumerate(areas)
    ]
    body = {
        "kind": "rent",
        "title": "和",
        "transferee_kind": "collective",
        "covers_from": f"{year}-01-01",
        "covers_to": covers_to.isoformat(),
    }
    if not any(expected):
        assert await village.refused("accountant", RUNS, body) == (422, "nothing-to-pay")
        return
    run = await village.ok("accountant", RUNS, body)
    approved = await village.approve(run)
    lines = [line["amount_fen"] for line in await village.lines(run)]
    assert lines == [fen for fen in expected if fen]
    items = await village.items(run)
    voucher = await village.read(f"/v1/orgs/{{org}}/vouchers/{approved['accrual_voucher_id']}")
    owed = {line["party"]: line["credit_fen"] for line in voucher["lines"] if line["party"]}
    assert owed == {f"household:{item['payee_id']}": item["amount_fen"] for item in items}
    assert sum(lines) == run["total_fen"] == voucher["total_fen"] == sum(owed.values())
