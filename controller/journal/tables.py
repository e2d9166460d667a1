"""The journal's tables as this program uses them; `migrations/` is what makes them."""

from __future__ import annotations

from sqlalchemy import JSON, BigInteger, Column, Float, Index, Integer, MetaData, String, Table

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
