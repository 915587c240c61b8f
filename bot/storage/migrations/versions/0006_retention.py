"""The progress of the retention, and the indexes that lead to old and new rows."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Adds them; the first pass then reads everything."""
    op.create_table(
        "retention",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("began_at", sa.BigInteger(), nullable=False),
        sa.Column("previous_at", sa.BigInteger(), nullable=True),
        sa.Column("reached", sa.Text(), nullable=True),
    )
    op.create_index("outages_ended", "outages", ["until"])
    op.create_index("outbox_done", "outbox", ["state", "done_at"])
    op.create_index("outbox_age", "outbox", ["created_at"])
