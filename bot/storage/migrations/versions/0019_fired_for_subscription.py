"""The alerts of a source that fired because of its subscription: events keep that name until their end."""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"


def upgrade() -> None:
    """Adds the column. An alert that fires now has the name that its events would have had next."""
    op.add_column("alerts", sa.Column("subscription", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.execute(
        "UPDATE alerts SET subscription = true "
        "WHERE measure = 'failures' AND subject NOT LIKE '%:%' AND level > 0 AND worst < 1"
    )
