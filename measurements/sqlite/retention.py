"""What a shorter retention would delete, said before it does."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from pathlib import Path

from measurements.files import open_to_read
from measurements.rollup import table
from measurements.sqlite.history_schema import HISTORY
from measurements.sqlite.raw_schema import PORTS, RAW
from measurements.sqlite.rawfiles import days_kept, first_day_kept, path_of
from measurements.sqlite.upkeep import expiring
from measurements.store import Retention


@dataclass(frozen=True, slots=True, kw_only=True)
class Loss:
    """Something that would go: a table, `raw devices` or `raw interfaces`; days, and rows or bytes of files."""

    what: str
    days: int
    rows: int | None = None
    bytes: int | None = None


def losses(root: Path, wanted: Retention, now: float) -> list[Loss]:
    """What the next upkeep would delete under `wanted`; empty: nothing that is there now.

    Args:
        root: state directory.
        wanted: the retention that is thought of.
        now: epoch seconds.
    """
    found = []
    for kind, what, days in ((RAW, "raw devices", wanted.raw_days), (PORTS, "raw interfaces", wanted.interface_days)):
        first = first_day_kept(now, days)
        gone = [path_of(root / "raw", kind, day) for day in days_kept(root / "raw", kind) if day < first]
        if gone:
            found.append(Loss(what=what, days=len(gone), bytes=sum(path.stat().st_size for path in gone)))
    if (root / "history.db").exists():
        db = open_to_read(root / "history.db", HISTORY)
        try:
            found += _rows(db, wanted, now)
        finally:
            db.close()
    return found


def _rows(db: sqlite3.Connection, wanted: Retention, now: float) -> list[Loss]:
    done: dict[str, int] = {"1h": 0, "1d": 0} | dict(db.execute("SELECT tier, done FROM watermark"))
    found = []
    for kind, tier, before in expiring(wanted, now, done):
        name = table(kind, tier)
        count, oldest = db.execute(f"SELECT COUNT(*), MIN(bucket) FROM {name} WHERE bucket < ?", (before,)).fetchone()  # noqa: S608
        if count:
            found.append(Loss(what=name, days=-(-(before - oldest) // 86_400), rows=count))
    return found
