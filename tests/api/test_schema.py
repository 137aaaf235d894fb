"""The schema: revisions go up and down, agree with the models, and isolate every tenant table."""

import os
import re

import psycopg
import pytest

from backend.core import schema
from backend.core.http.policy import Policy, policy_of
from migrations.metadata import METADATA

SHARED_TABLES = {
    "organisation",
    "region",
    "user_account",
    "role_grant",
    "otp_challenge",
    "refresh_token",
}
"""Tables that belong to no tenant, see docs/decisions/0004."""


def test_up_down_up(database_url: str) -> None:
    """Every revision can be undone and applied again, and the result has not drifted."""
    name = f"tgj_migrate_{os.getpid()}"
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    url = re.sub(r"/tgj_\w+\?", f"/{name}?", database_url)
    try:
        schema.upgrade(url)
        schema.downgrade(url, "base")
        with psycopg.connect(url) as connection:
            left = connection.execute(
                "SELECT count(*) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
                " WHERE n.nspname IN ('public', 'jobs') AND relname NOT LIKE 'alembic%'"
            ).fetchone()
        assert left == (0,)
        schema.upgrade(url)
        schema.check(url)
    finally:
        with psycopg.connect(database_url, autocommit=True) as connection:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


def test_checks_agree_with_the_models(owner: psycopg.Connection) -> None:
    """Alembic does not compare CHECK constraints: their names agree here."""
    rows = owner.execute(
        "SELECT conrelid::regclass::text, conname FROM pg_constraint"
        " WHERE contype = 'c' AND connamespace = 'public'::regnamespace"
    ).fetchall()
    declared = {
        (table.name, str(constraint.name))
        for table in METADATA.tables.values()
        for constraint in table.constraints
        if type(constraint).__name__ == "CheckConstraint"
    }
    assert set(rows) == declared


def test_every_tenant_table_is_isolated(owner: psycopg.Connection) -> None:
    """Tables with an organisation have forced row-level security and lead their key with it."""
    rows = owner.execute(
        "SELECT relname, relrowsecurity AND relforcerowsecurity FROM pg_class"
        " WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
        " AND relname <> 'alembic_version'"
    ).fetchall()
    tables: dict[str, bool] = dict(rows)
    assert set(tables) == set(METADATA.tables)
    assert {name for name, isolated in tables.items() if not isolated} == SHARED_TABLES
    for name, table in METADATA.tables.items():
        if name not in SHARED_TABLES:
            assert next(iter(table.primary_key.columns)).name == "org_id", name
            for index in table.indexes:
                assert next(iter(index.columns)).name == "org_id", index.name


def test_foreign_keys_stay_within_the_tenant() -> None:
    """A composite foreign key carries the organisation on both sides."""
    for name, table in METADATA.tables.items():
        if name in SHARED_TABLES:
            continue
        for constraint in table.foreign_key_constraints:
            target = constraint.elements[0].target_fullname.split(".")[0]
            if target not in SHARED_TABLES:
                assert constraint.column_keys[0] == "org_id", (name, constraint.name)


def test_application_role_is_bound(owner: psycopg.Connection) -> None:
    """The application role is no superuser, bypasses nothing, and owns nothing."""
    row = owner.execute(
        "SELECT rolsuper, rolbypassrls, rolcreatedb, rolcreaterole FROM pg_roles"
        " WHERE rolname = 'tgj_app'"
    ).fetchone()
    assert row == (False, False, False, False)


def test_views_run_with_the_callers_rights(owner: psycopg.Connection) -> None:
    """A view owned by the schema's owner would show all tenants; none may exist without invoker."""
    rows = owner.execute(
        "SELECT relname FROM pg_class WHERE relkind = 'v' AND relnamespace = 'public'::regnamespace"
        " AND NOT coalesce(reloptions::text LIKE '%security_invoker=on%', false)"
    ).fetchall()
    assert rows == []


def test_an_operation_without_policy_does_not_start() -> None:
    """`policy_of` refuses an endpoint that declares nothing."""

    async def endpoint() -> None:
        """Do nothing."""

    with pytest.raises(TypeError, match="declares no policy"):
        policy_of(endpoint)
    assert Policy(audience="public", access="none").published()["roles"] == []
