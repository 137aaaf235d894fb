"""What every test may ask for: a migrated database of its own, the application, and people.

One PostgreSQL serves the whole run; a template database is migrated once and each test module
gets a copy (the same revisions that production runs, never ``create_all``).
"""

import os
import tempfile
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from pathlib import Path

import httpx
import psycopg
import pytest
import pytest_asyncio

from backend.api.app import create_app
from backend.core import schema
from backend.core.clock import SteppedClock
from backend.core.crypto import Sealer
from backend.core.db import Database
from backend.core.embedded import EmbeddedServer
from backend.core.settings import Settings
from backend.gateways.sms import SandboxSms
from tests.people import World

_URL_VARIABLE = "TGJ_TEST_SERVER_URL"
"""A server to test on, with ``{database}`` for the name; the embedded one if it is not set."""
_TEMPLATE_VARIABLE = "TGJ_TEST_TEMPLATE"


def pytest_configure(config: pytest.Config) -> None:
    """Start the server and migrate the template once, before the workers of xdist."""
    if hasattr(config, "workerinput"):
        return
    if _URL_VARIABLE not in os.environ:
        home = Path(tempfile.gettempdir()) / f"tgj-tests-{os.getpid()}"
        fast = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
        server = EmbeddedServer(home, settings=fast)
        server.start()
        config.add_cleanup(server.remove)
        os.environ[_URL_VARIABLE] = server.url("{database}")
    template = f"tgj_template_{os.getpid()}"
    os.environ[_TEMPLATE_VARIABLE] = template
    with psycopg.connect(_server_url("postgres"), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {template}")
    schema.upgrade(_server_url(template))


def pytest_unconfigure(config: pytest.Config) -> None:
    """Forget the template; the cleanup has removed the server."""
    if not hasattr(config, "workerinput"):
        os.environ.pop(_TEMPLATE_VARIABLE, None)


def _server_url(database: str) -> str:
    return os.environ[_URL_VARIABLE].replace("{database}", database)


@pytest.fixture(scope="module")
def database_url(request: pytest.FixtureRequest) -> Iterator[str]:
    """A migrated, empty database for one test module; dropped afterwards."""
    worker = os.environ.get("PYTEST_XDIST_WORKER", "main")
    name = f"tgj_{worker}_{abs(hash(request.node.nodeid)) % 10**12}"
    with psycopg.connect(_server_url("postgres"), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {os.environ[_TEMPLATE_VARIABLE]}")
        yield _server_url(name)
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def owner(database_url: str) -> Iterator[psycopg.Connection]:
    """A connection as the schema's owner, for what a test must see past row-level security."""
    with psycopg.connect(database_url, autocommit=True) as connection:
        yield connection


@pytest.fixture(scope="module")
def clock() -> SteppedClock:
    """A clock that stands at nine o'clock on 1 July 2026 in Shanghai."""
    return SteppedClock(datetime(2026, 7, 1, 1, 0, tzinfo=UTC))


@pytest.fixture(scope="module")
def settings() -> Settings:
    """Development settings."""
    return Settings()


@pytest.fixture(scope="module")
def sms() -> SandboxSms:
    """The sandbox that keeps text messages."""
    return SandboxSms()


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def database(database_url: str) -> AsyncIterator[Database]:
    """A pool that works as the application role."""
    opened = await Database.open(database_url, connections=8)
    yield opened
    await opened.close()


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def client(
    database_url: str, settings: Settings, clock: SteppedClock, sms: SandboxSms
) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the whole application, without a network."""
    app = create_app(settings, database_url=database_url, clock=clock, sms=sms)
    async with app.router.lifespan_context(app):
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as opened:
            yield opened


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def world(
    database: Database, client: httpx.AsyncClient, clock: SteppedClock, settings: Settings
) -> World:
    """The organisations and people of a small village, see `tests.people.World`."""
    return await World.build(database, client, clock, Sealer(settings.master_key))
