"""Deliveries that were perhaps sent before: they waited in a backup, and nobody knows what happened after it."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    """Adds the column; nothing that waits now comes from a backup."""
    op.add_column("outbox", sa.Column("perhaps_sent", sa.Boolean(), nullable=False, server_default=sa.false()))
