"""Rows as InfluxDB line protocol. Names and types are public and for ever: see docs/reference/metrics.md.

The type of a field follows from the row's declaration, never from the value of the day: an `int` field ends in `i`, a
`float` has a decimal point or an exponent, a claim (`ping_ok`) is `1i` or `0i`, so that `mean()` of it is a share in
InfluxQL and Grafana. InfluxDB refuses a point whose field changed its type. What was not told is left out.
A device's line also carries what deriving needs (`at`, `interval_s`, `serial`, `mac`), so that raw series read back
give the same rates as the local rows, late readings included. Counters of 2^63 and above wrap to negative numbers.
Tags are `device` and one of `if_name`, `radio`, `check`: nothing that can change, it would split the series.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping, Sequence
from functools import cache
from types import NoneType
from typing import Any, get_args, get_type_hints

from measurements.derive import Derived, Rates
from measurements.reading import DeviceRow, InterfaceRow, PingRow, RadioRow, Reading, Row, ServiceRow

TAGS = ("device", "if_name", "radio", "check")
MEASUREMENTS: dict[str, type[Row]] = {
    row.measurement: row for row in (PingRow, DeviceRow, RadioRow, InterfaceRow, ServiceRow)
}
_INT64 = 2**63
_RATES = ("in_bps", "out_bps", "utilisation_ratio", "errors_per_s", "discards_per_s")
_ESCAPES = str.maketrans({",": r"\,", "=": r"\=", " ": r"\ ", "\n": r"\ ", "\r": r"\ ", "\t": r"\ "})


def derived_lines(each: Derived) -> list[str]:
    """Lines of one derived reading for the raw bucket."""
    ports = {name: _rates(rates) for name, rates in each.interfaces.items()}
    device = {"in_bps": each.in_bps, "out_bps": each.out_bps, "loss_ratio": each.loss_ratio}
    return reading_lines(each.reading, device, ports)


def reading_lines(
    reading: Reading,
    rates: Mapping[str, Any] | None = None,
    interface_rates: Mapping[str, Mapping[str, Any]] | None = None,
) -> list[str]:
    """The lines of one reading for the raw bucket, counters and what was derived from them.

    Args:
        reading: what one poll gave.
        rates: derived fields of the device (`in_bps`, `out_bps` of the uplink), all floats.
        interface_rates: derived fields by interface, all floats.
    """
    derived = interface_rates or {}
    found = [_device_line(reading, rates)]
    if reading.ping is not None:
        found.append(row_line(reading.ping))
    found.extend(row_line(radio) for radio in reading.radios)
    found.extend(row_line(port, derived.get(port.if_name)) for port in reading.interfaces)
    found.extend(row_line(service) for service in reading.services)
    return [line for line in found if line]


def _device_line(reading: Reading, rates: Mapping[str, Any] | None) -> str:
    serial, mac = reading.box
    more = [_float("at", reading.at), f"interval_s={reading.interval_s}i", _text("serial", serial), _text("mac", mac)]
    return row_line(reading.row, rates, more)


def row_line(row: Row, derived: Mapping[str, Any] | None = None, more: Sequence[str] = ()) -> str:
    """One row, with rates and ready-made fields beside it; empty when it tells nothing."""
    tags, integers, floats = _layout(row.measurement)
    fields = [_integer(name, getattr(row, name)) for name in integers]
    fields += [_float(name, getattr(row, name)) for name in floats]
    if derived:
        fields += [_float(name, value) for name, value in derived.items()]
    fields += more
    return _joined(row.measurement, {tag: getattr(row, tag) for tag in tags}, fields, row.slot)


def point_line(
    measurement: str,
    tags: Mapping[str, str],
    *,
    slot: int,
    integers: Mapping[str, int | None],
    floats: Mapping[str, float | None],
) -> str:
    """One point of a summary; empty when no field is told."""
    fields = [_integer(name, value) for name, value in integers.items()]
    fields += [_float(name, value) for name, value in floats.items()]
    return _joined(measurement, tags, fields, slot)


def tag_value(text: str) -> str:
    """A tag's value as it is stored: line protocol cannot hold a line break or a backslash in every place."""
    return text.replace("\\", "/").replace("\n", " ").replace("\r", " ").replace("\t", " ")


def field_type(measurement: str, field: str) -> type[int] | type[float]:
    """`int` or `float`, as the field is written; derived ones are floats."""
    _, integers, _ = _layout(measurement)
    return int if field in integers else float


@cache
def _layout(measurement: str) -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]:
    row = MEASUREMENTS[measurement]
    hints = get_type_hints(row)
    tags: list[str] = []
    integers: list[str] = []
    floats: list[str] = []
    for field in dataclasses.fields(row):
        if field.name in TAGS:
            tags.append(field.name)
        elif field.name != "slot":
            kinds = set(get_args(hints[field.name]) or (hints[field.name],)) - {NoneType}
            (floats if float in kinds else integers).append(field.name)
    return tuple(tags), tuple(integers), tuple(floats)


def _integer(name: str, value: Any) -> str:
    if value is None:
        return ""
    number = int(value)
    if _INT64 <= number < 2 * _INT64:
        number -= 2 * _INT64  # a Counter64 as two's complement; InfluxDB would refuse the whole line for it
    return f"{name}={number}i" if -_INT64 <= number < _INT64 else ""


def _text(name: str, value: str | None) -> str:
    if value is None:
        return ""
    kept = tag_value(value).replace('"', "'")
    return f'{name}="{kept}"'


def _float(name: str, value: Any) -> str:
    if value is None or not math.isfinite(value):
        return ""
    return f"{name}={float(value)!r}"


def _joined(measurement: str, tags: Mapping[str, str], fields: list[str], slot: int) -> str:
    told = ",".join(field for field in fields if field)
    if not told:
        return ""
    # An empty tag value is not legal; a missing tag reads as ''.
    keys = "".join(f",{tag}={tag_value(value).translate(_ESCAPES)}" for tag, value in tags.items() if value)
    return f"{measurement}{keys} {told} {slot}"


def _rates(rates: Rates) -> dict[str, float | None]:
    return {name: getattr(rates, name) for name in _RATES}
