"""How payouts stand in the books: the liability when approved, the payment when the bank paid."""

from datetime import date
from uuid import UUID

from sqlalchemy import TextClause, text

from backend.core.db import WriteSession
from backend.ledger.service import Header, Posted, post_set
from backend.payouts import rules
from backend.payouts.bank_models import BankReturn
from backend.payouts.computing import accounts_for
from backend.payouts.errors import RentNotCollected
from backend.payouts.models import PayoutRun

_TITLES = {"rent": "租金", "wage": "务工费", "dividend": "分红"}
_TAIL = "NULL::varchar, NULL::varchar"

# Each SELECT yields account, summary, debit, credit, party, contract, season, stage, in order.
_PAYEES = f"""
SELECT CAST(:payable AS varchar), CAST(:summary AS varchar) || i.seq, 0::bigint, i.amount_fen,
       i.payee_kind || ':' || i.payee_id, NULL::uuid, {_TAIL}
FROM payment_item i WHERE i.org_id = :org AND i.run_id = :run
"""  # noqa: S608 -- a constant of this module
_RENT_OF_COLLECTIVE = text(
    f"""
    SELECT CAST(:expense AS varchar), CAST(:summary AS varchar), CAST(:total AS bigint), 0::bigint,
           NULL::varchar, NULL::uuid, {_TAIL}
    UNION ALL ({_PAYEES} ORDER BY i.seq)
    """
)
_RENT_OF_OPERATORS = text(
    f"""
    (SELECT CAST(:collected AS varchar), CAST(:summary AS varchar), sum(l.amount_fen)::bigint,
            0::bigint, NULL::varchar, l.source_id, {_TAIL}
     FROM payout_line l WHERE l.org_id = :org AND l.run_id = :run
     GROUP BY l.source_id ORDER BY l.source_id)
    UNION ALL ({_PAYEES} ORDER BY i.seq)
    """  # noqa: S608 -- constants of this module
)
_WAGE = text(
    f"""
    WITH due AS (
      SELECT i.seq, i.amount_fen, i.payee_id, k.kind
      FROM payment_item i JOIN worker k ON k.org_id = i.org_id AND k.id = i.payee_id
      WHERE i.org_id = :org AND i.run_id = :run)
    (SELECT CASE kind WHEN 'staff' THEN :staff_cost ELSE :seasonal_cost END,
            CAST(:summary AS varchar), sum(amount_fen)::bigint, 0::bigint, NULL::varchar,
            NULL::uuid, {_TAIL}
     FROM due GROUP BY kind ORDER BY kind)
    UNION ALL
    (SELECT CASE kind WHEN 'staff' THEN :staff_payable ELSE :seasonal_payable END,
            CAST(:summary AS varchar) || seq, 0::bigint, amount_fen, 'worker:' || payee_id,
            NULL::uuid, {_TAIL}
     FROM due ORDER BY seq)
    """  # noqa: S608 -- constants of this module
)
_DIVIDEND = text(
    f"""
    SELECT account, CAST(:summary AS varchar), debit_fen, credit_fen, NULL::varchar, NULL::uuid,
           {_TAIL}
    FROM (VALUES
      (1, CAST(:appropriated_reserve AS varchar), CAST(:reserve_fen AS bigint), 0::bigint),
      (2, :reserve, 0, :reserve_fen),
      (3, :appropriated_members, CAST(:total AS bigint), 0),
      (4, :undistributed, :total + :reserve_fen, 0),
      (5, :appropriated_reserve, 0, :reserve_fen),
      (6, :appropriated_members, 0, :total)
    ) AS moved (part, account, debit_fen, credit_fen)
    WHERE debit_fen + credit_fen > 0
    UNION ALL ({_PAYEES} ORDER BY i.seq)
    """  # noqa: S608 -- constants of this module
)
# The payment takes back exactly the liability that the approval booked for this payee.
_PAID = text(
    f"""
    WITH paid AS (
      SELECT b.seq, b.amount_fen, p.account_code, p.party
      FROM bank_batch_item b
      JOIN payment_item i ON i.org_id = b.org_id AND i.id = b.item_id
      JOIN posting p ON p.org_id = i.org_id AND p.voucher_id = :accrual AND p.credit_fen > 0
        AND p.party = i.payee_kind || ':' || i.payee_id
      WHERE b.org_id = :org AND b.batch_id = :batch AND b.seq = ANY(CAST(:seqs AS int[])))
    (SELECT account_code, CAST(:summary AS varchar) || seq, amount_fen, 0::bigint, party,
            NULL::uuid, {_TAIL}
     FROM paid ORDER BY seq)
    UNION ALL
    SELECT CAST(:bank AS varchar), CAST(:summary AS varchar), 0::bigint,
           (SELECT sum(amount_fen)::bigint FROM paid), NULL::varchar, NULL::uuid, {_TAIL}
    """  # noqa: S608 -- constants of this module
)


async def book_accrual(
    session: WriteSession, run: PayoutRun, *, approver_id: UUID, today: date
) -> Posted:
    """Book what the run owes to each payee; the maker made it, the approver reviewed it.

    Raises `RentNotCollected` when operators' rent has not come in, ``ChartNotSupported``,
    ``PeriodClosed``.
    """
    accounts = await accounts_for(session, run.org_id)
    lines, names = _accrual(run, accounts)
    if lines is _RENT_OF_OPERATORS:
        await _check_collected(session, run, accounts)
    header = Header(
        org_id=run.org_id,
        booked_on=today,
        summary=f"计提{run.title}"[:200],
        source_kind=f"{run.kind}_run",
        source_id=str(run.id),
        maker_id=run.maker_id,
        reviewer_id=approver_id,
    )
    values = {"org": run.org_id, "run": run.id, "summary": f"计提{_TITLES[run.kind]}", **names}
    return await post_set(session, header, lines, values)


async def book_payment(
    session: WriteSession,
    run: PayoutRun,
    taken: BankReturn,
    *,
    seqs: list[int],
    paid_on: date,
) -> Posted:
    """Book the payments of a return file: the liability of each payee against the bank account.

    ``seqs`` are the rows of the bank file that the bank paid, at least one. Raises
    ``PeriodClosed``.
    """
    accounts = await accounts_for(session, run.org_id)
    header = Header(
        org_id=run.org_id,
        booked_on=paid_on,
        summary=f"代发{run.title}"[:200],
        source_kind="bank_return",
        source_id=str(taken.id),
        maker_id=taken.received_by,
        attachments=1,
    )
    values = {
        "org": run.org_id,
        "batch": taken.batch_id,
        "accrual": run.accrual_voucher_id,
        "seqs": seqs,
        "bank": accounts.bank,
        "summary": f"代发{_TITLES[run.kind]}",
    }
    return await post_set(session, header, _PAID, values)


def _accrual(run: PayoutRun, accounts: rules.Accounts) -> tuple[TextClause, dict[str, str | int]]:
    """Return the lines' SELECT for this kind of run and the accounts it names."""
    if run.kind == "wage":
        return _WAGE, {
            "seasonal_cost": accounts.seasonal_cost,
            "seasonal_payable": accounts.seasonal_payable,
            "staff_cost": accounts.staff_cost,
            "staff_payable": accounts.staff_payable,
        }
    if run.kind == "dividend":
        return _DIVIDEND, {
            "total": run.total_fen,
            "reserve_fen": int(run.parameters["reserve_fen"]),
            "payable": accounts.dividend_payable,
            "reserve": accounts.reserve,
            "undistributed": accounts.undistributed,
            "appropriated_reserve": accounts.appropriated_reserve,
            "appropriated_members": accounts.appropriated_members,
        }
    if run.parameters["transferee_kind"] == rules.Transferee.OPERATOR:
        return _RENT_OF_OPERATORS, {
            "collected": accounts.rent_collected,
            "payable": accounts.rent_payable,
        }
    return _RENT_OF_COLLECTIVE, {
        "expense": accounts.rent_expense,
        "payable": accounts.rent_payable,
        "total": run.total_fen,
    }


async def _check_collected(session: WriteSession, run: PayoutRun, accounts: rules.Accounts) -> None:
    """Compare the run with the operators' rent received and not yet passed on."""
    balance = await session.scalar(
        text(
            "SELECT coalesce(sum(credit_fen - debit_fen), 0) FROM account_balance"
            " WHERE org_id = :org AND account_code = :code"
        ),
        {"org": run.org_id, "code": accounts.rent_collected},
    )
    if int(balance or 0) < run.total_fen:
        raise RentNotCollected(balance_fen=int(balance or 0), total_fen=run.total_fen)
