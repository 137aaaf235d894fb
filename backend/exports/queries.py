"""Rows of the workbooks, in the order in which an accountant reads them."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, text

from backend.core.db import ReadSession

_VOUCHERS = """
SELECT v.booked_on, v.period, v.number, p.line, p.summary, p.account_code, a.name AS account_name,
       p.debit_fen, p.credit_fen, p.party,
       coalesce(h.head_name, k.name, o.name) AS party_name, h.code AS party_code,
       v.attachments, m.display_name AS maker, r.display_name AS reviewer
FROM voucher v
JOIN posting p ON p.org_id = v.org_id AND p.voucher_id = v.id
JOIN ledger_account a ON a.org_id = p.org_id AND a.code = p.account_code
LEFT JOIN household h ON h.org_id = p.org_id AND p.party = 'household:' || h.id
LEFT JOIN worker k ON k.org_id = p.org_id AND p.party = 'worker:' || k.id
LEFT JOIN organisation o ON p.party = 'org:' || o.id
LEFT JOIN user_account m ON m.id = v.maker_id
LEFT JOIN user_account r ON r.id = v.reviewer_id
WHERE v.org_id = :org AND v.period BETWEEN :first AND :last
ORDER BY v.period, v.number, p.line
"""
_PAYOUTS = """
SELECT r.title, r.kind, i.seq, i.payee_name, h.code AS household_code,
       CASE WHEN row_number() OVER (PARTITION BY i.id ORDER BY l.seq) = 1
            THEN i.amount_fen END AS item_fen, i.state,
       i.failure, i.paid_on, a.bank_name, a.number_mask, l.seq AS line_seq,
       l.amount_fen AS line_fen, l.formula
FROM payout_run r
JOIN payment_item i ON i.org_id = r.org_id AND i.run_id = r.id
JOIN payout_line l ON l.org_id = i.org_id AND l.item_id = i.id
LEFT JOIN household h ON h.org_id = l.org_id AND h.id = l.household_id
LEFT JOIN payee_account a ON a.org_id = i.org_id AND a.id = i.account_id
WHERE r.org_id = :org AND r.state <> 'cancelled' AND extract(year FROM r.covers_to) = :year
ORDER BY r.id, i.seq, l.seq
"""


async def voucher_lines(
    session: ReadSession, *, org_id: int, first: int, last: int
) -> Sequence[Row[Any]]:
    """Return the lines of the vouchers from month ``first`` to ``last``."""
    found = await session.execute(text(_VOUCHERS), {"org": org_id, "first": first, "last": last})
    return found.all()


async def payout_lines(session: ReadSession, *, org_id: int, year: int) -> Sequence[Row[Any]]:
    """Return the explained lines of the year's payouts, with each payment's state.

    A payment's own amount, ``item_fen``, stands at its first line only, so that it adds up.
    """
    found = await session.execute(text(_PAYOUTS), {"org": org_id, "year": year})
    return found.all()


async def heading(session: ReadSession, *, org_id: int) -> str:
    """Return the organisation's name, for the head of a sheet."""
    name = await session.scalar(
        text("SELECT name FROM organisation WHERE id = :org"), {"org": org_id}
    )
    return str(name)
