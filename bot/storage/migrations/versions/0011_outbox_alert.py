"""An index that finds the deliveries of an alert without reading the whole outbox."""

from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    """Adds the index."""
    op.create_index("outbox_alert", "outbox", ["subject", "measure", "episode"], unique=False)
