"""A rent run from its computation to its approval, beside COPY of the rows' ready bytes.

`python -m benchmarks.payout_run --lines 100000` prints one JSON line. Ours computes every line
with its formula, groups payments, checks claims, recomputes the sums, books one posting for each
payee and moves every payment on, with row-level security, foreign keys and all guards. The limit
writes the same rows, already made, with COPY into tables with the same indexes and nothing else.
"""

import argparse
import asyncio
import io
import json
import tempfile
import time
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import psycopg

from backend.core import schema
from backend.core.audit import Command
from backend.core.clock import SHANGHAI
from backend.core.db import Database, Scope, WriteSession
from backend.core.embedded import EmbeddedServer
from backend.core.ids import new_id
from backend.ledger.service import open_books
from backend.payouts import rent, service
from backend.payouts.rules import Transferee

ORG = 100
DAY = date(2026, 7, 1)
WRITTEN = {"compute": ("payout_line", "payment_item"), "approve": ("payment_item", "posting")}
_SEED = """
SET session_replication_role = replica;
INSERT INTO organisation (id, kind, code, name)
  VALUES (100, 'collective', '14042910020100', '甲村');
INSERT INTO household (org_id, id, code, head_name)
  SELECT 100, gen_random_uuid(), lpad((140429 * 1e12 + n)::bigint::text, 18, '0'), '张' || n
  FROM generate_series(1, {payees}) n;
INSERT INTO parcel (org_id, id, code, household_id, name)
  SELECT 100, gen_random_uuid(), code || k, id, '河滩' FROM household, generate_series(1, {each}) k;
INSERT INTO land_transfer (org_id, id, number, kind, household_id, transferee_kind,
                           transferee_name, land_use, starts_on, ends_on, rent_fen_per_mu, state)
  SELECT 100, gen_random_uuid(), 'LZ' || code, 'lease', id, 'collective', '甲村', '粮食',
         '2024-01-01', '2028-12-31', 60000 + row_number() OVER () % 997, 'in_force'
  FROM household;
INSERT INTO land_transfer_parcel (org_id, transfer_id, parcel_id, area_centimu)
  SELECT 100, t.id, p.id, 100 + row_number() OVER () % 531
  FROM parcel p JOIN land_transfer t ON t.household_id = p.household_id;
SET session_replication_role = origin;
ANALYZE;
"""


def seed(url: str, *, lines: int, each: int) -> None:
    """Fill a migrated database with households that lease ``each`` parcels."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(_SEED.format(payees=lines // each, each=each).encode())


async def run_ours(database: Database, lines: int) -> dict[str, float]:
    """Return the seconds of each step, every one a committed unit of work."""
    maker, approver = new_id(), new_id()
    seconds: dict[str, float] = {}
    scope = Scope(org_id=ORG, user_id=maker)
    async with database.write(scope, Command(action="bench")) as session:
        await open_books(session, org_id=ORG, chart_id="village_2023_14", first_period=202601)

    async def step(name: str, action: Any) -> Any:
        began_s = time.perf_counter()
        async with database.write(scope, Command(action=name), serializable=True) as session:
            result = await action(session)
        seconds[name] = time.perf_counter() - began_s
        return result

    async def compute(session: WriteSession) -> UUID:
        run = await rent.compute(
            session,
            org_id=ORG,
            title="基准",
            covers_from=date(2026, 1, 1),
            covers_to=date(2026, 12, 31),
            transferee=Transferee.COLLECTIVE,
            maker_id=maker,
        )
        assert run.line_count == lines
        return run.id

    run_id = await step("compute", compute)
    await step(
        "notice",
        lambda session: service.lay_open(session, org_id=ORG, run_id=run_id, days=None, today=DAY),
    )
    later = DAY + timedelta(days=9)
    await step(
        "approve",
        lambda session: service.approve(
            session,
            org_id=ORG,
            run_id=run_id,
            approver_id=approver,
            now=datetime(later.year, later.month, later.day, 9, tzinfo=SHANGHAI),
            today=later,
        ),
    )
    return seconds


async def run_limit(url: str, tables: tuple[str, ...]) -> tuple[int, float]:
    """Return rows and seconds of COPY of these tables' bytes into bare copies, one transaction."""
    connection = await asyncpg.connect(url)
    ready: dict[str, bytes] = {}
    for table in tables:
        out = io.BytesIO()
        await connection.copy_from_table(table, output=out, format="binary")
        ready[table] = out.getvalue()
        await connection.execute(f"CREATE TABLE bare_{table} (LIKE {table} INCLUDING ALL)")
    began_s = time.perf_counter()
    rows = 0
    async with connection.transaction():
        for table, content in ready.items():
            status = await connection.copy_to_table(
                f"bare_{table}", source=io.BytesIO(content), format="binary"
            )
            rows += int(status.split()[-1])
    spent_s = time.perf_counter() - began_s
    for table in tables:
        await connection.execute(f"DROP TABLE bare_{table}")
    await connection.close()
    return rows, spent_s


async def measure(url: str, lines: int) -> dict[str, object]:
    """Run ours once and the limit three times; the fastest of the limit's counts."""
    database = await Database.open(url, connections=1)
    seconds = await run_ours(database, lines)
    await database.close()
    figures: dict[str, object] = {"figure": "payout_run", "lines": lines}
    ours_s = limit_s = 0.0
    for step, tables in WRITTEN.items():
        tries = [await run_limit(url, tables) for _ in range(3)]
        rows, fastest_s = tries[0][0], min(spent_s for _, spent_s in tries)
        figures |= {
            f"{step}_rows": rows,
            f"{step}_seconds": round(seconds[step], 3),
            f"{step}_rows_per_s": round(rows / seconds[step]),
            f"{step}_copy_rows_per_s": round(rows / fastest_s),
            f"{step}_of_limit": round(fastest_s / seconds[step], 3),
        }
        ours_s, limit_s = ours_s + seconds[step], limit_s + fastest_s
    figures["notice_seconds"] = round(seconds["notice"], 3)
    figures["of_limit"] = round(limit_s / ours_s, 3)
    return figures


def main() -> None:
    """Print one JSON line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lines", type=int, default=100_000)
    parser.add_argument("--each", type=int, default=4, help="lines of one payee")
    arguments = parser.parse_args()
    lines = arguments.lines // arguments.each * arguments.each
    with tempfile.TemporaryDirectory() as folder:
        server = EmbeddedServer(Path(folder), settings={"shared_buffers": "256MB"})
        server.start()
        try:
            with psycopg.connect(server.url("postgres"), autocommit=True) as connection:
                connection.execute("CREATE DATABASE tgj")
            schema.upgrade(server.url())
            seed(server.url(), lines=lines, each=arguments.each)
            print(json.dumps(asyncio.run(measure(server.url(), lines))))
        finally:
            server.remove()


if __name__ == "__main__":
    main()
