"""Wage runs (务工收入): every confirmed work record, paid to the worker personally.

保障农民工工资支付条例 art. 11. The record's frozen rate decides, never today's.
"""

from datetime import date
from uuid import UUID

from sqlalchemy import text

from backend.core.db import WriteSession
from backend.payouts.computing import RunFacts, accounts_for, write_run
from backend.payouts.errors import NothingToPay, PeriodUnsound
from backend.payouts.models import PayoutRun

_UNIT = "CASE w.unit WHEN 'day' THEN '天' WHEN 'hour' THEN '时' WHEN 'mu' THEN '亩' ELSE '件' END"
_PARTS = f"""
SELECT k.name || ' ' || k.id AS payee_code, k.id AS payee_id, k.name AS payee_name,
  k.household_id, w.amount_fen,
  w.worked_on || ' ' || w.task || ' '
    || rtrim(to_char(w.quantity_milli / 1000.0, 'FM99999999999990.999'), '.') || ' ' || {_UNIT}
    || ' × ' || to_char(w.rate_fen / 100.0, 'FM99999999999990.00') || ' 元/' || {_UNIT} || ' = '
    || to_char(w.amount_fen / 100.0, 'FM99999999999990.00') || ' 元' AS formula,
  jsonb_build_object('worked_on', w.worked_on, 'unit', w.unit, 'quantity_milli', w.quantity_milli,
    'rate_fen', w.rate_fen, 'worker_kind', k.kind) AS inputs,
  'work_record' AS source_kind, w.id AS source_id, 'wage:' || w.id AS claim_key,
  w.worked_on::text AS part_order
FROM work_record w JOIN worker k ON k.org_id = w.org_id AND k.id = w.worker_id
WHERE w.org_id = :org AND w.state = 'confirmed'
  AND w.worked_on BETWEEN CAST(:covers_from AS date) AND CAST(:covers_to AS date)
"""  # noqa: S608 -- a constant of this module
_TAKE = text(
    """
    UPDATE work_record w SET state = 'in_run' FROM payout_line l
    WHERE l.org_id = :org AND l.run_id = :run AND w.org_id = l.org_id AND w.id = l.source_id
    """
)


async def compute(
    session: WriteSession,
    *,
    org_id: int,
    title: str,
    covers_from: date,
    covers_to: date,
    maker_id: UUID,
) -> PayoutRun:
    """Compute the wages of the confirmed records of these days, one line for each record.

    Of two computations at once, one meets the other's claims. Raises ``PeriodUnsound``,
    ``ChartNotSupported``, ``AlreadyClaimed``, `NothingToPay`.
    """
    if covers_to < covers_from:
        raise PeriodUnsound
    await accounts_for(session, org_id)
    run = await write_run(
        session,
        RunFacts(
            org_id=org_id,
            kind="wage",
            title=title,
            covers_from=covers_from,
            covers_to=covers_to,
            maker_id=maker_id,
        ),
        payee_kind="worker",
        parts=_PARTS,
        parameters={"covers_from": covers_from, "covers_to": covers_to},
    )
    if not run.line_count:
        raise NothingToPay(what_zh="已确认用工记录", what_en="confirmed work")
    await session.execute(_TAKE, {"org": org_id, "run": run.id})
    return run
