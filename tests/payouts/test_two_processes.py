"""Two server processes approve one run at the same moment; nothing but the database joins them."""

import asyncio
import dataclasses
import json
import sys
from pathlib import Path
from typing import Any

import psycopg
import pytest

from backend.core.ids import new_id
from tests.payouts.approver import Answered, Order
from tests.payouts.paying import RUNS, Village, work_record

_ROOT = Path(__file__).parents[2]
_EACH = 25


async def _process(order: Order) -> asyncio.subprocess.Process:
    """Start an approver and hand it its order; it waits for the word."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-W", "error", "-m", "tests.payouts.approver",
        cwd=_ROOT, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert process.stdin is not None
    process.stdin.write(json.dumps(dataclasses.asdict(order)).encode() + b"\n")
    return process


async def _answers(orders: list[Order]) -> list[Answered]:
    """Let one process for each order fire when all are ready; return what all were told."""
    processes = [await _process(order) for order in orders]
    for process in processes:
        assert process.stdout is not None
        assert await process.stdout.readline() == b"ready\n"
    spoken = await asyncio.gather(*(process.communicate(b"go\n") for process in processes))
    assert [process.returncode for process in processes] == [0] * len(orders)
    return [Answered(**json.loads(line)) for out, _ in spoken for line in out.splitlines()]


async def _noticed(village: Village, number: int) -> dict[str, Any]:
    """Return a wage run of two workers whose notice has passed."""
    day = f"2026-06-{number:02d}"
    for place in (0, 1):
        worker = await village.worker(number * 10 + place, name=f"工{number}{place}")
        await village.work(work_record(worker, worked_on=day))
    run = await village.compute("wage", covers_from=day, covers_to=day)
    await village.lay_open(run)
    return run


def _orders(village: Village, url: str, run: dict[str, Any], keys: list[str]) -> list[Order]:
    world = village.world
    return [
        Order(
            database_url=url,
            path=f"{RUNS}/{run['id']}/approve".replace("{org}", str(world.collective)),
            token=world.headers("director")["Authorization"].removeprefix("Bearer "),
            now=village.clock.now().isoformat(),
            keys=part,
        )
        for part in (keys[:_EACH], keys[_EACH:])
    ]


def _booked(owner: psycopg.Connection, run: dict[str, Any]) -> list[tuple[Any, ...]]:
    """Return each voucher of the run with its number of lines and its credits."""
    return owner.execute(
        "SELECT v.id::text, count(*), sum(p.credit_fen) FROM voucher v"
        " JOIN posting p ON p.org_id = v.org_id AND p.voucher_id = v.id"
        " WHERE v.source_kind = 'wage_run' AND v.source_id = %s GROUP BY v.id",
        (run["id"],),
    ).fetchall()


@pytest.mark.parametrize("shared", [True, False], ids=["one-key", "fifty-keys"])
async def test_fifty_approvals_by_two_processes(
    village: Village, owner: psycopg.Connection, database_url: str, *, shared: bool
) -> None:
    """One voucher with one set of lines; one answer did it, and the others repeat or refuse."""
    run = await _noticed(village, 1 if shared else 2)
    one = str(new_id())
    keys = [one if shared else str(new_id()) for _ in range(2 * _EACH)]
    answers = await _answers(_orders(village, database_url, run, keys))
    assert len(answers) == 2 * _EACH
    assert {answer.status for answer in answers} <= {200, 409}
    good = [answer for answer in answers if answer.status == 200]
    (first,) = (answer for answer in good if not answer.replayed)
    assert {answer.body for answer in good} == {first.body}
    path = f"{RUNS}/{run['id']}/approve"
    again = await village.world.call("director", "POST", path, Idempotency_Key=keys[0])
    if shared:
        assert (again.status_code, again.text) == (200, first.body)
    else:
        assert len(good) == 1
    voucher = json.loads(first.body)["accrual_voucher_id"]
    assert _booked(owner, run) == [(voucher, 3, run["total_fen"])]
    audited = owner.execute(
        "SELECT count(*) FROM audit_entry WHERE entry LIKE %s", (f"%{run['id']}/approve%",)
    ).fetchone()
    assert audited == (1,)
    assert await village.balance("40101") == run["total_fen"] * (1 if shared else 2)
