"""Work for pay, from the foreman's sheet to a paid and booked wage."""

from datetime import date

import psycopg

from tests.payouts.paying import RUNS, Village, refused_state, work_record
from tests.people import World

RECORDS = "/v1/orgs/{org}/work-records"
JUNE = {"covers_from": "2026-06-01", "covers_to": "2026-06-30"}


async def test_wages_from_sheet_to_bank_and_again(village: Village) -> None:
    """Two workers: one is paid at once, one after a new account; every step is booked exactly."""
    good = await village.worker(1, name="李工")
    bad = await village.worker(2, name="王工", account="6228480000000000017")
    staff = await village.worker(3, name="赵会", kind="staff", account="6217000000000000012")
    await village.work(
        work_record(good),
        work_record(good, unit="mu", quantity_milli=3_335, rate_fen=1_001),
        work_record(bad, unit="hour", quantity_milli=7_500, rate_fen=1_333),
        work_record(staff, quantity_milli=1_000, rate_fen=20_000),
    )
    run = await village.compute("wage", **JUNE)
    # 1.5 × 120.00; 3.335 × 10.01 = 33.383…; 7.5 × 13.33 = 99.975 → 99.98 half up; 200.00.
    assert run["total_fen"] == 18_000 + 3_338 + 9_998 + 20_000
    lines = await village.lines(run)
    assert [line["formula"] for line in lines if "亩" in line["formula"]] == [
        "2026-06-20 间苗 3.335 亩 × 10.01 元/亩 = 33.38 元"
    ]
    approved = await village.approve(run)
    assert approved["accrual_voucher_id"]
    assert await village.balance("21301") == -(18_000 + 3_338 + 9_998)
    assert await village.balance("212") == -20_000
    assert await village.balance("40101") == 18_000 + 3_338 + 9_998
    assert await village.balance("51301") == 20_000
    made = await village.export(run)
    assert [warning["code"] for warning in made["warnings"]] == ["card-luhn"]
    (batch,) = made["batches"]
    taken = (await village.give_return(batch, await village.bank_answer(batch))).json()
    assert (taken["paid_count"], taken["paid_fen"], taken["failed_count"]) == (2, 41_338, 1)
    assert taken["run_state"] == "approved"
    assert await village.balance("102") == -41_338
    (failed,) = [item for item in await village.items(run) if item["state"] == "failed"]
    assert failed["failure"] == "account_not_found"
    again = f"/v1/orgs/{{org}}/payment-items/{failed['id']}/reissue"
    assert await village.refused("cashier", again) == (409, "account-not-changed")
    await village.account("worker", bad, "王工", "6217000000000000012")
    await village.ok("cashier", again)
    (second,) = (await village.export(run))["batches"]
    last = (await village.give_return(second, await village.bank_answer(second))).json()
    assert (last["paid_fen"], last["run_state"]) == (9_998, "paid")
    assert await village.balance("21301") == 0
    assert await village.balance("102") == -run["total_fen"]
    assert await village.refused("cashier", again) == (409, "not-allowed-now")


async def test_a_record_is_paid_once(village: Village) -> None:
    """A run takes its records; cancelling it gives them back, unchanged, to the next."""
    worker = await village.worker(10, name="钱工")
    (record,) = await village.work(work_record(worker, worked_on="2026-05-02"))
    may = {"covers_from": "2026-05-01", "covers_to": "2026-05-31"}
    run = await village.compute("wage", **may)
    body = {"kind": "wage", "title": "又一次", **may}
    assert await village.refused("accountant", RUNS, body) == (422, "nothing-to-pay")
    cancelled = await village.ok("accountant", f"{RUNS}/{run['id']}/cancel")
    assert cancelled["state"] == "cancelled"
    assert all(line["void"] for line in await village.lines(run))
    assert {item["state"] for item in await village.items(run)} == {"cancelled"}
    second = await village.compute("wage", **may)
    assert (second["total_fen"], (await village.lines(second))[0]["source_id"]) == (18_000, record)
    assert await village.refused("director", f"{RUNS}/{run['id']}/approve") == (
        409,
        "not-allowed-now",
    )


async def test_faults_of_a_sheet_are_listed_by_row(village: Village) -> None:
    """A child, an unknown worker, a day to come and nothing to pay: all at once, none written."""
    child = await village.worker(20, name="孙小", born_on=date(2011, 6, 21))
    grown = await village.worker(21, name="周大")
    body = {
        "records": [
            work_record(child),
            work_record(grown, worker_id="00000000-0000-7000-8000-000000000000"),
            work_record(grown, worked_on="2099-01-01"),
            work_record(grown, quantity_milli=1, rate_fen=1),
        ]
    }
    answer = await village.world.call("clerk", "POST", RECORDS, body)
    assert answer.status_code == 422
    assert [(fault["row"], fault["code"]) for fault in answer.json()["faults"]] == [
        (1, "child-labour"),
        (2, "unknown-worker"),
        (3, "future-day"),
        (4, "no-amount"),
    ]
    waiting = (await village.read(f"{RECORDS}?state=submitted"))["items"]
    assert waiting == []


async def test_minors_elders_and_unknown_ages_are_warned_about(village: Village) -> None:
    """Sixteen on the day itself is a minor, sixty an elder; both may work."""
    minor = await village.worker(22, name="吴少", born_on=date(2010, 6, 20))
    elder = await village.worker(23, name="郑老", born_on=date(1966, 6, 20))
    unknown = await village.worker(24, name="冯某", born_on=None)
    grown = await village.worker(25, name="陈大", born_on=date(1966, 6, 21))
    body = {"records": [work_record(one) for one in (minor, elder, unknown, grown)]}
    made = await village.ok("clerk", RECORDS, body)
    assert [(warning["row"], warning["code"]) for warning in made["warnings"]] == [
        (1, "minor"),
        (2, "elder"),
        (3, "age-unknown"),
    ]
    gone = await village.ok("clerk", f"{RECORDS}/reject", {"record_ids": made["ids"]})
    assert gone["count"] == 4


async def test_nobody_confirms_his_own_records(village: Village, world: World) -> None:
    """The foreman's own, unknown and finished records are refused, each by its row."""
    worker = await village.worker(30, name="褚工")
    mine = await village.ok("director", RECORDS, {"records": [work_record(worker)]})
    theirs = await village.ok("clerk", RECORDS, {"records": [work_record(worker)]})
    done = await village.ok("clerk", RECORDS, {"records": [work_record(worker)]})
    await village.ok("director", f"{RECORDS}/confirm", {"record_ids": done["ids"]})
    ids = [*mine["ids"], *theirs["ids"], *done["ids"], str(world.parcels[0])]
    refused = await world.call("director", "POST", f"{RECORDS}/confirm", {"record_ids": ids})
    assert [(fault["row"], fault["code"]) for fault in refused.json()["faults"]] == [
        (1, "own-record"),
        (3, "dealt-with"),
        (4, "unknown-record"),
    ]
    listed = {row["id"]: row for row in (await village.read(RECORDS))["items"]}
    assert listed[theirs["ids"][0]]["state"] == "submitted"
    assert listed[theirs["ids"][0]]["worker_name"] == "褚*"


async def test_raw_sql_cannot_change_a_record(
    village: Village, owner: psycopg.Connection, world: World
) -> None:
    """The database keeps a record's numbers and states, whoever speaks to it."""
    worker = await village.worker(40, name="卫工")
    (record,) = await village.work(work_record(worker, worked_on="2026-04-02"))
    statements: list[tuple[str, str | None]] = [
        ("UPDATE work_record SET rate_fen = 1 WHERE id = %s", "TG006"),
        ("UPDATE work_record SET amount_fen = 1 WHERE id = %s", "TG006"),
        ("UPDATE work_record SET state = 'submitted', confirmed_by = NULL WHERE id = %s", "TG006"),
        ("UPDATE work_record SET confirmed_by = submitted_by WHERE id = %s", "23514"),
        ("DELETE FROM work_record WHERE id = %s", "23000"),
    ]
    found = [(sql, refused_state(owner, sql, record)) for sql, _ in statements]
    assert found == statements
