"""Totals over a period: whole civil days from daily tables, the partial days at its edges from intervals and hours."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from measurements.intervals import civil_days
from measurements.rollup import HOUR
from measurements.sqlite.days import CLIPPED, Seconds, Usage, usage_by_device
from measurements.sqlite.rolling import bucket_of
from measurements.store import Summary

_SUMS = (
    "SUM(up_s), SUM(degraded_s), SUM(down_s), SUM(maintenance_s), SUM(in_octets), SUM(out_octets), SUM(clients_n), "
    "SUM(clients_sum), MAX(clients_max)"
)


class Totals:
    """Seconds and usage of one subject, summed part by part."""

    __slots__ = ("seconds", "usage")

    def __init__(self) -> None:
        self.seconds = [0.0, 0.0, 0.0, 0.0]
        self.usage = Usage()

    def add(self, seconds: Iterable[float]) -> None:
        """Take more time in."""
        for index, value in enumerate(seconds):
            self.seconds[index] += value


def by_subject(
    db: sqlite3.Connection, question: str, start: int, end: int, subjects: Sequence[str] | None, *,
    zone: str, bound_s: float, done: int,
) -> list[Summary]:  # fmt: skip
    """Totals of each subject over [start, end), in order of subject; named ones that were never observed are all unknown.

    Traffic and clients of partial days are those of the hours that begin in the part.
    """
    first, last = whole_days(zone, start, end, done)
    period = float(end - start)
    if first == start and last == end and subjects is None:
        return _whole(db, question, first, last, period)
    found: dict[str, Totals] = {}
    wanted = None if subjects is None else set(subjects)
    if first < last:
        for row in _day_rows(db, question, first, last, subjects):
            each = found.setdefault(row[0], Totals())
            each.add(row[2:6])
            each.usage.add(Usage(row[6], row[7], row[8] or 0, row[9] or 0, row[10]))
    edges = [(start, first), (last, end)] if first < last else [(start, end)]
    for low, high in edges:
        if low < high:
            _edge(db, question, low, high, bound_s, found, wanted)
    if subjects is not None:
        return [_summary(subject, found.get(subject) or Totals(), period) for subject in subjects]
    return [_summary(subject, found[subject], period) for subject in sorted(found)]


def whole_days(zone: str, start: int, end: int, done: int) -> tuple[int, int]:
    """The civil days that lie whole in [start, end) and are made: [first, last), empty when first >= last."""
    days = [day for day in civil_days(zone, start, end) if day.start >= start and day.end <= min(end, done)]
    return (days[0].start, days[-1].end) if days else (end, end)


def _day_rows(
    db: sqlite3.Connection, question: str, first: int, last: int, subjects: Sequence[str] | None
) -> list[tuple[Any, ...]]:
    only = ""
    if subjects is not None:
        numbers = [n for s in subjects if (n := db.execute("SELECT id FROM word WHERE text = ?", (s,)).fetchone())]
        only = f"AND subject IN ({','.join(str(n[0]) for n in numbers)})"
    return db.execute(
        f"SELECT w.text, s.* FROM (SELECT subject, {_SUMS} FROM day_state WHERE question = ? AND day >= ? AND day < ? {only} "  # noqa: S608, E501
        "GROUP BY subject) s JOIN word w ON w.id = s.subject",
        (question, first, last),
    ).fetchall()


def _whole(db: sqlite3.Connection, question: str, first: int, last: int, period: float) -> list[Summary]:
    """The frequent case, kept lean: thousands of subjects, whole days only."""
    rows = db.execute(
        f"SELECT w.text, s.* FROM (SELECT subject, {_SUMS} FROM day_state WHERE question = ? AND day >= ? AND day < ? "  # noqa: S608
        "GROUP BY subject) s JOIN word w ON w.id = s.subject ORDER BY w.text",
        (question, first, last),
    )
    return [
        Summary(
            subject=text, up_s=up, down_s=down, unknown_s=max(0.0, period - up - down - maintenance), in_octets=octets_in,
            out_octets=octets_out, clients_mean=total / n if n else None, clients_max=most, degraded_s=degraded,
            maintenance_s=maintenance,
        )
        for text, _, up, degraded, down, maintenance, octets_in, octets_out, n, total, most in rows
    ]  # fmt: skip


def _edge(
    db: sqlite3.Connection, question: str, low: int, high: int, bound_s: float, found: dict[str, Totals],
    wanted: set[str] | None,
) -> None:  # fmt: skip
    rows: Iterable[tuple[str, Seconds]] = (
        (row[0], row[1:5]) for row in db.execute(CLIPPED, {"q": question, "s": low, "e": high, "bound": bound_s})
    )
    for subject, seconds in rows:
        if wanted is None or subject in wanted:
            found.setdefault(subject, Totals()).add(seconds)
    for device, usage in usage_by_device(db, "1h", low, high).items():
        subject = f"device:{device}"
        if subject in found and (wanted is None or subject in wanted):
            found[subject].usage.add(usage)


def _summary(subject: str, totals: Totals, period: float) -> Summary:
    up, degraded, down, maintenance = totals.seconds
    usage = totals.usage
    return Summary(
        subject=subject,
        up_s=up,
        down_s=down,
        unknown_s=max(0.0, period - up - down - maintenance),
        in_octets=usage.in_octets,
        out_octets=usage.out_octets,
        clients_mean=usage.clients_sum / usage.clients_n if usage.clients_n else None,
        clients_max=usage.clients_max,
        degraded_s=degraded,
        maintenance_s=maintenance,
    )


def by_area(
    db: sqlite3.Connection, question: str, start: int, end: int, areas: Sequence[str] | None, *, zone: str, done: int
) -> list[Summary]:
    """Totals of each area: days from `area_1d`, the edges from `area_1h` (hours that begin in them).

    Args:
        db: history.db.
        question: `state` counts sites, the others devices.
        start: epoch seconds.
        end: epoch seconds.
        areas: Kemendagri codes, each takes in the areas below it; None: every area as it is stored.
        zone: of the civil days.
        done: daily tables are made up to here.
    """
    first, last = whole_days(zone, start, end, done)
    parts = [("area_1d", first, last), ("area_1h", start, first), ("area_1h", last, end)]
    found: dict[str, Totals] = {}
    whole: dict[str, float] = {}
    for name, low, high in parts if first < last else [("area_1h", start, end)]:
        from_hour = low if name == "area_1d" else bucket_of(low + HOUR - 1, HOUR)
        for row in db.execute(
            f"SELECT w.text, s.* FROM (SELECT area, SUM(subject_s), {_SUMS} FROM {name} "  # noqa: S608 (our names)
            "WHERE question = ? AND bucket >= ? AND bucket < ? GROUP BY area) s JOIN word w ON w.id = s.area",
            (question, from_hour, high),
        ):
            each = found.setdefault(row[0], Totals())
            whole[row[0]] = whole.get(row[0], 0.0) + row[2]
            each.add(row[3:7])
            each.usage.add(Usage(row[7], row[8], row[9] or 0, row[10] or 0, row[11]))
    if areas is None:
        return [_summary(area, found[area], whole[area]) for area in sorted(found)]
    return [_joined(code, [a for a in found if a == code or a.startswith(f"{code}.")], found, whole) for code in areas]


def _joined(code: str, below: Sequence[str], found: Mapping[str, Totals], whole: Mapping[str, float]) -> Summary:
    """An area out of those below it. Clients are the sum of their means; the largest is not known where there are several."""
    totals = Totals()
    for area in below:
        totals.add(found[area].seconds)
        totals.usage.add(found[area].usage)
    summary = _summary(code, totals, sum(whole[area] for area in below))
    if len(below) < 2:
        return summary
    means = [used.clients_sum / used.clients_n for area in below if (used := found[area].usage).clients_n]
    return replace(summary, clients_mean=sum(means) if means else None, clients_max=None)
