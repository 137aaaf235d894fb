"""A village's year on made-up data, through the acts of the demonstration and then its books.

The acts run the services of production; here every figure that they leave is added up again from
the other side.
"""

import json
from datetime import UTC, datetime
from uuid import UUID

import httpx
import openpyxl
import psycopg
import pytest
import pytest_asyncio
from rich.console import Console

from backend.cli.demo.county import build_county
from backend.cli.demo.entrusting import entrust
from backend.cli.demo.paying import pay
from backend.cli.demo.setting_up import set_up
from backend.cli.demo.spraying import spray
from backend.cli.demo.stage import Stage
from backend.cli.demo.telling import tell
from backend.core.clock import SteppedClock
from backend.core.crypto import Sealer
from backend.core.db import Database
from backend.core.settings import Settings
from backend.identity import tokens
from backend.income.schemas import IncomeOut


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def stage(
    database_url: str,
    database: Database,
    clock: SteppedClock,
    settings: Settings,
    tmp_path_factory: pytest.TempPathFactory,
) -> Stage:
    """Two villages after their whole year."""
    out = tmp_path_factory.mktemp("season")
    played = Stage(
        settings=settings,
        database=database,
        clock=SteppedClock(datetime(2026, 2, 25, 1, tzinfo=UTC)),
        sealer=Sealer(settings.master_key),
        county=build_county(seed=7, villages=2, parcels=240),
        out=out,
        console=Console(quiet=True),
    )
    await set_up(played)
    await entrust(played)
    await spray(played, database_url)
    await pay(played)
    await tell(played)
    clock.advance(played.clock.now() - clock.now())
    return played


async def test_the_last_line(stage: Stage) -> None:
    """Everything was planned, nothing violated, all that was owed was paid, the books are even."""
    told = stage.told
    assert told["plan_violations"] == 0
    assert told["spray_mu_planned"] == told["spray_mu_ordered"]
    assert told["trial_balance_difference_fen"] == 0
    assert told["audit_chain_ok"] is True
    owed = [told[f"{kind}_fen"] for kind in ("rent", "wage", "dividend")]
    assert all(isinstance(fen, int) and fen > 0 for fen in owed)
    assert told["paid_fen"] == sum(int(str(fen)) for fen in owed)


async def test_sub_ledgers_agree_with_their_accounts(
    stage: Stage, owner: psycopg.Connection
) -> None:
    """Whatever is owed to a household or worker was paid: each party's balance is nil."""
    rows = owner.execute(
        "SELECT org_id, account_code, party FROM posting"
        " WHERE account_code IN ('11301', '11302', '11303', '21301', '21101')"
        " GROUP BY 1, 2, 3 HAVING sum(debit_fen) <> sum(credit_fen)"
    ).fetchall()
    assert rows == []
    cached = owner.execute(
        "SELECT count(*) FROM (SELECT p.org_id, v.period, p.account_code, sum(p.debit_fen) AS d,"
        " sum(p.credit_fen) AS c FROM posting p JOIN voucher v ON v.id = p.voucher_id"
        " GROUP BY 1, 2, 3) s FULL JOIN account_balance b ON b.org_id = s.org_id"
        " AND b.period = s.period AND b.account_code = s.account_code"
        " WHERE s.d IS DISTINCT FROM b.debit_fen OR s.c IS DISTINCT FROM b.credit_fen"
    ).fetchone()
    assert cached == (0,)


async def test_settlement_is_price_times_accepted_area(
    stage: Stage, owner: psycopg.Connection
) -> None:
    """Both prices times the accepted area give both vouchers' sums; nothing above contract."""
    row = owner.execute(
        "SELECT count(*), count(*) FILTER (WHERE"
        " l.farmer_fen <> floor(l.accepted_centimu * l.farmer_price_fen / 100.0 + 0.5)"
        " OR l.provider_fen <> floor(l.accepted_centimu * l.provider_price_fen / 100.0 + 0.5)"
        " OR l.accepted_centimu > c.area_centimu)"
        " FROM settlement_line l"
        " JOIN contract_line c ON c.parcel_id = l.parcel_id AND c.stage = 'protect'"
        " AND c.covers_contract_id IS NOT NULL"
    ).fetchone()
    assert row is not None
    assert row[0] > 100
    assert row[1] == 0


async def test_dividends_follow_the_shares(stage: Stage, owner: psycopg.Connection) -> None:
    """No member of a collective gets more than a fen beside the exact share of the pool."""
    row = owner.execute(
        "SELECT count(*), max(abs(l.amount_fen - r.total_fen::numeric * m.share_micro / t.micro))"
        " FROM payout_line l JOIN payout_run r ON r.id = l.run_id AND r.kind = 'dividend'"
        " JOIN member m ON m.id = l.source_id"
        " JOIN (SELECT org_id, sum(share_micro) AS micro FROM member WHERE status = 'active'"
        "       GROUP BY 1) t ON t.org_id = l.org_id"
    ).fetchone()
    assert row is not None
    assert row[0] > 100
    assert row[1] < 1


async def test_the_farmer_sees_the_same(
    stage: Stage, client: httpx.AsyncClient, owner: psycopg.Connection
) -> None:
    """Over HTTP each farmer's years add up to what the bank paid that household's people."""
    rows = owner.execute(
        "SELECT g.user_id, sum(l.amount_fen) FROM role_grant g"
        " JOIN payout_line l ON l.household_id = g.household_id AND NOT l.void"
        " JOIN payment_item i ON i.id = l.item_id AND i.state = 'paid'"
        " WHERE g.role = 'farmer' GROUP BY 1 ORDER BY 1 LIMIT 15"
    ).fetchall()
    assert len(rows) == 15
    for user_id, paid_fen in rows:
        headers = {"Authorization": f"Bearer {_token(stage, user_id)}"}
        seen = 0
        for year in (2026, 2027):
            answer = await client.get(f"/v1/me/income?year={year}", headers=headers)
            income = IncomeOut.model_validate_json(answer.content)
            assert income.total_fen == income.paid_fen == sum(m.total_fen for m in income.months)
            seen += income.paid_fen
        assert seen == paid_fen


async def test_why_this_amount(stage: Stage, client: httpx.AsyncClient) -> None:
    """An amount opens into formula, source, notice, approval, and both vouchers."""
    told = json.loads((stage.out / "farmer-income.json").read_text(encoding="utf-8"))
    kinds = {line["kind"] for year in told["years"] for line in year["lines"]}
    assert kinds == {"rent", "wage", "dividend"}
    why = told["why_the_first_amount"]
    assert "亩" in why["formula"]
    assert why["accrual_voucher"]["label"].startswith("记-2026-10-")
    assert why["payment_voucher"]["label"].startswith("记-2026-10-")
    assert why["source_number"]
    assert "*" in why["account_mask"]


async def test_the_workbook_equals_the_ledger(stage: Stage, owner: psycopg.Connection) -> None:
    """Read back, the workbook's debits are the ledger's, codes are text, nothing is a formula."""
    book = openpyxl.load_workbook(stage.out / "workbook.xlsx")
    assert book.sheetnames == ["记账凭证", "科目余额表", "发放清册"]
    cells = list(book["记账凭证"].iter_rows(min_row=3))
    debit, credit = (
        sum(round(float(str(row[place].value or 0)) * 100) for row in cells) for place in (6, 7)
    )
    org_id = stage.collectives[0].org_id
    expected = owner.execute(
        "SELECT sum(debit_fen) FROM posting p JOIN voucher v ON v.id = p.voucher_id"
        " WHERE p.org_id = %s AND v.period <= 202612",
        (org_id,),
    ).fetchone()
    assert (debit,) == (credit,) == expected
    assert all(row[4].data_type == "s" for row in cells)
    assert not [c for sheet in book for row in sheet.iter_rows() for c in row if c.data_type == "f"]


async def test_the_bank_files_hold_what_was_paid(stage: Stage) -> None:
    """The files' payments are those of the runs; a failed one stands in two files."""
    total = failed = 0
    for path in (stage.out / "bank").iterdir():
        for line in path.read_bytes().decode("gbk").splitlines():
            total += round(float(line.split(",")[3]) * 100)
    paid = int(str(stage.told["paid_fen"]))
    failed = total - paid
    assert failed >= 0
    if stage.told["failed_then_repaid"]:
        assert failed > 0


def _token(stage: Stage, user_id: UUID) -> str:
    return tokens.issue(
        user_id, key=stage.settings.token_key, now=stage.clock.now(), minutes=60 * 24 * 30
    )
