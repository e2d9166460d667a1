"""The journal's tables as this program uses them; `migrations/` is what makes them."""

from __future__ import annotations

from sqlalchemy import JSON, BigInteger, Boolean, Column, Float, Index, Integer, MetaData, String, Table

# SQLite only counts up by itself on a column declared INTEGER.
Key = BigInteger().with_variant(Integer, "sqlite")

METADATA = MetaData()

JOB = Table(
    "job",
    METADATA,
    Column("id", Key, primary_key=True, autoincrement=True),
    Column("name", String(80), nullable=False),
    Column("started", Float(53), nullable=False),
    Column("ended", Float(53)),
    Column("outcome", String(80)),
    Column("skipped", Integer, nullable=False, default=0),
    Column("facts", JSON, nullable=False),
    Index("job_by_name", "name", "id"),
)

REQUEST = Table(
    "request",
    METADATA,
    Column("id", Key, primary_key=True, autoincrement=True),
    Column("kind", String(80), nullable=False),
    Column("payload", JSON, nullable=False),
    Column("who", String(200), nullable=False),
    Column("at", Float(53), nullable=False),
    Column("state", String(16), nullable=False),
    Column("taken_by", String(200)),
    Column("taken_at", Float(53)),
    Column("ended", Float(53)),
    Column("result", JSON(none_as_null=True)),
    Index("request_by_state", "state", "id"),
)

EVENT = Table(
    "event",
    METADATA,
    Column("id", Key, primary_key=True, autoincrement=True),
    Column("at", Float(53), nullable=False),
    Column("kind", String(80), nullable=False),
    Column("subject", String(200), nullable=False),
    Column("text", JSON, nullable=False),
    Index("event_by_subject", "subject", "at"),
    Index("event_by_time", "at"),
)

SETTING = Table(
    "setting",
    METADATA,
    Column("key", String(200), primary_key=True),
    Column("value", JSON, nullable=False),
    Column("who", String(200), nullable=False),
    Column("at", Float(53), nullable=False),
)

# What each device last said it is.
IDENTITY = Table(
    "identity",
    METADATA,
    Column("device", String(200), primary_key=True),
    Column("told_at", Float(53), nullable=False),
    Column("facts", JSON, nullable=False),
)

# Who may do what.

ACCOUNT = Table(
    "account",
    METADATA,
    Column("name", String(80), primary_key=True),
    Column("full_name", String(200), nullable=False),
    Column("role", String(16), nullable=False),
    Column("password", String(300), nullable=False),  # argon2id, encoded
    Column("made_at", Float(53), nullable=False),
    Column("disabled_at", Float(53)),
    Column("seen_at", Float(53)),
)

# One row a signed-in browser; the cookie's token is kept as its hash only.
WEB_SESSION = Table(
    "web_session",
    METADATA,
    Column("token", String(64), primary_key=True),
    Column("account", String(80), nullable=False),
    Column("made_at", Float(53), nullable=False),
    Column("seen_at", Float(53), nullable=False),
    Column("ends_at", Float(53), nullable=False),
    Column("agent", String(200), nullable=False),
    Column("address", String(64), nullable=False),  # signed in from; ended rows stay a month to know it again
    Index("web_session_by_account", "account"),
)

# Failed sign-ins, for the rate limit; rows older than the window are deleted.
SIGN_IN_FAILURE = Table(
    "sign_in_failure",
    METADATA,
    Column("id", Key, primary_key=True, autoincrement=True),
    Column("subject", String(200), nullable=False),  # kind and digest, see controller.accounts.limits
    Column("at", Float(53), nullable=False),
    Index("sign_in_failure_by_subject", "subject", "at"),
)

# Who holds what: `executor`, `device:<id>`. A lease that ended is nobody's.
LEASE = Table(
    "lease",
    METADATA,
    Column("name", String(200), primary_key=True),
    Column("holder", String(200), nullable=False),
    Column("purpose", String(200), nullable=False),
    Column("since", Float(53), nullable=False),
    Column("until", Float(53), nullable=False),
)

# Bulk change: frozen plans, and what became of each device.

PLAN = Table(
    "plan",
    METADATA,
    Column("id", Key, primary_key=True, autoincrement=True),
    Column("hash", String(64), nullable=False),
    Column("change", String(200), nullable=False),
    Column("author", String(80), nullable=False),
    Column("made_at", Float(53), nullable=False),
    Column("expires_at", Float(53), nullable=False),
    Column("state", String(16), nullable=False),
    Column("approved_by", String(80)),
    Column("approved_at", Float(53)),
    Column("frozen", JSON, nullable=False),  # all of controller.rollout.records.Plan but id, state, approval, devices
)

PLAN_DEVICE = Table(
    "plan_device",
    METADATA,
    Column("plan", Key, primary_key=True),
    Column("device", String(200), primary_key=True),
    Column("frozen", JSON, nullable=False),
)

ROLLOUT = Table(
    "rollout",
    METADATA,
    Column("id", Key, primary_key=True, autoincrement=True),
    Column("plan", Key, nullable=False),
    Column("state", String(16), nullable=False),
    Column("started", Float(53), nullable=False),
    Column("ended", Float(53)),
    Column("wave", Integer, nullable=False),
    Column("by", String(80), nullable=False),
    Column("stop_asked_by", String(80)),
    Column("why", JSON, nullable=False),
    Column("gates", JSON, nullable=False),
    Index("rollout_by_plan", "plan"),
)

ROLLOUT_DEVICE = Table(
    "rollout_device",
    METADATA,
    Column("rollout", Key, primary_key=True),
    Column("device", String(200), primary_key=True),
    Column("wave", Integer, nullable=False),
    Column("place", Integer, nullable=False),
    Column("step", String(16), nullable=False),
    Column("since", Float(53), nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("token", String(40)),
    Column("facts", JSON, nullable=False),
)

# Append only; each row holds the hash of the one before.
AUDIT = Table(
    "audit",
    METADATA,
    Column("seq", Key, primary_key=True, autoincrement=False),
    Column("at", Float(53), nullable=False),
    Column("who", String(80), nullable=False),
    Column("act", String(80), nullable=False),
    Column("subject", String(200), nullable=False),
    Column("facts", JSON, nullable=False),
    Column("before", String(64), nullable=False),
    Column("hash", String(64), nullable=False),
    Index("audit_by_subject", "subject", "seq"),
)

# What each device was last seen to hold, and what of it was accepted (controller.configurations.records.Held).
CONFIGURATION = Table(
    "configuration",
    METADATA,
    Column("device", String(200), primary_key=True),
    Column("fetched_at", Float(53)),
    Column("fingerprint", String(64)),
    Column("revision", String(40)),
    Column("copy", String(40)),
    Column("saved_differs", Boolean),
    Column("accepted_at", Float(53)),
    Column("accepted_by", String(80)),
    Column("accepted_why", String(300)),
    Column("accepted_fingerprint", String(64)),
    Column("accepted_revision", String(40)),
    Column("tried_at", Float(53)),
    Column("error", String(300)),
)
