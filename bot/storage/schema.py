"""The tables. Moments are UTC microseconds since 1970 in an integer; structured values are JSON in a text.

Only SQL that SQLite and PostgreSQL both understand. A change here comes with a migration.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator

REVISION = "0020"
"""The schema of these tables: the newest migration's name. A test compares the two."""

APPLICATION = 0x63726564
"""Marks our files for SQLite, and for `file`: "cred". Files from before it was written hold 0."""

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)


class Moment(TypeDecorator[datetime]):
    """An aware UTC datetime, as an integer of microseconds: exact, ordered, and the same in every database."""

    impl = sa.BigInteger
    cache_ok = True

    def bind_processor(self, _dialect: Dialect) -> Callable[[datetime | None], int | None]:
        return to_microseconds

    def result_processor(self, _dialect: Dialect, _kind: object) -> Callable[[int | None], datetime | None]:
        return from_microseconds


def to_microseconds(value: datetime | None) -> int | None:
    """Microseconds since 1970."""
    return None if value is None else (value - EPOCH) // MICROSECOND


def from_microseconds(value: int | None) -> datetime | None:
    """Aware UTC."""
    return None if value is None else EPOCH + timedelta(microseconds=value)


metadata = sa.MetaData()

accounts = sa.Table(
    "accounts",
    metadata,
    sa.Column("key", sa.Text, primary_key=True),
    sa.Column("source", sa.Text, nullable=False),
    sa.Column("email", sa.Text, nullable=False),
    sa.Column("label", sa.Text),
    sa.Column("watched", sa.Boolean, nullable=False),
    sa.Column("next_check_at", Moment, nullable=False),
    sa.Column("looked_at", Moment),
    sa.Column("read_at", Moment),
    sa.Column("reading", sa.Text),
    sa.Column("fingerprint", sa.Text),
    sa.Column("steady_until", Moment),
    sa.Column("failures", sa.Integer, nullable=False, default=0),
    sa.Column("failing_since", Moment),
    sa.Column("outage_kind", sa.Text),
    sa.Column("outage_said", sa.Text),
    sa.Column("listed_error", sa.Text),
    sa.Column("allowance", sa.Float),
    sa.Column("daily_allowance", sa.Float),
    sa.Column("foretold", sa.Text),
    sa.Column("foreseen_at", Moment),
    sa.Column("unlisted_at", Moment),
    sa.Column("jobs", sa.Text),
    sa.Column("jobs_settled_at", Moment),
    sa.Index("accounts_due", "watched", "next_check_at"),
)

sources = sa.Table(
    "sources",
    metadata,
    sa.Column("key", sa.Text, primary_key=True),
    sa.Column("listed_at", Moment),
    sa.Column("listed", sa.Integer),
    sa.Column("failures", sa.Integer, nullable=False, default=0),
    sa.Column("failing_since", Moment),
    sa.Column("outage_kind", sa.Text),
    sa.Column("outage_said", sa.Text),
    sa.Column("outage_at", Moment),
    sa.Column("absent_since", Moment),
    sa.Column("subscription_asked_at", Moment),
    sa.Column("subscription_active", sa.Boolean),
    sa.Column("subscription_answered_at", Moment),
    sa.Column("subscription", sa.Text),
    sa.Column("statistics_at", Moment),
)

readings = sa.Table(
    "readings",
    metadata,
    sa.Column("account", sa.Text, primary_key=True),
    sa.Column("taken_at", Moment, primary_key=True),
    sa.Column("monthly", sa.Float, nullable=False),
    sa.Column("daily", sa.Float),
    sa.Column("package", sa.Float),
    sa.Column("monthly_allowance", sa.Float),
    sa.Column("daily_allowance", sa.Float),
    sa.Column("refresh_at", Moment),
    sa.Column("daily_refresh_at", Moment),
    sa.Column("plan", sa.Text),
    sa.Column("plan_ends_at", Moment),
    sqlite_with_rowid=False,
)

outages = sa.Table(
    "outages",
    metadata,
    sa.Column("account", sa.Text, primary_key=True),
    sa.Column("since", Moment, primary_key=True),
    sa.Column("until", Moment),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Index("outages_ended", "until"),
    sqlite_with_rowid=False,
)

retention = sa.Table(
    "retention",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("began_at", Moment, nullable=False),
    sa.Column("previous_at", Moment),
    sa.Column("reached", sa.Text),
)

alerts = sa.Table(
    "alerts",
    metadata,
    sa.Column("subject", sa.Text, primary_key=True),
    sa.Column("measure", sa.Text, primary_key=True),
    sa.Column("level", sa.Integer, nullable=False),
    sa.Column("episode", sa.Integer, nullable=False),
    sa.Column("sequence", sa.Integer, nullable=False),
    sa.Column("since", Moment),
    sa.Column("reminded_at", Moment),
    sa.Column("worst", sa.Float),
    sa.Column("severity", sa.Integer),
    sa.Column("period", Moment),
    sa.Column("out", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("peak", sa.Integer),
    sa.Column("subscription", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("unattended_since", Moment),
    sa.Column("escalated", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Index("alerts_unattended", "unattended_since"),
)

past_alerts = sa.Table(
    "past_alerts",
    metadata,
    sa.Column("subject", sa.Text, primary_key=True),
    sa.Column("measure", sa.Text, primary_key=True),
    sa.Column("episode", sa.Integer, primary_key=True),
    sa.Column("since", Moment, nullable=False),
    sa.Column("until", Moment),
    sa.Column("severity", sa.Integer, nullable=False),
    sa.Column("worst", sa.Float),
    sa.Column("acked_by", sa.Text),
    sa.Index("past_alerts_until", "until"),
    sqlite_with_rowid=False,
)

notified = sa.Table(
    "notified",
    metadata,
    sa.Column("subject", sa.Text, primary_key=True),
    sa.Column("measure", sa.Text, primary_key=True),
    sa.Column("chat_id", sa.BigInteger, primary_key=True),
    sa.Column("thread_id", sa.BigInteger, primary_key=True, default=0),
    sa.Column("episode", sa.Integer, nullable=False),
    sa.Column("level", sa.Integer, nullable=False),
    sa.Column("out", sa.Boolean, nullable=False, server_default=sa.false()),
    sqlite_with_rowid=False,
)

silences = sa.Table(
    "silences",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("subject", sa.Text, nullable=False),
    sa.Column("measure", sa.Text),
    sa.Column("until", Moment),
    sa.Column("episode", sa.Integer, nullable=False),
    sa.Column("level", sa.Integer, nullable=False),
    sa.Column("by", sa.Text, nullable=False),
    sa.Column("chat_id", sa.BigInteger),
    sa.Column("thread_id", sa.BigInteger, nullable=False, default=0),
    sa.Column("made_at", Moment),
    sqlite_autoincrement=True,  # as with the outbox: a button in an old message names its silence for all time
)

pauses = sa.Table(
    "pauses",
    metadata,
    sa.Column("subject", sa.Text, primary_key=True),
    sa.Column("since", Moment, nullable=False),
    sa.Column("until", Moment, nullable=False),
    sa.Column("by", sa.Text, nullable=False),
    sa.Column("made_at", Moment, nullable=False),
    sa.Column("resumed", sa.Boolean, primary_key=True),
)

chats = sa.Table(
    "chats",
    metadata,
    sa.Column("chat_id", sa.BigInteger, primary_key=True),
    sa.Column("thread_id", sa.BigInteger, primary_key=True, default=0),
    sa.Column("greeted_at", Moment),
    sa.Column("moved_to", sa.BigInteger),
    sa.Column("not_before", Moment),
    sa.Column("gone", sa.Text),
    sa.Column("refused_since", Moment),
)

outbox = sa.Table(
    "outbox",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("chat_id", sa.BigInteger, nullable=False),
    sa.Column("thread_id", sa.BigInteger, nullable=False, default=0),
    sa.Column("key", sa.Text, nullable=False),
    sa.Column("topic", sa.Text, nullable=False),
    sa.Column("subject", sa.Text, nullable=False),
    sa.Column("measure", sa.Text),
    sa.Column("episode", sa.Integer, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("severity", sa.Integer, nullable=False),
    sa.Column("facts", sa.Text, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("created_at", Moment, nullable=False),
    sa.Column("attempts", sa.Integer, nullable=False, default=0),
    sa.Column("first_failed_at", Moment),
    sa.Column("failure", sa.Text),
    sa.Column("done_at", Moment),
    sa.Column("lead_id", sa.Integer),
    sa.Column("message_id", sa.BigInteger),
    sa.Column("awaits_end", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("over_at", Moment),
    sa.Column("perhaps_sent", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.UniqueConstraint("key", "chat_id", "thread_id", name="outbox_once"),
    sa.Index("outbox_pending", "state", "id"),
    sa.Index("outbox_lead", "lead_id"),
    sa.Index("outbox_alert", "subject", "measure", "episode"),
    sa.Index("outbox_done", "state", "done_at"),
    sa.Index("outbox_age", "created_at"),
    sa.Index("outbox_awaits_end", "awaits_end", "id"),
    sqlite_autoincrement=True,  # an id that a button in an old message names is never used again
)

events = sa.Table(
    "events",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("webhook_id", sa.Text, nullable=False),
    sa.Column("type", sa.Text, nullable=False),
    sa.Column("topic", sa.Text, nullable=False),
    sa.Column("subject", sa.Text, nullable=False),
    sa.Column("measure", sa.Text),
    sa.Column("episode", sa.Integer, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("severity", sa.Integer, nullable=False),
    sa.Column("since", Moment),
    sa.Column("facts", sa.Text, nullable=False),
    sa.Column("created_at", Moment, nullable=False),
    sqlite_autoincrement=True,  # they are sent in the order of their ids, so none is used again
)

marks = sa.Table(
    "marks",
    metadata,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("at", Moment, nullable=False),
)

invitations = sa.Table(
    "invitations",
    metadata,
    sa.Column("hash", sa.Text, primary_key=True),
    sa.Column("made_at", Moment, nullable=False),
    sa.Column("by", sa.Text, nullable=False),
    sa.Column("first", sa.Boolean, nullable=False),
)

paired_chats = sa.Table(
    "paired_chats",
    metadata,
    sa.Column("chat_id", sa.BigInteger, primary_key=True),
    sa.Column("thread_id", sa.BigInteger, primary_key=True, default=0),
    sa.Column("paired_at", Moment, nullable=False),
    sa.Column("by", sa.Text, nullable=False),
)

guesses = sa.Table(
    "guesses",
    metadata,
    sa.Column("chat_id", sa.BigInteger, primary_key=True),
    sa.Column("wrong", sa.Integer, nullable=False),
    sa.Column("last_at", Moment, nullable=False),
)

boards = sa.Table(
    "boards",
    metadata,
    sa.Column("chat_id", sa.BigInteger, primary_key=True),
    sa.Column("thread_id", sa.BigInteger, primary_key=True, default=0),
    sa.Column("message_id", sa.BigInteger, nullable=False),
    sa.Column("text_hash", sa.Text, nullable=False),
    sa.Column("edited_at", Moment, nullable=False),
    sa.Column("pinned", sa.Boolean, nullable=False, server_default=sa.true()),
    sa.Column("trouble", sa.Text),
    sa.Column("troubled_since", Moment),
    sa.Column("leftover", sa.BigInteger),
)

fallbacks = sa.Table(
    "fallbacks",
    metadata,
    sa.Column("key", sa.Text, primary_key=True),
    sa.Column("sent_at", Moment, nullable=False),
    sa.Column("ways", sa.Text, nullable=False),
    sa.Index("fallbacks_age", "sent_at"),
)
