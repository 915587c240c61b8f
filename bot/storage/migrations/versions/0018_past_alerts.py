"""The episodes of alerts, kept after their end. Those that fire now are known; earlier ones were not kept."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"


def upgrade() -> None:
    """Creates the table, with what fires now."""
    op.create_table(
        "past_alerts",
        sa.Column("subject", sa.Text(), primary_key=True),
        sa.Column("measure", sa.Text(), primary_key=True),
        sa.Column("episode", sa.Integer(), primary_key=True),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.Column("until", sa.BigInteger()),
        sa.Column("severity", sa.Integer(), nullable=False),
        sa.Column("worst", sa.Float()),
        sa.Column("acked_by", sa.Text()),
        sqlite_with_rowid=False,
    )
    op.create_index("past_alerts_until", "past_alerts", ["until"])
    op.execute(
        "INSERT INTO past_alerts (subject, measure, episode, since, severity, worst) "
        "SELECT subject, measure, episode, since, severity, worst FROM alerts "
        "WHERE level > 0 AND since IS NOT NULL AND severity IS NOT NULL"
    )
