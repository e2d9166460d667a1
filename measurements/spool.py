"""A durable queue of lines on their way to another machine: what `put` has returned for is not lost.

One SQLite file, one process, one connection. `put` is one transaction with an fsync, so its return is the
acknowledgement; `sent` runs only after the receiver has said that it has the lines, so a crash in between sends
them twice, which an InfluxDB takes as the same points.
"""

from __future__ import annotations

import os
import sqlite3
import threading
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from measurements.errors import StoreUnavailable, VersionTooNew

APPLICATION_ID = 0x4D53504C  # "MSPL"
VERSION = 1
ROW_LINES = 5_000  # lines a row holds at most: what is deleted, dropped or copied at once

_TABLES = """
CREATE TABLE queue(
  id INTEGER PRIMARY KEY AUTOINCREMENT, bucket TEXT NOT NULL, at REAL NOT NULL, lines INTEGER NOT NULL,
  bytes INTEGER NOT NULL, body BLOB NOT NULL) STRICT;
CREATE INDEX queue_facts ON queue(bucket, id, at, lines, bytes);
CREATE TABLE dead(
  id INTEGER PRIMARY KEY AUTOINCREMENT, bucket TEXT NOT NULL, at REAL NOT NULL, lines INTEGER NOT NULL,
  bytes INTEGER NOT NULL, reason TEXT NOT NULL, body BLOB NOT NULL) STRICT;
CREATE TABLE counter(name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT, WITHOUT ROWID;
INSERT INTO counter VALUES ('put', 0), ('sent', 0), ('dropped', 0), ('dropped_at', 0), ('dead', 0), ('dead_dropped', 0);
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class SpoolLimits:
    """How much may wait. Sizes are of the compressed lines, as they lie in the file.

    max_age_s: how long lines of a bucket are of use (the bucket's retention): older ones would be refused.
    """

    max_bytes: int = 8 * 1024**3
    max_dead_bytes: int = 64 * 1024**2
    max_age_s: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class SpoolStatus:
    """What waits and what was counted since the file was made. Lines, bytes; `oldest_at`, `dropped_at` epoch s."""

    rows: int
    lines: int
    bytes: int
    oldest_at: float | None
    put: int
    sent: int
    dropped: int
    dropped_at: float | None
    dead: int
    dead_kept_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """The oldest lines of one bucket, as many rows as fit."""

    bucket: str
    ids: tuple[int, ...]
    lines: tuple[str, ...]


class Spool:
    """The queue. Methods may be called from several threads of one process."""

    def __init__(self, path: Path, limits: SpoolLimits | None = None) -> None:
        """Open or make the file.

        Raises:
            VersionTooNew: a newer program made it.
            StoreUnavailable: it is not a spool, or cannot be opened.
        """
        self.path = path
        self.limits = limits or SpoolLimits()
        self._lock = threading.Lock()
        with _translated(path):
            self._db = _open(path)
            [(self._bytes,)] = self._db.execute("SELECT coalesce(sum(bytes), 0) FROM queue")
            [(self._dead_bytes,)] = self._db.execute("SELECT coalesce(sum(bytes), 0) FROM dead")

    def put(self, bucket: str, lines: Sequence[str], *, now: float, synced: bool = True) -> int:
        """Keep lines until they are sent; durable when it returns. Gives how many older lines had to go for them.

        Args:
            bucket: where they shall go.
            lines: line protocol without line breaks.
            now: epoch s.
            synced: False leaves the fsync to the next synced put: a kill loses nothing, a power cut may lose these.

        Raises:
            StoreUnavailable: nothing of it was kept (disk full, file gone).
        """
        return self.put_all({bucket: lines}, now=now, synced=synced)

    def put_all(
        self,
        batches: Mapping[str, Sequence[str]],
        *,
        now: float,
        marks: Mapping[str, int] | None = None,
        synced: bool = True,
    ) -> int:
        """As `put`, for several buckets in one transaction; `marks` are remembered with them (see `mark`)."""
        rows = [
            (bucket, now, len(part), len(body), body)
            for bucket, lines in batches.items()
            for part in _parts(lines)
            for body in (zlib.compress("\n".join(part).encode(errors="replace"), 1),)
        ]
        if not rows and not marks:
            return 0
        size = sum(row[3] for row in rows)
        with self._transaction(synced=synced):
            dropped = self._make_room(size, now)
            self._db.executemany("INSERT INTO queue(bucket, at, lines, bytes, body) VALUES (?,?,?,?,?)", rows)
            self._count("put", sum(row[2] for row in rows))
            for name, value in (marks or {}).items():
                self._db.execute("INSERT OR REPLACE INTO counter VALUES (?, ?)", (f"mark:{name}", value))
            self._bytes += size
        return dropped

    def mark(self, name: str) -> int | None:
        """How far somebody came who puts what he reads elsewhere; None at first."""
        with self._lock, _translated(self.path):
            found = self._db.execute("SELECT value FROM counter WHERE name=?", (f"mark:{name}",)).fetchone()
        return None if found is None else int(found[0])

    def oldest(self, max_lines: int, *, without: Sequence[str] = ()) -> Batch | None:
        """The oldest rows of the bucket that waits longest, up to `max_lines` (one row always); None when empty.

        Args:
            max_lines: how many lines the caller wants to send at once.
            without: buckets that cannot be sent to now.
        """
        with self._lock, _translated(self.path):
            heads = self._db.execute("SELECT min(id), bucket FROM queue GROUP BY bucket").fetchall()
            bucket = next((name for _, name in sorted(heads) if name not in without), None)
            if bucket is None:
                return None
            found: list[tuple[int, int, bytes]] = []
            total = 0
            rows = self._db.execute("SELECT id, lines, body FROM queue WHERE bucket=? ORDER BY id", (bucket,))
            with closing(rows):
                for row in rows:
                    if found and total + row[1] > max_lines:
                        break
                    found.append(row)
                    total += row[1]
        lines = [line for row in found for line in zlib.decompress(row[2]).decode().split("\n")]
        return Batch(bucket=bucket, ids=tuple(row[0] for row in found), lines=tuple(lines))

    def sent(self, batch: Batch, *, dead: Mapping[str, str] | None = None, now: float) -> None:
        """Forget a batch that the receiver has; lines it will never take are kept apart.

        Args:
            batch: what `oldest` gave.
            dead: lines joined by newlines -> why they were refused.
            now: epoch s.
        """
        refused = [(lines, reason, zlib.compress(lines.encode(), 1)) for lines, reason in (dead or {}).items()]
        # Without dead lines no fsync: a power cut would only have the batch sent again.
        with self._transaction(synced=bool(refused)):
            gone = self._delete(batch.ids)
            buried = 0
            for lines, reason, body in refused:
                count = lines.count("\n") + 1
                row = (batch.bucket, now, count, len(body), reason[:500], body)
                self._db.execute("INSERT INTO dead(bucket, at, lines, bytes, reason, body) VALUES (?,?,?,?,?,?)", row)
                self._dead_bytes += len(body)
                buried += count
            self._count("dead", buried)
            self._count("sent", max(0, gone - buried))
            self._bound_dead()

    def expire(self, now: float) -> int:
        """Drop lines that waited longer than their bucket keeps points; gives how many."""
        dropped = 0
        with self._transaction():
            for bucket, age_s in self.limits.max_age_s.items():
                old = self._db.execute("SELECT id FROM queue WHERE bucket=? AND at<?", (bucket, now - age_s)).fetchall()
                dropped += self._drop([row[0] for row in old], now)
        return dropped

    def shrink(self, pages: int = 2_000) -> None:
        """Give freed pages (4 KiB each) back to the disk, a few at a time; called while nothing waits."""
        with self._lock, _translated(self.path):
            # Not execute(): it takes one step of a statement without columns, and one step frees one page.
            self._db.executescript(f"PRAGMA incremental_vacuum({int(pages)})")

    def status(self) -> SpoolStatus:
        """What waits and what was counted."""
        with self._lock, _translated(self.path):
            return _status(self._db)

    def dead_letters(self, limit: int = 20) -> list[tuple[str, float, str, str]]:
        """The newest refused lines: (bucket, epoch s, reason, lines)."""
        with self._lock, _translated(self.path):
            return _dead(self._db, limit)

    def close(self) -> None:
        """Let the file go; what waits stays in it."""
        with self._lock:
            self._db.close()

    @contextmanager
    def _transaction(self, *, synced: bool = True) -> Iterator[None]:
        with self._lock, _translated(self.path):
            before = (self._bytes, self._dead_bytes)
            # NORMAL writes the log without an fsync; the next FULL commit syncs all of the log.
            self._db.execute(f"PRAGMA synchronous={'FULL' if synced else 'NORMAL'}")
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._db.execute("COMMIT")
            except BaseException:
                self._bytes, self._dead_bytes = before
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
                raise

    def _make_room(self, size: int, now: float) -> int:
        """Drop the oldest rows until `size` more bytes fit; the newest data is worth more than the oldest."""
        over = self._bytes + size - self.limits.max_bytes
        if over <= 0:
            return 0
        ids = []
        with closing(self._db.execute("SELECT id, bytes FROM queue ORDER BY id")) as rows:
            for row_id, row_bytes in rows:
                if over <= 0:
                    break
                ids.append(row_id)
                over -= row_bytes
        return self._drop(ids, now)

    def _drop(self, ids: Sequence[int], now: float) -> int:
        dropped = self._delete(ids)
        if dropped:
            self._count("dropped", dropped)
            self._db.execute("UPDATE counter SET value=? WHERE name='dropped_at'", (int(now),))
        return dropped

    def _delete(self, ids: Sequence[int]) -> int:
        """Rows that are still there go; gives their lines (a row may have been dropped while it was being sent)."""
        lines = 0
        for row_id in ids:
            gone = self._db.execute("DELETE FROM queue WHERE id=? RETURNING lines, bytes", (row_id,)).fetchone()
            if gone is not None:
                lines += gone[0]
                self._bytes -= gone[1]
        return lines

    def _bound_dead(self) -> None:
        while self._dead_bytes > self.limits.max_dead_bytes:
            oldest = "DELETE FROM dead WHERE id=(SELECT min(id) FROM dead) RETURNING lines, bytes"
            gone = self._db.execute(oldest).fetchone()
            self._count("dead_dropped", gone[0])
            self._dead_bytes -= gone[1]

    def _count(self, name: str, by: int) -> None:
        if by:
            self._db.execute("UPDATE counter SET value=value+? WHERE name=?", (by, name))


def peek(path: Path) -> SpoolStatus | None:
    """The status of a spool that another process may own; None when there is none."""
    if not path.exists():
        return None
    with _translated(path), closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as db:
        _check(db, path)
        return _status(db)


def dead_letters(path: Path, limit: int = 20) -> list[tuple[str, float, str, str]]:
    """As `Spool.dead_letters`, of a spool that another process may own; empty when there is none."""
    if not path.exists():
        return []
    with _translated(path), closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as db:
        _check(db, path)
        return _dead(db, limit)


def _dead(db: sqlite3.Connection, limit: int) -> list[tuple[str, float, str, str]]:
    query = "SELECT bucket, at, reason, body FROM dead ORDER BY id DESC LIMIT ?"
    return [(b, at, why, zlib.decompress(body).decode()) for b, at, why, body in db.execute(query, (limit,))]


def _open(path: Path) -> sqlite3.Connection:
    os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    fresh = not db.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
    if fresh:
        db.execute("PRAGMA auto_vacuum=INCREMENTAL")  # only takes effect before the first table
    else:
        _check(db, path)
    # One connection writes and checkpoints, so the WAL-reset bug of SQLite below 3.51.3 cannot meet a second one.
    db.execute("PRAGMA journal_mode=WAL")
    db.execute("PRAGMA synchronous=FULL")
    db.execute("PRAGMA busy_timeout=5000")
    if fresh:
        stamp = f"PRAGMA application_id={APPLICATION_ID}; PRAGMA user_version={VERSION};"
        db.executescript(f"BEGIN IMMEDIATE; {_TABLES} {stamp} COMMIT;")
    return db


def _check(db: sqlite3.Connection, path: Path) -> None:
    [(owner,)] = db.execute("PRAGMA application_id")
    [(version,)] = db.execute("PRAGMA user_version")
    if owner != APPLICATION_ID:
        raise StoreUnavailable(f"{path} is not a spool of merata (application_id {owner})")
    if version > VERSION:
        raise VersionTooNew(f"{path} has version {version}, newer than this program's {VERSION}; it is not touched")


def _status(db: sqlite3.Connection) -> SpoolStatus:
    totals = "SELECT count(*), coalesce(sum(lines), 0), coalesce(sum(bytes), 0), min(at) FROM queue"
    rows, lines, size, oldest = db.execute(totals).fetchone()
    [(dead_bytes,)] = db.execute("SELECT coalesce(sum(bytes), 0) FROM dead")
    counted: dict[str, int] = dict(db.execute("SELECT name, value FROM counter").fetchall())
    return SpoolStatus(
        rows=rows,
        lines=lines,
        bytes=size,
        oldest_at=oldest,
        put=counted["put"],
        sent=counted["sent"],
        dropped=counted["dropped"],
        dropped_at=counted["dropped_at"] or None,
        dead=counted["dead"],
        dead_kept_bytes=dead_bytes,
    )


def _parts(lines: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(lines), ROW_LINES):
        yield lines[start : start + ROW_LINES]


@contextmanager
def _translated(path: Path) -> Iterator[None]:
    try:
        yield
    except (sqlite3.Error, OSError) as err:
        raise StoreUnavailable(f"the spool {path} does not answer: {err}") from err
