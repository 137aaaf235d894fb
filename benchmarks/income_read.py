"""One farmer's income: our route beside the bare limit and an ORM, in one run.

`python -m benchmarks.income_read [--requests 2000]` prints one JSON line for each variant:
processor microseconds of this process for one request (PostgreSQL's own time is not in it), and
the share of the limit. The limit is bare ASGI with the same SQL over asyncpg, without sign-in and
without row-level security; ours has both.
"""

import argparse
import asyncio
import json
import tempfile
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import psycopg
from fastapi import FastAPI
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, create_async_engine
from sqlmodel import col, select

from backend.api.app import create_app
from backend.core import schema
from backend.core.clock import SteppedClock
from backend.core.db import Database, keep_session, sqlalchemy_url
from backend.core.embedded import EmbeddedServer
from backend.core.settings import Settings
from backend.identity import tokens
from backend.income.schemas import IncomeLineOut, IncomeMonthOut, IncomeOut
from backend.ledger.models import Voucher
from backend.parties.models import Organisation
from backend.payouts.models import PaymentItem, PayoutLine, PayoutRun

FARMERS = 1000
PAYOUTS = 24
YEAR = 2026
_SEED = f"""
SET session_replication_role = replica;
INSERT INTO organisation (id, kind, code, name)
  VALUES (100, 'collective', '14042910020100', '甲村');
INSERT INTO period (org_id, period, state)
  SELECT 100, 202600 + m, 'open' FROM generate_series(1, 12) m;
INSERT INTO household (org_id, id, code, head_name)
  SELECT 100, md5('h' || n)::uuid, '14042910020100' || lpad(n::text, 4, '0'), '张' || n
  FROM generate_series(1, {FARMERS}) n;
INSERT INTO payee_account (org_id, id, owner_kind, owner_id, holder_name, bank_name,
                           number_sealed, number_index, number_mask)
  SELECT 100, md5('a' || n)::uuid, 'household', md5('h' || n)::uuid, '张' || n, '示范银行',
         '\\x00', '\\x00', '6299 **** **** 0018' FROM generate_series(1, {FARMERS}) n;
INSERT INTO user_account (id, kind, display_name, failures)
  SELECT md5('u' || n)::uuid, 'farmer', '张' || n, 0 FROM generate_series(1, {FARMERS}) n;
INSERT INTO role_grant (id, user_id, org_id, role, household_id)
  SELECT md5('g' || n)::uuid, md5('u' || n)::uuid, 100, 'farmer', md5('h' || n)::uuid
  FROM generate_series(1, {FARMERS}) n;
INSERT INTO voucher (org_id, id, period, number, booked_on, summary, source_kind, source_id,
                     attachments, maker_id, made_in)
  SELECT 100, md5('v' || r)::uuid, 202600 + (r + 1) / 2, r,
         make_date(2026, (r + 1) / 2, 5), 's',
         'rent_run', r::text, 0, md5('m')::uuid, 1 FROM generate_series(1, {PAYOUTS}) r;
INSERT INTO payout_run (org_id, id, kind, title, covers_from, covers_to, parameters, line_count,
                        total_fen, state, maker_id, approver_id, accrual_voucher_id)
  SELECT 100, md5('r' || r)::uuid, (ARRAY['rent', 'wage', 'dividend'])[1 + r % 3],
         '第' || r || '批',
         '2026-01-01', '2026-12-31', '{{}}', {FARMERS}, 1, 'paid', md5('m')::uuid, md5('a')::uuid,
         md5('v' || r)::uuid FROM generate_series(1, {PAYOUTS}) r;
INSERT INTO payment_item (org_id, id, run_id, seq, payee_kind, payee_id, payee_name, amount_fen,
                          account_id, state, paid_on, paid_voucher_id)
  SELECT 100, md5('i' || r || '-' || n)::uuid, md5('r' || r)::uuid, n, 'household',
         md5('h' || n)::uuid, '张' || n, 12345 + n, md5('a' || n)::uuid, 'paid',
         '2026-06-01', md5('v' || r)::uuid
  FROM generate_series(1, {PAYOUTS}) r, generate_series(1, {FARMERS}) n;
INSERT INTO payout_line (org_id, id, run_id, seq, item_id, household_id, amount_fen, formula,
                         inputs, source_kind, source_id, claim_key, void)
  SELECT 100, md5('l' || r || '-' || n)::uuid, md5('r' || r)::uuid, n,
         md5('i' || r || '-' || n)::uuid, md5('h' || n)::uuid, 12345 + n,
         '2.00 亩 × 650.00 元/亩·年', '{{}}', 'member', md5('h' || n)::uuid, r || '-' || n, false
  FROM generate_series(1, {PAYOUTS}) r, generate_series(1, {FARMERS}) n;
ANALYZE;
"""
Asgi = Callable[[Any, Any, Any], Awaitable[None]]


async def _get(app: Asgi, path: str, query: str, headers: list[tuple[bytes, bytes]]) -> bytes:
    """Send one GET to an ASGI application; return the body, raise unless it is 200."""
    body = b""
    status = 0
    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "GET",
        "path": path, "raw_path": path.encode(), "query_string": query.encode(),
        "headers": headers, "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 80),
        "scheme": "http", "root_path": "",
    }  # fmt: skip

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: dict[str, Any]) -> None:
        nonlocal body, status
        if message["type"] == "http.response.start":
            status = message["status"]
        else:
            body += message.get("body", b"")

    await app(scope, receive, send)
    assert status == 200, body
    return body


def _limit_app(pool: asyncpg.Pool, sql: str) -> Asgi:
    """Return the least there can be: the query's JSON, passed on."""

    async def app(scope: Any, _receive: Any, send: Any) -> None:
        household = UUID(scope["query_string"].decode())
        answer = await pool.fetchval(sql, [100], [household], YEAR)
        body = answer.encode()
        headers = [(b"content-type", b"application/json")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    return app


def _orm_app(database: Database) -> FastAPI:
    """Return the same answer made by SQLModel, four selects and pydantic."""
    app = FastAPI()

    @app.get("/income")
    async def income(household: UUID) -> IncomeOut:
        async with AsyncSession(database.engine) as session:
            lines = (
                await session.scalars(
                    select(PayoutLine).where(
                        PayoutLine.household_id == household, col(PayoutLine.void).is_(False)
                    )
                )
            ).all()
            items = await session.scalars(
                select(PaymentItem).where(col(PaymentItem.id).in_([one.item_id for one in lines]))
            )
            runs = await session.execute(
                select(PayoutRun, Voucher)
                .join(Voucher, col(Voucher.id) == col(PayoutRun.accrual_voucher_id))
                .where(col(PayoutRun.id).in_([one.run_id for one in lines]))
            )
            name = await session.scalar(
                select(Organisation.name).where(Organisation.id == lines[0].org_id)
            )
            return _assembled(
                lines,
                {item.id: item for item in items},
                {run.id: (run, voucher) for run, voucher in runs},
                str(name),
            )

    return app


def _assembled(lines: Any, items: dict[UUID, Any], runs: dict[UUID, Any], name: str) -> IncomeOut:
    out = []
    months: dict[int, dict[str, int]] = {}
    for line in lines:
        run, voucher = runs[line.run_id]
        item = items[line.item_id]
        month = months.setdefault(
            voucher.booked_on.month, dict.fromkeys(("rent", "wage", "dividend"), 0)
        )
        month[run.kind] += line.amount_fen
        out.append(
            IncomeLineOut(
                id=line.id, kind=run.kind, title=run.title, collective=name,
                amount_fen=line.amount_fen, formula=line.formula, earned_on=voucher.booked_on,
                payment=item.state, paid_on=item.paid_on,
            )
        )  # fmt: skip
    kinds = {kind: sum(m[kind] for m in months.values()) for kind in ("rent", "wage", "dividend")}
    return IncomeOut(
        year=YEAR,
        total_fen=sum(kinds.values()),
        paid_fen=sum(one.amount_fen for one in out if one.payment == "paid"),
        rent_fen=kinds["rent"],
        wage_fen=kinds["wage"],
        dividend_fen=kinds["dividend"],
        months=[
            IncomeMonthOut(
                month=number,
                total_fen=sum(month.values()),
                rent_fen=month["rent"],
                wage_fen=month["wage"],
                dividend_fen=month["dividend"],
            )
            for number, month in sorted(months.items())
        ],
        lines=sorted(out, key=lambda one: (one.earned_on, one.id)),
    )


async def _measure(requests: int, send: Callable[[int], Awaitable[bytes]]) -> float:
    """Return processor microseconds a request, after a warm-up."""
    for number in range(100):
        await send(number)
    started = time.process_time()
    for number in range(requests):
        await send(number)
    return (time.process_time() - started) / requests * 1e6


async def _run(url: str, requests: int) -> list[dict[str, Any]]:
    with psycopg.connect(url) as owner:
        row = owner.execute("SELECT prosrc FROM pg_proc WHERE proname = 'tgj_my_income'").fetchone()
        users = owner.execute("SELECT user_id, household_id FROM role_grant").fetchall()
    assert row is not None
    body = row[0][row[0].index("WITH lines") : row[0].index("INTO answer")]
    sql = (
        body.replace("ANY (orgs)", "ANY ($1::bigint[])")
        .replace("ANY (households)", "ANY ($2::uuid[])")
        .replace("income_year", "$3::int")
        + " FROM lines"
    )
    clock = SteppedClock(datetime(2026, 12, 1, tzinfo=UTC))
    settings = Settings()
    pool = await asyncpg.create_pool(
        url, min_size=1, max_size=1, server_settings={"jit": "off"}, reset=keep_session
    )
    database = await Database.open(url, connections=2)
    app = create_app(settings, database_url=url, clock=clock)
    orm = _orm_app(Database(_owner_engine(url), pool))
    limit = _limit_app(pool, sql)
    headers = [[(b"authorization", _bearer(settings, clock, user))] for user, _ in users]
    results: dict[str, float] = {}
    async with app.router.lifespan_context(app):
        variants: dict[str, Callable[[int], Awaitable[bytes]]] = {
            "limit": lambda n: _get(limit, "/", str(users[n % FARMERS][1]), []),
            "ours": lambda n: _get(app, "/v1/me/income", f"year={YEAR}", headers[n % FARMERS]),
            "orm": lambda n: _get(orm, "/income", f"household={users[n % FARMERS][1]}", []),
        }
        answers = {name: json.loads(await send(7)) for name, send in variants.items()}
        assert answers["limit"] == answers["ours"]
        assert answers["orm"] == answers["ours"]
        for _round in range(3):
            for name, send in variants.items():
                cost = await _measure(requests, send)
                results[name] = min(cost, results.get(name, cost))
    await database.close()
    await pool.close()
    return [
        {
            "figure": f"income_read_{name}",
            "cpu_us": round(cost, 1),
            "share_of_limit": round(results["limit"] / cost, 3),
            "times_orm": round(results["orm"] / cost, 2),
        }
        for name, cost in results.items()
    ]


def _bearer(settings: Settings, clock: SteppedClock, user: UUID) -> bytes:
    token = tokens.issue(user, key=settings.token_key, now=clock.now(), minutes=600)
    return f"Bearer {token}".encode()


def _owner_engine(url: str) -> AsyncEngine:
    return create_async_engine(sqlalchemy_url(url), pool_size=1)


def main() -> None:
    """Seed a database, measure, print."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--requests", type=int, default=2000)
    requests = arguments.parse_args().requests
    server = EmbeddedServer(Path(tempfile.mkdtemp()), settings={"fsync": "off"})
    server.start()
    try:
        with psycopg.connect(server.url("postgres"), autocommit=True) as connection:
            connection.execute("CREATE DATABASE tgj")
        schema.upgrade(server.url())
        with psycopg.connect(server.url(), autocommit=True) as connection:
            connection.execute(_SEED.encode())
        for line in asyncio.run(_run(server.url(), requests)):
            print(json.dumps(line | {"farmers": FARMERS, "payouts": PAYOUTS}))
    finally:
        server.remove()


if __name__ == "__main__":
    main()
