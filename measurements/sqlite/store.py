"""The embedded store: day files of raw rows, history.db, one writing thread, one process at a time."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Self

from measurements.derive import GAP_FACTOR
from measurements.files import StateLock, open_to_write, sqlite_note
from measurements.intervals import Interval
from measurements.outages import Outage
from measurements.reading import Reading
from measurements.rollup import FIVE_MINUTES
from measurements.sqlite import latest as latest_rows
from measurements.sqlite import states
from measurements.sqlite.history_schema import HISTORY
from measurements.sqlite.latest import LOOK_BACK_S, LatestCache
from measurements.sqlite.raw_schema import RAW
from measurements.sqlite.rawfiles import DAY_S, RawFiles, day_start, days_kept
from measurements.sqlite.reader import SqliteReader
from measurements.sqlite.words import Words
from measurements.sqlite.writer import Writer
from measurements.store import Latest, Retention

log = logging.getLogger(__name__)


class SqliteStore(SqliteReader):
    """`MeasurementStore` on SQLite files. Use `open`; close it to end the thread and let the state directory go."""

    def __init__(self, root: Path, lock: StateLock, retention: Retention) -> None:
        super().__init__(root)
        self._lock = lock
        self.retention = retention
        self._history_db = open_to_write(self.history, HISTORY)
        self._words = Words(self._history_db)
        self._raw_files = RawFiles(root / "raw")
        self._cache = LatestCache(latest_rows.load(self._history_db))
        self._done_5m = self._watermark("5m")
        self._catch_up()
        self._writer = Writer(self._commit, name="merata-store")

    @classmethod
    def open(cls, root: Path, *, retention: Retention | None = None) -> Self:
        """Take the state directory and make it ready.

        Raises:
            StoreBusy: another process holds it.
            VersionTooNew: a file belongs to a newer program.
            StoreUnavailable: a file cannot be opened.
        """
        root.mkdir(parents=True, exist_ok=True, mode=0o700)
        lock = StateLock(root / "run")
        try:
            log.info("%s", sqlite_note())
            return cls(root, lock, retention or Retention())
        except BaseException:
            lock.release()
            raise

    # -- writing ---------------------------------------------------------------------------------------------------

    def write(self, readings: Sequence[Reading]) -> None:
        """As `MeasurementStore.write`. Hand over contiguous ranges of device ids: a commit then appends to few pages."""
        if readings:
            self._writer.write(readings)

    def write_intervals(self, intervals: Sequence[Interval]) -> None:
        """As `MeasurementStore.write_intervals`."""
        if intervals:
            self._writer.call(lambda: self._transact(lambda db: states.put_intervals(db, intervals)))

    def write_outages(self, outages: Sequence[Outage]) -> None:
        """As `MeasurementStore.write_outages`."""
        if outages:
            self._writer.call(lambda: self._transact(lambda db: states.put_outages(db, outages)))

    def latest(self, ids: Sequence[str] | None = None) -> dict[str, Latest]:
        """As `MeasurementReader.latest`, from memory."""
        return self._cache.get(ids)

    def close(self) -> None:
        """As `MeasurementStore.close`; again is harmless."""
        self._writer.close()
        self._raw_files.close()
        self._history_db.close()
        self._lock.release()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # -- in the writing thread -------------------------------------------------------------------------------------

    def _transact(self, work: Callable[[sqlite3.Connection], object]) -> None:
        db = self._history_db
        db.execute("BEGIN IMMEDIATE")
        try:
            work(db)
            db.execute("COMMIT")
        except BaseException:
            if db.in_transaction:
                db.execute("ROLLBACK")
            self._words.reload()
            raise

    def _commit(self, readings: list[Reading]) -> None:
        """One group: raw rows durable, then the cache. Late ones first name the buckets they change (in history.db)."""
        newest: dict[tuple[str, int], Reading] = {}
        for reading in readings:
            was = newest.get((reading.device, reading.slot))
            if was is None or reading.at >= was.at:
                newest[reading.device, reading.slot] = reading
        ordered = sorted(newest.values(), key=lambda r: (r.slot, r.device))
        again = frozenset(key for key in newest if (known := self._cache.slot(key[0])) is not None and key[1] <= known)
        self._touch(ordered)
        self._raw_files.write(ordered, again=again)
        changed = self._remember(ordered, again)
        try:
            self._flush(changed)
        except sqlite3.Error:  # the raw rows are safe; the cache is made again at the next start
            log.exception("latest could not be flushed")

    def _touch(self, readings: Sequence[Reading]) -> None:
        buckets = set()
        for reading in readings:
            if reading.slot < self._done_5m:
                # The next reading's rates change too, and it may lie in a later bucket.
                reach = reading.slot + int(GAP_FACTOR * reading.interval_s)
                first = reading.slot - reading.slot % FIVE_MINUTES
                buckets.update(b for b in range(first, reach + 1, FIVE_MINUTES) if b < self._done_5m)
        if buckets:
            self._transact(
                lambda db: db.executemany(
                    "INSERT OR IGNORE INTO touched VALUES ('5m', ?)", [(b,) for b in sorted(buckets)]
                )
            )

    def _remember(self, readings: Sequence[Reading], again: frozenset[tuple[str, int]]) -> set[str]:
        changed, remake = set(), set()
        for reading in readings:
            device = reading.device
            if (device, reading.slot) in again:
                known = self._cache.slot(device)
                if known is not None and reading.slot > known - LOOK_BACK_S:
                    remake.add(device)
            else:
                self._cache.take(reading)
                changed.add(device)
        for device in remake:
            self._remake([device], self._cache.slot(device) or 0)
        return changed | remake

    def _remake(self, devices: Sequence[str] | None, newest: int) -> None:
        """Derive the last known again from the raw rows of the last quarter of an hour."""
        by_device: dict[str, list[Reading]] = {}
        for reading in self.raw.readings(newest - LOOK_BACK_S, newest + DAY_S, devices=devices):
            by_device.setdefault(reading.device, []).append(reading)
        for device, readings in by_device.items():
            self._cache.rebuild(device, readings)

    def _flush(self, devices: set[str]) -> None:
        """Bring the stored cache up to date; not fsynced, since it can be made again."""
        db = self._history_db
        latest = self._cache.get()
        rows = [latest_rows.pack(latest[device]) for device in sorted(devices)]
        db.execute("PRAGMA synchronous=NORMAL")
        try:
            self._transact(lambda db: db.executemany("INSERT OR REPLACE INTO latest VALUES (?,?,?,?,?,?,?,?,?)", rows))
        finally:
            with suppress(sqlite3.Error):
                db.execute("PRAGMA synchronous=FULL")

    # -- at the start ----------------------------------------------------------------------------------------------

    def _watermark(self, tier: str) -> int:
        row = self._history_db.execute("SELECT done FROM watermark WHERE tier = ?", (tier,)).fetchone()
        return 0 if row is None else int(row[0])

    def _catch_up(self) -> None:
        """Raw rows are the truth: whatever was committed after the last flush is taken into the cache."""
        days = days_kept(self.root / "raw", RAW)
        if not days:
            return
        known = max((each.slot for each in self._cache.get().values()), default=0)
        # Without a cache (history.db lost) the last two days are read.
        self._remake(None, known or day_start(days[-1]) - DAY_S + LOOK_BACK_S)
        self._flush(set(self._cache.get()))
