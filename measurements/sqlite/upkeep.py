"""What `maintain` does: roll up closed buckets, make touched ones again, seal and delete what is past its time.

Reads through connections of its own and hands each finished piece to the writer thread, so writes wait for one piece
at most.
"""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Callable, Iterable, Sequence
from typing import Protocol, TypeVar

from measurements.derive import Memory
from measurements.intervals import civil_days
from measurements.reading import Reading
from measurements.rollup import FIVE_MINUTES, HOUR, RADIO, TIERED, table
from measurements.sqlite.days import Areas, put_area_day, put_area_hours
from measurements.sqlite.latest import LOOK_BACK_S
from measurements.sqlite.packed import put_state_day, put_usage
from measurements.sqlite.raw_schema import RAW
from measurements.sqlite.rawfiles import DAY_S, RawFiles, day_of, day_start, days_kept, first_day_kept
from measurements.sqlite.rawreads import RawReader
from measurements.sqlite.rolling import (
    GRACE_S,
    READINGS_AT_ONCE,
    Floors,
    Publish,
    Tiers,
    bucket_of,
    hours_of,
    look_back,
    rolled_5m,
    runs,
    whole_1h,
)
from measurements.sqlite.words import Words
from measurements.store import Retention

log = logging.getLogger(__name__)
Stop = Callable[[], bool]
T = TypeVar("T")
SEAL_AFTER_S = 2 * HOUR  # yesterday's stragglers
HOURS_AT_ONCE = 24
FEW_DEVICES = 1000  # a day of hours in one transaction still takes well under a second
USAGE_HOURS_KEPT_DAYS = 62  # they only hasten sums over partial days; older ones are summed from hourly rows
ROWS_AT_ONCE = 6 * HOUR  # of buckets, deleted in one transaction


class Owner(Protocol):
    """What upkeep needs of the store: its one writing thread and connection."""

    def in_writer(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Run `work` in one transaction on history.db, in the writing thread."""
        ...

    def files_in_writer(self, work: Callable[[RawFiles], T]) -> T:
        """Run `work` on the day files, in the writing thread."""
        ...


class GaveUp(Exception):  # no error: what is not done is due at the next pass
    """Upkeep was asked to stop and did, between two pieces."""


class Upkeep:
    """One pass over everything that is due at `now`.

    Args:
        owner: the store.
        raw: reads the day files.
        words: of history.db; used in the writing thread only.
        publish: is handed every bucket before it is committed (an InfluxDB's spool); maybe twice.
        retention: how long each tier is kept.
        zone: IANA name of the civil days.
        bound_s: how long an open interval holds.
        raw_from: raw rows are complete from here on (an import may have left earlier ones out).
        stop: asked before each piece; True: give up there. Finished pieces stay, the rest is due at the next pass.
    """

    def __init__(
        self, owner: Owner, raw: RawReader, words: Words, *, publish: Publish | None, retention: Retention, zone: str,
        bound_s: float, raw_from: int, stop: Stop | None = None,
    ) -> None:  # fmt: skip
        self._stop = stop
        self._owner, self._raw, self._words, self._publish = _Stoppable(owner, self._check), raw, words, publish
        self._retention, self._zone, self._bound_s, self._raw_from = retention, zone, bound_s, raw_from

    def run(self, now: float, areas: Areas | None, *, devices: int) -> None:
        """Do what is due; again at once does nothing.

        Args:
            now: epoch seconds.
            areas: area of a subject at a moment; None: area tables wait.
            devices: how many there are, to size the passes.
        """
        floors = self.floors(now)
        self._five_minutes(now, floors, max(1, READINGS_AT_ONCE // (5 * max(1, devices))))
        self._hours(floors, now, devices)
        if areas is not None:
            self._area_hours(areas)
        self._days(floors, with_areas=areas is not None)
        self._seal_and_expire(now)

    def _check(self) -> None:
        if self._stop is not None and self._stop():
            raise GaveUp

    def floors(self, now: float) -> Floors:
        """From when on the sources of each tier are kept whole."""
        kept = self._retention
        return Floors(
            devices=max(self._raw_from, day_start(first_day_kept(now, kept.raw_days))) + LOOK_BACK_S,
            ports=max(self._raw_from, day_start(first_day_kept(now, kept.interface_days))) + LOOK_BACK_S,
            five_minute=bucket_of(int(now) - kept.five_minute_days * DAY_S, HOUR) + HOUR,
            hourly=0 if kept.hourly_days is None else bucket_of(int(now) - kept.hourly_days * DAY_S, HOUR) + HOUR,
        )

    # -- 5 minutes ---------------------------------------------------------------------------------------------

    def _five_minutes(self, now: float, floors: Floors, longest: int) -> None:
        until = bucket_of(int(now) - GRACE_S, FIVE_MINUTES)
        done = self._owner.in_writer(lambda db: self._tiers(db).done("5m"))
        again = self._owner.in_writer(lambda db: self._tiers(db).touched("5m", done))
        for run in runs(again, FIVE_MINUTES, longest):
            self._make_5m(run, {}, floors, forward=False)
        start = done or self._first_slot(until)
        memories: dict[str, Memory] = {}
        while start < until:
            if not memories and (start := max(start, self._next_with_rows(start, until))) >= until:
                break
            run = list(range(start, min(until, start + longest * FIVE_MINUTES), FIVE_MINUTES))
            self._make_5m(run, memories, floors, forward=True)
            start = run[-1] + FIVE_MINUTES
        self._owner.in_writer(lambda db: self._tiers(db).set_done("5m", until))

    def _first_slot(self, default: int) -> int:
        days = days_kept(self._raw.folder, RAW)
        return min(day_start(days[0]), default) if days else default

    def _next_with_rows(self, start: int, until: int) -> int:
        """The next bucket that may hold readings: a controller that was off for weeks is not walked through."""
        for day in days_kept(self._raw.folder, RAW):
            if day_start(day) + DAY_S > start:
                return max(start, day_start(day))
        return until

    def _make_5m(self, run: Sequence[int], memories: dict[str, Memory], floors: Floors, *, forward: bool) -> None:
        end = run[-1] + FIVE_MINUTES
        since = run[0] if memories else look_back(run[0])
        self._check()
        made = rolled_5m(self._raw.readings(since, end, ports="uplink"), memories, since=run[0])

        def put(db: sqlite3.Connection) -> None:
            tiers = self._tiers(db)
            tiers.put_5m(made, run, floors)
            tiers.settle("5m", run)
            if forward:
                tiers.set_done("5m", end)
            tiers.touch("1h", (hour for hour in hours_of(run) if hour < tiers.done("1h")))

        self._owner.in_writer(put)

    # -- hours -------------------------------------------------------------------------------------------------

    def _hours(self, floors: Floors, now: float, devices: int) -> None:
        done5, done, again, first = self._owner.in_writer(
            lambda db: (
                self._tiers(db).done("5m"), self._tiers(db).done("1h"), self._tiers(db).touched("1h",
                self._tiers(db).done("1h")), self._first_bucket(db, "5m"),
            )
        )  # fmt: skip
        until = bucket_of(done5, HOUR)
        brief = bucket_of(int(now) - self._retention.interface_days * DAY_S, HOUR) + HOUR
        start = done or (until if first is None else bucket_of(first, HOUR))
        at_once = HOURS_AT_ONCE if devices < FEW_DEVICES else 1
        for run in [*runs(again, HOUR, at_once), *runs(range(start, until, HOUR), HOUR, at_once)]:

            def put(db: sqlite3.Connection, run: Sequence[int] = run) -> None:
                tiers = self._tiers(db)
                for hour in run:
                    tiers.combine("1h", hour, hour + HOUR, source="5m", whole=whole_1h(hour, floors, brief))
                    put_usage(db, self._words, "1h", hour)
                tiers.settle("1h", run)
                if run[0] >= start:
                    tiers.set_done("1h", run[-1] + HOUR)
                touch_tables(tiers, self._zone, run[0], run[-1] + HOUR)

            self._owner.in_writer(put)
        self._owner.in_writer(lambda db: self._tiers(db).set_done("1h", until))

    @staticmethod
    def _first_bucket(db: sqlite3.Connection, tier: str) -> int | None:
        row = db.execute(f"SELECT MIN(bucket) FROM wifi_device_{tier}").fetchone()  # noqa: S608 (our names)
        return None if row[0] is None else int(row[0])

    def _area_hours(self, areas: Areas) -> None:
        until, done, again, first = self._owner.in_writer(
            lambda db: (
                self._tiers(db).done("1h"), self._tiers(db).done("area_1h"),
                self._tiers(db).touched("area_1h", self._tiers(db).done("area_1h")), first_hour(db),
            )
        )  # fmt: skip
        start = done or (until if first is None else bucket_of(first, HOUR))
        for run in [*runs(again, HOUR, HOURS_AT_ONCE), *runs(range(start, until, HOUR), HOUR, HOURS_AT_ONCE)]:

            def put(db: sqlite3.Connection, run: Sequence[int] = run) -> None:
                put_area_hours(db, self._words, run, bound_s=self._bound_s, areas=areas)
                tiers = self._tiers(db)
                tiers.settle("area_1h", run)
                if run[0] >= start:
                    tiers.set_done("area_1h", run[-1] + HOUR)
                # Days that were made of the hours as they were before.
                before = tiers.done("1d")
                tiers.touch(
                    "1d", (day.start for day in civil_days(self._zone, run[0], run[-1] + HOUR) if day.end <= before)
                )

            self._owner.in_writer(put)
        self._owner.in_writer(lambda db: self._tiers(db).set_done("area_1h", until))

    # -- civil days ------------------------------------------------------------------------------------------------

    def _days(self, floors: Floors, *, with_areas: bool) -> None:
        until, done, again, first = self._owner.in_writer(
            lambda db: (
                self._tiers(db).done("1h"), self._tiers(db).done("1d"),
                self._tiers(db).touched("1d", self._tiers(db).done("1d")), first_hour(db),
            )
        )  # fmt: skip
        start = done or (until if first is None else first)
        fresh = [day for day in civil_days(self._zone, start, until) if day.end <= until and day.start >= done]
        old = [civil_days(self._zone, bucket, bucket + 1)[0] for bucket in again]
        for day in [*old, *fresh]:

            def put(db: sqlite3.Connection, start: int = day.start, end: int = day.end) -> None:
                tiers = self._tiers(db)
                # A zone half an hour off UTC has days that do not begin with an hour.
                source = "1h" if start % HOUR == 0 and end % HOUR == 0 else "5m"
                floor = floors.hourly if source == "1h" else floors.five_minute
                tiers.combine("1d", start, end, source=source, whole=dict.fromkeys(TIERED, start >= floor))
                put_usage(db, self._words, "1d", start)
                put_state_day(db, self._words, start, end, bound_s=self._bound_s)
                if with_areas:
                    put_area_day(db, start, end)
                tiers.settle("1d", [start])
                tiers.set_done("1d", end)

            self._owner.in_writer(put)

    # -- retention -------------------------------------------------------------------------------------------------

    def _seal_and_expire(self, now: float) -> None:
        done = self._owner.in_writer(lambda db: {tier: self._tiers(db).done(tier) for tier in ("5m", "1h", "1d")})
        rolled = day_of(max(0, done["5m"] - LOOK_BACK_S))
        kept = self._retention
        raw_before = min(first_day_kept(now, kept.raw_days), rolled)
        ports_before = min(first_day_kept(now, kept.interface_days), rolled)
        gone = self._owner.files_in_writer(
            lambda files: files.finish(day_of(now - SEAL_AFTER_S), raw_before, ports_before)
        )
        for path in gone:
            log.info("past its time: %s deleted", path.name)
        for kind, tier, before in expiring(kept, now, done):
            self._delete(table(kind, tier), before)
        self._delete("usage_hour", min(int(now) - USAGE_HOURS_KEPT_DAYS * DAY_S, done["1d"]))
        if kept.hourly_days is not None:
            self._delete("area_1h", min(int(now) - kept.hourly_days * DAY_S, done["1d"]))

    def _delete(self, name: str, before: int) -> None:
        """In pieces: a long transaction would keep the writer and grow the log."""

        def piece(db: sqlite3.Connection) -> bool:
            oldest = db.execute(f"SELECT MIN(bucket) FROM {name}").fetchone()[0]  # noqa: S608 (our names)
            if oldest is None or oldest >= before:
                return False
            db.execute(f"DELETE FROM {name} WHERE bucket < ?", (min(before, oldest + ROWS_AT_ONCE),))  # noqa: S608
            return True

        while self._owner.in_writer(piece):
            pass

    def _tiers(self, db: sqlite3.Connection) -> Tiers:
        return Tiers(db, self._words, self._publish)


class _Stoppable:
    """An owner that is asked for nothing more once upkeep is to stop."""

    def __init__(self, owner: Owner, check: Callable[[], None]) -> None:
        self._owner, self._check = owner, check

    def in_writer(self, work: Callable[[sqlite3.Connection], T]) -> T:
        self._check()
        return self._owner.in_writer(work)

    def files_in_writer(self, work: Callable[[RawFiles], T]) -> T:
        self._check()
        return self._owner.files_in_writer(work)


def expiring(kept: Retention, now: float, done: dict[str, int]) -> Iterable[tuple[str, str, int]]:
    """(measurement, tier, everything before goes); nothing goes before the next tier is made of it."""
    for kind in TIERED:
        days = kept.interface_days if kind == RADIO.name else kept.five_minute_days
        yield kind, "5m", min(int(now) - days * DAY_S, done["1h"])
        if kept.hourly_days is not None:
            yield kind, "1h", min(int(now) - kept.hourly_days * DAY_S, done["1d"])


def first_hour(db: sqlite3.Connection) -> int | None:
    """Where measured time begins: the first hour with readings or intervals."""
    row = db.execute(
        "SELECT MIN(b) FROM (SELECT MIN(bucket) AS b FROM wifi_device_1h UNION ALL SELECT MIN(start) FROM interval "
        "UNION ALL SELECT MIN(start) FROM open_interval)"
    ).fetchone()
    return None if row[0] is None else bucket_of(int(row[0]), HOUR)


def touch_tables(tiers: Tiers, zone: str, start: float, end: float) -> None:
    """What happened in [start, end) changed: its hours of areas and its days are made again, if they were made."""
    hours_done, days_done = tiers.done("area_1h"), tiers.done("1d")
    if start < hours_done:
        tiers.touch("area_1h", range(bucket_of(int(start), HOUR), int(min(end, hours_done)), HOUR))
    if start < days_done:
        tiers.touch("1d", (day.start for day in civil_days(zone, start, min(end, days_done))))


def readings_by_device(readings: Iterable[Reading]) -> dict[str, list[Reading]]:
    """Readings apart by device, in the order given."""
    found: dict[str, list[Reading]] = {}
    for reading in readings:
        found.setdefault(reading.device, []).append(reading)
    return found
