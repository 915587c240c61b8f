"""Outages: when accounts could not be read, for the gaps of a chart. Present failures begin one."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Creates the table, with the outages that last."""
    op.create_table(
        "outages",
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("account", "since"),
        sqlite_with_rowid=False,
    )
    op.execute(
        "INSERT INTO outages (account, since, until, kind) SELECT key, failing_since, NULL, outage_kind FROM accounts"
        " WHERE failing_since IS NOT NULL AND outage_kind IS NOT NULL"
    )
