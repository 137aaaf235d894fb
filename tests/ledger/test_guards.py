"""The database's own guards: statements that no code of ours sends are refused all the same."""

from datetime import date
from uuid import UUID

import psycopg
import pytest
import pytest_asyncio

from backend.core.audit import Command
from backend.core.ids import new_id
from backend.ledger import service
from backend.ledger.rules import Line
from tests.people import World

_HEAD = (
    "INSERT INTO voucher (org_id, id, period, number, booked_on, summary, source_kind, source_id,"
    " attachments, maker_id) VALUES ({org}, '{id}', {period}, 0, '{day}', 's', 'test', '{id}', 0,"
    " '{maker}')"
)
_LINE = (
    "INSERT INTO posting (org_id, voucher_id, line, account_code, summary, debit_fen, credit_fen)"
    " VALUES ({org}, '{id}', {line}, '{code}', 's', {debit}, {credit})"
)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def posted(world: World) -> UUID:
    """A voucher of 100 fen in July 2026."""
    header = service.Header(
        org_id=world.collective,
        booked_on=date(2026, 7, 1),
        summary="取现",
        source_kind="test",
        source_id="first",
        maker_id=world.staff["accountant"],
    )
    lines = [
        Line(account_code="101", summary="取现", debit_fen=100),
        Line(account_code="102", summary="取现", credit_fen=100),
    ]
    async with world.database.write(world.scope(), Command(action="test")) as session:
        return (await service.post(session, header, lines)).id


def _voucher(
    world: World,
    *lines: tuple[str, int, int],
    period: int = 202607,
    day: str = "2026-07-01",
    org: int | None = None,
) -> str:
    """Return the statements of one transaction that writes a voucher with these lines."""
    values = {
        "org": org or world.collective,
        "id": new_id(),
        "period": period,
        "day": day,
        "maker": world.staff["accountant"],
    }
    statements = [_HEAD.format(**values)]
    statements += [
        _LINE.format(**values, line=number, code=code, debit=debit, credit=credit)
        for number, (code, debit, credit) in enumerate(lines, start=1)
    ]
    return ";".join(statements)


def test_forbidden_statements(world: World, posted: UUID, owner: psycopg.Connection) -> None:
    """Each forbidden statement is refused by the database, for the schema's owner too."""
    org = world.collective
    balanced = (("101", 5, 0), ("102", 0, 5))
    forbidden = {
        "unbalanced": _voucher(world, ("101", 5, 0), ("102", 0, 4)),
        "single line": _voucher(world, ("101", 5, 0)),
        "no lines": _voucher(world),
        "both sides": _voucher(world, ("101", 5, 5), ("102", 0, 0)),
        "unknown account": _voucher(world, ("10199", 5, 0), ("102", 0, 5)),
        "account with details": _voucher(world, ("113", 5, 0), ("102", 0, 5)),
        "other organisation's account": _voucher(world, *balanced, org=world.neighbour),
        "month not in use": _voucher(world, *balanced, period=202512, day="2025-12-31"),
        "month of another date": _voucher(world, *balanced, period=202607, day="2026-08-01"),
        "late line": _LINE.format(org=org, id=posted, line=3, code="101", debit=1, credit=0),
        "late pair": ";".join(
            _LINE.format(org=org, id=posted, line=n, code="101", debit=d, credit=1 - d)
            for n, d in ((3, 1), (4, 0))
        ),
        "change a line": f"UPDATE posting SET debit_fen = 101 WHERE voucher_id = '{posted}'",
        "change a voucher": f"UPDATE voucher SET summary = 'x' WHERE id = '{posted}'",
        "delete a line": f"DELETE FROM posting WHERE voucher_id = '{posted}'",
        "delete a voucher": f"DELETE FROM voucher WHERE id = '{posted}'",
        "truncate lines": "TRUNCATE posting",
        "truncate vouchers": "TRUNCATE voucher CASCADE",
        "change the audit log": "UPDATE audit_entry SET entry = 'x'",
        "delete from the audit log": "DELETE FROM audit_entry",
        "truncate the audit log": "TRUNCATE audit_entry",
        "partial reversal": _voucher(world, ("101", -50, 0), ("102", 0, -50)).replace(
            "attachments, maker_id)", "attachments, reverses, maker_id)"
        ).replace("0, '" + str(world.staff["accountant"]), f"0, '{posted}', '"
                  + str(world.staff["accountant"]), 1),
    }  # fmt: skip
    accepted = []
    for name, statements in forbidden.items():
        try:
            with owner.transaction():
                owner.execute(statements.encode())
        except psycopg.Error:
            continue
        accepted.append(name)
    assert accepted == []
    with owner.transaction():
        owner.execute(_voucher(world, *balanced).encode())


def test_application_role_has_no_back_door(
    world: World, posted: UUID, owner: psycopg.Connection
) -> None:
    """As the application, cached balances and counters cannot be written, nor guards removed."""
    org = world.collective
    for statement in (
        "UPDATE account_balance SET debit_fen = 0",
        "INSERT INTO account_balance VALUES (1, 202607, '101', 1, 0)",
        "UPDATE voucher_counter SET last_number = 0",
        "UPDATE audit_head SET seq = 0",
        "ALTER TABLE posting DISABLE TRIGGER ALL",
        "DROP TRIGGER posting_guard ON posting",
        "SET session_replication_role = replica",
        f"DELETE FROM posting WHERE org_id = {org}",
        "CREATE TABLE mine (x int)",
    ):
        whole = (
            f"SET LOCAL ROLE tgj_app; SELECT set_config('tgj.org_id', '{org}', true); {statement}"
        )
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            owner.execute(whole.encode())


def test_rows_of_others_are_invisible(
    world: World, posted: UUID, owner: psycopg.Connection
) -> None:
    """Without any scoping in the query, another organisation's rows are not there."""
    tables = ("voucher", "posting", "household", "member", "parcel", "audit_entry", "period")
    for table in tables:
        with owner.transaction():
            owner.execute("SET LOCAL ROLE tgj_app")
            for org, visible in ((world.collective, True), (world.neighbour, False)):
                for setting in ("org_id", "read_orgs"):
                    owner.execute(f"SELECT set_config('tgj.{setting}', '{org}', true)".encode())
                row = owner.execute(
                    f"SELECT count(*) FROM {table} WHERE org_id = {world.collective}".encode()
                ).fetchone()
                assert row is not None
                assert (row[0] > 0) is visible, (table, org)
