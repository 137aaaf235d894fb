"""The database: sessions with a tenant's scope, and the one unit of work that may commit.

Row-level security reads three settings that a session sets first: ``tgj.org_id`` (the tenant that
may be written), ``tgj.read_orgs`` (the tenants that may be read) and ``tgj.user_id``.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, NewType
from uuid import UUID

import asyncpg
from sqlalchemy import text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, create_async_engine

from backend.core import audit

ReadSession = NewType("ReadSession", AsyncSession)
WriteSession = NewType("WriteSession", AsyncSession)

APP_ROLE = "tgj_app"
PLATFORM_ORG_ID = 1
"""The organisation that owns what belongs to no tenant: sign-ins and installation commands."""

_PROLOGUE = text(
    "SELECT set_config('tgj.org_id', :org, true), set_config('tgj.read_orgs', :orgs, true),"
    " set_config('tgj.user_id', :user, true)"
)


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
            "idle_in_transaction_session_timeout": "120s",
            "jit": "off",
        }
        engine = create_async_engine(
            sqlalchemy_url(url),
            pool_size=connections,
            max_overflow=0,
            pool_timeout=10,
            connect_args={"server_settings": server_settings},
        )
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
            if not command.replayed:
                await audit.append(session, scope.org_id, scope.user_id, command)
            await session.commit()

    @asynccontextmanager
    async def _session(self, **options: Any) -> AsyncIterator[AsyncSession]:
        """Open a session on one connection; roll back whatever was not committed."""
        async with self.engine.connect() as connection:
            if options:
                await connection.execution_options(**options)
            async with AsyncSession(connection, expire_on_commit=False) as session:
                yield session


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


async def keep_session(_connection: asyncpg.Connection) -> None:
    """Leave a returned connection as it is, without the usual round trip of reset statements.

    The pool only runs single statements, whose settings end with them: there is nothing to reset.
    """


async def driver_connection(session: ReadSession | WriteSession) -> asyncpg.Connection:
    """Return the asyncpg connection under ``session``, for COPY inside its transaction."""
    connection = await session.connection()
    raw = await connection.get_raw_connection()
    driver = raw.driver_connection
    if not isinstance(driver, asyncpg.Connection):
        msg = "the session does not run on asyncpg"
        raise TypeError(msg)
    return driver


def sqlalchemy_url(url: str) -> URL:
    """Turn a libpq URL into SQLAlchemy's for asyncpg."""
    return make_url(url).set(drivername="postgresql+asyncpg")
