"""${message}."""

from migrations.support import run

revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply the revision."""
    run("")


def downgrade() -> None:
    """Undo the revision."""
    run("")
