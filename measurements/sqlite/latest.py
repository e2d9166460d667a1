"""`latest`: the last known of every device, kept in memory by the writer and as a cache in history.db for readers.

Raw and history are two files, not one transaction: after a kill the cache may be behind. At start it is brought up
to date from the newest raw rows, which are the truth.
"""

from __future__ import annotations

import json
import sqlite3
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from measurements.derive import Derived, Memory, in_time
from measurements.reading import Reading
from measurements.sqlite.raw_schema import DEVICE_FIELDS, INTERFACE_FIELDS, PING_FIELDS, RADIO_FIELDS, SERVICE_FIELDS
from measurements.store import Latest

LOOK_BACK_S = 900  # rates need the previous reading; 2.5 x the longest usual interval (300 s), and a margin
RATE_FIELDS = ("in_bps", "out_bps", "loss_ratio", "rebooted_at")
#: Stored in this order: what is new comes last, so that a cache from before is still understood.
NEWER = ("disk_ratio",)
FIELDS = (*(f for f in DEVICE_FIELDS if f not in NEWER), *PING_FIELDS, *RATE_FIELDS, *NEWER)
# In place: a replaced row would move to the end of the table.
PUT = (
    "INSERT INTO latest VALUES (?,?,?,?,?,?,?,?,?) ON CONFLICT (device) DO UPDATE SET slot = excluded.slot, "
    "at = excluded.at, answered_at = excluded.answered_at, lane = excluded.lane, error_kind = excluded.error_kind, "
    "error = excluded.error, fields = excluded.fields, parts = excluded.parts"
)
PORT_FIELDS = (*INTERFACE_FIELDS, "in_bps", "out_bps", "errors_per_s", "discards_per_s", "utilisation_ratio")


class Lazy(Mapping[str, Mapping[str, Any]]):
    """Ports, radios or services of a stored row, decoded when first looked at: a map of 10,000 sites never does."""

    __slots__ = ("_names", "_rows", "_slot")

    def __init__(self, rows: Mapping[str, Sequence[Any]], names: tuple[str, ...], slot: int | None) -> None:
        self._rows, self._names, self._slot = rows, names, slot

    def __getitem__(self, key: str) -> Mapping[str, Any]:
        return dict(zip(self._names, self._rows[key], strict=True)) | {"slot": self._slot}

    def __iter__(self) -> Iterator[str]:
        return iter(self._rows)

    def __len__(self) -> int:
        return len(self._rows)

    def __repr__(self) -> str:
        return repr(dict(self))


class Parts:
    """The three maps of a stored row, parsed together on first use."""

    __slots__ = ("_packed", "_parsed")

    def __init__(self, packed: bytes) -> None:
        self._packed = packed
        self._parsed: Any = None

    def get(self, which: str) -> tuple[int | None, Mapping[str, Sequence[Any]]]:
        """(slot, rows) of `i`, `r` or `s`."""
        if self._parsed is None:
            self._parsed = json.loads(zlib.decompress(self._packed))
        slot, rows = self._parsed[which]
        return slot, rows


class Deferred(Mapping[str, Mapping[str, Any]]):
    """One of the three maps of a stored row."""

    __slots__ = ("_made", "_names", "_parts", "_which")

    def __init__(self, parts: Parts, which: str, names: tuple[str, ...]) -> None:
        self._parts, self._which, self._names = parts, which, names
        self._made: Lazy | None = None

    def _map(self) -> Lazy:
        if self._made is None:
            slot, rows = self._parts.get(self._which)
            self._made = Lazy(rows, self._names, slot)
        return self._made

    def __getitem__(self, key: str) -> Mapping[str, Any]:
        return self._map()[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._map())

    def __len__(self) -> int:
        return len(self._map())

    def __repr__(self) -> str:
        return repr(dict(self))


def _answered(reading: Reading) -> bool:
    row = reading.row
    return bool(row.ping_ok or row.snmp_ok or row.service_ok)


def _ports(each: Derived) -> Lazy:
    made = {}
    for row in each.reading.interfaces:
        rates = each.interfaces[row.if_name]
        made[row.if_name] = [getattr(row, name) for name in INTERFACE_FIELDS] + [
            rates.in_bps, rates.out_bps, rates.errors_per_s, rates.discards_per_s, rates.utilisation_ratio
        ]  # fmt: skip
    return Lazy(made, PORT_FIELDS, each.reading.slot)


def _rows(rows: Sequence[Any], tag: str, names: tuple[str, ...], slot: int) -> Lazy:
    return Lazy({getattr(row, tag): [getattr(row, name) for name in names] for row in rows}, names, slot)


def make_latest(each: Derived, before: Latest | None) -> Latest:
    """`Latest` from a derived reading; what this poll did not ask stays, each with the `slot` it came with."""
    reading = each.reading
    fields: dict[str, Any] = {name: getattr(reading.row, name) for name in DEVICE_FIELDS}
    fields.update({name: getattr(reading.ping, name, None) for name in PING_FIELDS})
    was_rebooted = before.fields.get("rebooted_at") if before else None
    fields.update(in_bps=each.in_bps, out_bps=each.out_bps, loss_ratio=each.loss_ratio)
    fields["rebooted_at"] = each.rebooted_at if each.rebooted_at is not None else was_rebooted
    slot = reading.slot
    return Latest(
        device=reading.device, slot=slot, at=reading.at,
        answered_at=reading.at if _answered(reading) else (before.answered_at if before else None),
        lane=reading.lane, error_kind=reading.error_kind, error=reading.error, fields=fields,
        interfaces=_ports(each) if reading.interfaces or not before else before.interfaces,
        radios=_rows(reading.radios, "radio", RADIO_FIELDS, slot) if reading.radios or not before else before.radios,
        services=_rows(reading.services, "check", SERVICE_FIELDS, slot)
        if reading.services or not before else before.services,
    )  # fmt: skip


def pack(latest: Latest) -> tuple[Any, ...]:
    """A row of the table `latest`."""
    parts = {
        "i": _pack(latest.interfaces, PORT_FIELDS),
        "r": _pack(latest.radios, RADIO_FIELDS),
        "s": _pack(latest.services, SERVICE_FIELDS),
    }
    return (
        latest.device, latest.slot, latest.at, latest.answered_at, latest.lane, latest.error_kind, latest.error,
        _dump([latest.fields.get(name) for name in FIELDS]), zlib.compress(_dump(parts).encode(), 1),
    )  # fmt: skip


_dump = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False).encode


def _pack(part: Mapping[str, Mapping[str, Any]], names: tuple[str, ...]) -> tuple[int | None, Any]:
    if isinstance(part, Deferred):
        part = part._map()
    if isinstance(part, Lazy):
        return part._slot, part._rows
    return None, {key: [row.get(name) for name in names] for key, row in part.items()}


def unpack(row: Sequence[Any]) -> Latest:
    """`Latest` from a row of the table."""
    parts = Parts(row[8])
    return Latest(
        device=row[0], slot=row[1], at=row[2], answered_at=row[3], lane=row[4], error_kind=row[5], error=row[6],
        fields=dict.fromkeys(FIELDS) | dict(zip(FIELDS, json.loads(row[7]), strict=False)),
        interfaces=Deferred(parts, "i", PORT_FIELDS), radios=Deferred(parts, "r", RADIO_FIELDS),
        services=Deferred(parts, "s", SERVICE_FIELDS),
    )  # fmt: skip


def load(db: sqlite3.Connection, ids: Sequence[str] | None = None) -> dict[str, Latest]:
    """The cache as it stands in history.db."""
    if ids is None:
        return {row[0]: unpack(row) for row in db.execute("SELECT * FROM latest")}
    found = {}
    for device in ids:
        row = db.execute("SELECT * FROM latest WHERE device = ?", (device,)).fetchone()
        if row is not None:
            found[device] = unpack(row)
    return found


def last_answers(db: sqlite3.Connection, devices: Iterable[str]) -> dict[str, float]:
    """When each device last answered, as far as the intervals of the questions know."""
    found: dict[str, float] = {}
    for device in devices:
        told = [
            row[0]
            for question in ("ping", "snmp", "service")
            for row in db.execute(
                "SELECT MAX(COALESCE(seen, start)) FROM interval WHERE question = :q AND subject = :s AND state = 'up' "
                "UNION ALL SELECT MAX(COALESCE(seen, start)) FROM open_interval "
                "WHERE question = :q AND subject = :s AND state = 'up'",
                {"q": question, "s": f"device:{device}"},
            )
            if row[0] is not None
        ]
        if told:
            found[device] = max(told)
    return found


class LatestCache:
    """Last known and the memory for the next rates, of every device. Changed by the writer thread only."""

    def __init__(self, stored: dict[str, Latest]) -> None:
        self._latest = stored
        self._memory: dict[str, Memory] = {}

    def get(self, ids: Sequence[str] | None = None) -> dict[str, Latest]:
        """A snapshot; values are never changed in place."""
        if ids is None:
            return self._latest.copy()
        return {device: found for device in ids if (found := self._latest.get(device)) is not None}

    def slot(self, device: str) -> int | None:
        """The newest slot known of a device."""
        known = self._latest.get(device)
        return None if known is None else known.slot

    def take(self, reading: Reading) -> Derived:
        """Note a reading that is newer than all of its device."""
        memory = self._memory.get(reading.device)
        if memory is None:
            memory = self._memory[reading.device] = Memory()
        each = memory.take(reading)
        self._latest[reading.device] = make_latest(each, self._latest.get(reading.device))
        return each

    def rebuild(self, device: str, readings: Sequence[Reading]) -> list[Derived]:
        """Make a device's entry anew from its last readings: one came late, a slot was overwritten, a start."""
        if not readings:
            return []
        memory = Memory()
        known = self._latest.get(device)
        derived = [memory.take(reading) for reading in in_time(readings)]
        entry: Latest | None = None
        for each in derived:
            entry = make_latest(each, entry)
        if entry is not None and (known is None or entry.slot >= known.slot):
            self._memory[device] = memory
            self._latest[device] = entry if known is None else _carry(entry, known)
        return derived

    def never_answered(self) -> list[str]:
        """Devices of which no answer is known: they were silent in all that was read."""
        return [device for device, known in self._latest.items() if known.answered_at is None]

    def note_answers(self, answered: Mapping[str, float]) -> None:
        """Fill in when devices last answered; what is known stays."""
        for device, at in answered.items():
            if (known := self._latest.get(device)) is not None and known.answered_at is None:
                self._latest[device] = replace(known, answered_at=min(at, known.at))

    def __len__(self) -> int:
        return len(self._latest)


def _carry(entry: Latest, known: Latest) -> Latest:
    """Keep what lies further back than the readings the entry was rebuilt from."""
    fields = dict(entry.fields)
    if fields["rebooted_at"] is None:
        fields["rebooted_at"] = known.fields.get("rebooted_at")
    return replace(
        entry, fields=fields,
        answered_at=known.answered_at if entry.answered_at is None else entry.answered_at,
        interfaces=entry.interfaces or known.interfaces, radios=entry.radios or known.radios,
        services=entry.services or known.services,
    )  # fmt: skip
