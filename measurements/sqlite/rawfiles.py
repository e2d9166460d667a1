"""The writing side of the day files: which file a slot belongs to, rows out of readings, sealing, deletion.

Used only by the writer thread. A reading's ports go to the interface file first and its device row to the raw file
last: the device row is what makes a reading exist, so a kill between the two leaves ports without a reading, which are
ignored and overwritten when the unacknowledged reading is written again.
"""

from __future__ import annotations

import os
import sqlite3
import stat
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from measurements.files import FileKind, open_to_write, sync
from measurements.reading import Reading
from measurements.sqlite.raw_schema import PORTS, RAW, to_signed
from measurements.sqlite.words import Words

DAY_S = 86400
OPEN_DAYS = 3  # writing connections kept: today, yesterday's stragglers, one more


def day_of(slot: float) -> date:
    """The UTC day a slot belongs to."""
    return datetime.fromtimestamp(slot, UTC).date()


def day_start(day: date) -> int:
    """First second of a UTC day."""
    return int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp())


def path_of(folder: Path, kind: FileKind, day: date) -> Path:
    """`raw-2026-11-21.db` or `interface-2026-11-21.db`."""
    return folder / f"{kind.name}-{day.isoformat()}.db"


def days_kept(folder: Path, kind: FileKind) -> list[date]:
    """Days of which a file exists, oldest first."""
    found = []
    for path in folder.glob(f"{kind.name}-????-??-??.db"):
        try:
            found.append(date.fromisoformat(path.stem.removeprefix(f"{kind.name}-")))
        except ValueError:  # a name of that length that is no date is not ours
            continue
    return sorted(found)


def is_sealed(path: Path) -> bool:
    """A finished day: read-only, in journal_mode=DELETE, so readers may open it immutable."""
    return not path.stat().st_mode & stat.S_IWUSR


class DayFile:
    """One open day file and its dictionary."""

    def __init__(self, path: Path, kind: FileKind) -> None:
        if path.exists() and is_sealed(path):
            path.chmod(0o600)  # a late reading: open again; the next upkeep seals it
            self.db = open_to_write(path, kind, journal_mode="DELETE")
        else:
            self.db = open_to_write(path, kind)
        self.words = Words(self.db)

    def begin(self) -> None:
        """Start a writing transaction."""
        self.db.execute("BEGIN IMMEDIATE")

    def commit(self) -> None:
        """Make it durable."""
        self.db.execute("COMMIT")

    def rollback(self) -> None:
        """Forget the transaction and every word numbered in it."""
        if self.db.in_transaction:
            self.db.execute("ROLLBACK")
        self.words.reload()

    def at_of(self, device: str, slot: int) -> float | None:
        """`at` of the reading that stands in this slot."""
        row = self.db.execute(
            "SELECT at FROM wifi_device WHERE slot = ? AND device = ?", (slot, self.words.known(device))
        ).fetchone()
        return None if row is None else float(row[0])

    def forget(self, keys: Iterable[tuple[str, int]], tables: Sequence[str]) -> None:
        """Remove what stands in (device, slot) before it is written again: a port that is gone must not stay."""
        numbered = [(slot, self.words.known(device)) for device, slot in keys]
        for table in tables:
            self.db.executemany(f"DELETE FROM {table} WHERE slot = ? AND device = ?", numbered)  # noqa: S608 (our names)

    def close(self) -> None:
        """Let go of the file; the log is folded in by SQLite."""
        self.db.close()


def put_ports(file: DayFile, readings: Sequence[Reading]) -> None:
    """Insert the interface rows, sorted by slot and device."""
    number = file.words.number
    rows = [
        (
            p.slot, number(p.device), number(p.if_name), p.if_index, p.oper_status, p.admin_status, p.speed_bps,
            to_signed(p.if_hc_in_octets), to_signed(p.if_hc_out_octets), p.if_in_errors, p.if_out_errors,
            p.if_in_discards,
            p.counter_bits, p.discontinuity, p.is_uplink,
        )
        for reading in readings
        for p in reading.interfaces
    ]  # fmt: skip
    file.db.executemany(f"INSERT OR REPLACE INTO interface VALUES ({_marks(15)})", rows)  # noqa: S608 (our marks)


def put_devices(file: DayFile, readings: Sequence[Reading]) -> None:
    """Insert ping, radio, service and device rows, sorted by slot and device."""
    number, optional = file.words.number, file.words.optional
    devices, pings, radios, services = [], [], [], []
    for reading in readings:
        row, slot, device = reading.row, reading.slot, number(reading.device)
        devices.append((
            slot, device, reading.at, reading.interval_s, row.ping_ok, row.snmp_ok, row.service_ok, row.sys_up_time,
            row.uptime_s, row.clients, row.ap_count, row.cpu_ratio, row.memory_ratio, row.temperature_c,
            row.snmp_rtt_ms, row.poll_ms, number(reading.lane), optional(reading.error_kind), reading.error,
            optional(reading.box[0]), optional(reading.box[1]), row.disk_ratio,
        ))  # fmt: skip
        if ping := reading.ping:
            pings.append((slot, device, ping.sent, ping.received, ping.rtt_min_ms, ping.rtt_avg_ms, ping.rtt_max_ms))
        radios += [
            (slot, device, number(r.radio), r.clients, r.channel, r.frequency_mhz, r.noise_dbm, r.signal_dbm,
            r.tx_power_dbm,
             r.airtime_ratio) for r in reading.radios
        ]  # fmt: skip
        services += [
            (slot, device, number(s.check), s.ok, s.latency_ms, s.down_bps, s.up_bps) for s in reading.services
        ]
    for table, width, rows in (
        ("ping", 7, pings), ("radio", 10, radios), ("service", 7, services), ("wifi_device", 22, devices),
    ):  # fmt: skip
        if rows:
            file.db.executemany(f"INSERT OR REPLACE INTO {table} VALUES ({_marks(width)})", rows)  # noqa: S608 (our names)


def _marks(count: int) -> str:
    return ",".join("?" * count)


class RawFiles:
    """The day files open for writing, at most `OPEN_DAYS` of each kind."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._open: dict[tuple[str, date], DayFile] = {}
        # A kill may have left a log or journal that only a writer can fold in; readers come after this.
        for kind in (RAW, PORTS):
            for day in days_kept(folder, kind):
                if not is_sealed(path_of(folder, kind, day)):
                    self.file(kind, day)

    def file(self, kind: FileKind, day: date) -> DayFile:
        """The open file of a day; opening one more lets go of the oldest."""
        key = (kind.name, day)
        if key not in self._open:
            same = sorted(each for each in self._open if each[0] == kind.name)
            if len(same) >= OPEN_DAYS:
                self._open.pop(same[0]).close()
            self._open[key] = DayFile(path_of(self.folder, kind, day), kind)
        return self._open[key]

    def write(self, readings: Sequence[Reading], *, again: frozenset[tuple[str, int]] = frozenset()) -> None:
        """Store readings durably, day by day.

        Args:
            readings: in (slot, device) order, so a commit appends to the clustered tables.
            again: (device, slot) pairs that may stand there already; kept where they are newer than the reading.
        """
        by_day: dict[date, list[Reading]] = {}
        for reading in readings:
            by_day.setdefault(day_of(reading.slot), []).append(reading)
        for day, group in by_day.items():
            self._write_day(day, group, again)

    def _write_day(self, day: date, group: list[Reading], again: frozenset[tuple[str, int]]) -> None:
        raw = self.file(RAW, day)
        opened = [raw]
        try:
            raw.begin()
            if again:
                group = [r for r in group if (r.device, r.slot) not in again or self._newer(raw, r)]
            keys = [(r.device, r.slot) for r in group if (r.device, r.slot) in again]
            if any(r.interfaces for r in group) or (keys and path_of(self.folder, PORTS, day).exists()):
                ports = self.file(PORTS, day)
                opened.append(ports)
                ports.begin()
                ports.forget(keys, ("interface",))
                put_ports(ports, group)
                ports.commit()
            raw.forget(keys, ("ping", "radio", "service", "wifi_device"))
            put_devices(raw, group)
            raw.commit()
        except BaseException:
            for file in opened:
                file.rollback()
            raise

    @staticmethod
    def _newer(raw: DayFile, reading: Reading) -> bool:
        """A slot is never overwritten by an older poll."""
        stands = raw.at_of(reading.device, reading.slot)
        return stands is None or reading.at >= stands

    def let_go(self, kind: FileKind, day: date) -> None:
        """Close a day's writing connection if there is one."""
        if file := self._open.pop((kind.name, day), None):
            file.close()

    def finish(self, seal_before: date, raw_before: date, ports_before: date) -> list[Path]:
        """`seal` and `expire`; what was deleted."""
        self.seal(seal_before)
        return self.expire(raw_before, ports_before)

    def seal(self, before: date) -> None:
        """Finish the days before `before`: no log beside them, read-only, so readers may open them immutable."""
        for kind in (RAW, PORTS):
            for day in days_kept(self.folder, kind):
                path = path_of(self.folder, kind, day)
                if day < before and not is_sealed(path):
                    self._seal(kind, day, path)

    def _seal(self, kind: FileKind, day: date, path: Path) -> None:
        db = self.file(kind, day).db
        try:
            mode = db.execute("PRAGMA journal_mode=DELETE").fetchone()[0]
        except sqlite3.OperationalError:  # a reader is in the middle of it: at the next upkeep then
            return
        self.let_go(kind, day)
        if mode == "delete":
            path.chmod(0o400)

    def expire(self, raw_before: date, ports_before: date) -> list[Path]:
        """Delete whole days; a reader that has one open reads on until it closes it."""
        gone = []
        for kind, before in ((RAW, raw_before), (PORTS, ports_before)):
            for day in days_kept(self.folder, kind):
                if day < before:
                    self.let_go(kind, day)
                    path = path_of(self.folder, kind, day)
                    for name in (path, *(path.with_name(path.name + end) for end in ("-wal", "-shm", "-journal"))):
                        name.unlink(missing_ok=True)
                    for copy in path.parent.glob(f"{path.name}.v*"):  # from before a migration
                        copy.unlink(missing_ok=True)
                    gone.append(path)
        if gone:
            sync(self.folder)
        return gone

    def close(self) -> None:
        """Close every file."""
        for file in self._open.values():
            file.close()
        self._open.clear()


def free_bytes(folder: Path) -> int:
    """Space left for the day files."""
    left = os.statvfs(folder)
    return left.f_bavail * left.f_frsize


def first_day_kept(now: float, days: int) -> date:
    """The oldest UTC day that a retention of `days` keeps whole."""
    return day_of(now) - timedelta(days=days)
