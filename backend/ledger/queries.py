"""Reads of the books."""

from typing import Any
from uuid import UUID

from sqlalchemy import text

from backend.core.db import ReadSession, WriteSession
from backend.core.pages import Page, decode_cursor, page_of
from backend.ledger.errors import VoucherNotFound
from backend.ledger.schemas import (
    AccountOut,
    BalanceRowOut,
    PeriodOut,
    PostingOut,
    TrialBalanceOut,
    VoucherOut,
    VoucherWholeOut,
)
from backend.ledger.service import voucher_label

_VOUCHER = """
SELECT v.*, (SELECT sum(p.debit_fen) FROM posting p
             WHERE p.org_id = v.org_id AND p.voucher_id = v.id) AS total_fen
FROM voucher v WHERE v.org_id = :org
"""
# Three sums a leaf from the table that the posting trigger keeps; the history is never scanned.
_BALANCES = text(
    """
    SELECT a.code, a.name, a.is_leaf, a.parent_code,
      coalesce(sum(b.debit_fen - b.credit_fen) FILTER (WHERE b.period < :period), 0) AS opening,
      coalesce(sum(b.debit_fen) FILTER (WHERE b.period = :period), 0) AS period_debit,
      coalesce(sum(b.credit_fen) FILTER (WHERE b.period = :period), 0) AS period_credit,
      coalesce(sum(b.debit_fen) FILTER (WHERE b.period > :year), 0) AS year_debit,
      coalesce(sum(b.credit_fen) FILTER (WHERE b.period > :year), 0) AS year_credit
    FROM ledger_account a
    LEFT JOIN account_balance b
      ON b.org_id = a.org_id AND b.account_code = a.code AND b.period <= :period
    WHERE a.org_id = :org GROUP BY a.org_id, a.code ORDER BY a.code
    """
)


async def accounts(session: ReadSession, *, org_id: int) -> list[AccountOut]:
    """Return the chart, by code."""
    rows = await session.execute(
        text(
            "SELECT code, name, class AS account_class, normal_side, parent_code, is_leaf"
            " FROM ledger_account WHERE org_id = :org ORDER BY code"
        ),
        {"org": org_id},
    )
    return [AccountOut.model_validate(row) for row in rows]


async def periods(session: ReadSession, *, org_id: int) -> list[PeriodOut]:
    """Return the months in use."""
    rows = await session.execute(
        text("SELECT period, state FROM period WHERE org_id = :org ORDER BY period"),
        {"org": org_id},
    )
    return [PeriodOut.model_validate(row) for row in rows]


async def vouchers(
    session: ReadSession, *, org_id: int, period: int | None, cursor: str | None, limit: int
) -> Page[VoucherOut]:
    """Return a page of vouchers in the order of their recording."""
    rows = (
        await session.execute(
            text(
                f"""{_VOUCHER} AND (CAST(:period AS int) IS NULL OR v.period = :period)
                AND (CAST(:after AS uuid) IS NULL OR v.id > :after) ORDER BY v.id LIMIT :limit"""
            ),
            {
                "org": org_id,
                "period": period,
                "after": decode_cursor(cursor),
                "limit": limit + 1,
            },
        )
    ).all()
    return page_of([_voucher(row) for row in rows], limit, [row.id for row in rows])


async def voucher(
    session: ReadSession | WriteSession, *, org_id: int, voucher_id: UUID
) -> VoucherWholeOut:
    """Return one voucher with its lines; raise `VoucherNotFound`."""
    values = {"org": org_id, "id": voucher_id}
    row = (await session.execute(text(f"{_VOUCHER} AND v.id = :id"), values)).first()
    if row is None:
        raise VoucherNotFound
    lines = await session.execute(
        text(
            """
            SELECT p.line, p.account_code, a.name AS account_name, p.summary, p.debit_fen,
                   p.credit_fen, p.party, p.contract_id
            FROM posting p
            JOIN ledger_account a ON a.org_id = p.org_id AND a.code = p.account_code
            WHERE p.org_id = :org AND p.voucher_id = :id ORDER BY p.line
            """
        ),
        values,
    )
    return VoucherWholeOut(
        **_voucher(row).model_dump(), lines=[PostingOut.model_validate(line) for line in lines]
    )


async def trial_balance(
    session: ReadSession | WriteSession, *, org_id: int, period: int
) -> TrialBalanceOut:
    """Return 科目余额表 of a month, first-level accounts summed over their details.

    A detail's balance stands on the side of its sign; a parent shows the sums of its details'
    sides, so that 113 is split by detail and every pair of sums stays equal.
    """
    found = await session.execute(
        _BALANCES, {"org": org_id, "period": period, "year": period // 100 * 100}
    )
    rows = {row.code: row for row in found}
    leaves = {code: _leaf_row(row) for code, row in rows.items() if row.is_leaf}
    whole = [
        leaves[code] if row.is_leaf else _parent_row(row, leaves) for code, row in rows.items()
    ]
    used = [row for row in whole if _moved(row)]
    return TrialBalanceOut(
        period=period,
        rows=used,
        opening_difference_fen=_difference(leaves, "opening"),
        period_difference_fen=_difference(leaves, "period"),
        closing_difference_fen=_difference(leaves, "closing"),
    )


def _leaf_row(row: Any) -> BalanceRowOut:
    opening = int(row.opening)
    closing = opening + int(row.period_debit) - int(row.period_credit)
    return BalanceRowOut(
        code=row.code,
        name=row.name,
        is_leaf=True,
        opening_debit_fen=max(opening, 0),
        opening_credit_fen=max(-opening, 0),
        period_debit_fen=int(row.period_debit),
        period_credit_fen=int(row.period_credit),
        year_debit_fen=int(row.year_debit),
        year_credit_fen=int(row.year_credit),
        closing_debit_fen=max(closing, 0),
        closing_credit_fen=max(-closing, 0),
    )


def _parent_row(row: Any, leaves: dict[str, BalanceRowOut]) -> BalanceRowOut:
    below = [leaf for code, leaf in leaves.items() if code.startswith(row.code)]
    sums = {
        name: sum(getattr(leaf, name) for leaf in below)
        for name in BalanceRowOut.model_fields
        if name.endswith("_fen")
    }
    return BalanceRowOut(code=row.code, name=row.name, is_leaf=False, **sums)


def _moved(row: BalanceRowOut) -> bool:
    return any(getattr(row, name) for name in BalanceRowOut.model_fields if name.endswith("_fen"))


def _difference(leaves: dict[str, BalanceRowOut], column: str) -> int:
    return sum(
        getattr(row, f"{column}_debit_fen") - getattr(row, f"{column}_credit_fen")
        for row in leaves.values()
    )


def _voucher(row: Any) -> VoucherOut:
    values = {name: getattr(row, name) for name in VoucherOut.model_fields if name != "label"}
    return VoucherOut(
        **values | {"total_fen": int(row.total_fen)},
        label=voucher_label(row.period, row.number),
    )
