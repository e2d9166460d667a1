"""Accounts, leases, bulk change and its audit."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

KEY = sa.BigInteger().with_variant(sa.Integer, "sqlite")

# A hand in the database that changes or removes what was audited is stopped, not only found out later.
_APPEND_ONLY = {
    "sqlite": [
        f"CREATE TRIGGER audit_no_{act} BEFORE {act.upper()} ON audit "
        "BEGIN SELECT RAISE(ABORT, 'the audit is append only'); END"
        for act in ("update", "delete")
    ],
    "postgresql": [
        "CREATE OR REPLACE FUNCTION audit_append_only() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'the audit is append only'; END $$",
        "CREATE TRIGGER audit_append_only BEFORE UPDATE OR DELETE ON audit "
        "FOR EACH ROW EXECUTE FUNCTION audit_append_only()",
    ],
}


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "account",
        sa.Column("name", sa.String(80), primary_key=True),
        sa.Column("full_name", sa.String(200), nullable=False),
        sa.Column("role", sa.String(16), nullable=False),
        sa.Column("password", sa.String(300), nullable=False),
        sa.Column("made_at", sa.Float(53), nullable=False),
        sa.Column("disabled_at", sa.Float(53)),
        sa.Column("seen_at", sa.Float(53)),
    )
    op.create_table(
        "web_session",
        sa.Column("token", sa.String(64), primary_key=True),
        sa.Column("account", sa.String(80), nullable=False),
        sa.Column("made_at", sa.Float(53), nullable=False),
        sa.Column("seen_at", sa.Float(53), nullable=False),
        sa.Column("ends_at", sa.Float(53), nullable=False),
        sa.Column("agent", sa.String(200), nullable=False),
        sa.Column("address", sa.String(64), nullable=False),
    )
    op.create_index("web_session_by_account", "web_session", ["account"])
    op.create_table(
        "sign_in_failure",
        sa.Column("id", KEY, primary_key=True, autoincrement=True),
        sa.Column("subject", sa.String(200), nullable=False),
        sa.Column("at", sa.Float(53), nullable=False),
    )
    op.create_index("sign_in_failure_by_subject", "sign_in_failure", ["subject", "at"])
    op.create_table(
        "lease",
        sa.Column("name", sa.String(200), primary_key=True),
        sa.Column("holder", sa.String(200), nullable=False),
        sa.Column("purpose", sa.String(200), nullable=False),
        sa.Column("since", sa.Float(53), nullable=False),
        sa.Column("until", sa.Float(53), nullable=False),
    )
    op.create_table(
        "plan",
        sa.Column("id", KEY, primary_key=True, autoincrement=True),
        sa.Column("hash", sa.String(64), nullable=False),
        sa.Column("change", sa.String(200), nullable=False),
        sa.Column("author", sa.String(80), nullable=False),
        sa.Column("made_at", sa.Float(53), nullable=False),
        sa.Column("expires_at", sa.Float(53), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("approved_by", sa.String(80)),
        sa.Column("approved_at", sa.Float(53)),
        sa.Column("frozen", sa.JSON, nullable=False),
    )
    op.create_table(
        "plan_device",
        sa.Column("plan", KEY, primary_key=True),
        sa.Column("device", sa.String(200), primary_key=True),
        sa.Column("frozen", sa.JSON, nullable=False),
    )
    op.create_table(
        "rollout",
        sa.Column("id", KEY, primary_key=True, autoincrement=True),
        sa.Column("plan", KEY, nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("started", sa.Float(53), nullable=False),
        sa.Column("ended", sa.Float(53)),
        sa.Column("wave", sa.Integer, nullable=False),
        sa.Column("by", sa.String(80), nullable=False),
        sa.Column("stop_asked_by", sa.String(80)),
        sa.Column("why", sa.JSON, nullable=False),
        sa.Column("gates", sa.JSON, nullable=False),
    )
    op.create_index("rollout_by_plan", "rollout", ["plan"])
    op.create_table(
        "rollout_device",
        sa.Column("rollout", KEY, primary_key=True),
        sa.Column("device", sa.String(200), primary_key=True),
        sa.Column("wave", sa.Integer, nullable=False),
        sa.Column("place", sa.Integer, nullable=False),
        sa.Column("step", sa.String(16), nullable=False),
        sa.Column("since", sa.Float(53), nullable=False),
        sa.Column("attempt", sa.Integer, nullable=False),
        sa.Column("token", sa.String(40)),
        sa.Column("facts", sa.JSON, nullable=False),
    )
    op.create_table(
        "audit",
        sa.Column("seq", KEY, primary_key=True, autoincrement=False),
        sa.Column("at", sa.Float(53), nullable=False),
        sa.Column("who", sa.String(80), nullable=False),
        sa.Column("act", sa.String(80), nullable=False),
        sa.Column("subject", sa.String(200), nullable=False),
        sa.Column("facts", sa.JSON, nullable=False),
        sa.Column("before", sa.String(64), nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
    )
    op.create_index("audit_by_subject", "audit", ["subject", "seq"])
    for statement in _APPEND_ONLY[op.get_bind().dialect.name]:
        op.execute(statement)


def downgrade() -> None:
    """Drop the tables (used by the tests of migrations only)."""
    for table in (
        "audit",
        "rollout_device",
        "rollout",
        "plan_device",
        "plan",
        "lease",
        "sign_in_failure",
        "web_session",
        "account",
    ):
        op.drop_table(table)
