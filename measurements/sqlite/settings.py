"""What a state directory itself remembers of its store: zone, bound and watermarks in history.db, retention in a file.

`retention.json` is a file of its own so that a command can change it while `merata run` holds the databases: the
next upkeep reads it.
"""

from __future__ import annotations

import json
import os
import sqlite3
from dataclasses import asdict, fields
from pathlib import Path

from measurements.errors import StoreError
from measurements.files import sync
from measurements.store import Retention

DEFAULT_ZONE = "Asia/Pontianak"


def read_retention(root: Path) -> Retention:
    """How long each tier is kept: the file, else the defaults.

    Raises:
        StoreError: the file does not say what it should.
    """
    path = root / "retention.json"
    try:
        said = json.loads(path.read_text(encoding="utf-8"))
        return Retention(**{f.name: said[f.name] for f in fields(Retention) if f.name in said})
    except FileNotFoundError:
        return Retention()
    except (ValueError, TypeError) as err:
        raise StoreError(f"{path}: {err}") from err


def write_retention(root: Path, retention: Retention) -> None:
    """Keep it for this and the next `merata run`; complete or not at all."""
    path = root / "retention.json"
    aside = path.with_suffix(".part")
    aside.write_text(json.dumps(asdict(retention), indent=1) + "\n", encoding="utf-8")
    sync(aside)
    os.replace(aside, path)
    sync(root)


def get_meta(db: sqlite3.Connection, key: str, default: str) -> str:
    """One remembered value."""
    row = db.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
    return default if row is None else str(row[0])


def set_meta(db: sqlite3.Connection, key: str, value: str) -> None:
    """Remember a value."""
    db.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (key, value))
