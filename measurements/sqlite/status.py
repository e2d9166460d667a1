"""How the embedded store is: sizes, watermarks, what lies before it."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

from measurements.files import sqlite_note
from measurements.sqlite.raw_schema import PORTS, RAW
from measurements.sqlite.rawfiles import days_kept, free_bytes
from measurements.sqlite.settings import get_meta, read_retention
from measurements.store import StoreStatus

LOW_SPACE = 2 * 10**9  # bytes; a day of 10,000 devices is 3 GB


def read_status(root: Path, db: sqlite3.Connection | None) -> StoreStatus:
    """Status of the state directory; `lag_s` is how far roll-ups are behind the newest reading, None before the first.

    Args:
        root: state directory.
        db: history.db, None where nothing was ever measured.
    """
    sizes = {path.name: path.stat().st_size for path in sorted(root.glob("history.db*")) if path.is_file()}
    raw_bytes = sum(path.stat().st_size for path in (root / "raw").glob("*") if path.is_file())
    details: dict[str, Any] = {"history_bytes": sum(sizes.values()), "raw_bytes": raw_bytes}
    newest: int | None = None
    lag: float | None = None
    kept = read_retention(root)
    details["retention"] = {
        "raw_days": kept.raw_days, "interface_days": kept.interface_days, "five_minute_days": kept.five_minute_days,
        "hourly_days": kept.hourly_days,
    }  # fmt: skip
    for kind in (RAW, PORTS):
        days = days_kept(root / "raw", kind)
        details[f"{kind.name}_days"] = [days[0].isoformat(), days[-1].isoformat()] if days else []
    if db is not None:
        newest = db.execute("SELECT MAX(slot) FROM latest").fetchone()[0]
        done = dict(db.execute("SELECT tier, done FROM watermark"))
        details["rolled_up_until"] = done
        details["touched"] = db.execute("SELECT COUNT(*) FROM touched").fetchone()[0]
        details["devices"] = db.execute("SELECT COUNT(*) FROM latest").fetchone()[0]
        details["open_intervals"] = db.execute("SELECT COUNT(*) FROM open_interval").fetchone()[0]
        if marker := get_meta(db, "marker", ""):
            details["marker"] = marker
        if newest is not None and done.get("5m"):
            lag = max(0.0, float(newest - done["5m"]))
    alarms = []
    if root.exists():
        details["free_bytes"] = free_bytes(root)
        if details["free_bytes"] < LOW_SPACE:
            alarms.append(f"only {details['free_bytes'] // 10**6} MB left on the disk of {root}")
    return StoreStatus(
        kind="sqlite",
        version=sqlite_note(),
        path=str(root),
        bytes_on_disk=details["history_bytes"] + raw_bytes,
        newest_slot=newest,
        lag_s=lag,
        alarms=tuple(alarms),
        details=details,
    )
