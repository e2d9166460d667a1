"""Summary buckets as line protocol and back, exactly: what a tier publishes, and the counts behind the means.

A mean and its count give the sum again to the last digit (sums are integers below 2^53), so larger steps are made from
stored buckets by the same code as in SQLite, never as averages of averages. Ping's figures, which the local tables
keep in the device's row, are the measurement `ping` here.
"""

from __future__ import annotations

from collections.abc import Mapping

from measurements.influx.lines import point_line
from measurements.rollup import TIERED, Gauge, Rolled, fields_of, publish

SECOND_TAG = {"interface": "if_name", "radio": "radio", "service": "check"}
_SHARES = {"wifi_device": ("ping_ok", "snmp_ok", "service_ok"), "service": ("ok",)}
_INTEGERS = frozenset(
    {"polls", "reboots", "sent", "received", "in_octets", "out_octets", "errors", "discards", "speed_bps"}
)
_PING = frozenset({"rtt_avg_ms", "rtt_avg_ms_min", "rtt_avg_ms_max", "rtt_avg_ms_n", "loss_ratio", "sent", "received"})


def stored_fields(measurement: str) -> tuple[str, ...]:
    """Fields of a measurement in the buckets of the tiers: the public ones and the counts (`<name>_n`)."""
    kind = "wifi_device" if measurement == "ping" else measurement
    counts = [f"{name}_n" for name in (*(g.name for g in TIERED[kind].gauges), *_SHARES.get(kind, ()))]
    found = dict.fromkeys((*fields_of(kind), *counts))
    if kind != "wifi_device":
        return tuple(found)
    return tuple(name for name in found if (name in _PING) == (measurement == "ping"))


def bucket_lines(kind: str, bucket: int, rolled: Rolled) -> list[str]:
    """Lines of one bucket of a tier.

    Args:
        kind: `wifi_device`, `interface`, `radio` or `service`.
        bucket: its start, epoch s.
        rolled: columns by (device, name).
    """
    made = []
    for (device, name), columns in rolled.items():
        tags = {"device": device, **({SECOND_TAG[kind]: name or ""} if kind in SECOND_TAG else {})}
        for measurement in (kind, "ping") if kind == "wifi_device" else (kind,):
            told = {field: _field(kind, columns, field) for field in stored_fields(measurement)}
            integers = {f: None if v is None else int(v) for f, v in told.items() if is_integer(f)}
            floats = {f: v for f, v in told.items() if not is_integer(f)}
            line = point_line(measurement, tags, slot=bucket, integers=integers, floats=floats)
            if line:
                made.append(line)
    return made


def is_integer(field: str) -> bool:
    """True where a tier's field is written as an integer."""
    return field in _INTEGERS or field.endswith("_n")


def columns_of(kind: str, told: Mapping[str, float | None]) -> dict[str, int]:
    """The stored columns of one bucket from its fields; the inverse of `bucket_lines`."""
    made: dict[str, int] = {}
    for gauge in TIERED["wifi_device" if kind == "ping" else kind].gauges:
        _gauge(made, gauge, told)
    for share in _SHARES.get(kind, ()):
        value, count = told.get(share), told.get(f"{share}_n")
        if value is not None and count:
            made[f"{share}_n"], made[f"{share}_sum"] = int(count), round(value * count)
    for way in ("in", "out"):
        seconds = told.get(f"{way}_rate_s")
        if seconds is not None:
            made[f"{way}_rate_ds"] = round(seconds * 10)
        for end in ("min", "max"):
            band = told.get(f"{way}_bps_{end}")
            if band is not None:
                made[f"{way}_bps_{end}"] = round(band)
    for name in _INTEGERS:
        value = told.get(name)
        if value is not None:
            made[name] = int(value)
    return made


def _gauge(made: dict[str, int], gauge: Gauge, told: Mapping[str, float | None]) -> None:
    mean, count = told.get(gauge.name), told.get(f"{gauge.name}_n")
    if mean is None or not count:
        return
    made[f"{gauge.name}_n"] = int(count)
    made[f"{gauge.name}_sum"] = round(mean * count * gauge.scale)
    for end in ("min", "max"):
        value = told.get(f"{gauge.name}_{end}")
        if value is not None:
            made[f"{gauge.name}_{end}"] = round(value * gauge.scale)


def _field(kind: str, columns: Mapping[str, int], field: str) -> float | int | None:
    if is_integer(field):
        return columns.get(field)
    return publish(kind, columns, field)
