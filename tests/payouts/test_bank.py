"""Bank files and returns: bytes that never change, money that is booked once, nothing dropped."""

import asyncio
import hashlib
from typing import Any
from uuid import UUID

import pytest_asyncio

from backend.core.ids import new_id
from backend.gateways.bank import RETURN_HEADER
from tests.payouts.paying import RUNS, YEAR, Village, work_record
from tests.people import World

_HEADER = ",".join(RETURN_HEADER)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def rent(village: Village) -> dict[str, Any]:
    """An approved rent run of four households; the last has no account."""
    for household in range(4):
        await village.transfer(household, rent_fen=10_000 + household)
    run = await village.compute("rent", transferee_kind="collective", **YEAR)
    assert [(flag["code"], flag["count"]) for flag in run["flags"]] == [("missing-account", 1)]
    await village.approve(run)
    return run


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def batch(village: Village, rent: dict[str, Any]) -> dict[str, Any]:
    """The run's first bank file: three payments."""
    made = await village.export(rent)
    assert [(out["seq"], out["reason"]) for out in made["left_out"]] == [(4, "no_account")]
    (only,) = made["batches"]
    found: dict[str, Any] = only
    return found


async def _wage_run(village: Village, *workers: UUID, day: str) -> dict[str, Any]:
    await village.work(*(work_record(worker, worked_on=day) for worker in workers))
    run = await village.compute("wage", covers_from=day, covers_to=day)
    await village.approve(run)
    return run


async def test_the_file_is_served_as_it_was_made(
    village: Village, batch: dict[str, Any], world: World
) -> None:
    """GBK, no header, CRLF, yuan with two decimals; the same bytes each time, with their hash."""
    content = await village.file(batch)
    assert content.decode("gbk") == (
        "1,6299990000000001,张10,550.00,土地租金\r\n"
        "2,6299990000000002,张20,550.06,土地租金\r\n"
        "3,6299990000000003,张30,550.11,土地租金\r\n"
    )
    assert batch["sha256"] == hashlib.sha256(content).hexdigest()
    assert await village.file(batch) == content
    path = f"/v1/orgs/{{org}}/bank-batches/{batch['id']}/file"
    answer = await world.call("cashier", "GET", path)
    assert answer.headers["content-type"] == "text/plain; charset=gbk"
    assert (await world.call("accountant", "GET", path)).status_code == 403


async def test_a_payment_is_in_one_file(village: Village, batch: dict[str, Any]) -> None:
    """What waits for the bank is not exported again; who cannot be paid is named, masked."""
    run_path = f"{RUNS}/{batch['run_id']}/bank-batches"
    answer = await village.world.call("cashier", "POST", run_path, {"layout_id": "generic_csv"})
    assert (answer.status_code, answer.json()["code"]) == (422, "bad-input")
    assert [(fault["code"], fault["subject"]) for fault in answer.json()["faults"]] == [
        ("no-account", "4 张*")
    ]
    body = {"layout_id": "no_such_bank"}
    assert await village.refused("cashier", run_path, body) == (422, "unknown-layout")
    exported = await village.items({"id": batch["run_id"]})
    named = {"layout_id": "generic_csv", "item_ids": [exported[0]["id"]]}
    assert await village.refused("cashier", run_path, named) == (422, "nothing-to-pay")
    assert exported[0]["account_mask"] == "6299 **** **** 0001"


async def test_an_unreadable_return_writes_nothing(village: Village, batch: dict[str, Any]) -> None:
    """Every wrong row is named at once; nothing is booked, and the file may come again."""
    number = batch["number"]
    rows = [
        _HEADER,
        f"{number},1,6299990000000001,张10,550.00,成功,",
        "DF000,1,6299990000000001,张10,550.00,成功,",
        f"{number},x,6299990000000001,张10,550.00,成功,",
        f"{number},2,6299990000000002,张20,550.001,成功,",
        f"{number},3,6299990000000003,张30,550.11,不明,",
        f"{number},3",
    ]
    answer = await village.give_return(batch, "\r\n".join(rows).encode("gbk"))
    assert answer.status_code == 422
    assert [(fault["row"], fault["code"]) for fault in answer.json()["faults"]] == [
        (3, "other-batch"),
        (4, "return-seq"),
        (5, "money-third-decimal"),
        (6, "return-result"),
        (7, "return-columns"),
    ]
    for content, code in (
        (b"", "return-header"),
        (_HEADER.encode(), "return-empty"),
        (b"\x00\x01PK", "text-encoding"),
        (f'{_HEADER}\n"{number}'.encode(), "return-csv"),
    ):
        answer = await village.give_return(batch, content)
        assert (answer.status_code, answer.json()["faults"][0]["code"]) == (422, code)
    states = {item["state"] for item in await village.items({"id": batch["run_id"]})}
    assert states == {"exported", "approved"}


async def test_nothing_of_a_return_is_dropped(village: Village, batch: dict[str, Any]) -> None:
    """Partial, wrong and repeated rows: what fits is booked, the rest waits for a person."""
    number = batch["number"]
    before = await village.balance("102")
    first = [
        _HEADER,
        f"{number},1,6299990000000001,张10,550.00,成功,",
        f"{number},2,6299990000000002,张20,550.60,成功,",
        f"{number},3,6299990000009999,张30,550.11,成功,",
        f"{number},9,6299990000000003,张30,550.11,成功,",
        f"{number},1,6299990000000001,张10,550.00,成功,",
        f"{number},1,6299990000000001,张10,550.00,失败,账户已销户",
    ]
    content = "\n".join(first).encode()
    taken = (await village.give_return(batch, content)).json()
    assert (taken["paid_fen"], taken["failed_count"], taken["exception_count"]) == (55_000, 0, 5)
    again = await village.give_return(batch, content)
    assert (again.status_code, again.json()["code"]) == (409, "return-already-taken")
    assert before - await village.balance("102") == 55_000
    odd = (await village.read("/v1/orgs/{org}/return-exceptions"))["items"]
    assert [(row["row"], row["kind"]) for row in odd] == [
        (3, "amount_differs"),
        (4, "unknown"),
        (5, "unknown"),
        (6, "duplicate"),
        (7, "contradicts"),
    ]
    assert "0001" not in str(odd)
    rest = [
        _HEADER,
        f"{number},2,6299****0002,张20,550.06,成功,",
        f"{number},3,6299****0003,张30,550.11,失败,账户冻结",
    ]
    taken = (await village.give_return(batch, "\n".join(rest).encode("gbk"))).json()
    assert (taken["paid_fen"], taken["failed_count"], taken["exception_count"]) == (55_006, 1, 0)
    (shown,) = await village.read(f"{RUNS}/{batch['run_id']}/bank-batches")
    assert shown["state"] == "returned"
    assert taken["run_state"] == "approved"


async def test_the_same_return_twice_at_once(village: Village) -> None:
    """Ten uploads of one return at the same moment book it once."""
    worker = await village.worker(50, name="蒋工")
    run = await _wage_run(village, worker, day="2026-06-11")
    (batch,) = (await village.export(run))["batches"]
    content = await village.bank_answer(batch)
    before = await village.balance("102")
    answers = await asyncio.gather(*(village.give_return(batch, content) for _ in range(10)))
    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 9
    assert before - await village.balance("102") == 18_000


async def test_one_key_takes_a_return_once(village: Village) -> None:
    """A return sent again under its key is answered with the same bytes and books nothing more.

    Another file under that key is refused, though the form around it is alike.
    """
    worker = await village.worker(52, name="韩五工")
    run = await _wage_run(village, worker, day="2026-06-15")
    (batch,) = (await village.export(run))["batches"]
    content = await village.bank_answer(batch)
    before, key = await village.balance("102"), str(new_id())
    first = await village.give_return(batch, content, Idempotency_Key=key)
    again = await village.give_return(batch, content, Idempotency_Key=key)
    assert (first.status_code, again.status_code) == (201, 201)
    assert "idempotent-replayed" not in first.headers
    assert again.headers["idempotent-replayed"] == "true"
    assert again.content == first.content
    other = await village.give_return(batch, content + b"\r\n", Idempotency_Key=key)
    assert (other.status_code, other.json()["code"]) == (422, "idempotency-key-reused")
    assert before - await village.balance("102") == 18_000


async def test_one_key_makes_one_file(village: Village) -> None:
    """A repeated export is answered from the store; without the key nothing is left to export."""
    worker = await village.worker(51, name="沈工")
    run = await _wage_run(village, worker, day="2026-06-12")
    path, key = f"{RUNS}/{run['id']}/bank-batches", str(new_id())
    body = {"layout_id": "generic_csv"}
    first = await village.world.call("cashier", "POST", path, body, Idempotency_Key=key)
    second = await village.world.call("cashier", "POST", path, body, Idempotency_Key=key)
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.content == second.content
    assert second.headers["idempotent-replayed"] == "true"
    assert await village.refused("cashier", path, body) == (422, "nothing-to-pay")


async def test_layouts_and_what_they_cannot_carry(village: Village) -> None:
    """Fen and control line of one bank, identity numbers of another; a rare character is named."""
    plain = await village.worker(60, name="韩 工")
    rare = await village.worker(61, name="杨㑇𠅤")
    run = await _wage_run(village, plain, rare, day="2026-06-13")
    path = f"{RUNS}/{run['id']}/bank-batches"
    answer = await village.world.call("cashier", "POST", path, {"layout_id": "lanzhou_pipe"})
    assert answer.status_code == 422
    (fault,) = answer.json()["faults"]
    assert (fault["code"], fault["subject"]) == ("cell-encoding", "1 杨*𠅤")
    items = {item["payee_id"]: item for item in await village.items(run)}
    only = [items[str(plain)]["id"]]
    body = {"layout_id": "lanzhou_pipe", "item_ids": only}
    made = await village.ok("cashier", path, body)
    assert [warning["code"] for warning in made["warnings"]] == ["too-few-rows"]
    text = (await village.file(made["batches"][0])).decode("gbk")
    assert text.startswith("1|韩工|6228480000000000018|180.00|99000019900505060")
    await village.account("worker", rare, "杨某", "6228480000000000018")
    (batch,) = (await village.export(run, "shanxi_rcu"))["batches"]
    assert (await village.file(batch)).decode("gbk") == (
        "序号|账号|户名|金额|备注\r\n1|18000\r\n1|6228480000000000018|杨某|18000|务工收入\r\n"
    )
    taken = (await village.give_return(batch, await village.bank_answer(batch))).json()
    assert taken["paid_fen"] == 18_000


async def test_the_banks_day_lies_between_approval_and_today(village: Village) -> None:
    """A payment before its approval or in the future is refused; the bank's day is booked."""
    worker = await village.worker(70, name="朱工")
    run = await _wage_run(village, worker, day="2026-06-14")
    (batch,) = (await village.export(run))["batches"]
    content = await village.bank_answer(batch)
    for day in ("2026-06-30", "2099-01-01"):
        answer = await village.give_return(batch, content, query=f"?paid_on={day}")
        assert (answer.status_code, answer.json()["code"]) == (422, "paid-on-unsound")
    today = village.clock.today().isoformat()
    assert (await village.give_return(batch, content, query=f"?paid_on={today}")).status_code == 201
    (item,) = await village.items(run)
    assert (item["state"], item["paid_on"]) == ("paid", today)


async def test_what_is_not_there_or_not_mine(village: Village, batch: dict[str, Any]) -> None:
    """Unknown ids and another organisation's are not found; a payment that runs is not reissued."""
    nowhere = "00000000-0000-7000-8000-000000000000"
    for user, path in (
        ("cashier", f"{RUNS}/{nowhere}/bank-batches"),
        ("cashier", f"/v1/orgs/{{org}}/payment-items/{nowhere}/reissue"),
        ("director", f"{RUNS}/{nowhere}/approve"),
        ("neighbour_director", f"/v1/orgs/{village.world.neighbour}/payout-runs/{nowhere}/approve"),
    ):
        answer = await village.world.call(user, "POST", path, {"layout_id": "generic_csv"})
        assert answer.status_code == 404, path
    foreign = f"/v1/orgs/{village.world.neighbour}/payout-runs/{batch['run_id']}"
    assert (await village.world.call("neighbour_director", "GET", foreign)).status_code == 404
    missing = await village.give_return(batch | {"id": nowhere}, b"x")
    assert (missing.status_code, missing.json()["code"]) == (404, "batch-not-found")
