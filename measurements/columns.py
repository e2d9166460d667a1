"""Deriving and rolling up many polls of one device at once, as columns.

The same rules as `measurements.derive` and `measurements.rollup` (a test holds them equal), for histories that come
whole: an import of 30 days of 600 devices takes seconds instead of minutes. One uplink port a device; no radios.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from measurements.derive import CLOCK_SLACK_RATIO, CLOCK_SLACK_S, GAP_FACTOR
from measurements.rollup import DEVICE, INTERFACE, Tiered

Ints: TypeAlias = NDArray[np.int64]
Floats: TypeAlias = NDArray[np.float64]
Flags: TypeAlias = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True)
class Columns:
    """Polls of one device in order of time, none twice; 64-bit counters without wraps.

    Figures of polls that were not answered (`answered` False) are ignored. `served` None: not asked; `clients`,
    `temperature_c` and `disk_ratio` None: not told.
    """

    device: str
    port: str
    speed_bps: int
    interval_s: int
    slots: Ints
    at: Floats
    answered: Flags
    served: Flags | None
    octets_in: Ints
    octets_out: Ints
    errors_in: Ints
    uptime_s: Floats
    rtt_ms: Floats
    clients: Ints | None
    cpu_ratio: Floats
    memory_ratio: Floats
    temperature_c: Floats | None
    disk_ratio: Floats | None = None

    def before(self, end: int) -> Columns:
        """Those polls whose slots lie before `end`."""
        count = int(np.searchsorted(self.slots, end))
        if count == len(self.slots):
            return self
        parts: dict[str, Any] = {}
        for each in fields(self):
            value = getattr(self, each.name)
            parts[each.name] = value[:count] if isinstance(value, np.ndarray) else value
        return Columns(**parts)


@dataclass(frozen=True, slots=True)
class Rolled:
    """Buckets of one device in one measurement: `values[i, j]` is column j (table order) of bucket i where `told`."""

    buckets: Ints
    values: Ints
    told: Flags


class _Table:
    """Columns of a measurement by name, filled from groups of polls."""

    def __init__(self, kind: Tiered, buckets: Ints) -> None:
        self._at = {name: place for place, (name, _) in enumerate(kind.columns)}
        self.buckets = buckets
        self.values = np.zeros((len(buckets), len(self._at)), dtype=np.int64)
        self.told = np.zeros(self.values.shape, dtype=bool)

    def put(self, name: str, groups: _Groups, values: Ints) -> None:
        """One value for each bucket of `groups`."""
        rows = np.searchsorted(self.buckets, groups.keys)
        self.values[rows, self._at[name]] = values
        self.told[rows, self._at[name]] = True

    def gauge(self, name: str, groups: _Groups, scaled: Ints) -> None:
        """Number, sum, smallest and largest."""
        self.put(f"{name}_n", groups, groups.counts)
        self.put(f"{name}_sum", groups, groups.add(scaled))
        self.band(name, groups, scaled)

    def band(self, name: str, groups: _Groups, values: Ints) -> None:
        """Smallest and largest."""
        self.put(f"{name}_min", groups, groups.least(values))
        self.put(f"{name}_max", groups, groups.most(values))

    @property
    def rolled(self) -> Rolled:
        """As it is handed out."""
        return Rolled(self.buckets, self.values, self.told)


class _Groups:
    """Neighbouring polls that fall into one bucket."""

    def __init__(self, buckets: Ints) -> None:
        new = np.ones(len(buckets), dtype=bool)
        new[1:] = buckets[1:] != buckets[:-1]
        self._starts = np.flatnonzero(new)
        self.keys = buckets[self._starts]
        self.counts = np.diff(np.append(self._starts, len(buckets)))

    def add(self, values: Ints) -> Ints:
        return np.add.reduceat(values, self._starts) if len(values) else values

    def least(self, values: Ints) -> Ints:
        return np.minimum.reduceat(values, self._starts) if len(values) else values

    def most(self, values: Ints) -> Ints:
        return np.maximum.reduceat(values, self._starts) if len(values) else values


def roll_columns(polls: Columns, width_s: int, *, since: int = 0) -> Mapping[str, Rolled]:
    """Buckets of `width_s` seconds (a divisor of a day) by measurement; polls before `since` are only neighbours."""
    kept = polls.slots >= since
    buckets = polls.slots - polls.slots % width_s
    return {
        DEVICE.name: _devices(polls, kept, buckets),
        INTERFACE.name: _ports(polls, kept & polls.answered, buckets),
    }


def _devices(polls: Columns, kept: Flags, buckets: Ints) -> Rolled:
    every = _Groups(buckets[kept])
    table = _Table(DEVICE, every.keys)
    table.put("polls", every, every.counts)
    table.put("snmp_ok_n", every, every.counts)
    table.put("snmp_ok_sum", every, every.add(polls.answered[kept].astype(np.int64)))
    if polls.served is not None:
        table.put("service_ok_n", every, every.counts)
        table.put("service_ok_sum", every, every.add(polls.served[kept].astype(np.int64)))
    reboots = np.zeros(len(polls.slots), dtype=np.int64)
    reboots[np.flatnonzero(polls.answered)] = _restarted(polls)
    table.put("reboots", every, every.add(reboots[kept]))
    told = kept & polls.answered
    some = _Groups(buckets[told])
    for name, values in (
        ("clients", polls.clients), ("cpu_ratio", polls.cpu_ratio), ("memory_ratio", polls.memory_ratio),
        ("temperature_c", polls.temperature_c), ("snmp_rtt_ms", polls.rtt_ms), ("uptime_s", polls.uptime_s),
    ):  # fmt: skip
        if values is not None:
            scale = next(g.scale for g in DEVICE.gauges if g.name == name)
            table.gauge(name, some, np.rint(values[told] * scale).astype(np.int64))
    return table.rolled


def _restarted(polls: Columns) -> Flags:
    """For each answered poll: did the device restart since the answered one before?"""
    at, uptime = polls.at[polls.answered], polls.uptime_s[polls.answered]
    found = np.zeros(len(at), dtype=bool)
    if len(at) > 1:
        seconds, gone = np.diff(at), np.diff(uptime)
        slack = np.maximum(CLOCK_SLACK_S, CLOCK_SLACK_RATIO * np.abs(seconds))
        off = np.abs(gone - seconds) > slack
        found[1:] = off & ((gone < 0) | (uptime[1:] <= seconds + slack))
    return found


def _ports(polls: Columns, wanted: Flags, buckets: Ints) -> Rolled:
    every = _Groups(buckets[wanted])
    table = _Table(INTERFACE, every.keys)
    table.put("speed_bps", every, np.full(len(every.keys), polls.speed_bps, dtype=np.int64))
    answered = np.flatnonzero(polls.answered)
    if len(answered) < 2:
        return table.rolled
    at = polls.at[answered]
    seconds = np.diff(at)
    fine = ~_restarted(polls)[1:] & (seconds <= GAP_FACTOR * polls.interval_s) & wanted[answered[1:]]
    later = answered[1:][fine]
    groups = _Groups(buckets[later])
    seconds = seconds[fine]
    tenths = np.rint(seconds * 10).astype(np.int64)
    for way, octets in (("in", polls.octets_in), ("out", polls.octets_out)):
        moved = np.diff(octets[answered])[fine]
        rate = np.minimum(moved * 8 / seconds, float(polls.speed_bps))
        table.put(f"{way}_octets", groups, groups.add(moved))
        table.put(f"{way}_rate_ds", groups, groups.add(tenths))
        table.band(f"{way}_bps", groups, np.rint(rate).astype(np.int64))
    table.put("errors", groups, groups.add(np.diff(polls.errors_in[answered])[fine]))
    table.put("discards", groups, np.zeros(len(groups.keys), dtype=np.int64))
    return table.rolled
