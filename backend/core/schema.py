"""The schema's revisions, run from code: `tgj migrate`, the demo and the tests use this door."""

from importlib.resources import files

from alembic import command
from alembic.config import Config
from sqlalchemy.engine import make_url


def _config(url: str) -> Config:
    config = Config()
    config.set_main_option("script_location", str(files("migrations")))
    rendered = make_url(url).set(drivername="postgresql+psycopg")
    # Config interpolates percent signs.
    text = rendered.render_as_string(hide_password=False).replace("%", "%%")
    config.set_main_option("sqlalchemy.url", text)
    return config


def upgrade(url: str, revision: str = "head") -> None:
    """Bring the database at ``url`` to ``revision``; several callers at once take turns."""
    command.upgrade(_config(url), revision)


def downgrade(url: str, revision: str) -> None:
    """Take the database at ``url`` back to ``revision`` (``base``: nothing left)."""
    command.downgrade(_config(url), revision)


def check(url: str) -> None:
    """Raise when the models and the migrated database differ."""
    command.check(_config(url))
