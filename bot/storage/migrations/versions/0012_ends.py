"""Messages that should say that their alert is over, and when that was."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"

TOLD = """
UPDATE outbox SET awaits_end = true
WHERE state = 'delivered' AND topic = 'alert' AND reason != 'resolved' AND message_id IS NOT NULL AND EXISTS (
    SELECT 1 FROM alerts
    WHERE alerts.subject = outbox.subject AND alerts.measure = outbox.measure
    AND alerts.episode = outbox.episode AND alerts.level > 0
)
"""


def upgrade() -> None:
    """Adds the columns. Messages of firing alerts are marked later; those of older ones stay as they are."""
    op.add_column("outbox", sa.Column("awaits_end", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("outbox", sa.Column("over_at", sa.BigInteger(), nullable=True))
    op.create_index("outbox_awaits_end", "outbox", ["awaits_end", "id"], unique=False)
    op.execute(TOLD)
