"""State intervals and outages in history.db: written in the writer thread, read anywhere."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Sequence
from typing import Any

from measurements.intervals import Interval, State
from measurements.outages import Outage

_COLUMNS = "question, subject, start, state, seen, cause, evidence"


def put_intervals(
    db: sqlite3.Connection, intervals: Iterable[Interval], *, bound_s: float
) -> tuple[float, float] | None:
    """Open, extend or close; inside the caller's transaction. An open one lives in a table of its own until it ends.

    Returns:
        The time whose state may have changed, [from, to); None when nothing was written.
    """
    low, high = float("inf"), float("-inf")
    for each in intervals:
        key = (each.question, each.subject, each.start)
        was = db.execute(
            "SELECT COALESCE(seen, start) + ? FROM open_interval WHERE question = ? AND subject = ? AND start = ? "
            'UNION ALL SELECT "end" FROM interval WHERE question = ? AND subject = ? AND start = ?',
            (bound_s, *key, *key),
        ).fetchone()
        until = (each.start if each.seen is None else each.seen) + bound_s if each.end is None else each.end
        low = min(low, each.start if was is None else min(was[0], until))
        high = max(high, until if was is None else max(was[0], until))
        row = (*key, each.state.value, each.seen, each.cause, each.evidence)
        if each.end is None:
            db.execute("DELETE FROM interval WHERE question = ? AND subject = ? AND start = ?", key)
            db.execute(f"INSERT OR REPLACE INTO open_interval ({_COLUMNS}) VALUES (?,?,?,?,?,?,?)", row)  # noqa: S608
        else:
            db.execute("DELETE FROM open_interval WHERE question = ? AND subject = ? AND start = ?", key)
            db.execute(
                f'INSERT OR REPLACE INTO interval ({_COLUMNS}, "end") VALUES (?,?,?,?,?,?,?,?)',  # noqa: S608
                (*row, each.end),
            )
    return (low, high) if low < high else None


def read_intervals(
    db: sqlite3.Connection, subjects: Sequence[str] | None, question: str, start: float, end: float
) -> list[Interval]:
    """Intervals that touch [start, end), by subject and time."""
    found: list[tuple[Any, ...]] = []
    for part in [None] if subjects is None else _chunks(subjects):
        only = "" if part is None else f" AND subject IN ({','.join('?' * len(part))})"
        more = part or []
        found += db.execute(
            f'SELECT {_COLUMNS}, "end" FROM interval WHERE question = ? AND "end" > ? AND start < ?{only}',  # noqa: S608
            (question, start, end, *more),
        )
        found += db.execute(
            f"SELECT {_COLUMNS}, NULL FROM open_interval WHERE question = ? AND start < ?{only}",  # noqa: S608
            (question, end, *more),
        )
    return [_interval(row) for row in sorted(found, key=lambda row: (row[1], row[2]))]


def _chunks(subjects: Sequence[str], size: int = 500) -> Iterable[list[str]]:
    """Few enough for SQLite's limit of variables (999 in old builds)."""
    for at in range(0, len(subjects), size):
        yield list(subjects[at : at + size])


def _interval(row: tuple[Any, ...]) -> Interval:
    return Interval(
        question=row[0],
        subject=row[1],
        start=row[2],
        state=State(row[3]),
        seen=row[4],
        cause=row[5],
        evidence=row[6],
        end=row[7],
    )


def put_outages(db: sqlite3.Connection, outages: Iterable[Outage]) -> None:
    """Open, change or close; inside the caller's transaction."""
    db.executemany(
        "INSERT OR REPLACE INTO outage (id, state, cause, started, ended, root, people, sites, devices, evidence) "
        "VALUES (?,?,?,?,?,?,?,?,?,?)",
        [
            (
                o.id,
                o.state,
                o.cause,
                o.started,
                o.ended,
                o.root,
                o.people,
                json.dumps(o.sites),
                json.dumps(o.devices),
                o.evidence,
            )
            for o in outages
        ],
    )


def read_outages(db: sqlite3.Connection, start: float, end: float, *, open_only: bool) -> list[Outage]:
    """Outages that touch [start, end), newest first."""
    rows = db.execute(
        "SELECT id, state, cause, started, ended, root, people, sites, devices, evidence FROM outage "  # noqa: S608
        f"WHERE started < ? AND (ended IS NULL {'' if open_only else 'OR ended > ?'}) ORDER BY started DESC, id",
        (end,) if open_only else (end, start),
    )
    return [
        Outage(
            id=r[0], state=r[1], cause=r[2], started=r[3], ended=r[4], root=r[5], people=r[6],
            sites=tuple(json.loads(r[7])),
            devices=tuple(json.loads(r[8])), evidence=r[9],
        )
        for r in rows
    ]  # fmt: skip
