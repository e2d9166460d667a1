"""What a summary tier holds and how a bucket is made: sums and counts, never averages of averages.

Gauges stand as `<name>_n`, `_sum`, `_min`, `_max`, integers scaled by 10^decimals: small on disk, and sums of sums
are exact. A bucket is always made anew from the readings (or smaller buckets) it covers; nothing is ever added to one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from measurements.derive import Derived

FIVE_MINUTES = 300
HOUR = 3600
TIERS = ("5m", "1h", "1d")
WIDTH = {"5m": FIVE_MINUTES, "1h": HOUR}  # 1d is a civil day: 23 to 25 hours


@dataclass(frozen=True, slots=True, kw_only=True)
class Gauge:
    """A field that goes up and down, and how many decimals of it are kept in summaries."""

    name: str
    decimals: int

    @property
    def scale(self) -> int:
        """Stored integer = value x scale."""
        return int(10**self.decimals)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tiered:
    """The summary of one measurement: its columns, and in which tiers it stands."""

    name: str
    named: bool  # rows have a second tag: port, radio, check
    gauges: tuple[Gauge, ...]
    sums: tuple[str, ...] = ()
    bands: tuple[str, ...] = ()  # only smallest and largest
    peaks: tuple[str, ...] = ()  # only the largest
    brief: bool = False  # its 5-minute rows only serve the hourly ones and are kept as short as raw ports

    @property
    def columns(self) -> tuple[tuple[str, str], ...]:
        """(column, SQL aggregate that makes a larger bucket of it), in table order."""
        found = [(name, "SUM") for name in self.sums]
        for gauge in self.gauges:
            found += [(f"{gauge.name}_{end}", f"{how}") for end, how in _GAUGE_ENDS]
        found += [(f"{name}_{end.lower()}", end) for name in self.bands for end in ("MIN", "MAX")]
        return (*found, *((name, "MAX") for name in self.peaks))


_GAUGE_ENDS = (("n", "SUM"), ("sum", "SUM"), ("min", "MIN"), ("max", "MAX"))

DEVICE = Tiered(
    name="wifi_device",
    named=False,
    gauges=(
        Gauge(name="clients", decimals=0),
        Gauge(name="cpu_ratio", decimals=4),
        Gauge(name="memory_ratio", decimals=4),
        Gauge(name="temperature_c", decimals=1),
        Gauge(name="snmp_rtt_ms", decimals=2),
        Gauge(name="uptime_s", decimals=0),
        Gauge(name="rtt_avg_ms", decimals=2),
    ),
    sums=(
        "polls", "ping_ok_n", "ping_ok_sum", "snmp_ok_n", "snmp_ok_sum", "service_ok_n", "service_ok_sum",
        "sent", "received", "reboots",
    ),
)  # fmt: skip
INTERFACE = Tiered(
    name="interface",
    named=True,
    gauges=(),
    sums=("in_octets", "out_octets", "in_rate_ds", "out_rate_ds", "errors", "discards"),  # ds: tenths of a second
    bands=("in_bps", "out_bps"),
    peaks=("speed_bps",),
)
RADIO = Tiered(
    name="radio",
    named=True,
    gauges=(
        Gauge(name="clients", decimals=0),
        Gauge(name="noise_dbm", decimals=1),
        Gauge(name="signal_dbm", decimals=1),
        Gauge(name="airtime_ratio", decimals=4),
    ),
    brief=True,
)
SERVICE = Tiered(
    name="service",
    named=True,
    gauges=(Gauge(name="latency_ms", decimals=2), Gauge(name="down_bps", decimals=0), Gauge(name="up_bps", decimals=0)),
    sums=("ok_n", "ok_sum"),
)
TIERED: Mapping[str, Tiered] = {kind.name: kind for kind in (DEVICE, INTERFACE, RADIO, SERVICE)}


def table(kind: str, tier: str) -> str:
    """Name of the table, such as `wifi_device_1h`."""
    return f"{kind}_{tier}"


def tier_tables() -> str:
    """DDL of all summary tables, clustered by time."""
    made = []
    for kind in TIERED.values():
        columns = ", ".join(f"{name} INTEGER" for name, _ in kind.columns)
        key = "bucket, device, name" if kind.named else "bucket, device"
        name = " name INTEGER NOT NULL," if kind.named else ""
        made += [
            f"CREATE TABLE {table(kind.name, tier)} "
            f"(bucket INTEGER NOT NULL, device INTEGER NOT NULL,{name} {columns}, "
            f"PRIMARY KEY ({key})) STRICT, WITHOUT ROWID;"
            for tier in TIERS
        ]
    return "\n".join(made)


Subject = tuple[str, str | None]  # (device, name of the port, radio or check)
Rolled = dict[Subject, dict[str, int]]  # columns that are told


def roll(derived: Iterable[Derived]) -> dict[str, Rolled]:
    """Make one bucket of the derived readings that fall into it: measurement -> subject -> columns.

    Only uplink ports are summarised. A difference belongs to the bucket of its later reading.
    """
    made: dict[str, Rolled] = {name: {} for name in TIERED}
    for each in derived:
        device = each.reading.device
        _roll_device(made[DEVICE.name].setdefault((device, None), {}), each)
        for port in each.reading.interfaces:
            if port.is_uplink:
                _roll_port(
                    made[INTERFACE.name].setdefault((device, port.if_name), {}), each, port.if_name, port.speed_bps
                )
        for radio in each.reading.radios:
            columns = made[RADIO.name].setdefault((device, radio.radio), {})
            for gauge in RADIO.gauges:
                _gauge(columns, gauge, getattr(radio, gauge.name))
        for service in each.reading.services:
            columns = made[SERVICE.name].setdefault((device, service.check), {})
            _share(columns, "ok", service.ok)
            for gauge in SERVICE.gauges:
                _gauge(columns, gauge, getattr(service, gauge.name))
    return made


def _roll_device(columns: dict[str, int], each: Derived) -> None:
    row, ping = each.reading.row, each.reading.ping
    _add(columns, "polls", 1)
    _add(columns, "reboots", int(each.span.rebooted))
    for question in ("ping_ok", "snmp_ok", "service_ok"):
        _share(columns, question, getattr(row, question))
    for gauge in DEVICE.gauges[:-1]:
        _gauge(columns, gauge, getattr(row, gauge.name))
    if ping is not None:
        _add(columns, "sent", ping.sent)
        _add(columns, "received", ping.received)
        _gauge(columns, DEVICE.gauges[-1], ping.rtt_avg_ms)


def _roll_port(columns: dict[str, int], each: Derived, name: str, speed_bps: int | None) -> None:
    rates = each.interfaces[name]
    if speed_bps is not None:
        columns["speed_bps"] = max(columns.get("speed_bps", 0), speed_bps)
    if rates.seconds is None:
        return
    tenths = round(rates.seconds * 10)
    for way, octets, bps in (("in", rates.in_octets, rates.in_bps), ("out", rates.out_octets, rates.out_bps)):
        if octets is not None and bps is not None:
            _add(columns, f"{way}_octets", octets)
            _add(columns, f"{way}_rate_ds", tenths)
            _band(columns, f"{way}_bps", round(bps))
    if rates.errors is not None:
        _add(columns, "errors", rates.errors)
    if rates.discards is not None:
        _add(columns, "discards", rates.discards)


def _add(columns: dict[str, int], name: str, value: int) -> None:
    columns[name] = columns.get(name, 0) + value


def _share(columns: dict[str, int], name: str, claim: bool | None) -> None:
    if claim is not None:
        _add(columns, f"{name}_n", 1)
        _add(columns, f"{name}_sum", int(claim))


def _band(columns: dict[str, int], name: str, value: int) -> None:
    low, high = f"{name}_min", f"{name}_max"
    columns[low] = min(columns.get(low, value), value)
    columns[high] = max(columns.get(high, value), value)


def _gauge(columns: dict[str, int], gauge: Gauge, value: float | None) -> None:
    if value is None:
        return
    scaled = round(value * gauge.scale)
    _add(columns, f"{gauge.name}_n", 1)
    _add(columns, f"{gauge.name}_sum", scaled)
    _band(columns, gauge.name, scaled)


def fields_of(kind: str) -> tuple[str, ...]:
    """Public fields of a measurement's summary rows (docs/reference/metrics.md)."""
    tiered = TIERED["wifi_device" if kind == "ping" else kind]
    gauges = [f"{g.name}{end}" for g in tiered.gauges for end in ("", "_min", "_max")]
    more = {
        "wifi_device": ("polls", "ping_ok", "snmp_ok", "service_ok", "reboots", "sent", "received", "loss_ratio"),
        "interface": (
            "in_bps", "in_bps_min", "in_bps_max", "out_bps", "out_bps_min", "out_bps_max", "in_octets", "out_octets",
            "in_rate_s", "out_rate_s", "errors", "discards", "speed_bps", "utilisation_ratio",
        ),
        "radio": (),
        "service": ("ok",),
    }  # fmt: skip
    return (*gauges, *more[tiered.name])


def publish(kind: str, columns: Mapping[str, int | None], field: str) -> float | None:
    """One public field of a bucket, from its stored columns; None where nothing was told."""
    tiered = TIERED["wifi_device" if kind == "ping" else kind]
    for gauge in tiered.gauges:
        if field == gauge.name:
            return _ratio(columns.get(f"{field}_sum"), columns.get(f"{field}_n"), gauge.scale)
        if field in (f"{gauge.name}_min", f"{gauge.name}_max"):
            value = columns.get(field)
            return None if value is None else value / gauge.scale
    if field in ("ping_ok", "snmp_ok", "service_ok", "ok"):
        return _ratio(columns.get(f"{field}_sum"), columns.get(f"{field}_n"))
    return _special(columns, field)


def _special(columns: Mapping[str, int | None], field: str) -> float | None:
    if field == "loss_ratio":
        received = _ratio(columns.get("received"), columns.get("sent"))
        return None if received is None else min(1.0, max(0.0, 1 - received))
    if field in ("in_bps", "out_bps"):
        way = field.removesuffix("_bps")
        rate = _ratio(columns.get(f"{way}_octets"), columns.get(f"{way}_rate_ds"))
        return None if rate is None else rate * 80  # octets a tenth of a second -> bit/s
    if field in ("in_rate_s", "out_rate_s"):
        tenths = columns.get(f"{field.removesuffix('_s')}_ds")
        return None if tenths is None else tenths / 10
    if field == "utilisation_ratio":
        speed = columns.get("speed_bps")
        told = [rate for rate in (_special(columns, "in_bps"), _special(columns, "out_bps")) if rate is not None]
        return max(told) / speed if told and speed else None
    value = columns.get(field)
    return None if value is None else float(value)


def _ratio(part: int | None, whole: int | None, scale: int = 1) -> float | None:
    return None if part is None or not whole else part / whole / scale


def as_rows(kind: str, rolled: Rolled) -> Iterator[tuple[Subject, Sequence[Any]]]:
    """Subjects in order with their column values in table order."""
    names = [name for name, _ in TIERED[kind].columns]
    for subject in sorted(rolled, key=lambda s: (s[0], s[1] or "")):
        columns = rolled[subject]
        yield subject, [columns.get(name) for name in names]
