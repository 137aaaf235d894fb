"""Dividend runs (分红): losses, reserve, shares, in the order of 农村集体经济组织法 art. 42."""

from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import text

from backend.core.db import WriteSession
from backend.ledger.closing import year_result
from backend.payouts import rules
from backend.payouts.computing import RunFacts, accounts_for, already_claimed, write_run
from backend.payouts.errors import NoShares, YearNotClosed
from backend.payouts.models import PayoutRun

# Largest remainder over exact integers: floors by `div`, the fen that are left to the largest
# remainders, ties by household code and member. A share of nothing never receives a fen.
_PARTS = """
WITH weight AS (
  SELECT m.id, m.household_id, m.name, m.share_micro, h.code, h.head_name,
         sum(m.share_micro) OVER () AS shares_micro
  FROM member m JOIN household h ON h.org_id = m.org_id AND h.id = m.household_id
  WHERE m.org_id = :org AND m.status = 'active' AND m.share_micro > 0),
floored AS (
  SELECT weight.*, div(CAST(:pool AS numeric) * share_micro, shares_micro) AS floor_fen,
         mod(CAST(:pool AS numeric) * share_micro, shares_micro) AS remainder
  FROM weight),
shared AS (
  SELECT floored.*, floor_fen + CASE WHEN
           row_number() OVER (ORDER BY remainder DESC, code, id)
             <= CAST(:pool AS numeric) - sum(floor_fen) OVER ()
         THEN 1 ELSE 0 END AS fen
  FROM floored)
SELECT code AS payee_code, household_id AS payee_id, head_name AS payee_name, household_id,
  fen::bigint AS amount_fen,
  to_char(CAST(:pool AS numeric) / 100, 'FM99999999999999990.00') || ' 元 × '
    || to_char(share_micro / 1000000.0, 'FM999999999990.000000') || ' 份 ÷ '
    || to_char(shares_micro / 1000000.0, 'FM999999999990.000000') || ' 份'
    || CASE WHEN fen > floor_fen THEN '（最大余数进 1 分）'
            WHEN remainder > 0 THEN '（舍去不足 1 分）' ELSE '' END
    || ' = ' || to_char(fen / 100, 'FM99999999999999990.00') || ' 元' AS formula,
  jsonb_build_object('pool_fen', CAST(:pool AS bigint), 'share_micro', share_micro,
    'shares_micro', shares_micro, 'quotient_fen', floor_fen, 'quotient_remainder', remainder,
    'quotient_divisor', shares_micro, 'adjusted_up', fen > floor_fen) AS inputs,
  'member' AS source_kind, id AS source_id,
  'dividend:' || CAST(:year AS int) || ':' || id AS claim_key, id::text AS part_order
FROM shared WHERE fen > 0
"""
_CLAIMED = text(
    """
    SELECT h.code AS payee_code, r.title
    FROM payout_run r
    JOIN payout_line l ON l.org_id = r.org_id AND l.run_id = r.id AND NOT l.void
    JOIN household h ON h.org_id = l.org_id AND h.id = l.household_id
    WHERE r.org_id = :org AND r.kind = 'dividend' AND r.covers_from = :first
      AND r.state <> 'cancelled'
    ORDER BY h.code
    """
)


async def plan(
    session: WriteSession,
    *,
    org_id: int,
    year: int,
    reserve_permille: int,
    pool_fen: int | None,
) -> rules.Distribution:
    """Return the distribution that the books allow for a year.

    Raises `YearNotClosed` while income or expense of the year stands open, and what
    ``rules.distribution`` refuses.
    """
    result = await year_result(session, org_id=org_id, year=year)
    if result.open_fen:
        raise YearNotClosed(year=year)
    return rules.distribution(
        net_fen=result.net_fen,
        opening_fen=result.closing_fen - result.net_fen,
        transfers_fen=result.later_fen,
        reserve_permille=reserve_permille,
        pool_fen=pool_fen,
    )


async def compute(
    session: WriteSession,
    *,
    org_id: int,
    title: str,
    year: int,
    reserve_permille: int,
    pool_fen: int | None,
    resolution: rules.Resolution,
    maker_id: UUID,
    today: date,
) -> PayoutRun:
    """Share a year's distributable profit among active members, in a serializable session.

    Raises ``TooFewVotes``, ``ResolutionInFuture``, ``ChartNotSupported``, `YearNotClosed`,
    ``NothingToDistribute`` and ``PoolBeyondDistributable`` with the numbers, ``AlreadyClaimed``
    when the year was shared out before, `NoShares`.
    """
    rules.check_resolution(resolution, today)
    await accounts_for(session, org_id)
    first, last = date(year, 1, 1), date(year, 12, 31)
    claimed = (await session.execute(_CLAIMED, {"org": org_id, "first": first})).all()
    if claimed:
        raise already_claimed(list(claimed))
    shares = await plan(
        session, org_id=org_id, year=year, reserve_permille=reserve_permille, pool_fen=pool_fen
    )
    parameters: dict[str, Any] = {
        "year": year,
        "reserve_permille": reserve_permille,
        "resolution": {
            "votes_for": resolution.votes_for,
            "votes_total": resolution.votes_total,
            "held_on": resolution.held_on.isoformat(),
        },
        **{name: getattr(shares, name) for name in rules.Distribution.__dataclass_fields__},
    }
    run = await write_run(
        session,
        RunFacts(
            org_id=org_id,
            kind="dividend",
            title=title,
            covers_from=first,
            covers_to=last,
            maker_id=maker_id,
            parameters=parameters,
        ),
        payee_kind="household",
        parts=_PARTS,
        parameters={"pool": shares.pool_fen, "year": year},
    )
    if not run.line_count:
        raise NoShares
    return run
