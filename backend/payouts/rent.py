"""Rent runs (租金): each parcel of each transfer, for the days of the term that the run covers.

Rent belongs to the household; nobody withholds or deducts it (农村土地承包法 art. 39, 61), so a
line is area × rent × days and nothing else, and never negative.
"""

from datetime import date
from uuid import UUID

from sqlalchemy import text

from backend.core.db import WriteSession
from backend.payouts import rules
from backend.payouts.computing import RunFacts, accounts_for, already_claimed, write_run
from backend.payouts.errors import NothingToPay
from backend.payouts.models import PayoutRun

# The days on which the transfer is in force inside the covered period. An early end counts from
# `terminated_on`, its first day without the transfer. `div` of numerics is exact.
_DUE = """
SELECT t.id AS transfer_id, t.household_id, t.rent_fen_per_mu, tp.parcel_id, tp.area_centimu,
       least(t.ends_on, CAST(:covers_to AS date), coalesce(t.terminated_on - 1, t.ends_on))
         - greatest(t.starts_on, CAST(:covers_from AS date)) + 1 AS days
FROM land_transfer t
JOIN land_transfer_parcel tp ON tp.org_id = t.org_id AND tp.transfer_id = t.id
WHERE t.org_id = :org AND t.transferee_kind = :transferee_kind
  AND (t.state IN ('in_force', 'ended') OR (t.state = 'terminated' AND t.terminated_on IS NOT NULL))
  AND t.starts_on <= :covers_to AND t.ends_on >= :covers_from
"""
_PARTS = f"""
SELECT h.code AS payee_code, h.id AS payee_id, h.head_name AS payee_name, h.id AS household_id,
  p.amount_fen,
  to_char(d.area_centimu / 100.0, 'FM999999999990.00') || ' 亩 × '
    || to_char(d.rent_fen_per_mu / 100.0, 'FM99999999999990.00') || ' 元/亩·年 × '
    || d.days || '/' || CAST(:year_days AS int) || ' 天 = '
    || to_char(p.amount_fen / 100.0, 'FM99999999999999990.00') || ' 元' AS formula,
  jsonb_build_object('area_centimu', d.area_centimu, 'rent_fen_per_mu', d.rent_fen_per_mu,
    'days', d.days, 'year_days', CAST(:year_days AS int), 'parcel_id', d.parcel_id,
    'parcel_code', l.code) AS inputs,
  'land_transfer' AS source_kind, d.transfer_id AS source_id,
  'rent:' || d.transfer_id || ':' || d.parcel_id || ':' || CAST(:covers_from AS date) AS claim_key,
  l.code AS part_order
FROM ({_DUE}) d
CROSS JOIN LATERAL (
  SELECT div(2 * d.area_centimu::numeric * d.rent_fen_per_mu * d.days
             + 100 * CAST(:year_days AS int), 2 * 100 * CAST(:year_days AS int))::bigint
    AS amount_fen) p
JOIN household h ON h.org_id = :org AND h.id = d.household_id
JOIN parcel l ON l.org_id = :org AND l.id = d.parcel_id
WHERE d.days > 0 AND p.amount_fen > 0
"""  # noqa: S608 -- both are constants of this module
# A part is claimed when a live line of the same transfer and parcel covers any of the same days.
_CLAIMED = text(
    f"""
    SELECT h.code AS payee_code, r.title
    FROM ({_DUE}) d
    JOIN payout_line l ON l.org_id = :org AND l.source_id = d.transfer_id AND NOT l.void
      AND l.source_kind = 'land_transfer' AND l.inputs ->> 'parcel_id' = d.parcel_id::text
    JOIN payout_run r ON r.org_id = :org AND r.id = l.run_id
      AND r.covers_from <= :covers_to AND r.covers_to >= :covers_from
    JOIN household h ON h.org_id = :org AND h.id = d.household_id
    ORDER BY h.code
    """  # noqa: S608 -- a constant of this module
)


async def compute(
    session: WriteSession,
    *,
    org_id: int,
    title: str,
    covers_from: date,
    covers_to: date,
    transferee: rules.Transferee,
    maker_id: UUID,
) -> PayoutRun:
    """Compute the rent of one kind of transferee for at most a year, in a serializable session.

    A line is mu × fen a mu and year × days / days of the year that begins on ``covers_from``,
    rounded half up once. Raises ``PeriodUnsound``, ``ChartNotSupported``, ``AlreadyClaimed`` for
    days that another run covers, `NothingToPay`, ``AmountBeyondBooks``.
    """
    year_days = rules.year_days(covers_from, covers_to)
    await accounts_for(session, org_id)
    values = {
        "covers_from": covers_from,
        "covers_to": covers_to,
        "transferee_kind": transferee.value,
    }
    claimed = (await session.execute(_CLAIMED, values | {"org": org_id})).all()
    if claimed:
        raise already_claimed(list(claimed))
    run = await write_run(
        session,
        RunFacts(
            org_id=org_id,
            kind="rent",
            title=title,
            covers_from=covers_from,
            covers_to=covers_to,
            maker_id=maker_id,
            parameters={"transferee_kind": transferee.value, "year_days": year_days},
        ),
        payee_kind="household",
        parts=_PARTS,
        parameters=values | {"year_days": year_days},
    )
    if not run.line_count:
        raise NothingToPay(what_zh="租金", what_en="rent")
    return run
