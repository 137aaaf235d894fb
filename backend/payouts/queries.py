"""Reads of payouts. Names and accounts leave here masked."""

from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import text

from backend.core import codes
from backend.core.db import ReadSession, WriteSession
from backend.core.pages import Page, decode_cursor, page_of
from backend.core.wire import Out
from backend.payouts import rules
from backend.payouts.bank_models import BankBatch
from backend.payouts.errors import RunNotFound
from backend.payouts.models import PayoutRun
from backend.payouts.schemas import (
    BatchOut,
    ExceptionOut,
    FlaggedOut,
    FlagOut,
    ItemOut,
    ItemSumOut,
    LineOut,
    RecordState,
    RunOut,
    RunState,
    RunWholeOut,
    WorkRecordOut,
)

Session = ReadSession | WriteSession
T = TypeVar("T", bound=Out)

_RECORDS = text(
    """
    SELECT w.*, k.name AS worker_name
    FROM work_record w JOIN worker k ON k.org_id = w.org_id AND k.id = w.worker_id
    WHERE w.org_id = :org AND (CAST(:state AS varchar) IS NULL OR w.state = :state)
      AND (CAST(:after AS uuid) IS NULL OR w.id > :after)
    ORDER BY w.id LIMIT :limit
    """
)
_RUNS = text(
    """
    SELECT * FROM payout_run
    WHERE org_id = :org AND (CAST(:kind AS varchar) IS NULL OR kind = :kind)
      AND (CAST(:state AS varchar) IS NULL OR state = :state)
      AND (CAST(:after AS uuid) IS NULL OR id > :after)
    ORDER BY id LIMIT :limit
    """
)
_LINES = text(
    """
    SELECT l.*, i.payee_name
    FROM payout_line l JOIN payment_item i ON i.org_id = l.org_id AND i.id = l.item_id
    WHERE l.org_id = :org AND l.run_id = :run AND l.seq > coalesce(
      (SELECT seq FROM payout_line WHERE org_id = :org AND id = CAST(:after AS uuid)), 0)
    ORDER BY l.seq LIMIT :limit
    """
)
_ITEMS = text(
    """
    SELECT i.*, a.number_mask AS account_mask
    FROM payment_item i
    LEFT JOIN payee_account a ON a.org_id = i.org_id AND a.id = i.account_id
    WHERE i.org_id = :org AND i.run_id = :run
      AND (CAST(:state AS varchar) IS NULL OR i.state = :state) AND i.seq > coalesce(
      (SELECT seq FROM payment_item WHERE org_id = :org AND id = CAST(:after AS uuid)), 0)
    ORDER BY i.seq LIMIT :limit
    """
)
_ITEM = text(
    """
    SELECT i.*, a.number_mask AS account_mask
    FROM payment_item i
    LEFT JOIN payee_account a ON a.org_id = i.org_id AND a.id = i.account_id
    WHERE i.org_id = :org AND i.id = :item
    """
)
_ITEM_SUMS = text(
    """
    SELECT state, count(*) AS count, sum(amount_fen)::bigint AS total_fen
    FROM payment_item WHERE org_id = :org AND run_id = :run GROUP BY state ORDER BY state
    """
)
# Each flag counts all its payments and shows the first twenty.
_MISSING = text(
    """
    SELECT i.id AS item_id, i.seq, i.payee_name, i.amount_fen, NULL::bigint AS last_fen,
           count(*) OVER () AS flagged
    FROM payment_item i
    WHERE i.org_id = :org AND i.run_id = :run AND i.state NOT IN ('paid', 'cancelled')
      AND NOT EXISTS (SELECT FROM payee_account a WHERE a.org_id = i.org_id
        AND a.owner_kind = i.payee_kind AND a.owner_id = i.payee_id AND a.superseded_at IS NULL)
    ORDER BY i.seq LIMIT 20
    """
)
_DOUBLED = text(
    """
    SELECT i.id AS item_id, i.seq, i.payee_name, i.amount_fen, o.amount_fen AS last_fen,
           count(*) OVER () AS flagged
    FROM payment_item i
    JOIN payment_item o ON o.org_id = i.org_id AND o.payee_kind = i.payee_kind
      AND o.payee_id = i.payee_id AND o.run_id = (
        SELECT r.id FROM payout_run r
        WHERE r.org_id = :org AND r.kind = :kind AND r.state IN ('approved', 'paid')
          AND r.id < :run ORDER BY r.id DESC LIMIT 1)
    WHERE i.org_id = :org AND i.run_id = :run AND i.amount_fen >= 2 * o.amount_fen
    ORDER BY i.seq LIMIT 20
    """
)
_COLLECTED = text(
    """
    SELECT coalesce(sum(credit_fen - debit_fen), 0) FROM account_balance
    WHERE org_id = :org AND account_code = :code
    """
)
_EXCEPTIONS = text(
    """
    SELECT e.*, r.batch_id
    FROM return_exception e JOIN bank_return r ON r.org_id = e.org_id AND r.id = e.return_id
    WHERE e.org_id = :org AND (CAST(:after AS uuid) IS NULL OR e.id > :after)
    ORDER BY e.id LIMIT :limit
    """
)


async def work_records(
    session: Session, *, org_id: int, state: RecordState | None, cursor: str | None, limit: int
) -> Page[WorkRecordOut]:
    """Return a page of work records in the order of their submission."""
    values = {"org": org_id, "state": state, "after": decode_cursor(cursor), "limit": limit + 1}
    rows = (await session.execute(_RECORDS, values)).all()
    shown = [_masked(WorkRecordOut, row, "worker_name") for row in rows]
    return page_of(shown, limit, [row.id for row in rows])


async def runs(
    session: Session,
    *,
    org_id: int,
    kind: rules.Kind | None,
    state: RunState | None,
    cursor: str | None,
    limit: int,
) -> Page[RunOut]:
    """Return a page of runs in the order of their computation."""
    values = {
        "org": org_id,
        "kind": kind,
        "state": state,
        "after": decode_cursor(cursor),
        "limit": limit + 1,
    }
    rows = (await session.execute(_RUNS, values)).all()
    return page_of([RunOut.model_validate(row) for row in rows], limit, [row.id for row in rows])


async def run(session: Session, *, org_id: int, run_id: UUID) -> RunWholeOut:
    """Return a run with the sums of its payments and its flags; raise `RunNotFound`."""
    found = await session.get(PayoutRun, (org_id, run_id))
    if found is None:
        raise RunNotFound
    values = {"org": org_id, "run": run_id}
    sums = (await session.execute(_ITEM_SUMS, values)).all()
    return RunWholeOut(
        **RunOut.model_validate(found).model_dump(),
        payments=[ItemSumOut.model_validate(row) for row in sums],
        flags=await _flags(session, found),
    )


async def lines(
    session: Session, *, org_id: int, run_id: UUID, cursor: str | None, limit: int
) -> Page[LineOut]:
    """Return a page of a run's lines, payee by payee; raise `RunNotFound`."""
    await _known(session, org_id, run_id)
    values = {"org": org_id, "run": run_id, "after": decode_cursor(cursor), "limit": limit + 1}
    rows = (await session.execute(_LINES, values)).all()
    shown = [_masked(LineOut, row, "payee_name") for row in rows]
    return page_of(shown, limit, [row.id for row in rows])


async def items(
    session: Session,
    *,
    org_id: int,
    run_id: UUID,
    state: str | None,
    cursor: str | None,
    limit: int,
) -> Page[ItemOut]:
    """Return a page of a run's payments; raise `RunNotFound`."""
    await _known(session, org_id, run_id)
    values = {
        "org": org_id,
        "run": run_id,
        "state": state,
        "after": decode_cursor(cursor),
        "limit": limit + 1,
    }
    rows = (await session.execute(_ITEMS, values)).all()
    shown = [_masked(ItemOut, row, "payee_name") for row in rows]
    return page_of(shown, limit, [row.id for row in rows])


async def item(session: Session, *, org_id: int, item_id: UUID) -> ItemOut:
    """Return one payment that is known to exist."""
    row = (await session.execute(_ITEM, {"org": org_id, "item": item_id})).one()
    return _masked(ItemOut, row, "payee_name")


async def batches(session: Session, *, org_id: int, run_id: UUID) -> list[BatchOut]:
    """Return a run's bank files without their bytes; raise `RunNotFound`."""
    await _known(session, org_id, run_id)
    rows = await session.execute(
        text(
            "SELECT id, run_id, number, layout_id, file_name, encode(file_sha256, 'hex') AS sha256,"
            " item_count, total_fen, state FROM bank_batch"
            " WHERE org_id = :org AND run_id = :run ORDER BY id"
        ),
        {"org": org_id, "run": run_id},
    )
    return [BatchOut.model_validate(row) for row in rows]


def batch_out(batch: BankBatch) -> BatchOut:
    """Return a bank file as it is shown, its hash in hexadecimal."""
    named = {name: getattr(batch, name) for name in BatchOut.model_fields if name != "sha256"}
    return BatchOut(**named, sha256=batch.file_sha256.hex())


async def exceptions(
    session: Session, *, org_id: int, cursor: str | None, limit: int
) -> Page[ExceptionOut]:
    """Return a page of rows of returns that fit no payment under way."""
    values = {"org": org_id, "after": decode_cursor(cursor), "limit": limit + 1}
    rows = (await session.execute(_EXCEPTIONS, values)).all()
    return page_of(
        [ExceptionOut.model_validate(row) for row in rows], limit, [row.id for row in rows]
    )


async def _flags(session: Session, found: PayoutRun) -> list[FlagOut]:
    values = {"org": found.org_id, "run": found.id, "kind": found.kind}
    flags = []
    missing = (await session.execute(_MISSING, values)).all()
    if missing:
        flags.append(_flag("missing-account", missing))
    doubled = (await session.execute(_DOUBLED, values)).all()
    if doubled:
        flags.append(_flag("doubled", doubled))
    if (
        found.parameters.get("transferee_kind") == rules.Transferee.OPERATOR
        and found.state in ("computed", "noticed")
        and await _collected_fen(session, found.org_id) < found.total_fen
    ):
        flags.append(FlagOut(code="rent-not-collected", count=1, shown=[]))
    return flags


async def _collected_fen(session: Session, org_id: int) -> int:
    code = rules.accounts_of("village_2023_14").rent_collected
    return int(await session.scalar(_COLLECTED, {"org": org_id, "code": code}) or 0)


def _flag(code: Any, rows: Any) -> FlagOut:
    return FlagOut(
        code=code,
        count=rows[0].flagged,
        shown=[_masked(FlaggedOut, row, "payee_name") for row in rows],
    )


async def _known(session: Session, org_id: int, run_id: UUID) -> None:
    """Raise `RunNotFound` unless the run is this organisation's."""
    if not await session.scalar(
        text("SELECT 1 FROM payout_run WHERE org_id = :org AND id = :run"),
        {"org": org_id, "run": run_id},
    ):
        raise RunNotFound


def _masked(shape: type[T], row: Any, name: str) -> T:
    """Return the answer's shape of a row with the person's name masked."""
    values = {field: getattr(row, field) for field in shape.model_fields}
    return shape(**values | {name: codes.mask_name(values[name])})
