"""The schema's one line of history (alembic)."""
