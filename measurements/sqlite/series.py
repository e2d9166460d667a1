"""History of one subject as columns on a regular grid: which tier, which buckets, holes as None."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields as fields_of_class

from measurements.derive import Derived, Rates, loss_ratio
from measurements.reading import DeviceRow, InterfaceRow, PingRow, RadioRow, ServiceRow
from measurements.sqlite import latest
from measurements.store import Series

LOOK_BACK_S = latest.LOOK_BACK_S
_ROWS = {"wifi_device": DeviceRow, "ping": PingRow, "radio": RadioRow, "interface": InterfaceRow, "service": ServiceRow}
_RATES = ("in_bps", "out_bps", "utilisation_ratio", "errors_per_s", "discards_per_s", "in_octets", "out_octets")
Cell = float | None


def raw_series(
    kind: str,
    derived: Sequence[Derived],
    fields: Sequence[str],
    *,
    start: int,
    end: int,
    step_s: int | None,
    name: str | None,
) -> Series:
    """Raw readings of one device on a grid of `step_s` (default: the longest distance of polls among them).

    Several readings in one bucket give their mean; a bucket without a row of the subject is a hole.
    """
    inside = [each for each in derived if start <= each.reading.slot < end]
    step = max([step_s or 1] + ([each.reading.interval_s for each in inside] if step_s is None else []))
    if step_s is None and not inside:
        step = 60
    slots = grid(start, end, step)
    sums: dict[str, list[float]] = {field: [0.0] * len(slots) for field in fields}
    counts: dict[str, list[int]] = {field: [0] * len(slots) for field in fields}
    first = slots[0] if slots else start
    for each in inside:
        index = (each.reading.slot - first) // step
        for field, value in _cells(kind, each, fields, name):
            if value is not None:
                sums[field][index] += value
                counts[field][index] += 1
    columns: dict[str, list[Cell]] = {
        field: [total / n if n else None for total, n in zip(sums[field], counts[field], strict=True)]
        for field in fields
    }
    return Series(step_s=step, tier="raw", slots=slots, columns=columns)


def grid(start: int, end: int, step: int) -> list[int]:
    """Bucket starts that cover [start, end), on multiples of `step`."""
    return list(range(start - start % step, end, step))


def _cells(kind: str, each: Derived, fields: Sequence[str], name: str | None) -> Iterable[tuple[str, Cell]]:
    reading = each.reading
    if kind == "wifi_device":
        extra: Mapping[str, Cell] = {"in_bps": each.in_bps, "out_bps": each.out_bps, "loss_ratio": each.loss_ratio}
        yield from ((f, extra[f] if f in extra else _value(reading.row, f)) for f in fields)
    elif kind == "ping":
        yield from ((f, loss_ratio(reading.ping) if f == "loss_ratio" else _value(reading.ping, f)) for f in fields)
    elif kind == "interface":
        rows = [r for r in reading.interfaces if (r.is_uplink if name is None else r.if_name == name)]
        for field in fields:
            yield field, _sum(_port(row, each.interfaces[row.if_name], field) for row in rows)
    else:
        rows_of = reading.radios if kind == "radio" else reading.services
        tag = "radio" if kind == "radio" else "check"
        row = next((r for r in rows_of if name is None or getattr(r, tag) == name), None)
        yield from ((f, _value(row, f)) for f in fields)


def _port(row: InterfaceRow, rates: Rates, field: str) -> Cell:
    return getattr(rates, field) if field in _RATES else _value(row, field)


def _value(row: object, field: str) -> Cell:
    value = getattr(row, field, None)
    return float(value) if isinstance(value, int | float) else None


def _sum(values: Iterable[Cell]) -> Cell:
    told = [value for value in values if value is not None]
    return sum(told) if told else None


def known_fields(kind: str) -> frozenset[str]:
    """Fields that `series` may be asked for on the raw tier."""
    own = {f.name for f in fields_of_class(_ROWS[kind])} - {"device", "slot", "radio", "if_name", "check"}
    return frozenset(own | set(_RATES) | {"loss_ratio"})
