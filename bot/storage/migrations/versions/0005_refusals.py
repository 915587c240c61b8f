"""Since when a chat refuses messages; a forum's topic General is the group itself."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Adds the column. For chats that refuse already it is the moment of the first dropped message, if that is stored.

    Deliveries to General by its id, which Telegram refuses, go to the group.
    """
    op.add_column("chats", sa.Column("refused_since", sa.BigInteger(), nullable=True))
    op.execute(
        "UPDATE chats SET refused_since = ("
        "SELECT MIN(outbox.done_at) FROM outbox WHERE outbox.state = 'failed' "
        "AND outbox.chat_id = chats.chat_id AND outbox.thread_id = chats.thread_id"
        ") WHERE gone IS NOT NULL"
    )
    op.execute(
        "UPDATE outbox SET thread_id = 0 WHERE thread_id = 1 AND chat_id < 0 AND NOT EXISTS ("
        "SELECT 1 FROM outbox AS there WHERE there.key = outbox.key "
        "AND there.chat_id = outbox.chat_id AND there.thread_id = 0)"
    )
    op.execute(
        "UPDATE chats SET thread_id = 0 WHERE thread_id = 1 AND chat_id < 0 AND NOT EXISTS ("
        "SELECT 1 FROM chats AS there WHERE there.chat_id = chats.chat_id AND there.thread_id = 0)"
    )
