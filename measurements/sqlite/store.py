"""The embedded store: day files of raw rows, history.db, one writing thread, one process at a time."""

from __future__ import annotations

import logging
import sqlite3
import threading
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar

from measurements.derive import GAP_FACTOR, Derived
from measurements.files import StateLock, open_to_write, sqlite_note
from measurements.intervals import BOUND_S, Interval
from measurements.outages import Outage
from measurements.reading import Reading
from measurements.rollup import FIVE_MINUTES
from measurements.sqlite import latest as latest_rows
from measurements.sqlite import states
from measurements.sqlite.days import Areas
from measurements.sqlite.history_schema import HISTORY
from measurements.sqlite.latest import LOOK_BACK_S, LatestCache
from measurements.sqlite.raw_schema import RAW
from measurements.sqlite.rawfiles import DAY_S, RawFiles, day_start, days_kept
from measurements.sqlite.reader import SqliteReader
from measurements.sqlite.rolling import Publish, Tiers
from measurements.sqlite.settings import DEFAULT_ZONE, get_meta, read_retention, set_meta
from measurements.sqlite.upkeep import GaveUp, Stop, Upkeep, readings_by_device, touch_tables
from measurements.sqlite.words import Words
from measurements.sqlite.writer import Writer
from measurements.store import Latest, Retention

log = logging.getLogger(__name__)
T = TypeVar("T")


class SqliteStore(SqliteReader):
    """`MeasurementStore` on SQLite files. Use `open`; `close` ends the thread and lets the state directory go."""

    def __init__(
        self, root: Path, lock: StateLock, *, retention: Retention | None, zone: str, bound_s: float, publish:
        Publish | None
    ) -> None:  # fmt: skip
        super().__init__(root)
        self._lock = lock
        self._retention, self._zone, self._bound_s, self._publish = retention, zone, bound_s, publish
        self.areas: Areas | None = None
        self._maintaining = threading.Lock()
        self._history_db = open_to_write(self.history, HISTORY)
        self._words = Words(self._history_db)
        self._raw_files = RawFiles(root / "raw")
        self._transact(self._settle_zone)
        self._cache = LatestCache(latest_rows.load(self._history_db))
        self._catch_up()
        self._writer = Writer(self._commit, name="merata-store")

    @classmethod
    def open(
        cls,
        root: Path,
        *,
        retention: Retention | None = None,
        zone: str = DEFAULT_ZONE,
        bound_s: float = BOUND_S,
        publish: Publish | None = None,
    ) -> Self:
        """Take the state directory and make it ready.

        Args:
            root: state directory; made where it is missing.
            retention: how long tiers are kept; None: as `retention.json` in it says, else the defaults.
            zone: IANA name of the civil days; another one than before makes the daily tables anew.
            bound_s: how long an open interval holds after it was seen.
            publish: is handed every summary bucket before it is committed, in the writing thread; maybe twice.

        Raises:
            StoreBusy: another process holds it.
            VersionTooNew: a file belongs to a newer program.
            StoreUnavailable: a file cannot be opened.
        """
        root.mkdir(parents=True, exist_ok=True, mode=0o700)
        lock = StateLock(root / "run")
        try:
            log.info("%s", sqlite_note())
            return cls(root, lock, retention=retention, zone=zone, bound_s=bound_s, publish=publish)
        except BaseException:
            lock.release()
            raise

    # -- writing ---------------------------------------------------------------------------------------------------

    def write(self, readings: Sequence[Reading]) -> None:
        """As `MeasurementStore.write`. Hand over contiguous ranges of device ids: a commit then touches few pages."""
        if readings:
            self._writer.write(readings)

    def write_derived(self, readings: Sequence[Reading]) -> list[Derived]:
        """`write`, and what was derived: of these readings, and of later ones whose neighbour changed."""
        return self._writer.write(readings) if readings else []

    def write_intervals(self, intervals: Sequence[Interval]) -> None:
        """As `MeasurementStore.write_intervals`."""

        def put(db: sqlite3.Connection) -> None:
            changed = states.put_intervals(db, intervals, bound_s=self._bound_s)
            if changed is not None:
                touch_tables(Tiers(db, self._words, None), self._zone, *changed)

        if intervals:
            self.in_writer(put)

    def write_outages(self, outages: Sequence[Outage]) -> None:
        """As `MeasurementStore.write_outages`."""
        if outages:
            self.in_writer(lambda db: states.put_outages(db, outages))

    def latest(self, ids: Sequence[str] | None = None) -> dict[str, Latest]:
        """As `MeasurementReader.latest`, from memory."""
        return self._cache.get(ids)

    def maintain(self, now: float, *, areas: Areas | None = None, stop: Stop | None = None) -> bool:
        """As `MeasurementStore.maintain`. Run it every few minutes, in a thread of its own.

        Args:
            now: epoch seconds.
            areas: area of `device:<id>` or `site:<id>` at a moment, by the links of then; None: as `self.areas` says,
                and where that is None too, the area tables wait.
            stop: asked between buckets; True: leave the rest to the next time.

        Returns:
            False when it was stopped before the end.
        """
        with self._maintaining:
            try:
                self._upkeep(stop).run(now, areas or self.areas, devices=len(self._cache))
            except GaveUp:
                return False
        return True

    def close(self) -> None:
        """As `MeasurementStore.close`; again is harmless."""
        self._writer.close()
        self._raw_files.close()
        self._history_db.close()
        self._lock.release()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # -- for upkeep and import -------------------------------------------------------------------------------------

    def in_writer(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Run `work` in one transaction on history.db, in the writing thread."""
        return self._writer.call(lambda: self._transact(work))

    def files_in_writer(self, work: Callable[[RawFiles], T]) -> T:
        """Run `work` on the day files, in the writing thread."""
        return self._writer.call(lambda: work(self._raw_files))

    def _upkeep(self, stop: Stop | None) -> Upkeep:
        raw_from = self.in_writer(lambda db: int(get_meta(db, "raw_from", "0")))
        return Upkeep(
            self, self.raw, self._words, publish=self._publish, retention=self._retention or read_retention(self.root),
            zone=self._zone, bound_s=self._bound_s, raw_from=raw_from, stop=stop,
        )  # fmt: skip

    # -- in the writing thread -------------------------------------------------------------------------------------

    def _transact(self, work: Callable[[sqlite3.Connection], T]) -> T:
        db = self._history_db
        db.execute("BEGIN IMMEDIATE")
        try:
            result = work(db)
            db.execute("COMMIT")
        except BaseException:
            if db.in_transaction:
                db.execute("ROLLBACK")
            self._words.reload()
            raise
        return result

    def _commit(self, readings: list[Reading]) -> list[Derived]:
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
        derived, changed = self._remember(ordered, again)
        try:
            self._flush(changed)
        except sqlite3.Error:  # the raw rows are safe; the cache is made again at the next start
            log.exception("latest could not be flushed")
        return derived

    def _touch(self, readings: Sequence[Reading]) -> None:
        done = Tiers(self._history_db, self._words, None).done("5m")
        buckets: set[int] = set()
        for reading in readings:
            if reading.slot < done:
                # The next reading's rates change too, and it may lie in a later bucket.
                reach = reading.slot + int(GAP_FACTOR * reading.interval_s)
                first = reading.slot - reading.slot % FIVE_MINUTES
                buckets.update(bucket for bucket in range(first, reach + 1, FIVE_MINUTES) if bucket < done)
        if buckets:
            self._transact(lambda db: Tiers(db, self._words, None).touch("5m", sorted(buckets)))

    def _remember(
        self, readings: Sequence[Reading], again: frozenset[tuple[str, int]]
    ) -> tuple[list[Derived], set[str]]:
        derived: list[Derived] = []
        changed: set[str] = set()
        late: dict[str, int] = {}
        for reading in readings:
            if (reading.device, reading.slot) in again:
                late[reading.device] = min(reading.slot, late.get(reading.device, reading.slot))
            else:
                derived.append(self._cache.take(reading))
                changed.add(reading.device)
        return derived + self._redo(late), changed | set(late)

    def _redo(self, late: dict[str, int]) -> list[Derived]:
        """Derive again from the slots on in which something came late: those readings, and the ones after them.

        Devices whose lateness is alike are read together: a few late ones in every cycle are the ordinary case.
        """
        together: dict[tuple[int, int], list[str]] = {}
        for device, slot in late.items():
            newest = self._cache.slot(device) or slot
            together.setdefault((slot - slot % LOOK_BACK_S, newest - newest % LOOK_BACK_S), []).append(device)
        derived: list[Derived] = []
        for (first, last), devices in together.items():
            found = readings_by_device(
                self.raw.readings(first - LOOK_BACK_S, last + LOOK_BACK_S, devices=sorted(devices))
            )
            for device in devices:
                again = self._cache.rebuild(device, found.get(device, []))
                derived += [each for each in again if each.reading.slot >= late[device]]
        return derived

    def _flush(self, devices: Iterable[str]) -> None:
        """Bring the stored cache up to date; not fsynced, since it can be made again."""
        latest = self._cache.get()
        rows = [latest_rows.pack(latest[device]) for device in sorted(devices) if device in latest]
        self._history_db.execute("PRAGMA synchronous=NORMAL")
        try:
            self._transact(lambda db: db.executemany(latest_rows.PUT, rows))
        finally:
            with suppress(sqlite3.Error):
                self._history_db.execute("PRAGMA synchronous=FULL")

    # -- at the start ----------------------------------------------------------------------------------------------

    def _settle_zone(self, db: sqlite3.Connection) -> None:
        """Remember zone and bound for readers; daily rows of another zone are made again from intervals and hours."""
        if get_meta(db, "zone", self._zone) != self._zone:
            for kind in ("wifi_device", "interface", "radio", "service"):
                db.execute(f"DELETE FROM {kind}_1d")  # noqa: S608 (our names)
            db.execute("DELETE FROM state_day")
            db.execute("DELETE FROM usage_day")
            db.execute("DELETE FROM area_1d")
            db.execute("DELETE FROM watermark WHERE tier = '1d'")
            db.execute("DELETE FROM touched WHERE tier = '1d'")
        set_meta(db, "zone", self._zone)
        set_meta(db, "bound_s", str(self._bound_s))

    def _catch_up(self) -> None:
        """Raw rows are the truth: whatever was committed after the last flush is taken into the cache."""
        days = days_kept(self.root / "raw", RAW)
        if not days:
            return
        # Without a cache (history.db lost) the last two days are read.
        known = max((each.slot for each in self._cache.get().values()), default=0) or day_start(days[-1])
        recent = self.raw.readings(known - LOOK_BACK_S, day_start(days[-1]) + DAY_S)
        for device, readings in readings_by_device(recent).items():
            self._cache.rebuild(device, readings)
        # Once, where it is not known: without a cache, or one made of the newest rows only.
        self._cache.note_answers(latest_rows.last_answers(self._history_db, self._cache.never_answered()))
        self._flush(self._cache.get())
