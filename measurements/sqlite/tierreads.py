"""History of one subject out of the summary tables, with what is not rolled up yet made on the way."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from measurements.intervals import civil_days
from measurements.reading import Reading
from measurements.rollup import FIVE_MINUTES, HOUR, RADIO, TIERED, fields_of, publish, table
from measurements.sqlite.rawfiles import DAY_S
from measurements.sqlite.rolling import bucket_of, combined, look_back, rolled_5m
from measurements.sqlite.series import grid
from measurements.store import Retention, Series

Columns = Mapping[str, int | None]
ReadRaw = Callable[[int, int], "list[Reading]"]
TIER_STEP = {"raw": 1, "5m": FIVE_MINUTES, "1h": HOUR, "1d": DAY_S}


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What a series may be drawn from: watermarks and the oldest moment of each tier (epoch s)."""

    done: Mapping[str, int]
    raw_from: int
    ports_from: int
    newest: int
    retention: Retention
    zone: str


def choose_tier(kind: str, fields: Sequence[str], kept: Kept, *, start: int, end: int, step_s: int | None) -> str:
    """The finest tier that `step_s` (or the length of the span) asks for and that still holds `start`.

    Without a step: up to 6 h raw, up to 2 days 5 minutes, up to 60 days hours, else days.
    """
    if step_s is None:
        span = end - start
        wanted = "raw" if span <= 6 * HOUR else "5m" if span <= 2 * DAY_S else "1h" if span <= 60 * DAY_S else "1d"
    else:
        wanted = next(tier for tier in ("1d", "1h", "5m", "raw") if step_s >= TIER_STEP[tier])
    fives = kept.retention.interface_days if kind == RADIO.name else kept.retention.five_minute_days
    oldest = {
        "raw": kept.ports_from if kind == "interface" else kept.raw_from,
        "5m": kept.newest - fives * DAY_S,
        "1h": 0 if kept.retention.hourly_days is None else kept.newest - kept.retention.hourly_days * DAY_S,
        "1d": 0,
    }  # fmt: skip
    if wanted != "raw" and start >= oldest["raw"] and not set(fields) <= set(fields_of(kind)):
        return "raw"  # fields that no summary holds
    order = ("raw", "5m", "1h", "1d")
    return next(tier for tier in order[order.index(wanted) :] if start >= oldest[tier] or tier == "1d")


def tier_series(
    db: sqlite3.Connection, kind: str, device: str, fields: Sequence[str], tier: str, kept: Kept, *,
    start: int, end: int, step_s: int | None, name: str | None, read_raw: ReadRaw,
) -> Series | None:  # fmt: skip
    """A series from a summary tier; None when the subject has no row in it (a port that is no uplink)."""
    measured = "wifi_device" if kind == "ping" else kind
    named = TIERED[measured].named
    rows = _stored(db, measured, device, name, tier, start, end)
    recent_from = max(kept.done.get(tier, 0), bucket_of(start, TIER_STEP[tier]))
    rows += _recent(db, measured, device, name, kept, recent_from, end, read_raw)
    if named and name is not None and not rows:
        return None
    if tier == "1d":
        edges = [day.start for day in civil_days(kept.zone, start, end)]
        step = DAY_S
    else:
        step = max(step_s or 0, TIER_STEP[tier])
        step -= step % TIER_STEP[tier]
        edges = grid(start, end, step)
    buckets: list[list[Columns]] = [[] for _ in edges]
    index = 0
    for bucket, columns in sorted(rows, key=lambda row: row[0]):
        if not edges or bucket < edges[0] or bucket >= end:
            continue
        while index + 1 < len(edges) and edges[index + 1] <= bucket:
            index += 1
        buckets[index].append(columns)
    made = [combined(measured, group) if len(group) > 1 else (group[0] if group else {}) for group in buckets]
    return Series(
        step_s=step,
        tier=tier,
        slots=edges,
        columns={field: [publish(kind, each, field) for each in made] for field in fields},
    )


def _stored(
    db: sqlite3.Connection, kind: str, device: str, name: str | None, tier: str, start: int, end: int
) -> list[tuple[int, Columns]]:
    """Rows of one subject in [start, end), found by key: one seek a bucket, since rows are clustered by time."""
    names = [column for column, _ in TIERED[kind].columns]
    number = db.execute("SELECT id FROM word WHERE text = ?", (device,)).fetchone()
    if number is None:
        return []
    part = "" if name is None or not TIERED[kind].named else " AND t.name = (SELECT id FROM word WHERE text = :name)"
    source = table(kind, tier)
    columns = ", ".join(f"t.{column}" for column in names)
    if tier == "1d":
        within = f"SELECT MIN(bucket) FROM {source} WHERE bucket < :end AND bucket"  # noqa: S608 (our names)
        seek = f"({within} > b)"
        walk = f"WITH RECURSIVE g(b) AS ({within} > :low UNION ALL SELECT {seek} FROM g WHERE b IS NOT NULL)"  # noqa: S608
    else:
        walk = "WITH RECURSIVE g(b) AS (SELECT :first UNION ALL SELECT b + :step FROM g WHERE b + :step < :end)"
    step = TIER_STEP[tier]
    rows = db.execute(
        f"{walk} SELECT g.b, {columns} FROM g CROSS JOIN {source} t WHERE t.bucket = g.b AND t.device = :device{part}",  # noqa: S608
        {
            "low": start - DAY_S, "first": bucket_of(start, step), "step": step, "end": end, "device": number[0],
            "name": name,
        },
    )  # fmt: skip
    return [(row[0], dict(zip(names, row[1:], strict=True))) for row in rows]


def _recent(
    db: sqlite3.Connection,
    kind: str,
    device: str,
    name: str | None,
    kept: Kept,
    start: int,
    end: int,
    read_raw: ReadRaw,
) -> list[tuple[int, Columns]]:
    """5-minute buckets from `start` on that the tier does not hold yet: stored ones, then raw rolled up here."""
    if start >= end:
        return []
    done = kept.done.get("5m", 0)
    rows = _stored(db, kind, device, name, "5m", start, min(end, done)) if start < done else []
    first = max(start, done)
    if first >= end or kept.newest < first:
        return rows
    made = rolled_5m(read_raw(look_back(first), min(end, kept.newest + 1)), {}, since=first)
    for bucket, kinds in made.items():
        rows += [
            (bucket, columns)
            for (_, part), columns in kinds[kind].items()
            if name is None or part == name or not TIERED[kind].named
        ]
    return rows
