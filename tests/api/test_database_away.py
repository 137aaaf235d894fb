"""A database that goes away: 503 as a problem, nothing half done, and well again by itself."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import psycopg
import pytest
import pytest_asyncio
from sqlalchemy.ext.asyncio import AsyncSession

from backend.core import audit
from backend.core.db import Database
from tests.api.test_requests import DRAFT, PATH
from tests.people import World

INCOME = "/v1/me/income"


def _database(client: httpx.AsyncClient) -> Database:
    """Return the application's own pools."""
    transport = client._transport
    assert isinstance(transport, httpx.ASGITransport)
    database = getattr(transport.app, "state").runtime.database  # noqa: B009 -- an ASGI callable
    assert isinstance(database, Database)
    return database


@pytest_asyncio.fixture(autouse=True)
async def _well_again(world: World) -> AsyncIterator[None]:
    """After each test the application works and holds no connection."""
    yield
    assert (await world.client.get("/readyz")).status_code == 200
    assert _database(world.client).engine.pool.checkedout() == 0  # type: ignore[attr-defined] # AsyncAdaptedQueuePool has it, its base not


@contextmanager
def _shut(owner: psycopg.Connection) -> Iterator[None]:
    """Let nobody of the application in, and end the connections that it has."""
    name = owner.info.dbname
    with psycopg.connect(owner.info.dsn, dbname="postgres", autocommit=True) as other:
        other.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false".encode())
        _end_all(owner)
        try:
            yield
        finally:
            other.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true".encode())


def _end_all(owner: psycopg.Connection) -> None:
    owner.execute(
        "SELECT pg_terminate_backend(pid, 2000) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )


def _is_unavailable(answer: httpx.Response) -> None:
    assert answer.status_code == 503, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["retry-after"] == "2"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "x-request-id" in answer.headers


async def test_restart_is_not_noticed_or_503(world: World, owner: psycopg.Connection) -> None:
    """When every connection was ended, the next requests succeed or are told to retry."""
    for _ in range(3):
        await asyncio.gather(
            *(world.call(world.farmers[0], "GET", INCOME) for _ in range(8)),
            *(world.call("director", "GET", "/v1/orgs/{org}/users") for _ in range(8)),
        )
        _end_all(owner)
        await asyncio.sleep(0.05)
        for user, path in (
            (world.farmers[0], INCOME),
            ("director", "/v1/orgs/{org}/users"),
            (world.farmers[0], "/v1/me"),
        ):
            assert (await world.call(user, "GET", path)).status_code == 200
        assert (await world.call("accountant", "POST", PATH, DRAFT)).status_code == 201


async def test_away_and_back(world: World, owner: psycopg.Connection) -> None:
    """While nobody gets in every operation answers 503, the fast lane too; alive stays alive."""
    with _shut(owner):
        await asyncio.sleep(0.05)
        _is_unavailable(await world.client.get("/readyz"))
        _is_unavailable(await world.call(world.farmers[0], "GET", INCOME))
        _is_unavailable(await world.call("director", "GET", "/v1/orgs/{org}/users"))
        _is_unavailable(await world.call("accountant", "POST", PATH, DRAFT))
        body = {"login_name": "clerk", "password": "x"}
        _is_unavailable(await world.client.post("/v1/auth/password", json=body))
        assert (await world.client.get("/healthz")).status_code == 200
    assert (await world.call(world.farmers[0], "GET", INCOME)).status_code == 200


async def test_alive_asks_no_database(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """``healthz`` answers without any session or statement."""

    def never(*_: Any, **__: Any) -> None:
        raise AssertionError

    for name in ("_session", "rows", "value"):
        monkeypatch.setattr(Database, name, never)
    assert (await world.client.get("/healthz")).status_code == 200


@pytest.mark.parametrize("missing", [FileNotFoundError, ConnectionRefusedError, TimeoutError])
async def test_unreachable_socket(
    world: World, monkeypatch: pytest.MonkeyPatch, missing: type[OSError]
) -> None:
    """Whatever the system says of the server's socket is 503, not 500."""
    database = _database(world.client)

    def refuse(*_: Any, **__: Any) -> None:
        raise missing

    monkeypatch.setattr(database, "pool", type("Pool", (), {"fetchval": refuse, "fetch": refuse})())
    _is_unavailable(await world.call(world.farmers[0], "GET", INCOME))
    monkeypatch.setattr(database, "engine", type("Engine", (), {"connect": refuse})())
    _is_unavailable(await world.client.get("/readyz"))
    monkeypatch.undo()


async def test_no_connection_left(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """When all connections are out for longer than one waits, the caller is told to retry."""
    engine = _database(world.client).engine
    monkeypatch.setattr(engine.pool, "_timeout", 0.05)
    held = [await engine.connect() for _ in range(10)]
    try:
        _is_unavailable(await world.call("director", "GET", "/v1/orgs/{org}/users"))
        _is_unavailable(await world.call("accountant", "POST", PATH, DRAFT))
    finally:
        for connection in held:
            await connection.close()


@pytest.mark.parametrize(
    ("statement", "status"),
    [
        ("SET LOCAL statement_timeout = 20; SELECT pg_sleep(1)", 503),
        ("DO $$BEGIN RAISE EXCEPTION 'x' USING ERRCODE = '53100'; END$$", 503),
        ("DO $$BEGIN RAISE EXCEPTION 'x' USING ERRCODE = '40P01'; END$$", 201),
        ("DO $$BEGIN RAISE EXCEPTION 'x' USING ERRCODE = '23505'; END$$", 201),
        ("DO $$BEGIN RAISE EXCEPTION 'canary' USING ERRCODE = 'XX001'; END$$", 500),
    ],
    ids=["timeout", "disk", "deadlock", "twin", "corruption"],
)
async def test_states(
    world: World,
    monkeypatch: pytest.MonkeyPatch,
    owner: psycopg.Connection,
    caplog: pytest.LogCaptureFixture,
    statement: str,
    status: int,
) -> None:
    """What passes by itself is 503, what collides is done again, the rest is ours and silent."""
    plain = audit.append
    calls = 0

    async def failing_once(session: AsyncSession, *rest: Any) -> None:
        nonlocal calls
        calls += 1
        if calls == 1:
            connection = await session.connection()
            for one in statement.split("; SELECT"):
                await connection.exec_driver_sql(one if one[0] != " " else f"SELECT{one}")
        await plain(session, *rest)

    monkeypatch.setattr(audit, "append", failing_once)
    before = owner.execute("SELECT count(*) FROM voucher_draft").fetchone()
    answer = await world.call("accountant", "POST", PATH, DRAFT)
    assert answer.status_code == status, answer.text
    after = owner.execute("SELECT count(*) FROM voucher_draft").fetchone()
    assert before is not None
    assert after == (before[0] + (status == 201),)
    assert "canary" not in caplog.text + answer.text


async def test_cancelled_in_the_middle(
    world: World, monkeypatch: pytest.MonkeyPatch, owner: psycopg.Connection
) -> None:
    """A request that is cancelled before its commit leaves nothing, and its connection returns."""
    reached = asyncio.Event()

    async def waiting(*_: Any) -> None:
        reached.set()
        await asyncio.sleep(60)

    monkeypatch.setattr(audit, "append", waiting)
    before = owner.execute("SELECT count(*) FROM voucher_draft").fetchone()
    task = asyncio.create_task(world.call("accountant", "POST", PATH, DRAFT))
    await reached.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert owner.execute("SELECT count(*) FROM voucher_draft").fetchone() == before
