"""Eased alerts: an account that was out of credits, a plan that was cancelled, a session that is broken.

A plan's alert has one more level, "was cancelled", below its thresholds; an account's failures one for a session.
"""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"

CREDITS_OUT = "measure = 'credits' AND level > 0 AND severity = 3 AND worst <= 0"
FIRING = "SELECT 1 FROM alerts a WHERE a.subject = notified.subject AND a.measure = notified.measure"
BROKEN = "measure = 'failures' AND level = 2 AND subject IN (SELECT key FROM accounts WHERE outage_kind = 'broken')"


def upgrade() -> None:
    """Adds the columns, and converts levels, so that no chat gets an alert again."""
    for table in ("alerts", "notified"):
        op.add_column(table, sa.Column("out", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.execute(f"UPDATE alerts SET out = true WHERE {CREDITS_OUT}")  # noqa: S608 - all of these are constants
    op.execute(f"UPDATE notified SET out = true WHERE EXISTS ({FIRING} AND a.episode = notified.episode AND a.out)")  # noqa: S608
    for table in ("alerts", "notified", "silences"):
        op.execute(f"UPDATE {table} SET level = level + 1 WHERE measure = 'plan' AND level >= 2")  # noqa: S608
        op.execute(f"UPDATE {table} SET level = 3 WHERE {BROKEN}")  # noqa: S608
