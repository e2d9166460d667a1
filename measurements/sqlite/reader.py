"""The read half of the port on files that another process may be writing: `mode=ro`, short transactions, no checkpoint."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from measurements.derive import derive
from measurements.errors import StoreUnavailable
from measurements.files import open_to_read
from measurements.intervals import Interval
from measurements.outages import Outage
from measurements.sqlite import latest as latest_rows
from measurements.sqlite import states
from measurements.sqlite.history_schema import HISTORY
from measurements.sqlite.rawreads import RawReader
from measurements.sqlite.series import LOOK_BACK_S, raw_series
from measurements.store import Latest, Series


class SqliteReader:
    """Reads the state directory at `root`. Thread-safe: each call opens what it needs; before the first run all is empty."""

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
        """As `MeasurementReader.series`."""
        readings = self.raw.readings(
            start - LOOK_BACK_S, end, devices=[device], ports="all" if kind == "interface" else "uplink"
        )
        return raw_series(kind, derive(readings), fields, start=start, end=end, step_s=step_s, name=name)

    def intervals(self, subjects: Sequence[str] | None, question: str, *, start: int, end: int) -> list[Interval]:
        """As `MeasurementReader.intervals`."""
        with self._history() as db:
            return [] if db is None else states.read_intervals(db, subjects, question, start, end)

    def outages(self, *, start: float, end: float, open_only: bool = False) -> list[Outage]:
        """As `MeasurementReader.outages`."""
        with self._history() as db:
            return [] if db is None else states.read_outages(db, start, end, open_only=open_only)

    def close(self) -> None:
        """Nothing is held between calls."""


def open_reader(root: Path) -> SqliteReader:
    """What the pages read from, in a process of their own."""
    return SqliteReader(root)
