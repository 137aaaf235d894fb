"""A run's way: laid open, approved by a second person, or cancelled; a failed payment again."""

from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy import text
from sqlmodel import col, select

from backend.core.db import WriteSession
from backend.payouts import dividends, rules
from backend.payouts.booking import book_accrual
from backend.payouts.errors import (
    AccountNotChanged,
    ApprovedByMaker,
    NotAllowedNow,
    NoticeRunning,
    NoticeTooShort,
    PayeeWithoutAccount,
    PaymentNotFound,
    RunNotFound,
    TotalsDiffer,
)
from backend.payouts.models import PaymentItem, PayoutRun

_STEPS = {"lay_open": ("公示", "laid open"), "approve": ("审批", "approved"),
          "cancel": ("作废", "cancelled"), "reissue": ("重新发放", "issued again")}  # fmt: skip
_SUMS = text(
    """
    WITH line AS (
      SELECT item_id, sum(amount_fen) AS fen, count(*) AS lines
      FROM payout_line WHERE org_id = :org AND run_id = :run GROUP BY item_id)
    SELECT coalesce(sum(line.lines), 0) AS line_count, coalesce(sum(line.fen), 0) AS lines_fen,
           coalesce(sum(i.amount_fen), 0) AS items_fen,
           count(*) FILTER (WHERE line.fen IS DISTINCT FROM i.amount_fen) AS differing
    FROM line
    FULL JOIN (SELECT id, amount_fen FROM payment_item WHERE org_id = :org AND run_id = :run) i
      ON i.id = line.item_id
    """
)


async def locked_run(session: WriteSession, org_id: int, run_id: UUID) -> PayoutRun:
    """Return a run, locked: every command on one run takes its turn. Raises `RunNotFound`."""
    run = await session.scalar(
        select(PayoutRun)
        .where(PayoutRun.org_id == org_id, PayoutRun.id == run_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if run is None:
        raise RunNotFound
    return run


async def lay_open(
    session: WriteSession, *, org_id: int, run_id: UUID, days: int | None, today: date
) -> PayoutRun:
    """Begin the public notice today, for ``days`` or the fewest that the rule allows.

    From now on nothing of the run changes. Raises `RunNotFound`, `NotAllowedNow`,
    `NoticeTooShort`.
    """
    run = await locked_run(session, org_id, run_id)
    _check_state(run.state, "lay_open", "computed")
    least = rules.notice_days(run.kind, today)
    if days is not None and days < least:
        raise NoticeTooShort(days=least)
    run.notice_from = today
    run.notice_until = today + timedelta(days=(days or least) - 1)
    run.state = "noticed"
    run.row_version += 1
    await session.flush()
    return run


async def approve(
    session: WriteSession,
    *,
    org_id: int,
    run_id: UUID,
    approver_id: UUID,
    now: datetime,
    today: date,
) -> PayoutRun:
    """Approve a run as a second person and book what it owes, in a serializable session.

    The sums are computed again from the lines. Raises `RunNotFound`, `NotAllowedNow`,
    `NoticeRunning`, `ApprovedByMaker`, `TotalsDiffer`, ``RentNotCollected``, ``PeriodClosed``;
    for a dividend what ``dividends.plan`` refuses when the books changed since.
    """
    run = await locked_run(session, org_id, run_id)
    _check_state(run.state, "approve", "noticed")
    if run.maker_id == approver_id:
        raise ApprovedByMaker
    if run.notice_until is None or today <= run.notice_until:
        raise NoticeRunning(until=run.notice_until)
    await _check_sums(session, run)
    if run.kind == "dividend":
        await _check_distribution(session, run)
    posted = await book_accrual(session, run, approver_id=approver_id, today=today)
    run.state, run.approver_id, run.approved_at = "approved", approver_id, now
    run.accrual_voucher_id = posted.id
    run.row_version += 1
    await session.flush()
    await _move_items(session, run, "approved")
    return run


async def cancel(session: WriteSession, *, org_id: int, run_id: UUID) -> PayoutRun:
    """Cancel a run that is not approved: its claims are free again, its work is to be paid again.

    Raises `RunNotFound`, `NotAllowedNow`.
    """
    run = await locked_run(session, org_id, run_id)
    _check_state(run.state, "cancel", "computed", "noticed")
    run.state = "cancelled"
    run.row_version += 1
    await session.flush()
    await _move_items(session, run, "cancelled")
    values = {"org": org_id, "run": run.id}
    await session.execute(
        text("UPDATE payout_line SET void = true WHERE org_id = :org AND run_id = :run"), values
    )
    if run.kind == "wage":
        await session.execute(
            text(
                "UPDATE work_record w SET state = 'confirmed' FROM payout_line l"
                " WHERE l.org_id = :org AND l.run_id = :run"
                " AND w.org_id = l.org_id AND w.id = l.source_id"
            ),
            values,
        )
    return run


async def reissue(session: WriteSession, *, org_id: int, item_id: UUID) -> PaymentItem:
    """Make a failed payment ready for the next bank file.

    Raises `PaymentNotFound`, `NotAllowedNow`, `PayeeWithoutAccount` and, when the bank refused
    the account itself, `AccountNotChanged` until another one is set.
    """
    run_id = await session.scalar(
        select(PaymentItem.run_id).where(PaymentItem.org_id == org_id, PaymentItem.id == item_id)
    )
    if run_id is None:
        raise PaymentNotFound
    await locked_run(session, org_id, run_id)
    item = (
        await session.scalars(
            select(PaymentItem)
            .where(PaymentItem.org_id == org_id, col(PaymentItem.id) == item_id)
            .execution_options(populate_existing=True)
        )
    ).one()
    _check_state(item.state, "reissue", "failed")
    account_id = await session.scalar(
        text(
            "SELECT id FROM payee_account WHERE org_id = :org AND owner_kind = :kind"
            " AND owner_id = :owner AND superseded_at IS NULL"
        ),
        {"org": org_id, "kind": item.payee_kind, "owner": item.payee_id},
    )
    if account_id is None:
        raise PayeeWithoutAccount
    if account_id == item.account_id and item.failure in rules.NEW_ACCOUNT_NEEDED:
        raise AccountNotChanged(failure=item.failure)
    item.state = "approved"
    await session.flush()
    return item


async def _check_sums(session: WriteSession, run: PayoutRun) -> None:
    """Compare the lines, payment by payment, with the payments and the run's total."""
    sums = (await session.execute(_SUMS, {"org": run.org_id, "run": run.id})).one()
    agree = sums.lines_fen == sums.items_fen == run.total_fen
    if not agree or sums.differing or sums.line_count != run.line_count:
        raise TotalsDiffer(
            total_fen=run.total_fen, lines_fen=sums.lines_fen, items_fen=sums.items_fen
        )


async def _check_distribution(session: WriteSession, run: PayoutRun) -> None:
    """Ask the books again whether the year still allows what was computed from it."""
    shares = await dividends.plan(
        session,
        org_id=run.org_id,
        year=run.parameters["year"],
        reserve_permille=run.parameters["reserve_permille"],
        pool_fen=run.total_fen,
    )
    if shares.reserve_fen != run.parameters["reserve_fen"]:
        raise TotalsDiffer(
            total_fen=run.total_fen + int(run.parameters["reserve_fen"]),
            lines_fen=run.total_fen,
            items_fen=shares.pool_fen + shares.reserve_fen,
        )


async def _move_items(session: WriteSession, run: PayoutRun, state: str) -> None:
    await session.execute(
        text("UPDATE payment_item SET state = :state WHERE org_id = :org AND run_id = :run"),
        {"state": state, "org": run.org_id, "run": run.id},
    )


def _check_state(state: str, step: str, *allowed: str) -> None:
    if state not in allowed:
        step_zh, step_en = _STEPS[step]
        raise NotAllowedNow(state=state, step_zh=step_zh, step_en=step_en)
