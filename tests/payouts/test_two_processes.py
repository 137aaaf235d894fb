"""Two server processes approve one run at the same moment; nothing but the database joins them."""

import asyncio
import dataclasses
import json
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
import pytest_asyncio

from backend.core.ids import new_id
from tests.payouts.approver import Answered, Order, Place
from tests.payouts.paying import RUNS, Village, work_record

_ROOT = Path(__file__).parents[2]
_EACH = 25


class _Approver:
    """A process of `tests.payouts.approver`, spoken to line by line."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        self.process, self.to, self.back = process, process.stdin, process.stdout

    @classmethod
    async def start(cls, place: Place) -> "_Approver":
        """Start the process, warnings as errors, and tell it its database."""
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-W", "error", "-m", "tests.payouts.approver", cwd=_ROOT,
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, limit=2**24,
        )  # fmt: skip
        approver = cls(process)
        approver.tell(place)
        return approver

    def tell(self, what: Place | Order) -> None:
        """Write one line to the process."""
        self.to.write(json.dumps(dataclasses.asdict(what)).encode() + b"\n")

    async def answers(self) -> list[Answered]:
        """Return what the order's requests were answered."""
        async with asyncio.timeout(60):
            return [Answered(**answer) for answer in json.loads(await self.back.readline())]


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def approvers(database_url: str) -> AsyncIterator[list[_Approver]]:
    """Two running server processes; both must end well."""
    started = [await _Approver.start(Place(database_url=database_url)) for _ in range(2)]
    async with asyncio.timeout(60):
        assert [await approver.back.readline() for approver in started] == [b"ready\n"] * 2
    yield started
    for approver in started:
        approver.to.close()
    async with asyncio.timeout(20):
        assert [await approver.process.wait() for approver in started] == [0, 0]


async def _noticed(village: Village, number: int) -> dict[str, Any]:
    """Return a wage run of two workers whose notice has passed."""
    day = f"2026-06-{number:02d}"
    for place in (0, 1):
        worker = await village.worker(number * 10 + place, name=f"工{number}{place}")
        await village.work(work_record(worker, worked_on=day))
    run = await village.compute("wage", covers_from=day, covers_to=day)
    await village.lay_open(run)
    return run


async def _approve(
    village: Village, approvers: list[_Approver], run: dict[str, Any], keys: list[str]
) -> list[Answered]:
    """Let each process send its half of the requests, both at the same moment."""
    world = village.world
    for number, approver in enumerate(approvers):
        approver.tell(
            Order(
                path=f"{RUNS}/{run['id']}/approve".replace("{org}", str(world.collective)),
                token=world.headers("director")["Authorization"].removeprefix("Bearer "),
                now=village.clock.now().isoformat(),
                keys=keys[number * _EACH : (number + 1) * _EACH],
            )
        )
    halves = await asyncio.gather(*(approver.answers() for approver in approvers))
    assert [len(half) for half in halves] == [_EACH, _EACH]
    return [*halves[0], *halves[1]]


@pytest.mark.parametrize("shared", [True, False], ids=["one-key", "fifty-keys"])
async def test_fifty_approvals_by_two_processes(
    village: Village, owner: psycopg.Connection, approvers: list[_Approver], *, shared: bool
) -> None:
    """One voucher with one set of lines; one answer did it, and the others repeat or refuse."""
    run = await _noticed(village, 1 if shared else 2)
    before = await village.balance("40101")
    one = str(new_id())
    keys = [one if shared else str(new_id()) for _ in range(2 * _EACH)]
    answers = await _approve(village, approvers, run, keys)
    assert {answer.status for answer in answers} <= {200, 409}
    good = [answer for answer in answers if answer.status == 200]
    (first,) = (answer for answer in good if not answer.replayed)
    assert {answer.body for answer in good} == {first.body}
    if shared:
        path = f"{RUNS}/{run['id']}/approve"
        again = await village.world.call("director", "POST", path, Idempotency_Key=one)
        assert (again.status_code, again.text) == (200, first.body)
    else:
        assert len(good) == 1
    vouchers = owner.execute(
        "SELECT v.id::text, count(*), sum(p.credit_fen) FROM voucher v"
        " JOIN posting p ON p.org_id = v.org_id AND p.voucher_id = v.id"
        " WHERE v.source_kind = 'wage_run' AND v.source_id = %s GROUP BY v.id",
        (run["id"],),
    ).fetchall()
    assert vouchers == [(json.loads(first.body)["accrual_voucher_id"], 3, run["total_fen"])]
    audited = owner.execute(
        "SELECT count(*) FROM audit_entry WHERE entry LIKE %s", (f"%{run['id']}/approve%",)
    ).fetchone()
    assert audited == (1,)
    assert await village.balance("40101") - before == run["total_fen"]
