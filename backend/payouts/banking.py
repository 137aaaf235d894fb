"""Bank files: approved payments become batches whose bytes are kept, sealed, and never change."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import insert, text
from sqlmodel import select

from backend.core import codes
from backend.core.crypto import Sealer
from backend.core.db import ReadSession, WriteSession
from backend.core.errors import BadInput, Fault
from backend.core.ids import new_id
from backend.gateways.bank import Layout, PaymentFile
from backend.payouts.bank_models import BankBatch, BankBatchItem
from backend.payouts.errors import BatchNotFound, NothingToPay
from backend.payouts.layouts import PaymentRow, layout, write_batch
from backend.payouts.models import PayoutRun
from backend.payouts.service import locked_run

FILE_FIELD = "bank_batch.file"
"""The field that a batch's bytes are sealed under; bytes travel as Latin-1 text."""

_READY = text(
    """
    SELECT i.id, i.seq, i.payee_kind, i.payee_name, i.amount_fen, a.id AS account_id,
           a.holder_name, a.number_sealed,
           CASE i.payee_kind WHEN 'worker' THEN w.id ELSE m.id END AS person_id,
           CASE i.payee_kind WHEN 'worker' THEN w.id_number_sealed ELSE m.id_number_sealed END
             AS id_number_sealed
    FROM payment_item i
    LEFT JOIN payee_account a ON a.org_id = i.org_id AND a.owner_kind = i.payee_kind
      AND a.owner_id = i.payee_id AND a.superseded_at IS NULL
    LEFT JOIN worker w ON i.payee_kind = 'worker' AND w.org_id = i.org_id AND w.id = i.payee_id
    LEFT JOIN LATERAL (
      SELECT id, id_number_sealed FROM member
      WHERE i.payee_kind = 'household' AND org_id = i.org_id AND household_id = i.payee_id
        AND name = a.holder_name AND status = 'active'
      ORDER BY id LIMIT 1) m ON true
    WHERE i.org_id = :org AND i.run_id = :run AND i.state = 'approved'
      AND (CAST(:items AS uuid[]) IS NULL OR i.id = ANY(CAST(:items AS uuid[])))
    ORDER BY i.seq
    """
)
_EXPORTED = text(
    """
    UPDATE payment_item i SET state = 'exported', account_id = b.account_id
    FROM bank_batch_item b
    WHERE b.org_id = :org AND b.batch_id = ANY(CAST(:batches AS uuid[]))
      AND i.org_id = b.org_id AND i.id = b.item_id
    """
)


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOut:
    """A payment that no file holds: ``reason`` is no_account or no_id_number."""

    item_id: UUID
    seq: int
    payee: str
    amount_fen: int
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Export:
    """The files that were made, what they leave out and what a person should look at."""

    batches: list[BankBatch]
    left_out: list[LeftOut]
    warnings: list[Fault]


async def export_batch(
    session: WriteSession,
    sealer: Sealer,
    *,
    org_id: int,
    run_id: UUID,
    layout_id: str,
    item_ids: Sequence[UUID] | None,
    made_by: UUID,
    today: date,
) -> Export:
    """Write the approved payments of a run (or those named) to bank files.

    More than the layout's ``rows_max`` become several files. Payments without an account, or
    without the identity number that the layout wants, are left out and listed. A number that
    fails Luhn is warned about, never refused: old passbooks do. Raises ``RunNotFound``,
    ``UnknownLayout``, ``NothingToPay`` when nothing waits, ``BadInput`` naming each payee when
    none can be paid or a name does not fit the file.
    """
    wanted = layout(layout_id)
    run = await locked_run(session, org_id, run_id)
    values = {"org": org_id, "run": run_id, "items": None if item_ids is None else list(item_ids)}
    ready = (await session.execute(_READY, values)).all()
    if not ready:
        raise NothingToPay(what_zh="已审批且未代发的款项", what_en="approved payment waiting")
    left_out = [out for out in (_left_out(row, wanted) for row in ready) if out is not None]
    missing = {out.item_id for out in left_out}
    payable = [row for row in ready if row.id not in missing]
    if not payable:
        raise BadInput([_missing_fault(out) for out in left_out])
    batches = []
    warnings: list[Fault] = []
    for start in range(0, len(payable), wanted.rows_max):
        rows = payable[start : start + wanted.rows_max]
        payments = [_payment(sealer, org_id, run, row, n) for n, row in enumerate(rows, start=1)]
        warnings += _warnings(wanted, payments)
        batches.append(
            await _write(session, sealer, run, wanted, rows, payments, made_by=made_by, today=today)
        )
    await session.execute(_EXPORTED, {"org": org_id, "batches": [batch.id for batch in batches]})
    return Export(batches=batches, left_out=left_out, warnings=warnings)


async def batch_of(
    session: ReadSession | WriteSession, *, org_id: int, batch_id: UUID
) -> BankBatch:
    """Return a batch of this organisation; raise `BatchNotFound`."""
    batch = await session.scalar(
        select(BankBatch).where(BankBatch.org_id == org_id, BankBatch.id == batch_id)
    )
    if batch is None:
        raise BatchNotFound
    return batch


def file_of(sealer: Sealer, batch: BankBatch) -> PaymentFile:
    """Return a batch's file byte for byte as it was made.

    Raises ``ValueError`` when the bytes are not those whose hash was kept.
    """
    content = sealer.open(batch.org_id, FILE_FIELD, str(batch.id), batch.file_sealed)
    clear = content.encode("latin-1")
    if hashlib.sha256(clear).digest() != batch.file_sha256:
        msg = f"the file of batch {batch.number} does not have its hash"
        raise ValueError(msg)
    return PaymentFile(number=batch.number, layout=layout(batch.layout_id), content=clear)


async def _write(
    session: WriteSession,
    sealer: Sealer,
    run: PayoutRun,
    wanted: Layout,
    rows: Sequence[Any],
    payments: Sequence[PaymentRow],
    *,
    made_by: UUID,
    today: date,
) -> BankBatch:
    """Keep one file and its rows; a payment that is live in another file is refused by its key."""
    content = write_batch(wanted, payments)
    key = new_id()
    number = f"DF{today:%Y%m%d}{key.int % 10**8:08d}"
    batch = BankBatch(
        org_id=run.org_id,
        id=key,
        run_id=run.id,
        number=number,
        layout_id=wanted.layout_id,
        file_name=f"{number}.{wanted.extension}",
        file_sealed=sealer.seal(run.org_id, FILE_FIELD, str(key), content.decode("latin-1")),
        file_sha256=hashlib.sha256(content).digest(),
        item_count=len(payments),
        total_fen=sum(payment.amount_fen for payment in payments),
        made_by=made_by,
    )
    session.add(batch)
    await session.flush()
    await session.execute(
        insert(BankBatchItem),
        [
            {
                "org_id": run.org_id,
                "batch_id": batch.id,
                "seq": payment.seq,
                "item_id": row.id,
                "account_id": row.account_id,
                "amount_fen": payment.amount_fen,
                "live": True,
            }
            for row, payment in zip(rows, payments, strict=True)
        ],
    )
    return batch


def _payment(sealer: Sealer, org_id: int, run: PayoutRun, row: Any, seq: int) -> PaymentRow:
    """Open what the file must hold in clear."""
    owner = "worker" if row.payee_kind == "worker" else "member"
    id_number = ""
    if row.id_number_sealed is not None:
        id_number = sealer.open(
            org_id, f"{owner}.id_number", str(row.person_id), row.id_number_sealed
        )
    return PaymentRow(
        seq=seq,
        account=sealer.open(org_id, "payee_account.number", str(row.account_id), row.number_sealed),
        name=row.holder_name,
        amount_fen=row.amount_fen,
        note={"rent": "土地租金", "wage": "务工收入", "dividend": "成员分红"}[run.kind],
        id_number=id_number,
        subject=_payee(row),
    )


def _left_out(row: Any, wanted: Layout) -> LeftOut | None:
    if row.account_id is None:
        reason = "no_account"
    elif "id_number" in wanted.columns and row.id_number_sealed is None:
        reason = "no_id_number"
    else:
        return None
    return LeftOut(
        item_id=row.id, seq=row.seq, payee=_payee(row), amount_fen=row.amount_fen, reason=reason
    )


def _payee(row: Any) -> str:
    """Name a payee without personal data: the payment's number and the masked name."""
    return f"{row.seq} {codes.mask_name(row.payee_name)}"


def _missing_fault(out: LeftOut) -> Fault:
    zh, en = "没有收款账户", "has no bank account on record"
    if out.reason == "no_id_number":
        zh, en = "没有户名对应的证件号码", "has no identity number for the account's holder"
    return Fault(code=out.reason.replace("_", "-"), zh=zh, en=en, row=out.seq, subject=out.payee)


def _warnings(wanted: Layout, payments: Sequence[PaymentRow]) -> list[Fault]:
    found = [
        warning
        for payment in payments
        for warning in codes.card_warnings(payment.account, row=payment.seq, field="account")
    ]
    if len(payments) < wanted.rows_min:
        zh = f"该银行每批至少 {wanted.rows_min} 笔，本批 {len(payments)} 笔"
        en = f"The bank takes at least {wanted.rows_min} payments; this file has {len(payments)}"
        found.append(Fault(code="too-few-rows", zh=zh, en=en))
    return found
