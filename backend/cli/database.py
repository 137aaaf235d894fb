"""Where a command finds its database."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

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
    embedded server is started, migrated, and stopped again if this command started it.
    """
    if settings.database_url is not None:
        yield settings.database_url
        return
    server = EmbeddedServer(settings.data_dir)
    was_running = server.home.exists() and server.running()
    server.start()
    try:
        url = server.url(settings.embedded_database)
        create_database(server.url("postgres"), settings.embedded_database)
        schema.upgrade(url)
        yield url
    finally:
        if not was_running:
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
