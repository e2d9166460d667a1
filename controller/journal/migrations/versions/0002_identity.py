"""What each device last said it is."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "identity",
        sa.Column("device", sa.String(200), primary_key=True),
        sa.Column("told_at", sa.Float(53), nullable=False),
        sa.Column("facts", sa.JSON, nullable=False),
    )


def downgrade() -> None:
    """Drop the table (used by the tests of migrations only)."""
    op.drop_table("identity")
