"""The tables of revision 0003: pairing, the boards, and what went out by the second channel."""

import sqlalchemy as sa

from bot.core.model import Chat
from bot.store.schema import Moment, metadata

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
)

fallbacks = sa.Table(
    "fallbacks",
    metadata,
    sa.Column("key", sa.Text, primary_key=True),
    sa.Column("sent_at", Moment, nullable=False),
    sa.Column("ways", sa.Text, nullable=False),
    sa.Index("fallbacks_age", "sent_at"),
)


def is_chat(table: sa.Table, chat: Chat) -> sa.ColumnElement[bool]:
    """The rows of one chat, or one topic of it, in any table that has chats."""
    return sa.and_(table.c.chat_id == chat.chat_id, table.c.thread_id == (chat.thread_id or 0))
