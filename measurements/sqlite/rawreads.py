"""The reading side of the day files: readings of a span, of all devices or of one."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from measurements.errors import StoreUnavailable
from measurements.files import FileKind, open_to_read
from measurements.reading import DeviceRow, InterfaceRow, PingRow, RadioRow, Reading, ServiceRow
from measurements.sqlite.raw_schema import PORTS, RAW, to_unsigned
from measurements.sqlite.rawfiles import DAY_S, day_of, day_start, is_sealed, path_of

Key = tuple[int, str]  # (slot, device)
Cells = tuple[Any, ...]


def _flag(value: int | None) -> bool | None:
    return None if value is None else bool(value)


def read_day(path: Path, kind: FileKind) -> sqlite3.Connection | None:
    """Open a day file for reading; None when there is none."""
    try:
        sealed = is_sealed(path)
    except FileNotFoundError:
        return None
    return open_to_read(path, kind, immutable=sealed)


class RawReader:
    """Readings out of the day files of one folder. Opens and closes files per call; any thread, any process."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def readings(
        self, start: int, end: int, *, devices: Sequence[str] | None = None, ports: str = "all"
    ) -> Iterator[Reading]:
        """Readings with start <= slot < end by slot and device.

        Args:
            start: epoch seconds.
            end: epoch seconds.
            devices: only these; None: all.
            ports: `all`, `uplink` or `none`.
        """
        day = day_of(start)
        while day_start(day) < end:
            low, high = max(start, day_start(day)), min(end, day_start(day) + DAY_S)
            yield from self._day(day, low, high, devices, ports)
            day += timedelta(days=1)

    def _day(self, day: date, low: int, high: int, devices: Sequence[str] | None, ports: str) -> list[Reading]:
        raw_path, port_path = path_of(self.folder, RAW, day), path_of(self.folder, PORTS, day)
        for _ in range(3):
            before = _marks(raw_path, port_path)
            try:
                found = self._day_once(raw_path, port_path, low, high, devices, ports)
            except StoreUnavailable:
                if _marks(raw_path, port_path) == before:
                    raise
                continue
            # A sealed file was opened without locks: if a late reading opened it again meanwhile, read once more.
            if _marks(raw_path, port_path) == before:
                return found
        raise StoreUnavailable(f"{raw_path}: changes too often to be read")

    def _day_once(
        self, raw_path: Path, port_path: Path, low: int, high: int, devices: Sequence[str] | None, ports: str
    ) -> list[Reading]:
        raw = read_day(raw_path, RAW)
        if raw is None:
            return []
        try:
            with closing(raw):
                raw.execute("BEGIN")
                parts = _Parts(raw, low, high, devices)
                found = parts.device_rows()
                pings, radios, services = parts.pings(), parts.radios(), parts.services()
            by_port: dict[Key, list[InterfaceRow]] = {}
            if ports != "none" and found and (db := read_day(port_path, PORTS)) is not None:
                with closing(db):
                    by_port = _Parts(db, low, high, devices).interfaces(only_uplink=ports == "uplink")
        except sqlite3.Error as err:
            raise StoreUnavailable(f"{raw_path}: {err}") from err
        return [_reading(row, texts, pings, radios, services, by_port) for row, texts in found]


def _marks(*paths: Path) -> list[bool | None]:
    """Sealed or not, None where missing: what must not change while a file is read without locks."""
    found: list[bool | None] = []
    for path in paths:
        try:
            found.append(is_sealed(path))
        except FileNotFoundError:
            found.append(None)
    return found


def _reading(
    row: Cells, texts: dict[int, str], pings: dict[Key, PingRow], radios: dict[Key, list[RadioRow]],
    services: dict[Key, list[ServiceRow]], ports: dict[Key, list[InterfaceRow]],
) -> Reading:  # fmt: skip
    slot, device = row[0], texts[row[1]]
    key = (slot, device)
    return Reading(
        device=device, slot=slot, at=row[2], interval_s=row[3],
        row=DeviceRow(
            device=device, slot=slot, ping_ok=_flag(row[4]), snmp_ok=_flag(row[5]), service_ok=_flag(row[6]),
            sys_up_time=row[7], uptime_s=row[8], clients=row[9], ap_count=row[10], cpu_ratio=row[11],
            memory_ratio=row[12],
            temperature_c=row[13], snmp_rtt_ms=row[14], poll_ms=row[15],
            disk_ratio=next(iter(row[21:]), None),  # a day of version 1 ends before it
        ),
        lane=texts[row[16]], error_kind=texts.get(row[17]), error=row[18], box=(texts.get(row[19]), texts.get(row[20])),
        ping=pings.get(key), radios=tuple(radios.get(key, ())), services=tuple(services.get(key, ())),
        interfaces=tuple(ports.get(key, ())),
    )  # fmt: skip


class _Parts:
    """The tables of one file within [low, high), for all devices or some."""

    def __init__(self, db: sqlite3.Connection, low: int, high: int, devices: Sequence[str] | None) -> None:
        self.db = db
        self.low, self.high = low, high
        self.texts: dict[int, str] = dict(db.execute("SELECT id, text FROM word"))
        self.only: list[int] | None = None
        if devices is not None:
            wanted = set(devices)
            self.only = [number for number, text in self.texts.items() if text in wanted]

    def _rows(self, table: str, extra: str = "") -> Iterator[Cells]:
        if self.only is None:
            yield from self.db.execute(
                f"SELECT * FROM {table} WHERE slot >= ? AND slot < ? {extra} ORDER BY slot, device",  # noqa: S608
                (self.low, self.high),
            )
        elif self.only:
            # One seek a slot and device (skip-scan over the slots) instead of a scan of the fleet's rows.
            within = f"FROM {table} WHERE slot < :high AND slot"
            yield from self.db.execute(
                f"WITH RECURSIVE slots(s) AS (SELECT MIN(slot) {within} >= :low UNION ALL "  # noqa: S608 (our names)
                f"SELECT (SELECT MIN(slot) {within} > s) FROM slots WHERE s IS NOT NULL) "
                f"SELECT t.* FROM slots CROSS JOIN {table} t WHERE t.slot = s "
                f"AND t.device IN ({','.join(map(str, self.only))}) {extra} ORDER BY t.slot, t.device",
                {"low": self.low, "high": self.high},
            )

    def device_rows(self) -> list[tuple[Cells, dict[int, str]]]:
        return [(row, self.texts) for row in self._rows("wifi_device")]

    def pings(self) -> dict[Key, PingRow]:
        return {
            (r[0], self.texts[r[1]]): PingRow(
                device=self.texts[r[1]],
                slot=r[0],
                sent=r[2],
                received=r[3],
                rtt_min_ms=r[4],
                rtt_avg_ms=r[5],
                rtt_max_ms=r[6],
            )
            for r in self._rows("ping")
        }

    def radios(self) -> dict[Key, list[RadioRow]]:
        found: dict[Key, list[RadioRow]] = {}
        for r in self._rows("radio"):
            device = self.texts[r[1]]
            found.setdefault((r[0], device), []).append(RadioRow(
                device=device, slot=r[0], radio=self.texts[r[2]], clients=r[3], channel=r[4], frequency_mhz=r[5],
                noise_dbm=r[6], signal_dbm=r[7], tx_power_dbm=r[8], airtime_ratio=r[9],
            ))  # fmt: skip
        return found

    def services(self) -> dict[Key, list[ServiceRow]]:
        found: dict[Key, list[ServiceRow]] = {}
        for r in self._rows("service"):
            device = self.texts[r[1]]
            found.setdefault((r[0], device), []).append(ServiceRow(
                device=device, slot=r[0], check=self.texts[r[2]], ok=_flag(r[3]), latency_ms=r[4], down_bps=r[5],
                up_bps=r[6]
            ))  # fmt: skip
        return found

    def interfaces(self, *, only_uplink: bool) -> dict[Key, list[InterfaceRow]]:
        found: dict[Key, list[InterfaceRow]] = {}
        for r in self._rows("interface", "AND is_uplink" if only_uplink else ""):
            device = self.texts[r[1]]
            found.setdefault((r[0], device), []).append(InterfaceRow(
                device=device, slot=r[0], if_name=self.texts[r[2]], if_index=r[3], oper_status=r[4], admin_status=r[5],
                speed_bps=r[6], if_hc_in_octets=to_unsigned(r[7]), if_hc_out_octets=to_unsigned(r[8]),
                if_in_errors=r[9],
                if_out_errors=r[10], if_in_discards=r[11], counter_bits=r[12], discontinuity=r[13],
                is_uplink=bool(r[14]),
            ))  # fmt: skip
        return found
