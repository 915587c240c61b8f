"""The fingerprint of the page that each stored reading came from, and until when that page decides nothing new.

Other facts of the plan become its ``details``; unread ones are dropped.
"""

import json
from contextlib import suppress
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"

DETAILS = (
    "jobs_at_once",
    "qualities",
    "fast_mode",
    "relaxed_mode",
    "private",
    "no_watermark",
    "effects",
    "veo_sora",
    "preview_discount",
    "off_peak_discount",
    "image_models",
    "unlimited_image_models",
)
accounts = sa.table("accounts", sa.column("key", sa.Text), sa.column("reading", sa.Text))


def upgrade() -> None:
    """Adds the columns. Each account is read and evaluated once before either holds anything."""
    op.add_column("accounts", sa.Column("fingerprint", sa.Text(), nullable=True))
    op.add_column("accounts", sa.Column("steady_until", sa.BigInteger(), nullable=True))
    connection = op.get_bind()
    stored = connection.execute(sa.select(accounts).where(accounts.c.reading.is_not(None))).all()
    rows = []
    for key, text in stored:
        with suppress(ValueError, TypeError, AttributeError):  # one that cannot be read stays as it is
            rows.append({"k": key, "r": json.dumps(with_details(json.loads(text)), ensure_ascii=False)})
    if rows:
        statement = sa.update(accounts).where(accounts.c.key == sa.bindparam("k"))
        connection.execute(statement.values(reading=sa.bindparam("r")), rows)


def with_details(reading: dict[str, Any]) -> dict[str, Any]:
    """A reading with its limits and capabilities as details."""
    known = {**reading.pop("limits", {}), **reading.pop("capabilities", {})}
    reading.pop("identity", None)
    details = {name: known[name] for name in DETAILS if name in known}
    return {**reading, **({"details": details} if details else {})}
