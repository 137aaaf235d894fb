"""The database: sessions with a tenant's scope, and the one unit of work that may commit.

Row-level security reads three settings that a session sets first: ``tgj.org_id`` (the tenant that
may be written), ``tgj.read_orgs`` (the tenants that may be read) and ``tgj.user_id``.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import Any, NewType
from uuid import UUID

import asyncpg
from sqlalchemy import event, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, create_async_engine

from backend.core import audit
from backend.core.errors import Unavailable

ReadSession = NewType("ReadSession", AsyncSession)
WriteSession = NewType("WriteSession", AsyncSession)

APP_ROLE = "tgj_app"
PLATFORM_ORG_ID = 1
"""The organisation that owns what belongs to no tenant: sign-ins and installation commands."""

_WAIT_S = 10
"""Seconds to wait for a free connection, for a row's lock, and for a single statement."""
_PASSING_STATES = frozenset({"40001", "40P01", "55P03", "25P03", "55000"})
_PASSING_CLASSES = frozenset({"08", "53", "57", "58"})

_PROLOGUE = text(
    "SELECT set_config('tgj.org_id', :org, true), set_config('tgj.read_orgs', :orgs, true),"
    " set_config('tgj.user_id', :user, true)"
)


class DatabaseAway(Unavailable):
    """No connection to the database can be had at this moment."""

    zh = "服务暂时不可用，请稍后重试"
    en = "The service is not available now; retry in a moment"


def passes_by_itself(sqlstate: str | None) -> bool:
    """Say whether a later attempt may succeed without anybody mending anything.

    That is so for lost connections, full resources, interventions, system errors (SQLSTATE
    classes 08, 53, 57 with its timeouts, 58), collisions, locks that were waited for in vain, and
    a database that is closed for maintenance (55000).
    """
    return sqlstate is not None and (
        sqlstate[:2] in _PASSING_CLASSES or sqlstate in _PASSING_STATES
    )


@contextmanager
def _reaching() -> Iterator[None]:
    """Turn every way in which a server can be out of reach into `DatabaseAway`."""
    try:
        yield
    except (OSError, asyncpg.InterfaceError) as error:
        raise DatabaseAway from error
    except asyncpg.PostgresError as error:
        if passes_by_itself(error.sqlstate):
            raise DatabaseAway from error
        raise


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """Whose rows a session may see and write, and for whom it acts.

    ``org_id`` may be written; ``read_org_ids`` may be read besides it. ``user_id`` is ``None``
    for installation commands.
    """

    org_id: int
    read_org_ids: tuple[int, ...] = ()
    user_id: UUID | None = None

    def settings(self) -> dict[str, str]:
        """Return the values of the three row-level-security settings."""
        orgs = ",".join(str(org) for org in sorted({self.org_id, *self.read_org_ids}))
        user = "" if self.user_id is None else str(self.user_id)
        return {"org": str(self.org_id), "orgs": orgs, "user": user}


class Database:
    """A pool of connections that all run as the application role."""

    def __init__(self, engine: AsyncEngine, pool: asyncpg.Pool) -> None:
        self.engine = engine
        self.pool = pool

    @classmethod
    async def open(cls, url: str, *, connections: int = 10) -> "Database":
        """Connect to ``url`` (libpq form) and take on the role `APP_ROLE`.

        The role is set in the start-up packet: no statement of ours ever runs with the rights of
        the login role, and row-level security is forced for the application role.
        """
        server_settings = {
            "role": APP_ROLE,
            "timezone": "UTC",
            "statement_timeout": "120s",
            "lock_timeout": f"{_WAIT_S}s",
            "idle_in_transaction_session_timeout": "120s",
            "jit": "off",
        }
        engine = create_async_engine(
            sqlalchemy_url(url),
            pool_size=connections,
            max_overflow=0,
            pool_timeout=_WAIT_S,
            # Values of a statement may be personal data: errors and logs show the text only.
            hide_parameters=True,
            connect_args={"server_settings": server_settings},
        )
        event.listen(engine.sync_engine, "checkout", _replace_closed)
        pool = await asyncpg.create_pool(
            url,
            min_size=1,
            max_size=connections,
            server_settings=server_settings,
            reset=keep_session,
        )
        return cls(engine, pool)

    async def close(self) -> None:
        """Close every connection."""
        await self.pool.close()
        await self.engine.dispose()

    async def value(self, statement: str, *values: Any) -> Any:
        """Run one statement on its own and return its first value; raise `DatabaseAway`."""
        with _reaching():
            async with asyncio.timeout(_WAIT_S):
                return await self.pool.fetchval(statement, *values)

    async def rows(self, statement: str, *values: Any) -> list[asyncpg.Record]:
        """Run one statement on its own and return its rows; raise `DatabaseAway`."""
        with _reaching():
            async with asyncio.timeout(_WAIT_S):
                return await self.pool.fetch(statement, *values)

    @asynccontextmanager
    async def read(self, scope: Scope) -> AsyncIterator[ReadSession]:
        """Open a read-only session; the database refuses writes in it."""
        async with self._session(postgresql_readonly=True) as session:
            await session.execute(_PROLOGUE, scope.settings())
            yield ReadSession(session)

    @asynccontextmanager
    async def write(
        self,
        scope: Scope,
        command: audit.Command,
        *,
        serializable: bool = False,
    ) -> AsyncIterator[WriteSession]:
        """Open the unit of work of one command: all of it is committed at the end, or nothing.

        The command's audit row is written in the same transaction, last, so that the chain is
        locked only for an instant.
        """
        options: dict[str, Any] = {"isolation_level": "SERIALIZABLE"} if serializable else {}
        async with self._session(**options) as session:
            await session.execute(_PROLOGUE, scope.settings())
            yield WriteSession(session)
            await session.flush()
            if not command.idle:
                await audit.append(session, scope.org_id, scope.user_id, command)
            await session.commit()

    @asynccontextmanager
    async def _session(self, **options: Any) -> AsyncIterator[AsyncSession]:
        """Open a session on one connection; roll back whatever was not committed."""
        async with AsyncExitStack() as stack:
            with _reaching():
                connection = await stack.enter_async_context(self.engine.connect())
            if options:
                await connection.execution_options(**options)
            yield await stack.enter_async_context(AsyncSession(connection, expire_on_commit=False))


@asynccontextmanager
async def acting_for(session: WriteSession, scope: Scope, other_org_id: int) -> AsyncIterator[None]:
    """Write in another organisation's tenancy for a declared hand-over, then return.

    Only the hand-over between a collective and its provider may use this (see
    ``tests/test_architecture.py``). Everything stays in the caller's transaction.
    """
    await session.flush()
    other = Scope(org_id=other_org_id, read_org_ids=(scope.org_id,), user_id=scope.user_id)
    await session.execute(_PROLOGUE, other.settings())
    yield
    await session.flush()
    await session.execute(_PROLOGUE, scope.settings())


def _replace_closed(connection: Any, _record: Any, _proxy: Any) -> None:
    """Let the pool reconnect where the server hung up, as after a restart; no round trip."""
    if connection.driver_connection.is_closed():
        raise DisconnectionError


async def keep_session(_connection: asyncpg.Connection) -> None:
    """Leave a returned connection as it is, without the usual round trip of reset statements.

    The pool only runs single statements, whose settings end with them: there is nothing to reset.
    """


def sqlalchemy_url(url: str) -> URL:
    """Turn a libpq URL into SQLAlchemy's for asyncpg."""
    return make_url(url).set(drivername="postgresql+asyncpg")
