"""Making the packed days and hours of `measurements.sqlite.blocks`, inside the caller's transaction."""

from __future__ import annotations

import sqlite3

from measurements.sqlite.blocks import pack_states, pack_usage
from measurements.sqlite.days import QUESTIONS, seconds_by_subject, usage_by_device
from measurements.sqlite.words import Words


def put_state_day(db: sqlite3.Connection, words: Words, day: int, end: int, *, bound_s: float) -> None:
    """Seconds by state of every subject over [day, end), for every question."""
    for question in QUESTIONS:
        seconds = seconds_by_subject(db, question, day, end, bound_s)
        packed = pack_states({words.number(subject): spent for subject, spent in seconds.items()})
        db.execute("INSERT OR REPLACE INTO state_day VALUES (?, ?, ?)", (question, day, packed))


def put_usage(db: sqlite3.Connection, words: Words, tier: str, bucket: int) -> None:
    """Traffic and clients of every device in one bucket of the tier `1h` or `1d`."""
    usage = usage_by_device(db, tier, bucket, bucket + 1)
    packed = pack_usage({words.number(f"device:{device}"): used for device, used in usage.items()})
    name = "usage_hour" if tier == "1h" else "usage_day"
    db.execute(f"INSERT OR REPLACE INTO {name} VALUES (?, ?)", (bucket, packed))  # noqa: S608 (our names)
