"""Measurements with InfluxDB as the record of raw and 5-minute series; everything a page waits for stays local.

`write` returns when the local day file and the spool have the readings. The local store derives, keeps `latest`, state
intervals, outages, hours, days and areas, and the last days of raw and 5-minute rows; every bucket it makes goes
through the spool to InfluxDB too. InfluxDB may be away for days: nothing here waits for it.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Self

from measurements.influx import areas
from measurements.influx.config import InfluxSettings
from measurements.influx.connection import Connection
from measurements.influx.lines import derived_lines
from measurements.influx.reader import InfluxReader
from measurements.influx.sender import Sender
from measurements.influx.status import with_spool
from measurements.influx.summaries import bucket_lines
from measurements.intervals import Interval
from measurements.outages import Outage
from measurements.reading import Reading
from measurements.rollup import Rolled
from measurements.spool import Spool, SpoolLimits
from measurements.sqlite.days import Areas
from measurements.sqlite.settings import DEFAULT_ZONE, write_retention
from measurements.sqlite.store import SqliteStore
from measurements.store import Retention, StoreStatus

# What stays local beside an InfluxDB: enough to roll up, to draw the last days and to sit out a long weekend.
LOCAL_RETENTION = Retention(raw_days=4, interface_days=2, five_minute_days=14)


class InfluxStore(InfluxReader):
    """`MeasurementStore`. Use `open`; close it to stop sending and let the state directory go."""

    def __init__(
        self, local: SqliteStore, spool: Spool, connection: Connection, *, clock: Callable[[], float],
        rng: random.Random, local_first: bool = True,
    ) -> None:  # fmt: skip
        super().__init__(local, connection, clock=clock, local_first=local_first)
        self._store = local
        self._spool = spool
        self.sender = Sender(spool, connection, clock=clock, rng=rng)

    @classmethod
    def open(
        cls, root: Path, settings: InfluxSettings, *, clock: Callable[[], float], limits: SpoolLimits | None = None,
        retention: Retention | None = None,
        zone: str = DEFAULT_ZONE, seed: int | None = None, send: bool = True, local_first: bool = True,
    ) -> Self:  # fmt: skip
        """Take the state directory and begin to send what waits.

        Args:
            root: state directory; the spool is `spool.db` in it.
            settings: of InfluxDB; its buckets must exist (`merata store setup`), else lines wait with an alarm.
            clock: epoch s, UTC.
            limits: of the spool.
            retention: of the local part; None: as its `retention.json` says; a new directory gets `LOCAL_RETENTION`.
            zone: IANA name of the civil days.
            seed: of the jitter.
            send: False keeps everything in the spool (a test sends step by step).
            local_first: see `InfluxReader`.

        Raises:
            StoreBusy: another process holds the directory.
            VersionTooNew: a file belongs to a newer program.
            StoreUnavailable: a file cannot be opened.
        """
        root.mkdir(parents=True, exist_ok=True, mode=0o700)
        outbox = _Outbox(settings, clock)
        # Only a new state directory: one with history keeps it until the operator says otherwise.
        if retention is None and not (root / "retention.json").exists() and not (root / "history.db").exists():
            write_retention(root, LOCAL_RETENTION)
        local = SqliteStore.open(root, retention=retention, zone=zone, publish=outbox.publish)
        try:
            spool = Spool(root / "spool.db", limits or SpoolLimits(max_age_s=settings.ages()))
        except BaseException:
            local.close()
            raise
        outbox.spool = spool
        store = cls(
            local,
            spool,
            Connection(settings),
            clock=clock,
            rng=random.Random(seed),  # noqa: S311  jitter, no secret
            local_first=local_first,
        )
        if send:
            store.sender.start()
        return store

    @property
    def areas(self) -> Areas | None:
        """As `SqliteStore.areas`: the area of a subject at a moment."""
        return self._store.areas

    @areas.setter
    def areas(self, found: Areas | None) -> None:
        self._store.areas = found

    def write(self, readings: Sequence[Reading]) -> None:
        """As `MeasurementStore.write`: local rows first, then the spool; durable in both when it returns."""
        if not readings:
            return
        derived = self._store.write_derived(readings)
        lines = [line for each in derived for line in derived_lines(each)]
        self._spool.put(self._connection.settings.bucket("raw"), lines, now=self._clock())
        self.sender.wake()

    def write_intervals(self, intervals: Sequence[Interval]) -> None:
        """As `MeasurementStore.write_intervals`; local."""
        self._store.write_intervals(intervals)

    def write_outages(self, outages: Sequence[Outage]) -> None:
        """As `MeasurementStore.write_outages`; local."""
        self._store.write_outages(outages)

    def maintain(self, now: float, *, stop: Callable[[], bool] | None = None) -> bool:
        """As `MeasurementStore.maintain`; the buckets it makes go to the spool before they are committed."""
        whole = self._store.maintain(now, stop=stop)
        if whole:
            self._ship_areas()
        self._spool.put_all({}, now=self._clock(), marks={"maintained": int(now)})  # syncs what was published
        self.sender.wake()
        return whole

    def _ship_areas(self) -> None:
        for tier in ("1h", "1d"):
            name = f"area_{tier}"
            lines, until = areas.lines_since(self._store, tier, self._spool.mark(name))
            if lines:
                self._spool.put_all(
                    {self._connection.settings.bucket(tier): lines}, now=self._clock(), marks={name: until}
                )

    def status(self) -> StoreStatus:
        """As `MeasurementStore.status`, with what the sender knows of InfluxDB."""
        found = with_spool(self._store.status(), self._spool.status(), self._clock())
        sender = self.sender.status()
        details: dict[str, Any] = {**found.details, "influx_last_sent_at": sender.last_sent_at}
        return replace(found, alarms=(*sender.alarms, *found.alarms), details=details)

    def close(self) -> None:
        """As `MeasurementStore.close`; what was not sent stays in the spool. Again is harmless."""
        self.sender.stop()
        super().close()
        self._spool.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class _Outbox:
    """Hands the buckets that the local store makes to the spool."""

    def __init__(self, settings: InfluxSettings, clock: Callable[[], float]) -> None:
        self._settings = settings
        self._clock = clock
        self.spool: Spool | None = None

    def publish(self, kind: str, tier: str, bucket: int, rolled: Rolled) -> None:
        """Called in the writer thread before the bucket is committed; may be called twice for one bucket.

        Not synced one by one: a pass may make hundreds, and `maintain` syncs them at its end. After a power cut in
        between, `merata store replay` sends what a few buckets lack.
        """
        if self.spool is not None:
            lines = bucket_lines(kind, bucket, rolled)
            self.spool.put(self._settings.bucket(tier), lines, now=self._clock(), synced=False)
