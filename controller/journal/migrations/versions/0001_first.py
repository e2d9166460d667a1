"""The first tables: job, request, event, setting."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

KEY = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "job",
        sa.Column("id", KEY, primary_key=True, autoincrement=True),
        sa.Column("name", sa.String(80), nullable=False),
        sa.Column("started", sa.Float(53), nullable=False),
        sa.Column("ended", sa.Float(53)),
        sa.Column("outcome", sa.String(80)),
        sa.Column("skipped", sa.Integer, nullable=False),
        sa.Column("facts", sa.JSON, nullable=False),
    )
    op.create_index("job_by_name", "job", ["name", "id"])
    op.create_table(
        "request",
        sa.Column("id", KEY, primary_key=True, autoincrement=True),
        sa.Column("kind", sa.String(80), nullable=False),
        sa.Column("payload", sa.JSON, nullable=False),
        sa.Column("who", sa.String(200), nullable=False),
        sa.Column("at", sa.Float(53), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("taken_by", sa.String(200)),
        sa.Column("taken_at", sa.Float(53)),
        sa.Column("ended", sa.Float(53)),
        sa.Column("result", sa.JSON),
    )
    op.create_index("request_by_state", "request", ["state", "id"])
    op.create_table(
        "event",
        sa.Column("id", KEY, primary_key=True, autoincrement=True),
        sa.Column("at", sa.Float(53), nullable=False),
        sa.Column("kind", sa.String(80), nullable=False),
        sa.Column("subject", sa.String(200), nullable=False),
        sa.Column("text", sa.JSON, nullable=False),
    )
    op.create_index("event_by_subject", "event", ["subject", "at"])
    op.create_index("event_by_time", "event", ["at"])
    op.create_table(
        "setting",
        sa.Column("key", sa.String(200), primary_key=True),
        sa.Column("value", sa.JSON, nullable=False),
        sa.Column("who", sa.String(200), nullable=False),
        sa.Column("at", sa.Float(53), nullable=False),
    )


def downgrade() -> None:
    """Drop the tables (used by the tests of migrations only)."""
    for table in ("setting", "event", "request", "job"):
        op.drop_table(table)
