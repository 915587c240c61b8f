"""Since when each critical alert waits for somebody, and whether it was escalated."""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"

CRITICAL = 3


def upgrade() -> None:
    """Adds the columns. An alert that is critical now counts from when it fired; no better moment is known."""
    op.add_column("alerts", sa.Column("unattended_since", sa.BigInteger(), nullable=True))
    op.add_column("alerts", sa.Column("escalated", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.create_index("alerts_unattended", "alerts", ["unattended_since"])
    op.execute(f"UPDATE alerts SET unattended_since = since WHERE level > 0 AND severity = {CRITICAL}")  # noqa: S608
