"""Writing a whole history at once into an empty state directory: columns in, finished tables out.

For histories that were not polled here (the demonstration's). Nothing else may have the state directory open. Nothing
is durable before `finish`, which syncs every file and moves the watermarks: an import that was cut short is thrown away
and begun again.
"""

from __future__ import annotations

import gc
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from measurements.columns import Columns, Rolled
from measurements.files import FileKind, StateLock, open_to_write, sync
from measurements.intervals import Interval
from measurements.outages import Outage
from measurements.reading import Reading
from measurements.rollup import FIVE_MINUTES, HOUR, table
from measurements.sqlite import latest as latest_rows
from measurements.sqlite import states
from measurements.sqlite.history_schema import HISTORY
from measurements.sqlite.latest import LOOK_BACK_S, LatestCache, last_answers
from measurements.sqlite.raw_schema import PORTS, RAW
from measurements.sqlite.rawfiles import DAY_S, day_of, day_start, path_of
from measurements.sqlite.rawreads import RawReader
from measurements.sqlite.settings import set_meta
from measurements.sqlite.words import Words

_LANE = "fast"
_TICKS = 1 << 32
_ROWS_AT_ONCE = 20_000  # turned into Python objects together
Box = tuple[str | None, str | None]  # serial, first MAC


class _File:
    """A file opened for speed: no journal on disk and no syncs until `close`."""

    def __init__(self, path: Path, kind: FileKind) -> None:
        self.path = path
        self.db = open_to_write(path, kind, journal_mode="MEMORY")
        self.db.execute("PRAGMA synchronous=OFF")
        self.db.execute("PRAGMA cache_size=-32768")
        self.db.execute("BEGIN")
        self.words = Words(self.db)

    def put(self, name: str, rows: NDArray[np.object_]) -> None:
        """Insert rows in the order of their first two columns."""
        order = np.lexsort((rows[:, 1].astype(np.int64), rows[:, 0].astype(np.int64)))
        insert = f"INSERT OR REPLACE INTO {name} VALUES ({','.join('?' * rows.shape[1])})"  # noqa: S608 (our names)
        collecting = gc.isenabled()
        gc.disable()  # a million short-lived lists would be searched for cycles again and again
        try:
            for at in range(0, len(order), _ROWS_AT_ONCE):
                self.db.executemany(insert, rows[order[at : at + _ROWS_AT_ONCE]].tolist())
        finally:
            if collecting:
                gc.enable()

    def close(self) -> None:
        """Make it durable and let go."""
        if self.db.in_transaction:
            self.db.execute("COMMIT")
        self.db.close()
        sync(self.path)

    def drop(self) -> None:
        """Let go without keeping what was written."""
        if self.db.in_transaction:
            self.db.execute("ROLLBACK")
        self.db.close()


class RawImport:
    """The raw rows of an import; may run in a process beside `BulkImport`, which holds the state directory."""

    def __init__(self, root: Path) -> None:
        self._folder = root / "raw"
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._open: dict[tuple[str, date], _File] = {}

    def put(self, polls: Sequence[Columns], boxes: Mapping[str, Box]) -> None:
        """Store polls of many devices as raw rows with their uplink port; all of one span of time, in any order.

        Args:
            polls: one entry a device.
            boxes: (serial, first MAC) by device id.
        """
        days = {day_of(float(s)) for each in polls if len(each.slots) for s in each.slots[[0, -1]]}
        for day in sorted(days):
            self._put_day(day, polls, boxes)

    def _put_day(self, day: date, polls: Sequence[Columns], boxes: Mapping[str, Box]) -> None:
        first = day_start(day)
        raw, ports = self._file(RAW, day), self._file(PORTS, day)
        lane, error = raw.words.number(_LANE), raw.words.number("unreachable")
        devices, ups = [], []
        for each in polls:
            here = (each.slots >= first) & (each.slots < first + DAY_S)
            if here.any():
                serial, mac = (raw.words.optional(w) for w in boxes.get(each.device, (None, None)))
                devices.append(_raw_rows(each, here, raw.words.number(each.device), (lane, error, serial, mac)))
                names = (ports.words.number(each.device), ports.words.number(each.port))
                ups.append(_port_rows(each, here & each.answered, *names))
        if devices:
            ports.put("interface", np.concatenate(ups))
            raw.put("wifi_device", np.concatenate(devices))

    def _file(self, kind: FileKind, day: date) -> _File:
        key = (kind.name, day)
        if key not in self._open:
            self._open[key] = _File(path_of(self._folder, kind, day), kind)
        return self._open[key]

    def close(self) -> None:
        """Make all of it durable."""
        for file in self._open.values():
            file.close()
        self._open.clear()
        sync(self._folder)


class BulkImport:
    """Summaries, states and the end of one import. Use as a context manager.

    Raises:
        StoreBusy: another process holds the state directory.
    """

    def __init__(self, root: Path) -> None:
        root.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._root = root
        self._lock = StateLock(root / "run")
        self._file = _File(root / "history.db", HISTORY)
        self._finished = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if not self._finished:
            self._file.drop()
        self._lock.release()

    @property
    def _db(self) -> sqlite3.Connection:
        return self._file.db

    def put_tier(self, tier: str, rolled: Iterable[tuple[str, str, Mapping[str, Rolled]]]) -> None:
        """Store buckets of many devices: (device, its port, measurement -> buckets)."""
        number = self._file.words.number
        parts: dict[str, list[NDArray[np.object_]]] = {}
        for device, port, kinds in rolled:
            for kind, made in kinds.items():
                key = [number(device), *([number(port)] if kind == "interface" else [])]
                rows = np.full((len(made.buckets), 1 + len(key) + made.values.shape[1]), None, dtype=object)
                rows[:, 0] = made.buckets
                rows[:, 1 : 1 + len(key)] = key
                rows[:, 1 + len(key) :][made.told] = made.values[made.told]
                parts.setdefault(kind, []).append(rows)
        for kind, found in parts.items():
            self._file.put(table(kind, tier), np.concatenate(found))

    def put_states(self, intervals: Sequence[Interval], outages: Sequence[Outage]) -> None:
        """Store state intervals and outages."""
        states.put_intervals(self._db, intervals, bound_s=0.0)
        states.put_outages(self._db, outages)

    def finish(self, *, raw_from: int, until: int, meta: Mapping[str, str]) -> None:
        """Say how far the history reaches, make the cache of the last known, and make it all durable.

        The raw rows must be closed before.

        Args:
            raw_from: raw rows are complete from here on.
            until: end of what was imported, epoch s; 5-minute rows must reach back to the hour before.
            meta: what the store remembers of the import.
        """
        newest = until - FIVE_MINUTES
        by_device: dict[str, list[Reading]] = {}
        for reading in RawReader(self._root / "raw").readings(newest - LOOK_BACK_S, until):
            by_device.setdefault(reading.device, []).append(reading)
        cache = LatestCache({})
        for device, readings in by_device.items():
            cache.rebuild(device, readings)
        cache.note_answers(last_answers(self._db, cache.never_answered()))
        self._db.executemany(
            "INSERT OR REPLACE INTO latest VALUES (?,?,?,?,?,?,?,?,?)",
            [latest_rows.pack(each) for _, each in sorted(cache.get().items())],
        )
        for tier, width in (("5m", FIVE_MINUTES), ("1h", HOUR)):
            self._db.execute("INSERT OR REPLACE INTO watermark VALUES (?, ?)", (tier, until - until % width))
        set_meta(self._db, "raw_from", str(raw_from))
        for key, value in meta.items():
            set_meta(self._db, key, value)
        self._file.close()
        self._finished = True
        sync(self._root)


def _raw_rows(
    each: Columns, here: NDArray[np.bool_], device: int, words: tuple[int, int, int | None, int | None]
) -> NDArray[np.object_]:
    """Rows of `wifi_device`, columns in table order."""
    lane, error, serial, mac = words
    told = each.answered[here]
    rows = np.full((int(here.sum()), 22), None, dtype=object)
    rows[:, 0] = each.slots[here]
    rows[:, 1] = device
    rows[:, 2] = np.round(each.at[here], 3)
    rows[:, 3] = each.interval_s
    rows[:, 5] = told.astype(np.int64)
    if each.served is not None:
        rows[:, 6] = each.served[here].astype(np.int64)
    ticks = np.rint(each.uptime_s * 100).astype(np.int64) % _TICKS
    for place, values in (
        (7, ticks), (8, each.uptime_s), (9, each.clients), (11, each.cpu_ratio), (12, each.memory_ratio),
        (13, each.temperature_c), (14, each.rtt_ms), (15, np.round(each.rtt_ms * 2 + 1, 2)),
        (21, each.disk_ratio),
    ):  # fmt: skip
        if values is not None:
            rows[told, place] = values[here][told]
    rows[:, 16] = lane
    rows[~told, 17] = error
    rows[told, 19] = serial
    rows[told, 20] = mac
    return rows


def _port_rows(each: Columns, here: NDArray[np.bool_], device: int, name: int) -> NDArray[np.object_]:
    """Rows of `interface`, columns in table order; the one port is the uplink."""
    rows = np.empty((int(here.sum()), 15), dtype=object)
    rows[:, 0] = each.slots[here]
    rows[:, 1] = device
    rows[:, 2] = name
    rows[:, 3] = 1
    rows[:, 4] = rows[:, 5] = 1
    rows[:, 6] = each.speed_bps
    rows[:, 7] = each.octets_in[here]
    rows[:, 8] = each.octets_out[here]
    rows[:, 9] = each.errors_in[here]
    rows[:, 10] = rows[:, 11] = 0
    rows[:, 12] = 64
    rows[:, 13] = 0
    rows[:, 14] = 1
    return rows
