"""Readings out of InfluxDB's raw bucket, as the day files give them: the same derive and series run on both.

InfluxQL over `/query`, only what 1.8+, 2.x and 3 share. 3 Core refuses a query over more than about 72 hours (432 files
of ten minutes), so a longer one is asked in slices.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import fields
from typing import Any, Protocol, TypeVar

from measurements.influx.lines import MEASUREMENTS, TAGS, tag_value
from measurements.reading import DeviceRow, InterfaceRow, PingRow, RadioRow, Reading, Row, ServiceRow

SLICE_S = 48 * 3600
_BOOLEANS = frozenset({"ping_ok", "snmp_ok", "service_ok", "ok", "is_uplink"})
_COUNTERS = frozenset({"if_hc_in_octets", "if_hc_out_octets"})
_STAMP = ("at", "interval_s", "serial", "mac")
R = TypeVar("R", bound=Row)


class Asks(Protocol):
    """Runs InfluxQL; `connection.Connection` or a fake."""

    def query(self, bucket: str, influxql: str) -> list[dict[str, Any]]:
        """The series of the answer."""
        ...


def slices(start: int, end: int, *, width: int = SLICE_S) -> Iterator[tuple[int, int]]:
    """[start, end) in pieces that end on multiples of `width`."""
    low = start
    while low < end:
        high = min(end, low - low % width + width)
        yield low, high
        low = high


def quoted(text: str) -> str:
    """A string of InfluxQL."""
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def names(columns: Iterable[str]) -> str:
    """Identifiers of InfluxQL."""
    return ", ".join('"' + column.replace("\\", "\\\\").replace('"', '\\"') + '"' for column in columns)


def where(device: str, start: int, end: int) -> str:
    """The condition that names one device and a time."""
    return f'"device" = {quoted(tag_value(device))} AND time >= {start}s AND time < {end}s'


class InfluxRaw:
    """Readings of one device; the counterpart of `sqlite.rawreads.RawReader`."""

    def __init__(self, asks: Asks, bucket: str) -> None:
        self._asks = asks
        self._bucket = bucket

    def readings(self, device: str, start: int, end: int, *, kind: str, ports: str = "uplink") -> Iterator[Reading]:
        """Readings with start <= slot < end, by slot, holding the rows that a series of `kind` needs.

        Args:
            device: inventory id.
            start: epoch s.
            end: epoch s.
            kind: `ping`, `interface`, `radio`, `service` or `wifi_device` (with uplink ports and ping, for its rates).
            ports: `all` or `uplink`.

        Raises:
            StoreUnavailable: InfluxDB does not answer.
        """
        for low, high in slices(start, end):
            yield from self._slice(device, low, high, kind, ports)

    def _slice(self, device: str, start: int, end: int, kind: str, ports: str) -> Iterator[Reading]:
        stamps: dict[int, Mapping[str, Any]] = {}
        columns = (*_told(DeviceRow.measurement), *_STAMP)
        for _, slot, values in self._rows(DeviceRow.measurement, columns, where(device, start, end)):
            stamps[slot] = values
        pings = self._of(PingRow, device, start, end) if kind in ("wifi_device", "ping") else {}
        radios = self._of(RadioRow, device, start, end, "radio") if kind == "radio" else {}
        services = self._of(ServiceRow, device, start, end, "check") if kind == "service" else {}
        interfaces: dict[int, list[InterfaceRow]] = {}
        if kind in ("wifi_device", "interface"):
            only = 'AND "is_uplink" = 1' if ports == "uplink" else ""
            interfaces = self._of(InterfaceRow, device, start, end, "if_name", only)
        for slot in sorted(stamps):
            told = stamps[slot]
            yield Reading(
                device=device,
                slot=slot,
                at=told.get("at") or float(slot),
                interval_s=told.get("interval_s") or 60,
                box=(told.get("serial"), told.get("mac")),
                row=DeviceRow(device=device, slot=slot, **_typed(DeviceRow.measurement, told)),
                ping=next(iter(pings.get(slot, ())), None),
                radios=tuple(radios.get(slot, ())),
                services=tuple(services.get(slot, ())),
                interfaces=tuple(interfaces.get(slot, ())),
            )

    def _of(
        self, row: type[R], device: str, start: int, end: int, tag: str | None = None, more: str = ""
    ) -> dict[int, list[R]]:
        found: dict[int, list[R]] = {}
        condition = f"{where(device, start, end)} {more}"
        for name, slot, values in self._rows(row.measurement, _told(row.measurement), condition, tag):
            key: dict[str, Any] = {} if tag is None else {tag: name}
            found.setdefault(slot, []).append(row(device=device, slot=slot, **key, **_typed(row.measurement, values)))
        return found

    def _rows(
        self, measurement: str, columns: Sequence[str], condition: str, tag: str | None = None
    ) -> Iterator[tuple[str, int, dict[str, Any]]]:
        """(tag's value, slot, told fields) of every point."""
        grouped = "" if tag is None else f" GROUP BY {names([tag])}"
        question = f"SELECT {names(columns)} FROM {names([measurement])} WHERE {condition}{grouped}"  # noqa: S608
        for series in self._asks.query(self._bucket, question):
            name = series.get("tags", {}).get(tag, "") if tag is not None else ""
            keys = series["columns"][1:]
            for value in series.get("values", []):
                yield name, int(value[0]), {k: v for k, v in zip(keys, value[1:], strict=True) if v is not None}


def _told(measurement: str) -> tuple[str, ...]:
    row = MEASUREMENTS[measurement]
    return tuple(field.name for field in fields(row) if field.name not in TAGS and field.name != "slot")


def _typed(measurement: str, values: Mapping[str, Any]) -> dict[str, Any]:
    """Values of InfluxDB's JSON as the row has them: claims are numbers there, a float may come without its point."""
    found: dict[str, Any] = {}
    for name in _told(measurement):
        value = values.get(name)
        if value is None:
            continue
        if name in _BOOLEANS:
            found[name] = bool(value)
        elif name in _COUNTERS:
            found[name] = value if value >= 0 else value + (1 << 64)
        elif name in _FLOATS[measurement]:
            found[name] = float(value)
        else:
            found[name] = int(value)
    return found


_FLOATS = {
    measurement: frozenset(field.name for field in fields(row) if "float" in str(field.type))
    for measurement, row in MEASUREMENTS.items()
}
