"""Where a command finds its database."""

import fcntl
import logging
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import psycopg
from psycopg import sql

from backend.core import schema
from backend.core.embedded import EmbeddedServer
from backend.core.settings import Settings

_log = logging.getLogger(__name__)


@contextmanager
def running_database(settings: Settings) -> Iterator[str]:
    """Yield the libpq URL of a migrated database.

    ``TGJ_DATABASE_URL`` is used as it stands: `tgj migrate` brings it up to date. Without it the
    embedded server is started, migrated, and stopped again by the last command that uses it.
    """
    if settings.database_url is not None:
        yield settings.database_url
        return
    server = EmbeddedServer(settings.data_dir)
    with in_use(server):
        url = server.url(settings.embedded_database)
        with (server.home / "opening").open("w") as opening:
            fcntl.flock(opening, fcntl.LOCK_EX)
            create_database(server.url("postgres"), settings.embedded_database)
            schema.upgrade(url)
        yield url


@contextmanager
def in_use(server: EmbeddedServer) -> Iterator[None]:
    """Run the embedded server while any command uses it; the last one out stops it.

    Every user holds a shared lock, which the system drops even for one that is killed. Who gets
    it alone at the end is the last.
    """
    server.home.mkdir(parents=True, exist_ok=True)
    with (server.home / "users").open("w") as users:
        fcntl.flock(users, fcntl.LOCK_SH)
        server.start()
        try:
            yield
        finally:
            with suppress(BlockingIOError):
                fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
                server.stop()


def create_database(maintenance_url: str, name: str, *, anew: bool = False) -> None:
    """Create the database ``name`` unless it is there; with ``anew`` drop it first."""
    with psycopg.connect(maintenance_url, autocommit=True) as connection:
        wanted = sql.Identifier(name)
        if anew:
            connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(wanted))
        known = connection.execute(
            "SELECT 1 FROM pg_database WHERE datname = %s", (name,)
        ).fetchone()
        if known is None:
            _log.info("creating the database %s", name)
            connection.execute(sql.SQL("CREATE DATABASE {}").format(wanted))
