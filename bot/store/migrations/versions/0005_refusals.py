"""Since when a chat takes no messages."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Adds the column. Of chats that refuse already the first message that was given up tells it, if it is kept."""
    op.add_column("chats", sa.Column("refused_since", sa.BigInteger(), nullable=True))
    op.execute(
        "UPDATE chats SET refused_since = ("
        "SELECT MIN(outbox.done_at) FROM outbox WHERE outbox.state = 'failed' "
        "AND outbox.chat_id = chats.chat_id AND outbox.thread_id = chats.thread_id"
        ") WHERE gone IS NOT NULL"
    )
