"""Act five: the files that people look at, and the figures of the last line."""

import json
from typing import Any
from uuid import UUID

from sqlalchemy import text

from backend.cli.auditing import verify
from backend.cli.demo.stage import Collective, Stage
from backend.core.db import PLATFORM_ORG_ID, Scope
from backend.core.money import yuan
from backend.exports.books import Book, export
from backend.income import queries as income
from backend.ledger import queries as ledger

LAST_PERIOD = 202701
_INCOME = "SELECT tgj_my_income($1, $2)"


async def tell(stage: Stage) -> None:
    """Write the workbook of the largest collective and one farmer's income; sum the books up."""
    first = stage.collectives[0]
    async with stage.database.read(Scope(org_id=first.org_id)) as session:
        content = await export(session, org_id=first.org_id, books=tuple(Book), period=202612)
    (stage.out / "workbook.xlsx").write_bytes(content)
    farmer = await _a_farmer(stage, first)
    told = await _income_of(stage, first, farmer)
    path = stage.out / "farmer-income.json"
    path.write_text(json.dumps(told, ensure_ascii=False, indent=2), encoding="utf-8")
    await _sum_up(stage)
    this_year = told["years"][0]
    stage.say(
        f"{first.name}一户：租金 {yuan(this_year['rent_fen'])} 元，务工 "
        f"{yuan(this_year['wage_fen'])} 元，次年分红 {yuan(told['years'][1]['dividend_fen'])} 元",
        "One household's rent, wage and dividend",
    )


async def _a_farmer(stage: Stage, collective: Collective) -> tuple[UUID, UUID]:
    """Return user and household of the farmer with the most kinds of income."""
    scope = Scope(org_id=PLATFORM_ORG_ID, read_org_ids=(collective.org_id,))
    async with stage.database.read(scope) as session:
        row = (
            await session.execute(
                text(
                    """
                    SELECT g.user_id, g.household_id FROM role_grant g
                    JOIN payout_line l ON l.household_id = g.household_id AND l.org_id = g.org_id
                    WHERE g.org_id = :org AND NOT l.void
                    GROUP BY 1, 2
                    ORDER BY count(DISTINCT l.source_kind) DESC, sum(l.amount_fen) DESC LIMIT 1
                    """
                ),
                {"org": collective.org_id},
            )
        ).one()
    return row.user_id, row.household_id


async def _income_of(
    stage: Stage, collective: Collective, farmer: tuple[UUID, UUID]
) -> dict[str, Any]:
    """Return what the farmer's app shows: both years, and why the first amount is what it is."""
    user_id, household_id = farmer
    stage.farmer_phone = await _phone_of(stage, collective, household_id)
    years = [
        json.loads(
            await stage.database.pool.fetchval("SELECT tgj_my_income($1, $2)", user_id, year)
        )
        for year in (2026, 2027)
    ]
    async with stage.database.read(Scope(org_id=collective.org_id)) as session:
        why = await income.explanation(
            session, households=[household_id], line_id=UUID(years[0]["lines"][0]["id"])
        )
    return {"years": years, "why_the_first_amount": why.model_dump(mode="json")}


async def _phone_of(stage: Stage, collective: Collective, household_id: UUID) -> str:
    """Return the telephone by which the household signs in, from the county's own roster."""
    async with stage.database.read(Scope(org_id=collective.org_id)) as session:
        code = await session.scalar(
            text("SELECT code FROM household WHERE org_id = :org AND id = :id"),
            {"org": collective.org_id, "id": household_id},
        )
    (household,) = [row for row in stage.county.households if row.code18 == code]
    return household.members[0].phone


async def _sum_up(stage: Stage) -> None:
    difference = vouchers = 0
    for collective in stage.collectives:
        async with stage.database.read(Scope(org_id=collective.org_id)) as session:
            balance = await ledger.trial_balance(
                session, org_id=collective.org_id, period=LAST_PERIOD
            )
            difference += abs(balance.closing_difference_fen)
            count = await session.scalar(
                text("SELECT count(*) FROM voucher WHERE org_id = :org"),
                {"org": collective.org_id},
            )
            vouchers += int(count or 0)
    broken, entries = await verify(stage.database)
    stage.told |= {
        "vouchers": vouchers,
        "trial_balance_difference_fen": difference,
        "audit_chain_ok": not broken,
    }
    stage.say(
        f"凭证 {vouchers} 张，试算差额 {difference} 分，操作日志 {entries} 条"
        f"{'完好' if not broken else '有断链'}",
        f"{vouchers} vouchers, difference {difference} fen, {entries} audit entries",
    )
