"""Alembic's environment: runs the revisions as the owner of the schema, over psycopg."""

from alembic import context
from sqlalchemy import create_engine, pool

from migrations.metadata import METADATA


def _run() -> None:
    url = context.config.get_main_option("sqlalchemy.url")
    if url is None:
        msg = "alembic needs sqlalchemy.url"
        raise ValueError(msg)
    engine = create_engine(url, poolclass=pool.NullPool)
    with engine.connect() as connection:
        context.configure(
            connection=connection, target_metadata=METADATA, transaction_per_migration=False
        )
        with context.begin_transaction():
            # Two deployments that migrate at once take turns.
            connection.exec_driver_sql("SELECT pg_advisory_xact_lock(7401)")
            context.run_migrations()
    engine.dispose()


_run()
