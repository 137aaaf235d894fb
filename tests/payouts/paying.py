"""Steps that the tests of payouts share: transfers, workers, runs and their way to the bank."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import httpx
import psycopg

from backend.core import codes
from backend.core.audit import Command
from backend.core.clock import SteppedClock
from backend.core.db import Scope
from backend.core.ids import new_id
from backend.gateways.bank import PaymentFile, SandboxBank
from backend.land.models import LandTransfer, LandTransferParcel
from backend.ledger import service as ledger
from backend.ledger.rules import Line
from backend.parties import service as parties
from backend.payouts.layouts import layout
from tests.people import World

RUNS = "/v1/orgs/{org}/payout-runs"
YEAR = {"covers_from": "2026-01-01", "covers_to": "2026-12-31"}


@dataclass(slots=True, kw_only=True)
class Village:
    """The world of the tests with what payouts need, and how to walk a run through."""

    world: World
    clock: SteppedClock

    async def transfer(
        self,
        household: int,
        *,
        rent_fen: int = 65_000,
        to: str = "collective",
        term: tuple[date, date] = (date(2024, 1, 1), date(2028, 12, 31)),
        terminated_on: date | None = None,
    ) -> UUID:
        """Put both parcels of a household (2.00 and 3.50 mu) into a transfer in force."""
        world = self.world
        transfer = LandTransfer(
            org_id=world.collective,
            number=f"LZ{new_id().hex[-12:]}",
            kind="lease",
            household_id=world.households[household],
            transferee_kind=to,
            transferee_name="示范受让方",
            land_use="粮食种植",
            starts_on=term[0],
            ends_on=term[1],
            rent_fen_per_mu=rent_fen,
            state="in_force" if terminated_on is None else "terminated",
            terminated_on=terminated_on,
        )
        async with world.database.write(
            Scope(org_id=world.collective), Command(action="test_transfer")
        ) as session:
            session.add(transfer)
            await session.flush()
            for place, centimu in enumerate((200, 350)):
                session.add(
                    LandTransferParcel(
                        org_id=world.collective,
                        transfer_id=transfer.id,
                        parcel_id=world.parcels[household * 2 + place],
                        area_centimu=centimu,
                    )
                )
        return transfer.id

    async def worker(
        self,
        seq: int,
        *,
        name: str = "李工",
        kind: str = "seasonal",
        born_on: date | None = date(1990, 5, 5),
        account: str | None = "6228480000000000018",
    ) -> UUID:
        """Register a worker with an account; ``seq`` makes the made-up identity number."""
        world = self.world
        async with world.database.write(
            Scope(org_id=world.collective), Command(action="test_worker")
        ) as session:
            worker = await parties.add_worker(
                session,
                world.sealer,
                org_id=world.collective,
                person=parties.PersonFacts(
                    name=name,
                    id_number=codes.make_id("990000", born_on or date(1990, 1, 1), seq),
                    born_on=born_on,
                ),
                kind="staff" if kind == "staff" else "seasonal",
            )
        if account is not None:
            await self.account("worker", worker.id, name, account)
        return worker.id

    async def account(self, kind: str, owner: UUID, name: str, number: str) -> None:
        """Set the account to which a household or worker is paid."""
        world = self.world
        async with world.database.write(
            Scope(org_id=world.collective), Command(action="test_account")
        ) as session:
            await parties.set_payee_account(
                session,
                world.sealer,
                org_id=world.collective,
                owner_kind="worker" if kind == "worker" else "household",
                owner_id=owner,
                account=parties.AccountFacts(
                    holder_name=name, bank_name="示范农村商业银行", number=number
                ),
                now=self.clock.now(),
            )

    async def work(self, *records: dict[str, Any]) -> list[str]:
        """Submit records as the clerk and confirm them as the director; return their ids."""
        made = await self.ok("clerk", "/v1/orgs/{org}/work-records", {"records": list(records)})
        ids: list[str] = made["ids"]
        await self.ok("director", "/v1/orgs/{org}/work-records/confirm", {"record_ids": ids})
        return ids

    async def post(self, *lines: tuple[str, int], on: date | None = None) -> None:
        """Book a voucher: positive fen are debits, negative credits."""
        world = self.world
        async with world.database.write(
            Scope(org_id=world.collective), Command(action="test_voucher")
        ) as session:
            await ledger.post(
                session,
                ledger.Header(
                    org_id=world.collective,
                    booked_on=on or self.clock.today(),
                    summary="测试",
                    source_kind="test",
                    source_id=str(new_id()),
                    maker_id=world.staff["accountant"],
                ),
                [
                    Line(
                        account_code=code,
                        summary="测试",
                        debit_fen=max(fen, 0),
                        credit_fen=max(-fen, 0),
                    )
                    for code, fen in lines
                ],
            )

    async def ok(self, user: str, path: str, body: Any = None) -> dict[str, Any]:
        """POST and return the answer, which must be good."""
        answer = await self.world.call(user, "POST", path, body)
        assert answer.status_code in (200, 201), answer.text
        found: dict[str, Any] = answer.json()
        return found

    async def ok_list(self, user: str, path: str) -> list[dict[str, Any]]:
        """POST without a body and return the list it answers."""
        answer = await self.world.call(user, "POST", path)
        assert answer.status_code in (200, 201), answer.text
        found: list[dict[str, Any]] = answer.json()
        return found

    async def read(self, path: str, user: str = "accountant") -> Any:
        """GET and return the answer, which must be good."""
        answer = await self.world.call(user, "GET", path)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def refused(self, user: str, path: str, body: Any = None) -> tuple[int, str]:
        """POST and return status and code of the refusal."""
        answer = await self.world.call(user, "POST", path, body)
        assert answer.status_code >= 400, answer.text
        return answer.status_code, answer.json()["code"]

    async def compute(self, kind: str, **more: Any) -> dict[str, Any]:
        """Compute a run as the accountant."""
        return await self.ok("accountant", RUNS, {"kind": kind, "title": "测试发放", **more})

    async def lay_open(self, run: dict[str, Any]) -> dict[str, Any]:
        """Lay a run open and let its notice pass."""
        noticed = await self.ok("accountant", f"{RUNS}/{run['id']}/notice", {})
        until = date.fromisoformat(noticed["notice_until"])
        self.clock.set_to_morning(until + timedelta(days=1))
        return noticed

    async def approve(self, run: dict[str, Any]) -> dict[str, Any]:
        """Lay a run open, wait, and approve it as the director."""
        await self.lay_open(run)
        return await self.ok("director", f"{RUNS}/{run['id']}/approve")

    async def export(self, run: dict[str, Any], layout_id: str = "generic_csv") -> dict[str, Any]:
        """Make bank files as the cashier."""
        body = {"layout_id": layout_id}
        return await self.ok("cashier", f"{RUNS}/{run['id']}/bank-batches", body)

    async def file(self, batch: dict[str, Any]) -> bytes:
        """Download a bank file."""
        answer = await self.world.call(
            "cashier", "GET", f"/v1/orgs/{{org}}/bank-batches/{batch['id']}/file"
        )
        assert answer.status_code == 200, answer.text
        return answer.content

    async def bank_answer(self, batch: dict[str, Any], **unpaid: str) -> bytes:
        """Let the sandbox bank answer a file; ``row_2="户名不符"`` refuses the second row."""
        bank = SandboxBank(unpaid={int(row[4:]): reason for row, reason in unpaid.items()})
        file = PaymentFile(
            number=batch["number"],
            layout=layout(batch["layout_id"]),
            content=await self.file(batch),
        )
        return bank.pay(file)

    async def give_return(
        self, batch: dict[str, Any], content: bytes, *, query: str = "", **headers: str
    ) -> httpx.Response:
        """Upload a return file as the cashier."""
        world = self.world
        return await world.client.post(
            f"/v1/orgs/{world.collective}/bank-batches/{batch['id']}/returns{query}",
            files={"file": ("return.csv", content, "text/csv")},
            headers=world.headers("cashier", **headers),
        )

    async def items(self, run: dict[str, Any]) -> list[dict[str, Any]]:
        """Return a run's payments."""
        found: list[dict[str, Any]] = (await self.read(f"{RUNS}/{run['id']}/items"))["items"]
        return found

    async def lines(self, run: dict[str, Any]) -> list[dict[str, Any]]:
        """Return a run's lines."""
        found: list[dict[str, Any]] = (await self.read(f"{RUNS}/{run['id']}/lines"))["items"]
        return found

    async def balance(self, code: str) -> int:
        """Return debits minus credits of an account over all months."""
        period = self.clock.today().year * 100 + 12
        table = await self.read(f"/v1/orgs/{{org}}/trial-balances/{period}")
        assert table["closing_difference_fen"] == 0
        for row in table["rows"]:
            if row["code"] == code:
                return int(row["closing_debit_fen"]) - int(row["closing_credit_fen"])
        return 0


def work_record(worker: UUID, **changes: Any) -> dict[str, Any]:
    """A day and a half of weeding at 120.00 yuan."""
    return {
        "worker_id": str(worker),
        "worked_on": "2026-06-20",
        "task": "间苗",
        "unit": "day",
        "quantity_milli": 1500,
        "rate_fen": 12_000,
    } | changes


def refused_state(owner: psycopg.Connection, statement: str, *values: Any) -> str | None:
    """Run a statement as the schema's owner; return the SQLSTATE that refused it, if any did."""
    try:
        owner.execute(statement.encode(), values)
    except psycopg.Error as error:
        return error.sqlstate
    return None
