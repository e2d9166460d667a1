"""The read half of the port on files that another process may be writing.

`mode=ro`: it takes short transactions, never writes and never checkpoints.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from measurements.derive import derive
from measurements.errors import StoreUnavailable
from measurements.files import open_to_read
from measurements.intervals import BOUND_S, Interval
from measurements.outages import Outage
from measurements.rollup import TIERED, Rolled
from measurements.sqlite import latest as latest_rows
from measurements.sqlite import states, tierreads
from measurements.sqlite.history_schema import HISTORY
from measurements.sqlite.raw_schema import PORTS, RAW
from measurements.sqlite.rawfiles import day_start, days_kept
from measurements.sqlite.rawreads import RawReader
from measurements.sqlite.rolling import look_back, read_bucket
from measurements.sqlite.series import grid, raw_series
from measurements.sqlite.settings import DEFAULT_ZONE, get_meta, read_retention
from measurements.sqlite.status import read_status
from measurements.store import Latest, Series, StoreStatus, Summary


class SqliteReader:
    """Reads the state directory at `root`. Thread-safe: each call opens what it needs.

    Before the first run everything is empty.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self.history = root / "history.db"
        self.raw = RawReader(root / "raw")

    @contextmanager
    def _history(self) -> Iterator[sqlite3.Connection | None]:
        """One consistent view of history.db; None where nothing was ever measured."""
        if not self.history.exists():
            yield None
            return
        db = open_to_read(self.history, HISTORY)
        try:
            db.execute("BEGIN")
            yield db
        except sqlite3.Error as err:
            raise StoreUnavailable(f"{self.history}: {err}") from err
        finally:
            db.close()

    def latest(self, ids: Sequence[str] | None = None) -> dict[str, Latest]:
        """As `MeasurementReader.latest`."""
        with self._history() as db:
            return {} if db is None else latest_rows.load(db, ids)

    def series(
        self, kind: str, device: str, fields: Sequence[str], *, start: int, end: int,
        step_s: int | None = None, name: str | None = None,
    ) -> Series:  # fmt: skip
        """As `MeasurementReader.series`. `name` None on `interface`: the uplink ports together."""
        with self._history() as db:
            if db is None:
                step = step_s or 60
                slots = grid(start, end, step)
                return Series(step_s=step, tier="raw", slots=slots, columns={f: [None] * len(slots) for f in fields})
            kept = self._kept(db)
            tier = tierreads.choose_tier(kind, fields, kept, start=start, end=end, step_s=step_s)
            if tier != "raw":
                found = tierreads.tier_series(
                    db, kind, device, fields, tier, kept, start=start, end=end, step_s=step_s, name=name,
                    read_raw=lambda low, high: list(self.raw.readings(low, high, devices=[device], ports="uplink")),
                )  # fmt: skip
                if found is not None:
                    return found
                # A port that is no uplink stands in raw rows only.
                step_s = tierreads.TIER_STEP[tier] if step_s is None else step_s
        ports = "all" if kind == "interface" and name is not None else "uplink"
        readings = self.raw.readings(look_back(start), end, devices=[device], ports=ports)
        return raw_series(kind, derive(readings), fields, start=start, end=end, step_s=step_s, name=name)

    def _kept(self, db: sqlite3.Connection) -> tierreads.Kept:
        newest = db.execute("SELECT MAX(slot) FROM latest").fetchone()[0]
        raw, ports = days_kept(self.raw.folder, RAW), days_kept(self.raw.folder, PORTS)
        raw_from = int(get_meta(db, "raw_from", "0"))
        return tierreads.Kept(
            done=dict(db.execute("SELECT tier, done FROM watermark")),
            raw_from=max(raw_from, day_start(raw[0])) if raw else newest or 0,
            ports_from=max(raw_from, day_start(ports[0])) if ports else newest or 0,
            newest=newest or 0,
            retention=read_retention(self.root),
            zone=get_meta(db, "zone", DEFAULT_ZONE),
        )

    def intervals(self, subjects: Sequence[str] | None, question: str, *, start: int, end: int) -> list[Interval]:
        """As `MeasurementReader.intervals`."""
        with self._history() as db:
            return [] if db is None else states.read_intervals(db, subjects, question, start, end)

    def outages(self, *, start: float, end: float, open_only: bool = False) -> list[Outage]:
        """As `MeasurementReader.outages`."""
        with self._history() as db:
            return [] if db is None else states.read_outages(db, start, end, open_only=open_only)

    def summary(
        self, question: str, *, start: int, end: int, by: str = "subject", subjects: Sequence[str] | None = None
    ) -> list[Summary]:
        """As `MeasurementReader.summary`.

        by `subject`: devices and sites, `device:<id>` and `site:<id>`; a named subject never seen is all unknown.
        by `area`: `subjects` are Kemendagri codes that take in what lies below them; `state` counts sites, the
        others devices.

        Raises:
            ValueError: `by` is neither, or the period is empty.
        """
        from measurements.sqlite import summaries  # numpy: half of the time that `merata status` takes to start

        if by not in ("subject", "area") or end <= start:
            raise ValueError(f"by={by!r}, [{start}, {end})")
        with self._history() as db:
            if db is None:
                return []
            zone, bound_s = get_meta(db, "zone", DEFAULT_ZONE), float(get_meta(db, "bound_s", str(BOUND_S)))
            row = db.execute("SELECT done FROM watermark WHERE tier = '1d'").fetchone()
            done = 0 if row is None else int(row[0])
            if by == "area":
                return summaries.by_area(db, question, start, end, subjects, zone=zone, done=done)
            return summaries.by_subject(db, question, start, end, subjects, zone=zone, bound_s=bound_s, done=done)

    def tier_buckets(self, kind: str, tier: str, *, start: int, end: int) -> Iterator[tuple[int, Rolled]]:
        """Every stored bucket of a tier in [start, end), in time: for filling an InfluxDB from what is local.

        Args:
            kind: a measurement of `measurements.rollup.TIERED`.
            tier: `5m`, `1h` or `1d`.
            start: epoch seconds.
            end: epoch seconds.
        """
        bucket = start - 1
        while True:
            with self._history() as db:
                if db is None:
                    return
                row = db.execute(
                    f"SELECT MIN(bucket) FROM {TIERED[kind].name}_{tier} WHERE bucket > ? AND bucket < ?",  # noqa: S608
                    (bucket, end),
                ).fetchone()
                if row[0] is None:
                    return
                bucket = int(row[0])
                rolled = read_bucket(db, kind, tier, bucket)
            yield bucket, rolled

    def status(self) -> StoreStatus:
        """As `MeasurementReader.status`."""
        with self._history() as db:
            return read_status(self.root, db)

    def close(self) -> None:
        """Nothing is held between calls."""


def open_reader(root: Path) -> SqliteReader:
    """What the pages read from, in a process of their own."""
    return SqliteReader(root)
