"""Links with dates: device to site, site to area, device to parent, so that past figures use the links of their time.

A link holds from `start` (inclusive) to `end` (exclusive). What the first accepted inventory says has no other witness
and holds from ever; what later ones say holds from their acceptance. `since` and `until` of a device or site, civil
days of the inventory's time zone, say better and win.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from zoneinfo import ZoneInfo

from controller.inventories.errors import InventoriesError
from devices.model import DeviceId, Inventory, SiteId

APPLICATION_ID = 0x4D4C4E4B  # "MLNK"
VERSION = 1
FILE = "links.db"
_EVER = 0
_NEVER = 2**53


class LinkKind(StrEnum):
    """What is linked to what."""

    DEVICE_SITE = "device-site"
    SITE_AREA = "site-area"
    DEVICE_PARENT = "device-parent"


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """`child` belonged to `parent` from `start` to `end`; None: from ever, to this day."""

    kind: LinkKind
    child: str
    parent: str
    start: datetime | None
    end: datetime | None


@dataclass(frozen=True, slots=True)
class _Wanted:
    parent: str
    start: int | None
    end: int


@dataclass(frozen=True, slots=True)
class _Row:
    key: int
    parent: str
    start: int
    end: int
    count: int


class Links:
    """The file of links in a folder. One process writes (the keeper's); any may read."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / FILE

    def accept(self, inventory: Inventory, *, now: datetime) -> None:
        """Bring the links to what this inventory says, as one transaction."""
        moment = _seconds(now)
        with self._open() as db:
            db.execute("BEGIN IMMEDIATE")
            first = db.execute("SELECT 1 FROM link LIMIT 1").fetchone() is None
            for kind, wanted in _wanted(inventory).items():
                _bring(db, kind, wanted, moment, first=first)
            db.execute("COMMIT")

    def site_of(self, device: DeviceId, at: datetime) -> SiteId | None:
        """Where a device stood at a time; None: it did not."""
        found = self._parent(LinkKind.DEVICE_SITE, device, at)
        return None if found is None else SiteId(found)

    def area_of(self, site: SiteId, at: datetime) -> str | None:
        """The area code of a site at a time."""
        return self._parent(LinkKind.SITE_AREA, site, at)

    def parent_of(self, device: DeviceId, at: datetime) -> DeviceId | None:
        """Behind which device a device stood at a time."""
        found = self._parent(LinkKind.DEVICE_PARENT, device, at)
        return None if found is None else DeviceId(found)

    def links(self, kind: LinkKind, start: datetime, end: datetime) -> list[Link]:
        """Every link of a kind that held at some moment of [start, end), by child and start; not cut to the bounds."""
        if not self.path.exists():
            return []
        with self._open() as db:
            rows = db.execute(
                "SELECT child, parent, start, end FROM link"
                " WHERE kind = ? AND start < ? AND end > ? ORDER BY child, start",
                (kind, _seconds(end), _seconds(start)),
            ).fetchall()
        return [
            Link(
                kind=kind,
                child=child,
                parent=parent,
                start=None if begun == _EVER else datetime.fromtimestamp(begun, UTC),
                end=None if ended == _NEVER else datetime.fromtimestamp(ended, UTC),
            )
            for child, parent, begun, ended in rows
        ]

    def _parent(self, kind: LinkKind, child: str, at: datetime) -> str | None:
        if not self.path.exists():
            return None
        moment = _seconds(at)
        with self._open() as db:
            row = db.execute(
                "SELECT parent FROM link WHERE kind = ? AND child = ? AND start <= ? AND end > ?",
                (kind, child, moment, moment),
            ).fetchone()
        return None if row is None else str(row[0])

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        """A connection; makes the file when it is missing.

        Raises:
            InventoriesError: the file is of a newer program, or no file of links at all.
        """
        self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with closing(sqlite3.connect(self.path, timeout=10, isolation_level=None)) as db:
            try:
                self._prepare(db)
            except sqlite3.DatabaseError as error:
                raise InventoriesError(f"{self.path}: {error}") from error
            yield db

    def _prepare(self, db: sqlite3.Connection) -> None:
        # TRUNCATE, not WAL: read by processes that may not write, and free of the WAL-reset fault below SQLite 3.51.3.
        db.execute("PRAGMA journal_mode=TRUNCATE")
        db.execute("PRAGMA synchronous=FULL")
        application, version = (
            db.execute(f"PRAGMA {name}").fetchone()[0] for name in ("application_id", "user_version")
        )
        if (application, version) == (APPLICATION_ID, VERSION):
            return
        if application == APPLICATION_ID and version > VERSION:
            raise InventoriesError(f"{self.path}: version {version} is of a newer program (this one knows {VERSION})")
        if application != 0 or db.execute("SELECT 1 FROM sqlite_master LIMIT 1").fetchone():
            raise InventoriesError(f"{self.path}: is not a file of links")
        db.executescript(
            f"""
            BEGIN IMMEDIATE;
            CREATE TABLE IF NOT EXISTS link (
                key INTEGER PRIMARY KEY, kind TEXT NOT NULL, child TEXT NOT NULL, parent TEXT NOT NULL,
                start INTEGER NOT NULL, end INTEGER NOT NULL, CHECK (start < end)
            ) STRICT;
            CREATE INDEX IF NOT EXISTS link_by_child ON link (kind, child, start);
            PRAGMA application_id = {APPLICATION_ID};
            PRAGMA user_version = {VERSION};
            COMMIT;
            """
        )


def _bring(db: sqlite3.Connection, kind: LinkKind, wanted: dict[str, _Wanted], now: int, *, first: bool) -> None:
    """Close, move and open links of one kind."""
    latest = {
        child: _Row(key, parent, start, end, count)
        for key, child, parent, start, end, count in db.execute(
            # SQLite gives the other columns of the row that has the maximum.
            "SELECT key, child, parent, max(start), end, count(*) FROM link WHERE kind = ? GROUP BY child",
            (kind,),
        )
    }
    for child, row in latest.items():
        if child not in wanted and row.end > now:
            _end(db, row, now)
    for child, want in wanted.items():
        before = latest.get(child)
        if before is None:
            start = want.start if want.start is not None else _EVER if first else now
        elif before.parent == want.parent and (before.end > now or before.end == want.end):
            _correct(db, before, want)
            continue
        else:
            start = _switch(before, want, now)
            if before.end > start:
                _end(db, before, start)
        if start < want.end:
            db.execute(
                "INSERT INTO link (kind, child, parent, start, end) VALUES (?, ?, ?, ?, ?)",
                (kind, child, want.parent, start, want.end),
            )


def _correct(db: sqlite3.Connection, row: _Row, want: _Wanted) -> None:
    """The same link with other dates: `since` may correct only the first link of a child."""
    start = want.start if want.start is not None and row.count == 1 else row.start
    if (start, want.end) == (row.start, row.end):
        return
    if start < want.end:
        db.execute("UPDATE link SET start = ?, end = ? WHERE key = ?", (start, want.end, row.key))
    else:
        db.execute("DELETE FROM link WHERE key = ?", (row.key,))


def _switch(before: _Row, want: _Wanted, now: int) -> int:
    """When a child went from one parent to another: `since` where it says something new, else now."""
    if want.start is not None and (want.start > before.start or want.start > now):
        return want.start
    return now


def _end(db: sqlite3.Connection, row: _Row, end: int) -> None:
    """End a link; one that would never have held is taken away."""
    if end <= row.start:
        db.execute("DELETE FROM link WHERE key = ?", (row.key,))
    else:
        db.execute("UPDATE link SET end = ? WHERE key = ?", (end, row.key))


def _wanted(inventory: Inventory) -> dict[LinkKind, dict[str, _Wanted]]:
    zone = ZoneInfo(inventory.timezone)
    wanted: dict[LinkKind, dict[str, _Wanted]] = {kind: {} for kind in LinkKind}
    for site in inventory.sites.values():
        wanted[LinkKind.SITE_AREA][site.id] = _dated(site.area, site.since, site.until, zone)
    for device in inventory.devices.values():
        wanted[LinkKind.DEVICE_SITE][device.id] = _dated(device.site, device.since, device.until, zone)
        if device.parent is not None:
            wanted[LinkKind.DEVICE_PARENT][device.id] = _dated(device.parent, device.since, device.until, zone)
    return wanted


def _dated(parent: str, since: date | None, until: date | None, zone: ZoneInfo) -> _Wanted:
    """`until` is the last day that counts."""
    start = None if since is None else _midnight(since, zone)
    end = _NEVER if until is None else _midnight(until + timedelta(days=1), zone)
    return _Wanted(parent, start, end)


def _midnight(day: date, zone: ZoneInfo) -> int:
    return _seconds(datetime(day.year, day.month, day.day, tzinfo=zone))


def _seconds(at: datetime) -> int:
    return int(at.timestamp())
