"""The year's end: income and expense to the year's result, the result to what is undistributed."""

from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import TextClause, text

from backend.core.db import ReadSession, WriteSession
from backend.core.errors import Conflict
from backend.ledger.service import Header, Posted, post_set

_EQUITY = {"village_2023_14": ("321", "32202"), "coop_2021_37": ("331", "33202")}
"""Result of the year and undistributed result (本年收益/盈余, 未分配) by chart of accounts."""

SOURCE_KIND = "carry_forward"
"""``Voucher.source_kind`` of both closing vouchers; their ``source_id`` begins with the year."""


class YearNotOver(Conflict):
    """The year still runs; its result is not known."""

    zh = "{year} 年尚未结束，不能年终结转"
    en = "The year {year} is not over"


class BooksNotOpen(Conflict):
    """The organisation keeps no books."""

    zh = "该组织尚未建账"
    en = "The organisation has no books"


class YearCarriedForward(Conflict):
    """No income, expense or result of the year is left to carry forward."""

    zh = "{year} 年没有待结转的收支"
    en = "Nothing of the year {year} is left to carry forward"


@dataclass(frozen=True, slots=True, kw_only=True)
class YearResult:
    """A year's balances in fen; credits are positive, so a profit is.

    ``open_fen`` is what still stands on income, expense and result accounts, by magnitude: zero
    when the year was carried forward. ``net_fen`` is what carrying forward brought to the
    undistributed result, ``closing_fen`` the appropriation account (收益分配) at the year's end
    and ``later_fen`` what other vouchers changed on it afterwards.
    """

    open_fen: int
    net_fen: int
    closing_fen: int
    later_fen: int


# Each account is cleared on the side opposite to its balance; 321 takes the sums by class.
_CLEAR = text(
    """
    WITH left_over AS (
      SELECT a.code, a.class, sum(b.debit_fen - b.credit_fen) AS fen
      FROM ledger_account a
      JOIN account_balance b ON b.org_id = a.org_id AND b.account_code = a.code
      WHERE a.org_id = :org AND a.class IN ('income', 'expense') AND b.period <= :last
      GROUP BY a.code, a.class HAVING sum(b.debit_fen - b.credit_fen) <> 0),
    moved AS (
      SELECT 1 AS part, code, -fen AS fen FROM left_over
      UNION ALL
      SELECT 2, CAST(:result AS varchar), sum(fen) FROM left_over GROUP BY class
      HAVING sum(fen) <> 0)
    SELECT code, CAST(:summary AS varchar), greatest(fen, 0)::bigint, greatest(-fen, 0)::bigint,
           NULL::varchar, NULL::uuid, NULL::varchar, NULL::varchar
    FROM moved ORDER BY part, code, fen
    """
)
_CARRY = text(
    """
    WITH result AS (
      SELECT sum(debit_fen - credit_fen) AS fen FROM account_balance
      WHERE org_id = :org AND account_code = :result AND period <= :last),
    moved AS (
      SELECT 1 AS part, CAST(:result AS varchar) AS code, -fen AS fen FROM result
      UNION ALL SELECT 2, CAST(:undistributed AS varchar), fen FROM result)
    SELECT code, CAST(:summary AS varchar), greatest(fen, 0)::bigint, greatest(-fen, 0)::bigint,
           NULL::varchar, NULL::uuid, NULL::varchar, NULL::varchar
    FROM moved ORDER BY part
    """
)
_OPEN = text(
    """
    SELECT count(*) FILTER (WHERE class IN ('income', 'expense')) AS accounts,
           coalesce(sum(fen) FILTER (WHERE class = 'equity'), 0) AS result_fen,
           coalesce(sum(abs(fen)), 0) AS open_fen
    FROM (
      SELECT a.code, a.class, sum(b.debit_fen - b.credit_fen) AS fen
      FROM ledger_account a
      JOIN account_balance b ON b.org_id = a.org_id AND b.account_code = a.code
      WHERE a.org_id = :org AND b.period <= :last
        AND (a.class IN ('income', 'expense') OR a.code = :result)
      GROUP BY a.code, a.class HAVING sum(b.debit_fen - b.credit_fen) <> 0) left_over
    """
)
_RESULT = text(
    """
    SELECT coalesce(sum(p.credit_fen - p.debit_fen) FILTER (
             WHERE v.period BETWEEN :first AND :last AND v.source_kind = :kind), 0) AS net_fen,
           coalesce(sum(p.credit_fen - p.debit_fen) FILTER (WHERE v.period <= :last), 0)
             AS closing_fen,
           coalesce(sum(p.credit_fen - p.debit_fen) FILTER (
             WHERE v.period > :last AND v.source_kind <> :kind), 0) AS later_fen
    FROM posting p JOIN voucher v ON v.org_id = p.org_id AND v.id = p.voucher_id
    WHERE p.org_id = :org AND p.account_code LIKE :appropriation
    """
)


async def carry_forward(
    session: WriteSession, *, org_id: int, year: int, maker_id: UUID, today: date
) -> list[Posted]:
    """Book 年终结转 on 31 December: income and expense to 321, 321 to 322 (coop: 331, 332).

    What is booked in the year afterwards is carried by another call. Returns one voucher or two.
    Raises `YearNotOver`, `BooksNotOpen`, `YearCarriedForward`, ``PeriodClosed``. Run it in a
    serializable unit of work: it reads balances and acts on them.
    """
    if today <= date(year, 12, 31):
        raise YearNotOver(year=year)
    names = await _names(session, org_id=org_id, year=year)
    left = (await session.execute(_OPEN, names)).one()
    if not left.open_fen:
        raise YearCarriedForward(year=year)
    posted = []
    if left.accounts:
        summary = f"结转{year}年收支"
        posted.append(await _post(session, org_id, year, maker_id, summary, _CLEAR, names))
        left = (await session.execute(_OPEN, names)).one()
    if left.result_fen:
        summary = f"结转{year}年收益"
        posted.append(await _post(session, org_id, year, maker_id, summary, _CARRY, names))
    return posted


async def year_result(session: ReadSession | WriteSession, *, org_id: int, year: int) -> YearResult:
    """Return what the books say of a year's result; raise `BooksNotOpen`."""
    names = await _names(session, org_id=org_id, year=year)
    left = (await session.execute(_OPEN, names)).one()
    row = (
        await session.execute(
            _RESULT,
            {
                "org": org_id,
                "first": year * 100 + 1,
                "last": names["last"],
                "kind": SOURCE_KIND,
                "appropriation": f"{names['undistributed'][:3]}%",
            },
        )
    ).one()
    return YearResult(
        open_fen=int(left.open_fen),
        net_fen=int(row.net_fen),
        closing_fen=int(row.closing_fen),
        later_fen=int(row.later_fen),
    )


async def _post(
    session: WriteSession,
    org_id: int,
    year: int,
    maker_id: UUID,
    summary: str,
    lines: TextClause,
    names: dict[str, Any],
) -> Posted:
    """Book one closing voucher, numbered after those that the year has already."""
    before = await session.scalar(
        text(
            "SELECT count(*) FROM voucher WHERE org_id = :org AND source_kind = :kind"
            " AND source_id LIKE :year"
        ),
        {"org": org_id, "kind": SOURCE_KIND, "year": f"{year}:%"},
    )
    header = Header(
        org_id=org_id,
        booked_on=date(year, 12, 31),
        summary=summary,
        source_kind=SOURCE_KIND,
        source_id=f"{year}:{(before or 0) + 1}",
        maker_id=maker_id,
    )
    return await post_set(session, header, lines, names | {"summary": summary})


async def _names(session: ReadSession | WriteSession, *, org_id: int, year: int) -> dict[str, Any]:
    """Return the statements' parameters: the year's last month and the equity accounts."""
    chart_id = await session.scalar(
        text("SELECT chart_id FROM org_profile WHERE org_id = :org"), {"org": org_id}
    )
    if chart_id not in _EQUITY:
        raise BooksNotOpen
    result, undistributed = _EQUITY[chart_id]
    return {
        "org": org_id,
        "last": year * 100 + 12,
        "result": result,
        "undistributed": undistributed,
    }
