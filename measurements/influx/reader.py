"""The read half with InfluxDB behind it: local where local rows reach, InfluxDB before that."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import replace

from measurements.errors import StoreUnavailable, WriteRejected
from measurements.influx.config import DAY_S
from measurements.influx.connection import Connection
from measurements.influx.series import InfluxSeries
from measurements.influx.status import with_spool
from measurements.intervals import Interval
from measurements.outages import Outage
from measurements.reading import Reading
from measurements.rollup import FIVE_MINUTES, table
from measurements.spool import peek
from measurements.sqlite.raw_schema import PORTS, RAW
from measurements.sqlite.rawfiles import days_kept, path_of
from measurements.sqlite.rawreads import read_day
from measurements.sqlite.reader import SqliteReader
from measurements.sqlite.series import LOOK_BACK_S, grid
from measurements.sqlite.tierreads import Kept, choose_tier
from measurements.store import Latest, Retention, Series, StoreStatus, Summary

OUT_S = 15.0  # after a failure InfluxDB is left alone for so long: not every chart of a page waits for it again
LONGEST_RAW_S = 8 * DAY_S  # as far as the local rows would reach; more points than a chart can show


class InfluxReader:
    """`MeasurementReader`. Only `series` may ask InfluxDB; when it is out, the local part is shown and `note` says so.

    Args:
        local: the local part.
        connection: to InfluxDB.
        clock: epoch s, UTC.
        local_first: False asks InfluxDB for all of a series, as the tests do to compare the two.
    """

    def __init__(
        self, local: SqliteReader, connection: Connection, *, clock: Callable[[], float], local_first: bool = True
    ) -> None:
        self._local = local
        self._connection = connection
        self._clock = clock
        self._local_first = local_first
        self._series = InfluxSeries(connection, connection.settings)
        self._failed: tuple[float, str] | None = None  # when (epoch s) and how

    def series(
        self, kind: str, device: str, fields: Sequence[str], *, start: int, end: int,
        step_s: int | None = None, name: str | None = None,
    ) -> Series:  # fmt: skip
        """As `MeasurementReader.series`."""

        def local() -> Series:
            return self._local.series(kind, device, fields, start=start, end=end, step_s=step_s, name=name)

        tier = choose_tier(kind, fields, self._kept(end - start), start=start, end=end, step_s=step_s)
        if tier not in ("raw", "5m") or (self._local_first and start - LOOK_BACK_S >= self._local_from(kind, tier)):
            return local()
        if self._failed is not None and 0 <= self._clock() - self._failed[0] < OUT_S:
            return replace(local(), note=f"local only: {self._failed[1]}")
        try:
            found = None
            if tier == "5m":
                found = self._five_minutes(kind, device, fields, start, end, step_s, name)
                step_s = step_s or FIVE_MINUTES  # a port that is no uplink stands in raw rows only
            return found or self._raw(kind, device, fields, start, end, step_s, name)
        except WriteRejected as err:
            return replace(local(), note=f"local only: {err}")
        except StoreUnavailable as err:
            self._failed = (self._clock(), str(err))
            return replace(local(), note=f"local only: {err}")

    def _raw(
        self, kind: str, device: str, fields: Sequence[str], start: int, end: int, step_s: int | None, name: str | None
    ) -> Series:
        newest: list[Reading] = []
        if self._local_first and (low := self._local_from(kind, "raw")) < end:
            ports = "all" if kind == "interface" and name is not None else "uplink"
            newest = list(self._local.raw.readings(low, end, devices=[device], ports=ports))
        return self._series.raw(kind, device, fields, start=start, end=end, step_s=step_s, name=name, local=newest)

    def _five_minutes(
        self, kind: str, device: str, fields: Sequence[str], start: int, end: int, step_s: int | None, name: str | None
    ) -> Series | None:
        step = max(step_s or 0, FIVE_MINUTES)
        step -= step % FIVE_MINUTES
        rolled = rolled_until(self._local)  # later buckets are not made yet: the local reader makes them on the way
        join = min(end, rolled - rolled % step)
        if self._local_first:
            reach = self._local_from(kind, "5m")
            join = min(join, reach + -reach % step)
        if join <= start:
            return self._local.series(kind, device, fields, start=start, end=end, step_s=step, name=name)
        old = self._series.five_minutes(kind, device, fields, start=start, end=join, step_s=step, name=name)
        if join >= end:
            return old
        new = self._local.series(kind, device, fields, start=join, end=end, step_s=step, name=name)
        if old is None and new.tier == "raw":
            return None
        if old is None:  # new here: nothing before the join
            slots = grid(start, join, step)
            old = Series(step_s=step, tier="5m", slots=slots, columns={field: [None] * len(slots) for field in fields})
        columns = {field: [*old.columns[field], *new.columns[field]] for field in fields}
        return replace(old, slots=[*old.slots, *new.slots], columns=columns)

    def _local_from(self, kind: str, tier: str) -> int:
        """From when on the local rows of a tier are whole (epoch s); in the future when there are none."""
        first = first_slot(self._local, kind) if tier == "raw" else first_bucket(self._local, kind)
        return int(self._clock()) + DAY_S if first is None else first

    def _kept(self, span_s: int) -> Kept:
        """What a series may be drawn from: InfluxDB's retention, not the local one; raw rows for a week at most."""
        ages = self._connection.settings.retention_s
        now = int(self._clock())
        oldest = now - ages["raw"] if ages["raw"] else 0
        if span_s > LONGEST_RAW_S:
            oldest = now + DAY_S
        days = max(2, ages["5m"] // DAY_S) if ages["5m"] else now // DAY_S
        kept = Retention(five_minute_days=days, interface_days=days, hourly_days=None)
        return Kept(done={}, raw_from=oldest, ports_from=oldest, newest=now, retention=kept, zone="UTC")

    def latest(self, ids: Sequence[str] | None = None) -> dict[str, Latest]:
        """As `MeasurementReader.latest`; local."""
        return self._local.latest(ids)

    def intervals(self, subjects: Sequence[str] | None, question: str, *, start: int, end: int) -> list[Interval]:
        """As `MeasurementReader.intervals`; local."""
        return self._local.intervals(subjects, question, start=start, end=end)

    def outages(self, *, start: float, end: float, open_only: bool = False) -> list[Outage]:
        """As `MeasurementReader.outages`; local."""
        return self._local.outages(start=start, end=end, open_only=open_only)

    def summary(
        self, question: str, *, start: int, end: int, by: str = "subject", subjects: Sequence[str] | None = None
    ) -> list[Summary]:
        """As `MeasurementReader.summary`; local."""
        return self._local.summary(question, start=start, end=end, by=by, subjects=subjects)

    def status(self) -> StoreStatus:
        """As `MeasurementReader.status`: the local part and what waits for InfluxDB."""
        return with_spool(self._local.status(), peek(self._local.root / "spool.db"), self._clock())

    def close(self) -> None:
        """Let go."""
        self._connection.close()
        self._local.close()


def rolled_until(local: SqliteReader) -> int:
    """Up to where 5-minute buckets are made, epoch s."""
    with local._history() as db:
        found = None if db is None else db.execute("SELECT done FROM watermark WHERE tier = '5m'").fetchone()
    return 0 if found is None else int(found[0])


def first_slot(local: SqliteReader, kind: str) -> int | None:
    """The oldest raw row kept locally, None without any."""
    file_kind, rows = (PORTS, "interface") if kind == "interface" else (RAW, "wifi_device")
    for day in days_kept(local.root / "raw", file_kind):
        db = read_day(path_of(local.root / "raw", file_kind, day), file_kind)
        if db is not None:
            with closing(db):
                [(slot,)] = db.execute(f"SELECT MIN(slot) FROM {rows}")  # noqa: S608  two names of ours
            if slot is not None:
                return int(slot)
    return None


def first_bucket(local: SqliteReader, kind: str) -> int | None:
    """The second-oldest moment of the local 5-minute rows (the oldest bucket may be a part), None without any."""
    measured = "wifi_device" if kind == "ping" else kind
    with local._history() as db:
        if db is None:
            return None
        [(bucket,)] = db.execute(f"SELECT MIN(bucket) FROM {table(measured, '5m')}")  # noqa: S608  our names
    return None if bucket is None else int(bucket) + FIVE_MINUTES
