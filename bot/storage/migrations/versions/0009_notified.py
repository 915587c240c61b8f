"""The last notification of each alert in each chat, and silences of one chat.

Before, both were the same for all chats. Each chat that got an alert, or can have got it, has got it; existing silences
hold in every chat.
"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"

TOLD = """
INSERT INTO notified (subject, measure, chat_id, thread_id, episode, level)
SELECT a.subject, a.measure, c.chat_id, c.thread_id,
       CASE WHEN a.sequence > 0 THEN a.episode ELSE a.episode - 1 END, a.told_level
FROM alerts a CROSS JOIN chats c
WHERE a.told_level > 0 AND c.greeted_at IS NOT NULL AND c.moved_to IS NULL
  AND (EXISTS (SELECT 1 FROM outbox o WHERE o.subject = a.subject AND o.measure = a.measure
               AND o.thread_id = c.thread_id AND o.chat_id IN
                   (SELECT c.chat_id UNION SELECT m.chat_id FROM chats m WHERE m.moved_to = c.chat_id))
       OR NOT EXISTS (SELECT 1 FROM outbox o WHERE o.subject = a.subject AND o.measure = a.measure))
"""
"""A chat without a delivery of the alert, where the outbox has one of another chat, did not get it."""

ALERTS = "subject, measure, level, episode, sequence, since, reminded_at, worst, severity, period"
SILENCES = 'id, kind, subject, measure, until, episode, level, "by"'


def upgrade() -> None:
    """Creates the new table and recreates both others, because SQLite cannot always drop a column."""
    op.create_table(
        "notified",
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("measure", sa.Text(), nullable=False),
        sa.Column("chat_id", sa.BigInteger(), nullable=False),
        sa.Column("thread_id", sa.BigInteger(), nullable=False),
        sa.Column("episode", sa.Integer(), nullable=False),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("subject", "measure", "chat_id", "thread_id"),
        sqlite_with_rowid=False,
    )
    op.execute(TOLD)
    op.create_table(
        "new_alerts",
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("measure", sa.Text(), nullable=False),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("episode", sa.Integer(), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=True),
        sa.Column("reminded_at", sa.BigInteger(), nullable=True),
        sa.Column("worst", sa.Float(), nullable=True),
        sa.Column("severity", sa.Integer(), nullable=True),
        sa.Column("period", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("subject", "measure"),
    )
    op.execute(f"INSERT INTO new_alerts ({ALERTS}) SELECT {ALERTS} FROM alerts")  # noqa: S608 - both are constants
    op.drop_table("alerts")
    op.rename_table("new_alerts", "alerts")
    op.create_table(
        "new_silences",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("measure", sa.Text(), nullable=True),
        sa.Column("until", sa.BigInteger(), nullable=True),
        sa.Column("episode", sa.Integer(), nullable=False),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("chat_id", sa.BigInteger(), nullable=True),
        sa.Column("thread_id", sa.BigInteger(), nullable=False),
        sa.Column("made_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sqlite_autoincrement=True,
    )
    op.execute(f"INSERT INTO new_silences ({SILENCES}, thread_id) SELECT {SILENCES}, 0 FROM silences")  # noqa: S608
    op.drop_table("silences")
    op.rename_table("new_silences", "silences")
