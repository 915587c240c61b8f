"""What is foreseen of each account, and when that was made."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Adds the columns; the forecasts are made anew."""
    op.add_column("accounts", sa.Column("foretold", sa.Text(), nullable=True))
    op.add_column("accounts", sa.Column("foreseen_at", sa.BigInteger(), nullable=True))
