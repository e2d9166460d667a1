"""What each device was last seen to hold, and what of it was accepted."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "configuration",
        sa.Column("device", sa.String(200), primary_key=True),
        sa.Column("fetched_at", sa.Float(53)),
        sa.Column("fingerprint", sa.String(64)),
        sa.Column("revision", sa.String(40)),
        sa.Column("copy", sa.String(40)),
        sa.Column("saved_differs", sa.Boolean),
        sa.Column("accepted_at", sa.Float(53)),
        sa.Column("accepted_by", sa.String(80)),
        sa.Column("accepted_why", sa.String(300)),
        sa.Column("accepted_fingerprint", sa.String(64)),
        sa.Column("accepted_revision", sa.String(40)),
        sa.Column("tried_at", sa.Float(53)),
        sa.Column("error", sa.String(300)),
    )


def downgrade() -> None:
    """Drop the table (used by the tests of migrations only)."""
    op.drop_table("configuration")
