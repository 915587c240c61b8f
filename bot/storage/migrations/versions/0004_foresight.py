"""The forecast of each account, and its moment."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Adds the columns; every forecast is due."""
    op.add_column("accounts", sa.Column("foretold", sa.Text(), nullable=True))
    op.add_column("accounts", sa.Column("foreseen_at", sa.BigInteger(), nullable=True))
