"""Why a board is out of date, whether it is pinned, and the message that it replaced."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    """Adds the columns; existing boards count as pinned and current."""
    op.add_column("boards", sa.Column("pinned", sa.Boolean(), nullable=False, server_default=sa.true()))
    op.add_column("boards", sa.Column("trouble", sa.Text(), nullable=True))
    op.add_column("boards", sa.Column("troubled_since", sa.BigInteger(), nullable=True))
    op.add_column("boards", sa.Column("leftover", sa.BigInteger(), nullable=True))
