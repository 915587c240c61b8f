"""Accounts that the last list lacked, and since when the list answers 404 without useapi.net's own words."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Adds the columns; nothing is in doubt yet."""
    op.add_column("accounts", sa.Column("unlisted_at", sa.BigInteger(), nullable=True))
    op.add_column("sources", sa.Column("absent_since", sa.BigInteger(), nullable=True))
