"""Act four: produce sold, rent, wages and dividends computed, approved, paid; failures repaid."""

from collections import Counter
from collections.abc import Awaitable, Callable
from datetime import date, timedelta
from uuid import UUID

from sqlalchemy import text

from backend.cli.demo.stage import (
    DIVIDEND_DAY,
    RENT_DAY,
    SALE_DAY,
    WAGE_DAY,
    YEAR_END,
    Collective,
    Stage,
)
from backend.core import codes
from backend.core.db import WriteSession
from backend.gateways.bank import SandboxBank
from backend.ledger import closing
from backend.ledger import service as ledger
from backend.ledger.rules import Line, organisation_party
from backend.parties import service as parties
from backend.payouts import banking, dividends, labour, rent, returns, rules, service, wages
from backend.payouts.models import PayoutRun

LAYOUT = "generic_csv"
SALE_FEN_PER_MU = 165_000
RESERVE_PERMILLE = 300
Compute = Callable[[WriteSession], Awaitable[PayoutRun]]


async def pay(stage: Stage) -> None:
    """Run the money's year for every collective."""
    for day, zh, en, act in (
        (SALE_DAY, "卖粮、收费、付服务费", "Selling, collecting fees, paying the provider", _trade),
        (RENT_DAY, "发租金", "Paying rent", _rent),
        (WAGE_DAY, "发工钱", "Paying wages", _wage),
        (YEAR_END + timedelta(days=4), "年终结转、结账", "Closing the year", _close),
        (DIVIDEND_DAY, "分红", "Sharing the profit", _dividend),
    ):
        stage.say(zh, en)
        stage.clock.set_to_morning(day)
        with stage.bar("村集体 collectives", len(stage.collectives)) as tick:
            for collective in stage.collectives:
                await act(stage, collective)
                tick()
        stage.clock.advance(timedelta(days=2))
    names = ("rent_fen", "wage_fen", "dividend_fen", "paid_fen", "failed_then_repaid")
    stage.told |= {name: stage.sums[name] for name in names}


async def _trade(stage: Stage, collective: Collective) -> None:
    """Book what the season brought in: two persons sign each voucher."""
    async with stage.acting("trade", collective.org_id, collective.accountant) as session:
        leased = await session.scalar(
            text(
                "SELECT sum(p.area_centimu) FROM land_transfer_parcel p"
                " JOIN land_transfer t ON t.org_id = p.org_id AND t.id = p.transfer_id"
                " WHERE p.org_id = :org AND t.state = 'in_force'"
            ),
            {"org": collective.org_id},
        )
        sale_fen = int(leased or 0) * SALE_FEN_PER_MU // 100
        fees = await session.execute(
            text(
                "SELECT party, sum(debit_fen - credit_fen) AS fen FROM posting"
                " WHERE org_id = :org AND account_code = '11301' GROUP BY 1 ORDER BY 1"
            ),
            {"org": collective.org_id},
        )
        owed = [(str(row.party), int(row.fen)) for row in fees]
        provider = organisation_party(stage.provider)
        due = await session.scalar(
            text(
                "SELECT sum(credit_fen - debit_fen) FROM posting"
                " WHERE org_id = :org AND account_code = '21101'"
            ),
            {"org": collective.org_id},
        )
        vouchers = {
            "销售谷子": [
                Line(account_code="102", summary="收粮款", debit_fen=sale_fen),
                Line(account_code="50104", summary="谷子", credit_fen=sale_fen),
            ],
            "收农户飞防服务费": [
                Line(account_code="102", summary="收服务费", debit_fen=sum(f for _, f in owed)),
                *(
                    Line(account_code="11301", summary="收服务费", credit_fen=fen, party=party)
                    for party, fen in owed
                ),
            ],
            "付飞防服务费": [
                Line(
                    account_code="21101",
                    summary="付服务费",
                    debit_fen=int(due or 0),
                    party=provider,
                ),
                Line(account_code="102", summary="付服务费", credit_fen=int(due or 0)),
            ],
        }
        drafts = [
            await ledger.draft_voucher(
                session,
                org_id=collective.org_id,
                booked_on=stage.clock.today(),
                summary=summary,
                attachments=1,
                lines=lines,
                maker_id=collective.accountant,
            )
            for summary, lines in vouchers.items()
        ]
    async with stage.acting("review", collective.org_id, collective.director) as session:
        for draft in drafts:
            await ledger.review_draft(
                session,
                org_id=collective.org_id,
                draft_id=draft.id,
                reviewer_id=collective.director,
            )


async def _rent(stage: Stage, collective: Collective) -> None:
    async def compute(session: WriteSession) -> PayoutRun:
        return await rent.compute(
            session,
            org_id=collective.org_id,
            title="2026 年土地流转租金",
            covers_from=date(2026, 1, 1),
            covers_to=YEAR_END,
            transferee=rules.Transferee.COLLECTIVE,
            maker_id=collective.accountant,
        )

    await _run(stage, collective, "rent", compute)


async def _wage(stage: Stage, collective: Collective) -> None:
    await _work(stage, collective)

    async def compute(session: WriteSession) -> PayoutRun:
        return await wages.compute(
            session,
            org_id=collective.org_id,
            title="2026 年秋季务工收入",
            covers_from=date(2026, 9, 1),
            covers_to=date(2026, 10, 31),
            maker_id=collective.accountant,
        )

    await _run(stage, collective, "wage", compute)


async def _work(stage: Stage, collective: Collective) -> None:
    """Record a fortnight of harvest work as the county's workers are paid: day, hour, mu, piece."""
    facts = {
        stage.sealer.blind_index("id_number", worker.id_number): worker
        for worker in stage.county.workers
    }
    async with stage.acting("submit_work", collective.org_id, collective.clerk) as session:
        rows = await session.execute(
            text("SELECT id, id_number_index FROM worker WHERE org_id = :org"),
            {"org": collective.org_id},
        )
        records = []
        for worker_id, index in rows:
            worker = facts[bytes(index)]
            quantity = {"day": 1000, "hour": 8000, "mu": 2500, "piece": 60_000}[worker.basis]
            records += [
                labour.WorkDone(
                    worker_id=worker_id,
                    worked_on=date(2026, 10, 4) + timedelta(days=day),
                    task="秋收",
                    unit=worker.basis,
                    quantity_milli=quantity,
                    rate_fen=worker.rate_fen,
                )
                for day in range(12)
            ]
        submitted = await labour.submit(
            session,
            org_id=collective.org_id,
            records=records,
            submitted_by=collective.clerk,
            today=stage.clock.today(),
        )
    async with stage.acting("confirm_work", collective.org_id, collective.director) as session:
        await labour.confirm(
            session,
            org_id=collective.org_id,
            record_ids=submitted.ids,
            confirmed_by=collective.director,
        )


async def _close(stage: Stage, collective: Collective) -> None:
    """Carry the year forward and close its months."""
    async with stage.acting("carry_forward", collective.org_id, collective.accountant) as session:
        await closing.carry_forward(
            session,
            org_id=collective.org_id,
            year=YEAR_END.year,
            maker_id=collective.accountant,
            today=stage.clock.today(),
        )
    async with stage.acting("close_periods", collective.org_id, collective.accountant) as session:
        rows = await session.scalars(
            text(
                "SELECT period FROM period WHERE org_id = :org AND state = 'open'"
                " AND period <= :last ORDER BY period"
            ),
            {"org": collective.org_id, "last": YEAR_END.year * 100 + 12},
        )
        for period in rows:
            await ledger.close_period(
                session,
                org_id=collective.org_id,
                period=period,
                closed_by=collective.accountant,
                now=stage.clock.now(),
            )


async def _dividend(stage: Stage, collective: Collective) -> None:
    async def compute(session: WriteSession) -> PayoutRun:
        members = await session.scalar(
            text("SELECT count(*) FROM member WHERE org_id = :org AND status = 'active'"),
            {"org": collective.org_id},
        )
        return await dividends.compute(
            session,
            org_id=collective.org_id,
            title="2026 年度收益分红",
            year=YEAR_END.year,
            reserve_permille=RESERVE_PERMILLE,
            pool_fen=None,
            resolution=rules.Resolution(
                votes_for=int(members or 0) * 9 // 10,
                votes_total=int(members or 0),
                held_on=stage.clock.today(),
            ),
            maker_id=collective.accountant,
            today=stage.clock.today(),
        )

    await _run(stage, collective, "dividend", compute)


async def _run(stage: Stage, collective: Collective, kind: str, compute: Compute) -> None:
    """Compute → notice → approve → bank file → return → failures mended → second file."""
    org_id = collective.org_id
    morning = stage.clock
    async with stage.acting(f"compute_{kind}", org_id, collective.accountant) as session:
        run = await compute(session)
        run = await service.lay_open(
            session, org_id=org_id, run_id=run.id, days=None, today=morning.today()
        )
    day_after = morning.today() + timedelta(days=rules.notice_days(run.kind, morning.today()))
    async with stage.acting(f"approve_{kind}", org_id, collective.director) as session:
        await service.approve(
            session,
            org_id=org_id,
            run_id=run.id,
            approver_id=collective.director,
            now=morning.now() + (day_after - morning.today()),
            today=day_after,
        )
    stage.sums[f"{kind}_fen"] += run.total_fen
    first = await _through_the_bank(stage, collective, run.id, day_after)
    mended = await _mend(stage, collective, run.id)
    if mended:
        second = await _through_the_bank(stage, collective, run.id, day_after)
        stage.sums["failed_then_repaid"] += min(first["failed"], second["paid"])


async def _through_the_bank(
    stage: Stage, collective: Collective, run_id: UUID, day: date
) -> Counter[str]:
    """Make the bank files, let the sandbox bank answer, take the answers in."""
    counted: Counter[str] = Counter()
    folder = stage.out / "bank"
    folder.mkdir(parents=True, exist_ok=True)
    async with stage.acting("export_batch", collective.org_id, collective.cashier) as session:
        export = await banking.export_batch(
            session,
            stage.sealer,
            org_id=collective.org_id,
            run_id=run_id,
            layout_id=LAYOUT,
            item_ids=None,
            made_by=collective.cashier,
            today=day,
        )
        files = [(batch.id, batch.file_name, banking.file_of(stage.sealer, batch))
                 for batch in export.batches]  # fmt: skip
    for batch_id, file_name, file in files:
        (folder / file_name).write_bytes(file.content)
        answer = SandboxBank().pay(file)
        async with stage.acting("take_return", collective.org_id, collective.cashier) as session:
            taken = await returns.take_return(
                session,
                stage.sealer,
                org_id=collective.org_id,
                batch_id=batch_id,
                file_name=f"return-{file_name}",
                content=answer,
                paid_on=day,
                received_by=collective.cashier,
                today=day,
            )
        row = taken.bank_return
        counted += Counter(paid=row.paid_count, failed=row.failed_count)
        stage.sums["paid_fen"] += row.paid_fen
    return counted


async def _mend(stage: Stage, collective: Collective, run_id: UUID) -> int:
    """Give failed and account-less payees a right account, and issue the failed ones again."""
    async with stage.acting("mend_accounts", collective.org_id, collective.clerk) as session:
        rows = (
            await session.execute(
                text(
                    "SELECT id, payee_kind, payee_id, payee_name, state, seq FROM payment_item"
                    " WHERE org_id = :org AND run_id = :run AND state IN ('failed', 'approved')"
                ),
                {"org": collective.org_id, "run": run_id},
            )
        ).all()
        for row in rows:
            body = f"629999{collective.org_id:04d}{row.payee_id.int % 10**8:08d}"
            number = next(f"{body}{n}" for n in range(10) if codes.luhn(f"{body}{n}"))
            await parties.set_payee_account(
                session,
                stage.sealer,
                org_id=collective.org_id,
                owner_kind=row.payee_kind,
                owner_id=row.payee_id,
                account=parties.AccountFacts(
                    holder_name=row.payee_name, bank_name="示范农村商业银行", number=number
                ),
                now=stage.clock.now(),
            )
    async with stage.acting("reissue", collective.org_id, collective.cashier) as session:
        for row in rows:
            if row.state == "failed":
                await service.reissue(session, org_id=collective.org_id, item_id=row.id)
    return len(rows)
