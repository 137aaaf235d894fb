"""Bank returns (回单): what was paid is booked once, what failed may be paid again.

Nothing of a return is dropped: a row that fits no payment under way is kept as an exception.
"""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import insert, text
from sqlmodel import select

from backend.core.clock import SHANGHAI
from backend.core.crypto import Sealer
from backend.core.db import WriteSession
from backend.core.ids import new_id
from backend.core.money import yuan
from backend.payouts.bank_models import BankReturn, ReturnException
from backend.payouts.banking import batch_of
from backend.payouts.booking import book_payment
from backend.payouts.errors import PaidOnUnsound, ReturnAlreadyTaken
from backend.payouts.layouts import ReturnRow, read_return
from backend.payouts.models import PayoutRun
from backend.payouts.service import locked_run

RETURN_FIELD = "bank_return.file"
"""The field that a return's bytes are sealed under."""

_ROWS = text(
    """
    SELECT b.seq, b.amount_fen, b.outcome, a.id AS account_id, a.number_sealed
    FROM bank_batch_item b
    JOIN payee_account a ON a.org_id = b.org_id AND a.id = b.account_id
    WHERE b.org_id = :org AND b.batch_id = :batch
    """
)
_OUTCOMES = text(
    """
    UPDATE bank_batch_item b
    SET outcome = o.outcome, failure = o.failure, live = o.outcome = 'paid'
    FROM unnest(CAST(:seqs AS int[]), CAST(:outcomes AS varchar[]), CAST(:failures AS varchar[]))
      AS o (seq, outcome, failure)
    WHERE b.org_id = :org AND b.batch_id = :batch AND b.seq = o.seq
    """
)
_ITEMS = text(
    """
    UPDATE payment_item i
    SET state = b.outcome, failure = b.failure,
        paid_on = CASE b.outcome WHEN 'paid' THEN CAST(:paid_on AS date) END,
        paid_voucher_id = CASE b.outcome WHEN 'paid' THEN CAST(:voucher AS uuid) END
    FROM bank_batch_item b
    WHERE b.org_id = :org AND b.batch_id = :batch AND b.seq = ANY(CAST(:seqs AS int[]))
      AND i.org_id = b.org_id AND i.id = b.item_id
    """
)
_OPEN_ROWS = text(
    "SELECT count(*) FROM bank_batch_item"
    " WHERE org_id = :org AND batch_id = :batch AND outcome IS NULL"
)
_OPEN_ITEMS = text(
    "SELECT count(*) FROM payment_item WHERE org_id = :org AND run_id = :run AND state <> 'paid'"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Oddity:
    """A row that fits no payment under way, see `ReturnException`."""

    row: int
    kind: str
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Matched:
    """A return compared with its batch: what counts, and what a person must look at."""

    applied: list[ReturnRow] = field(default_factory=list)
    odd: list[Oddity] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """What a return did."""

    bank_return: BankReturn
    voucher_label: str | None
    exceptions: list[Oddity]
    run_state: str


async def take_return(
    session: WriteSession,
    sealer: Sealer,
    *,
    org_id: int,
    batch_id: UUID,
    file_name: str,
    content: bytes,
    paid_on: date | None,
    received_by: UUID,
    today: date,
) -> Taken:
    """Take in a return of one batch: one voucher for all that was paid, failures with reasons.

    Raises ``BatchNotFound``, ``BadInput`` with every unreadable row (nothing is written then),
    `ReturnAlreadyTaken` for bytes that were taken before, `PaidOnUnsound`, ``PeriodClosed``.
    """
    batch = await batch_of(session, org_id=org_id, batch_id=batch_id)
    run = await locked_run(session, org_id, batch.run_id)
    digest = hashlib.sha256(content).digest()
    if await session.scalar(
        select(BankReturn.id).where(BankReturn.org_id == org_id, BankReturn.file_sha256 == digest)
    ):
        raise ReturnAlreadyTaken
    paid_on = _checked_day(run, paid_on, today)
    rows = read_return(content, batch.number)
    found = await session.execute(_ROWS, {"org": org_id, "batch": batch_id})
    matched = match(rows, {row.seq: row for row in found}, _tails(sealer, org_id))
    paid = [row for row in matched.applied if row.outcome == "paid"]
    taken = BankReturn(
        org_id=org_id,
        batch_id=batch_id,
        file_name=file_name,
        file_sealed=b"",
        file_sha256=digest,
        paid_count=len(paid),
        paid_fen=sum(row.amount_fen for row in paid),
        failed_count=len(matched.applied) - len(paid),
        received_by=received_by,
    )
    taken.file_sealed = sealer.seal(org_id, RETURN_FIELD, str(taken.id), content.decode("latin-1"))
    session.add(taken)
    await session.flush()
    await _keep_exceptions(session, taken, matched.odd)
    label = await _apply(session, run, taken, matched.applied, paid_on)
    return Taken(
        bank_return=taken, voucher_label=label, exceptions=matched.odd, run_state=run.state
    )


def match(
    rows: Sequence[ReturnRow], known: dict[int, Any], tail_of: Callable[[Any], str]
) -> Matched:
    """Compare a return's rows with the batch's; the first word on a payment counts.

    ``known`` holds amount_fen and outcome by row number of the bank file, and ``tail_of`` gives
    the last four digits of such a row's account.
    """
    matched = Matched()
    outcomes = {seq: row.outcome for seq, row in known.items()}
    for row in rows:
        theirs = known.get(row.seq)
        if theirs is None:
            odd = "unknown", f"代发文件没有第 {row.seq} 笔"
        elif tail_of(theirs) != row.account_tail:
            odd = "unknown", f"第 {row.seq} 笔账号尾号不符"
        elif theirs.amount_fen != row.amount_fen:
            ours, said = yuan(theirs.amount_fen), yuan(row.amount_fen)
            odd = "amount_differs", f"第 {row.seq} 笔应为 {ours} 元，回单 {said} 元"
        elif outcomes[row.seq] is None:
            outcomes[row.seq] = row.outcome
            matched.applied.append(row)
            continue
        elif outcomes[row.seq] == row.outcome:
            odd = "duplicate", f"第 {row.seq} 笔重复回报“{_word(row.outcome)}”"
        else:
            before = _word(outcomes[row.seq])
            odd = "contradicts", f"第 {row.seq} 笔先报“{before}”，又报“{_word(row.outcome)}”"
        matched.odd.append(Oddity(row=row.row, kind=odd[0], detail=odd[1]))
    return matched


def _tails(sealer: Sealer, org_id: int) -> Callable[[Any], str]:
    """Return what opens a row's account number, for its last four digits only."""

    def tail_of(row: Any) -> str:
        key = str(row.account_id)
        return sealer.open(org_id, "payee_account.number", key, row.number_sealed)[-4:]

    return tail_of


def _word(outcome: str) -> str:
    return "成功" if outcome == "paid" else "失败"


def _checked_day(run: PayoutRun, paid_on: date | None, today: date) -> date:
    """Return the bank's day, today by default, which lies between approval and today."""
    if run.approved_at is None:
        raise PaidOnUnsound(paid_on=paid_on, first="-")
    first = run.approved_at.astimezone(SHANGHAI).date()
    day = paid_on or today
    if not first <= day <= today:
        raise PaidOnUnsound(paid_on=day, first=first)
    return day


async def _keep_exceptions(session: WriteSession, taken: BankReturn, odd: Sequence[Oddity]) -> None:
    if odd:
        await session.execute(
            insert(ReturnException),
            [
                {
                    "org_id": taken.org_id,
                    "id": new_id(),
                    "return_id": taken.id,
                    "row": one.row,
                    "kind": one.kind,
                    "detail": one.detail,
                }
                for one in odd
            ],
        )


async def _apply(
    session: WriteSession,
    run: PayoutRun,
    taken: BankReturn,
    applied: Sequence[ReturnRow],
    paid_on: date,
) -> str | None:
    """Write the outcomes, book what was paid, and end batch and run when all is done."""
    if not applied:
        return None
    values = {"org": run.org_id, "batch": taken.batch_id, "run": run.id}
    seqs = [row.seq for row in applied]
    await session.execute(
        _OUTCOMES,
        values
        | {
            "seqs": seqs,
            "outcomes": [row.outcome for row in applied],
            "failures": [row.failure for row in applied],
        },
    )
    paid = [row.seq for row in applied if row.outcome == "paid"]
    posted = None
    if paid:
        posted = await book_payment(session, run, taken, seqs=paid, paid_on=paid_on)
    voucher_id = posted.id if posted else None
    await session.execute(
        _ITEMS, values | {"seqs": seqs, "paid_on": paid_on, "voucher": voucher_id}
    )
    if not await session.scalar(_OPEN_ROWS, values):
        batch = await batch_of(session, org_id=run.org_id, batch_id=taken.batch_id)
        batch.state = "returned"
    if not await session.scalar(_OPEN_ITEMS, values):
        run.state = "paid"
        run.row_version += 1
    await session.flush()
    return posted.label if posted else None
