"""Roll-ups in history.db: 5 minutes from raw rows, hours from those, civil days from hours. Recomputed, never added to.

`watermark.done` says up to where a tier is made; `touched` names older buckets that a late reading changed. Both
change in the transaction that writes the rows, so a kill between repeats a bucket and never counts it twice.

A bucket is replaced whole while everything it is made of is still kept. Once retention has taken that, only subjects
that have no row yet are added (readings that arrive a week late): what was known exactly is not replaced by less.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from measurements.derive import Derived, Memory, in_time
from measurements.reading import Reading
from measurements.rollup import FIVE_MINUTES, HOUR, RADIO, TIERED, Rolled, as_rows, roll, table
from measurements.sqlite.latest import LOOK_BACK_S
from measurements.sqlite.words import Words

GRACE_S = 120  # two cycles: stragglers of a closed bucket
READINGS_AT_ONCE = 60_000  # bounds the memory of one pass

Publish = Callable[[str, str, int, Rolled], None]  # kind, tier, bucket, subject -> columns; before it is committed


@dataclass(frozen=True, slots=True, kw_only=True)
class Floors:
    """From when on the sources of a bucket are complete (epoch s): raw devices, raw ports, 5-minute, hourly rows."""

    devices: int = 0
    ports: int = 0
    five_minute: int = 0
    hourly: int = 0


def bucket_of(slot: int, width: int) -> int:
    """Start of the bucket that holds a slot."""
    return slot - slot % width


def rolled_5m(readings: Iterable[Reading], memories: dict[str, Memory], *, since: int) -> dict[int, dict[str, Rolled]]:
    """Derive readings of many devices and make their 5-minute buckets.

    Args:
        readings: of a span, any order; those before `since` only serve as neighbours.
        memories: of each device, carried from span to span; changed.
        since: first bucket to make.
    """
    by_device: dict[str, list[Reading]] = {}
    for reading in readings:
        by_device.setdefault(reading.device, []).append(reading)
    buckets: dict[int, list[Derived]] = {}
    for device, group in by_device.items():
        memory = memories.setdefault(device, Memory())
        for reading in in_time(group):
            each = memory.take(reading)
            if reading.slot >= since:
                buckets.setdefault(bucket_of(reading.slot, FIVE_MINUTES), []).append(each)
    return {bucket: roll(buckets[bucket]) for bucket in sorted(buckets)}


class Tiers:
    """Writes summary tables; inside the caller's transaction, in the writer thread."""

    def __init__(self, db: sqlite3.Connection, words: Words, publish: Publish | None) -> None:
        self._db = db
        self._words = words
        self._publish = publish

    def done(self, tier: str) -> int:
        """Everything before is made; 0 at the beginning."""
        row = self._db.execute("SELECT done FROM watermark WHERE tier = ?", (tier,)).fetchone()
        return 0 if row is None else int(row[0])

    def set_done(self, tier: str, until: int) -> None:
        """Move a watermark forward."""
        self._db.execute(
            "INSERT INTO watermark VALUES (?, ?) ON CONFLICT (tier) DO UPDATE SET done = MAX(done, excluded.done)",
            (tier, until),
        )

    def touched(self, tier: str, before: int) -> list[int]:
        """Buckets before a moment that must be made again."""
        rows = self._db.execute(
            "SELECT bucket FROM touched WHERE tier = ? AND bucket < ? ORDER BY bucket", (tier, before)
        )
        return [int(row[0]) for row in rows]

    def touch(self, tier: str, buckets: Iterable[int]) -> None:
        """Name buckets to be made again."""
        self._db.executemany("INSERT OR IGNORE INTO touched VALUES (?, ?)", [(tier, bucket) for bucket in buckets])

    def settle(self, tier: str, buckets: Iterable[int]) -> None:
        """These are made."""
        self._db.executemany(
            "DELETE FROM touched WHERE tier = ? AND bucket = ?", [(tier, bucket) for bucket in buckets]
        )

    def put_5m(self, made: Mapping[int, Mapping[str, Rolled]], buckets: Sequence[int], floors: Floors) -> None:
        """Store 5-minute buckets; those of `buckets` that were made empty lose what stood there."""
        for bucket in buckets:
            for kind, rolled in made.get(bucket, _EMPTY).items():
                whole = bucket >= (floors.ports if kind == "interface" else floors.devices)
                self._put(kind, "5m", bucket, rolled, whole=whole)

    def _put(self, kind: str, tier: str, bucket: int, rolled: Rolled, *, whole: bool) -> None:
        name = table(kind, tier)
        if self._publish is not None and rolled:
            self._publish(kind, tier, bucket, rolled)
        if whole:
            self._db.execute(f"DELETE FROM {name} WHERE bucket = ?", (bucket,))  # noqa: S608 (our names)
        number, named = self._words.number, TIERED[kind].named
        rows = [
            (bucket, number(device), *((number(part or ""),) if named else ()), *values)
            for (device, part), values in as_rows(kind, rolled)
        ]
        if rows:
            marks = ",".join("?" * len(rows[0]))
            self._db.executemany(f"INSERT OR {'REPLACE' if whole else 'IGNORE'} INTO {name} VALUES ({marks})", rows)  # noqa: S608

    def combine(self, tier: str, bucket: int, end: int, *, source: str, whole: Mapping[str, bool]) -> None:
        """Make one bucket [bucket, end) of a tier from the buckets of `source`, for every measurement."""
        for kind, tiered in TIERED.items():
            target = table(kind, tier)
            key = "device, name" if tiered.named else "device"
            columns = ", ".join(f"{how}({name})" for name, how in tiered.columns)
            if whole[kind]:
                self._db.execute(f"DELETE FROM {target} WHERE bucket = ?", (bucket,))  # noqa: S608 (our names)
            self._db.execute(
                f"INSERT OR IGNORE INTO {target} SELECT ?, {key}, {columns} FROM {table(kind, source)} "  # noqa: S608
                f"WHERE bucket >= ? AND bucket < ? GROUP BY {key}",
                (bucket, bucket, end),
            )
            if self._publish is not None:
                rolled = self.rows(kind, tier, bucket)
                if rolled:
                    self._publish(kind, tier, bucket, rolled)

    def rows(self, kind: str, tier: str, bucket: int) -> Rolled:
        """What stands in one bucket."""
        return read_bucket(self._db, kind, tier, bucket)


_EMPTY: Mapping[str, Rolled] = {kind: {} for kind in TIERED}


def read_bucket(db: sqlite3.Connection, kind: str, tier: str, bucket: int) -> Rolled:
    """The stored columns of one bucket by subject."""
    tiered = TIERED[kind]
    names = [name for name, _ in tiered.columns]
    part, join = ("n.text", "JOIN word n ON n.id = t.name") if tiered.named else ("NULL", "")
    rows = db.execute(
        f"SELECT d.text, {part}, {', '.join('t.' + name for name in names)} FROM {table(kind, tier)} t "  # noqa: S608
        f"JOIN word d ON d.id = t.device {join} WHERE t.bucket = ?",
        (bucket,),
    )
    return {
        (row[0], row[1]): {name: value for name, value in zip(names, row[2:], strict=True) if value is not None}
        for row in rows
    }


def whole_1h(bucket: int, floors: Floors, brief_floor: int) -> dict[str, bool]:
    """May an hour be replaced? Only while all its 5-minute rows are kept."""
    return {kind: bucket >= (brief_floor if kind == RADIO.name else floors.five_minute) for kind in TIERED}


def runs(buckets: Sequence[int], width: int, longest: int) -> list[list[int]]:
    """Neighbouring buckets together, at most `longest` at once."""
    found: list[list[int]] = []
    for bucket in buckets:
        if found and found[-1][-1] + width == bucket and len(found[-1]) < longest:
            found[-1].append(bucket)
        else:
            found.append([bucket])
    return found


def look_back(bucket: int) -> int:
    """From where neighbours of a bucket's first readings are read."""
    return bucket - LOOK_BACK_S


def hours_of(buckets: Iterable[int]) -> list[int]:
    """Hours that hold these buckets."""
    return sorted({bucket_of(bucket, HOUR) for bucket in buckets})


def combined(kind: str, rows: Sequence[Mapping[str, Any]]) -> dict[str, int]:
    """Several buckets of one subject as one, as `Tiers.combine` does in SQL."""
    made: dict[str, int] = {}
    for name, how in TIERED[kind].columns:
        told = [row[name] for row in rows if row.get(name) is not None]
        if told:
            made[name] = sum(told) if how == "SUM" else min(told) if how == "MIN" else max(told)
    return made
