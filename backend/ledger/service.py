"""The ledger's verbs: open books, post, reverse, close a period."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import TextClause, func, insert, text
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.exc import DBAPIError
from sqlmodel import col, select

from backend.core.db import WriteSession
from backend.core.ids import new_id
from backend.ledger import rules
from backend.ledger.charts import chart
from backend.ledger.errors import (
    AlreadyBooked,
    AlreadyReversed,
    BooksAlreadyOpen,
    DraftNotWaiting,
    NoSuchMonth,
    PeriodClosed,
    PeriodNotReady,
    ReviewedByMaker,
    VoucherNotFound,
    VoucherUnsound,
)
from backend.ledger.models import LedgerAccount, Period, Posting, Voucher, VoucherDraft
from backend.ledger.rules import Line

_PERIOD_NOT_OPEN = "TG001"


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """What stands above a voucher's lines. One voucher exists for each (source_kind, source_id)."""

    org_id: int
    booked_on: date
    summary: str
    source_kind: str
    source_id: str
    maker_id: UUID
    reviewer_id: UUID | None = None
    attachments: int = 0
    reverses: UUID | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Posted:
    """A voucher that now stands in the books; ``number`` is the month's."""

    id: UUID
    period: int
    number: int

    @property
    def label(self) -> str:
        """Return the voucher's name as people write it: 记-2026-07-0012."""
        return voucher_label(self.period, self.number)


def voucher_label(period: int, number: int) -> str:
    """Return a voucher's name from its month and number."""
    return f"记-{period // 100}-{period % 100:02d}-{number:04d}"


async def open_books(
    session: WriteSession, *, org_id: int, chart_id: str, first_period: int
) -> None:
    """Copy a chart's accounts for the organisation and open its first month.

    Raises `BooksAlreadyOpen`, `NoSuchMonth` and `UnknownChart`.
    """
    if not rules.is_period(first_period):
        raise NoSuchMonth(period=first_period)
    if await session.scalar(select(LedgerAccount.code).where(LedgerAccount.org_id == org_id)):
        raise BooksAlreadyOpen
    accounts = [
        {
            "org_id": org_id,
            "code": account.code,
            "name": account.name,
            "account_class": account.account_class,
            "normal_side": account.normal_side,
            "parent_code": account.parent_code,
            "is_leaf": account.is_leaf,
        }
        for account in chart(chart_id)
    ]
    await session.execute(insert(LedgerAccount), accounts)
    session.add(Period(org_id=org_id, period=first_period))
    await session.execute(
        text(
            "INSERT INTO org_profile (org_id, chart_id) VALUES (:org, :chart)"
            " ON CONFLICT (org_id) DO UPDATE SET chart_id = :chart"
        ),
        {"org": org_id, "chart": chart_id},
    )
    await session.flush()


async def post(session: WriteSession, header: Header, lines: Sequence[Line]) -> Posted:
    """Write a voucher with its lines.

    Raises `VoucherUnsound` with every fault, `PeriodClosed`, `AlreadyBooked`. The database checks
    the balance once more when the transaction ends.
    """
    await _check_lines(session, header.org_id, lines)
    posted = await _write_header(session, header)
    await session.execute(
        insert(Posting),
        [
            {
                "org_id": header.org_id,
                "voucher_id": posted.id,
                "line": number,
                "account_code": line.account_code,
                "summary": line.summary,
                "debit_fen": line.debit_fen,
                "credit_fen": line.credit_fen,
                "party": line.party,
                "contract_id": line.contract_id,
                "season": line.season,
                "stage": line.stage,
            }
            for number, line in enumerate(lines, start=1)
        ],
    )
    return posted


async def post_set(
    session: WriteSession, header: Header, lines: TextClause, parameters: Mapping[str, Any]
) -> Posted:
    """Write a voucher whose lines a SELECT computes, for runs of any size.

    ``lines`` yields account_code, summary, debit_fen, credit_fen, party, contract_id, season,
    stage in that order, in the order of the voucher. The database's guards are the same.
    """
    posted = await _write_header(session, header)
    await session.execute(
        text(
            f"""
            INSERT INTO posting (org_id, voucher_id, line, account_code, summary, debit_fen,
                                 credit_fen, party, contract_id, season, stage)
            SELECT :posting_org, :posting_voucher, row_number() OVER (), l.*
            FROM ({lines.text}) l
            """  # noqa: S608 -- the SELECT is a constant of the calling slice
        ),
        {**parameters, "posting_org": header.org_id, "posting_voucher": posted.id},
    )
    return posted


async def reverse(
    session: WriteSession,
    *,
    org_id: int,
    voucher_id: UUID,
    booked_on: date,
    maker_id: UUID,
    reviewer_id: UUID | None = None,
) -> Posted:
    """Cancel a voucher by its red copy (会计基础工作规范: 注销某月某日某号凭证).

    Raises `VoucherNotFound`, `AlreadyReversed`, `PeriodClosed`.
    """
    original = await session.get(Voucher, (org_id, voucher_id))
    if original is None:
        raise VoucherNotFound
    label = voucher_label(original.period, original.number)
    if await session.scalar(
        select(Voucher.id).where(Voucher.org_id == org_id, Voucher.reverses == voucher_id)
    ):
        raise AlreadyReversed(number=label)
    summary = f"注销{original.booked_on.month}月{original.booked_on.day}日{label}号凭证"
    postings = await session.scalars(
        select(Posting)
        .where(Posting.org_id == org_id, Posting.voucher_id == voucher_id)
        .order_by(col(Posting.line))
    )
    lines = [_line_of(posting).reversed(summary) for posting in postings]
    header = Header(
        org_id=org_id,
        booked_on=booked_on,
        summary=summary,
        source_kind="reversal",
        source_id=str(voucher_id),
        maker_id=maker_id,
        reviewer_id=reviewer_id,
        reverses=voucher_id,
    )
    return await post(session, header, lines)


async def draft_voucher(
    session: WriteSession,
    *,
    org_id: int,
    booked_on: date,
    summary: str,
    attachments: int,
    lines: Sequence[Line],
    maker_id: UUID,
) -> VoucherDraft:
    """Keep a voucher for review by a second person; raise `VoucherUnsound` with every fault."""
    await _check_lines(session, org_id, lines)
    draft = VoucherDraft(
        org_id=org_id,
        booked_on=booked_on,
        summary=summary,
        attachments=attachments,
        lines=[
            {
                "account_code": line.account_code,
                "summary": line.summary,
                "debit_fen": line.debit_fen,
                "credit_fen": line.credit_fen,
                "party": line.party,
            }
            for line in lines
        ],
        maker_id=maker_id,
    )
    session.add(draft)
    await session.flush()
    return draft


async def review_draft(
    session: WriteSession, *, org_id: int, draft_id: UUID, reviewer_id: UUID
) -> Posted:
    """Post a draft as its reviewer; raise `ReviewedByMaker`, `DraftNotWaiting`, `PeriodClosed`."""
    draft = await session.scalar(
        select(VoucherDraft)
        .where(VoucherDraft.org_id == org_id, VoucherDraft.id == draft_id)
        .with_for_update()
    )
    if draft is None:
        raise VoucherNotFound
    if draft.state != "waiting":
        raise DraftNotWaiting
    if draft.maker_id == reviewer_id:
        raise ReviewedByMaker
    header = Header(
        org_id=org_id,
        booked_on=draft.booked_on,
        summary=draft.summary,
        source_kind="manual",
        source_id=str(draft.id),
        maker_id=draft.maker_id,
        reviewer_id=reviewer_id,
        attachments=draft.attachments,
    )
    posted = await post(session, header, [Line(**line) for line in draft.lines])
    draft.state, draft.voucher_id = "posted", posted.id
    draft.row_version += 1
    await session.flush()
    return posted


async def close_period(
    session: WriteSession, *, org_id: int, period: int, closed_by: UUID, now: datetime
) -> None:
    """Close a month: nothing more is booked in it. The months before must be closed.

    Raises `PeriodClosed` when it is not open, `PeriodNotReady` with the reason.
    """
    row = await session.scalar(
        select(Period).where(Period.org_id == org_id, Period.period == period).with_for_update()
    )
    if row is None or row.state != "open":
        raise PeriodClosed(period=period)
    earlier = await session.scalar(
        select(func.min(Period.period)).where(
            Period.org_id == org_id, Period.period < period, Period.state == "open"
        )
    )
    if earlier is not None:
        raise PeriodNotReady(
            period=period, reason_zh=f"{earlier} 尚未结账", reason_en=f"{earlier} is still open"
        )
    waiting = await session.scalar(
        text(
            "SELECT count(*) FROM voucher_draft WHERE org_id = :org AND state = 'waiting'"
            " AND to_char(booked_on, 'YYYYMM')::int = :period"
        ),
        {"org": org_id, "period": period},
    )
    if waiting:
        raise PeriodNotReady(
            period=period,
            reason_zh=f"有 {waiting} 张凭证待审核",
            reason_en=f"{waiting} vouchers wait for review",
        )
    row.state, row.closed_at, row.closed_by = "closed", now, closed_by
    await session.flush()


async def _check_lines(session: WriteSession, org_id: int, lines: Sequence[Line]) -> None:
    """Raise `VoucherUnsound` with every fault that the lines have in this chart."""
    leaves = frozenset(
        await session.scalars(
            select(LedgerAccount.code).where(
                LedgerAccount.org_id == org_id, col(LedgerAccount.is_leaf).is_(True)
            )
        )
    )
    faults = rules.faults_of(lines, leaves)
    if faults:
        raise VoucherUnsound(faults=faults, count=len(faults))


async def _write_header(session: WriteSession, header: Header) -> Posted:
    """Insert the voucher row; the database gives the number and refuses a closed month."""
    await _ensure_period(session, header.org_id, rules.period_of(header.booked_on))
    if await session.scalar(
        select(Voucher.id).where(
            Voucher.org_id == header.org_id,
            Voucher.source_kind == header.source_kind,
            Voucher.source_id == header.source_id,
        )
    ):
        raise AlreadyBooked
    values = {
        "id": new_id(),
        "period": rules.period_of(header.booked_on),
        "number": 0,
        "org_id": header.org_id,
        "booked_on": header.booked_on,
        "summary": header.summary,
        "source_kind": header.source_kind,
        "source_id": header.source_id,
        "maker_id": header.maker_id,
        "reviewer_id": header.reviewer_id,
        "attachments": header.attachments,
        "reverses": header.reverses,
    }
    try:
        row = (
            await session.execute(
                insert(Voucher)
                .values(**values)
                .returning(col(Voucher.id), col(Voucher.period), col(Voucher.number))
            )
        ).one()
    except DBAPIError as error:
        if getattr(error.orig, "sqlstate", None) == _PERIOD_NOT_OPEN:
            raise PeriodClosed(period=rules.period_of(header.booked_on)) from error
        raise
    return Posted(id=row.id, period=row.period, number=row.number)


async def _ensure_period(session: WriteSession, org_id: int, period: int) -> None:
    """Open ``period`` when it is the first use of a month after the books' beginning."""
    row = await session.execute(
        text(
            "SELECT min(period) AS first, max(period) FILTER (WHERE state = 'closed') AS closed"
            " FROM period WHERE org_id = :org"
        ),
        {"org": org_id},
    )
    first, last_closed = row.one()
    if first is None or period < first or (last_closed is not None and period <= last_closed):
        raise PeriodClosed(period=period)
    await session.execute(
        upsert(Period).values(org_id=org_id, period=period, state="open").on_conflict_do_nothing()
    )


def _line_of(posting: Posting) -> Line:
    return Line(
        account_code=posting.account_code,
        summary=posting.summary,
        debit_fen=posting.debit_fen,
        credit_fen=posting.credit_fen,
        party=posting.party,
        contract_id=posting.contract_id,
        season=posting.season,
        stage=posting.stage,
    )
