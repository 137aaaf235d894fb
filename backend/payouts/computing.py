"""Computing a run: one statement turns a SELECT of explained parts into payments and lines.

A slice of the trade (rent, wages, dividends) gives the SELECT; what is the same for all is here:
grouping by payee, numbering, the claims that are made once, the totals.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from backend.core.db import WriteSession
from backend.core.errors import Fault
from backend.core.ids import new_id
from backend.payouts import rules
from backend.payouts.errors import AlreadyClaimed, AmountBeyondBooks, ChartNotSupported
from backend.payouts.models import PayoutRun

_FAULTS_SHOWN = 20
_TOTAL_FEN_LIMIT = 10**15
_CLAIM_KEY = "payout_line_claim_key"
_OUT_OF_RANGE = "22003"
_UNIQUE_VIOLATION = "23505"

# A row's id is its statement's UUIDv7 plus the row's number: a counter in the random bits
# (RFC 9562 §6.2, method 2), in the order in which the rows are written.
_ID = """
CAST(CAST(:{name}_head AS varchar)
     || lpad(to_hex(CAST(:{name}_first AS bigint) + {name}_seq), 12, '0') AS uuid)
"""
# One sort numbers payments and lines together; `part` is read twice, so it is kept once. The texts
# of a part are made after the sort, which carries keys and numbers only.
_WRITE = f"""
WITH part AS MATERIALIZED (
  SELECT n.*, {_ID.format(name="item")} AS item_id, {_ID.format(name="line")} AS line_id
  FROM (
    SELECT p.*, dense_rank() OVER (ORDER BY payee_code, payee_id) AS item_seq,
           row_number() OVER (ORDER BY payee_code, payee_id, part_order, claim_key) AS line_seq
    FROM ({{parts}}) p) n),
item AS (
  INSERT INTO payment_item (org_id, id, run_id, seq, payee_kind, payee_id, payee_name, amount_fen,
                            state)
  SELECT :org, item_id, :run, item_seq, CAST(:payee_kind AS varchar), payee_id, payee_name,
         sum(amount_fen)::bigint, 'draft'
  FROM part GROUP BY item_id, item_seq, payee_id, payee_name ORDER BY item_seq),
line AS (
  INSERT INTO payout_line (org_id, id, run_id, seq, item_id, household_id, amount_fen, formula,
                           inputs, source_kind, source_id, claim_key, void)
  SELECT :org, line_id, :run, line_seq, item_id, household_id, amount_fen, formula, inputs,
         source_kind, source_id, claim_key, false
  FROM part)
SELECT count(*) AS line_count, coalesce(sum(amount_fen), 0) AS total_fen FROM part
"""  # noqa: S608 -- constants of this module


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFacts:
    """What stands above the lines of a run."""

    org_id: int
    kind: rules.Kind
    title: str
    covers_from: date
    covers_to: date
    maker_id: UUID
    parameters: dict[str, Any] = field(default_factory=dict)


async def write_run(
    session: WriteSession,
    facts: RunFacts,
    *,
    payee_kind: str,
    parts: str,
    parameters: Mapping[str, Any],
) -> PayoutRun:
    """Write a run with its payments and lines; ``line_count`` is 0 when nothing is due.

    ``parts`` is a SELECT of payee_code, payee_id, payee_name, household_id, amount_fen, formula,
    inputs, source_kind, source_id, claim_key and part_order (text). Raises `AlreadyClaimed` when
    a claim was made meanwhile and `AmountBeyondBooks`.
    """
    run = PayoutRun(
        org_id=facts.org_id,
        kind=facts.kind,
        title=facts.title,
        covers_from=facts.covers_from,
        covers_to=facts.covers_to,
        parameters=facts.parameters,
        line_count=0,
        total_fen=0,
        maker_id=facts.maker_id,
    )
    session.add(run)
    await session.flush()
    ids = _series("item") | _series("line")
    values = {"org": facts.org_id, "run": run.id, "payee_kind": payee_kind, **ids, **parameters}
    # A run of 100,000 lines sorts in memory; a greater one spills to disk as before.
    await session.execute(text("SET LOCAL work_mem = '64MB'"))
    try:
        sums = (await session.execute(text(_WRITE.format(parts=parts)), values)).one()
    except DBAPIError as error:
        raise _fact_of(error) from error
    if sums.total_fen >= _TOTAL_FEN_LIMIT:
        raise AmountBeyondBooks
    run.line_count = sums.line_count
    run.total_fen = int(sums.total_fen)
    await session.flush()
    return run


async def accounts_for(session: WriteSession, org_id: int) -> rules.Accounts:
    """Return the accounts that payouts of this organisation book to; all exist as details.

    Raises `ChartNotSupported` when it keeps other books or none.
    """
    chart_id = await session.scalar(
        text("SELECT chart_id FROM org_profile WHERE org_id = :org"), {"org": org_id}
    )
    accounts = rules.accounts_of(chart_id)
    codes = [getattr(accounts, name) for name in rules.Accounts.__dataclass_fields__]
    known = await session.scalar(
        text(
            "SELECT count(*) FROM ledger_account"
            " WHERE org_id = :org AND is_leaf AND code = ANY(CAST(:codes AS varchar[]))"
        ),
        {"org": org_id, "codes": codes},
    )
    if known != len(set(codes)):
        raise ChartNotSupported
    return accounts


def _series(name: str) -> dict[str, str | int]:
    """Return a new UUIDv7 as the text of its first 80 bits and a number of 47 bits to count from.

    The bit that is left free keeps 2**47 rows from running over.
    """
    first = new_id()
    return {f"{name}_head": str(first)[:24], f"{name}_first": first.int & (2**47 - 1)}


def already_claimed(rows: list[Any]) -> AlreadyClaimed:
    """Return the error that names the first claimed parts by payee code and run title."""
    faults = [
        Fault(
            code="already-claimed",
            zh=f"已列入“{row.title}”",
            en=f"stands in the run {row.title!r} already",
            subject=row.payee_code,
        )
        for row in rows[:_FAULTS_SHOWN]
    ]
    return AlreadyClaimed(faults=faults, count=len(rows))


def _fact_of(error: DBAPIError) -> Exception:
    """Return what a refusal of the database means here; a defect stays what it is."""
    state = getattr(error.orig, "sqlstate", None)
    if state == _OUT_OF_RANGE:
        return AmountBeyondBooks()
    if state == _UNIQUE_VIOLATION and _CLAIM_KEY in str(error.orig):
        return AlreadyClaimed(count=1)
    return error
