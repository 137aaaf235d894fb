"""Statements that recur in revisions: isolation of tenant tables and append-only tables."""

from alembic import op

APP_ROLE = "tgj_app"


def run(*statements: str) -> None:
    """Execute each SQL text as it stands; percent signs and colons mean themselves."""
    connection = op.get_bind()
    for statement in statements:
        connection.exec_driver_sql(statement.replace("%", "%%"))


def tenant_table(name: str, *, rights: str = "SELECT, INSERT, UPDATE") -> None:
    """Isolate ``name`` by ``org_id``: forced row-level security, rights for the application.

    A session reads the organisations of ``tgj.read_orgs`` and writes that of ``tgj.org_id`` only.
    """
    run(
        f"ALTER TABLE {name} ENABLE ROW LEVEL SECURITY",
        f"ALTER TABLE {name} FORCE ROW LEVEL SECURITY",
        f"""CREATE POLICY {name}_read ON {name} FOR SELECT
            USING (org_id = ANY ((SELECT tgj_read_orgs())::bigint[]))""",
        f"""CREATE POLICY {name}_write ON {name} FOR ALL
            USING (org_id = (SELECT tgj_org())) WITH CHECK (org_id = (SELECT tgj_org()))""",
        f"REVOKE ALL ON {name} FROM PUBLIC",
        f"GRANT {rights} ON {name} TO {APP_ROLE}",
    )


def shared_table(name: str, *, rights: str = "SELECT, INSERT, UPDATE") -> None:
    """Give the application its rights on a table that belongs to no tenant."""
    run(f"REVOKE ALL ON {name} FROM PUBLIC", f"GRANT {rights} ON {name} TO {APP_ROLE}")


def append_only(name: str) -> None:
    """Refuse UPDATE, DELETE and TRUNCATE of ``name`` for every role, the owner included."""
    run(
        f"""CREATE TRIGGER {name}_append_only BEFORE UPDATE OR DELETE ON {name}
            FOR EACH ROW EXECUTE FUNCTION tgj_refuse_change()""",
        f"""CREATE TRIGGER {name}_no_truncate BEFORE TRUNCATE ON {name}
            FOR EACH STATEMENT EXECUTE FUNCTION tgj_refuse_change()""",
    )


def drop(*names: str) -> None:
    """Drop tables in the order given."""
    for name in names:
        run(f"DROP TABLE {name}")
