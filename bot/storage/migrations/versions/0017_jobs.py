"""The subscription and the jobs, as useapi.net reports them: columns of sources and of accounts."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"

SOURCES = (
    ("subscription_asked_at", sa.BigInteger()),
    ("subscription_active", sa.Boolean()),
    ("subscription_answered_at", sa.BigInteger()),
    ("subscription", sa.Text()),
    ("statistics_at", sa.BigInteger()),
)


def upgrade() -> None:
    """Adds the columns: nothing is known yet."""
    for name, kind in SOURCES:
        op.add_column("sources", sa.Column(name, kind, nullable=True))
    op.add_column("accounts", sa.Column("jobs", sa.Text(), nullable=True))
    op.add_column("accounts", sa.Column("jobs_settled_at", sa.BigInteger(), nullable=True))
