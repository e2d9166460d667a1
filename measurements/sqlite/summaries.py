"""Totals over a period: whole civil days from packed days, the partial days at its edges from intervals and hours."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np

from measurements.intervals import civil_days
from measurements.rollup import HOUR
from measurements.sqlite.blocks import Sums, pack_usage, word_count
from measurements.sqlite.days import Usage, usage_by_device
from measurements.sqlite.rolling import bucket_of
from measurements.store import Summary

_SUMS = (
    "SUM(up_s), SUM(degraded_s), SUM(down_s), SUM(maintenance_s), SUM(in_octets), SUM(out_octets), SUM(clients_n), "
    "SUM(clients_sum), MAX(clients_max)"
)
# Columns of packed seconds that a state counts in.
_COUNTS = {"up": (0,), "degraded": (0, 1), "down": (2,), "maintenance": (3,), "unknown": (-1,)}


def by_subject(
    db: sqlite3.Connection, question: str, start: int, end: int, subjects: Sequence[str] | None, *,
    zone: str, bound_s: float, done: int,
) -> list[Summary]:  # fmt: skip
    """Totals of each subject over [start, end), by subject; named ones that were never observed are all unknown.

    Traffic and clients of partial days are those of the hours that begin in the part.
    """
    first, last = whole_days(zone, start, end, done)
    texts: dict[int, str] = dict(db.execute("SELECT id, text FROM word"))
    numbers = {text: number for number, text in texts.items()}
    sums = Sums(word_count(db))
    strangers: dict[str, list[float]] = {}  # subjects that no roll-up has met yet
    if first < last:
        for (packed,) in db.execute(
            "SELECT data FROM state_day WHERE question = ? AND day >= ? AND day < ?", (question, first, last)
        ):
            sums.add_states(packed)
        for (packed,) in db.execute("SELECT data FROM usage_day WHERE bucket >= ? AND bucket < ?", (first, last)):
            sums.add_usage(packed)
    for low, high in [(start, first), (last, end)] if first < last else [(start, end)]:
        if low < high:
            sums.add_spans(_spans(db, question, low, high, bound_s, numbers, strangers))
            for packed in _usage_of_hours(db, low, high, numbers):
                sums.add_usage(packed)
    period = float(end - start)
    if subjects is None:
        found = {texts[n]: n for n in sums.seen.nonzero()[0].tolist()}
        names = sorted([*found, *strangers])
    else:
        names = list(subjects)
    return _summaries(names, numbers, sums, strangers, period)


def _spans(
    db: sqlite3.Connection, question: str, low: int, high: int, bound_s: float, numbers: Mapping[str, int],
    strangers: dict[str, list[float]],
) -> Iterator[tuple[int, int, float]]:  # fmt: skip
    """(subject's number, column, seconds) of [low, high)."""
    rows = db.execute(
        'SELECT subject, state, MAX(start, :s), MIN("end", :e) FROM interval '
        'WHERE question = :q AND "end" > :s AND start < :e '
        "UNION ALL SELECT subject, state, MAX(start, :s), MIN(:e, COALESCE(seen, start) + :bound) FROM open_interval "
        "WHERE question = :q AND start < :e AND COALESCE(seen, start) + :bound > :s",
        {"q": question, "s": low, "e": high, "bound": bound_s},
    )
    for subject, state, begins, ends in rows:
        number = numbers.get(subject)
        for column in _COUNTS[state]:
            if number is not None:
                yield number, column, ends - begins
            else:
                seconds = strangers.setdefault(subject, [0.0] * 4)
                if column >= 0:
                    seconds[column] += ends - begins


def _usage_of_hours(db: sqlite3.Connection, low: int, high: int, numbers: Mapping[str, int]) -> Iterator[bytes]:
    """Packed traffic of the hours that begin in [low, high): as kept, or for long past ones from hourly rows."""
    rows = db.execute(
        "SELECT bucket, data FROM usage_hour WHERE bucket >= ? AND bucket < ? ORDER BY bucket", (low, high)
    )
    kept = rows.fetchall()
    yield from (data for _, data in kept)
    oldest = kept[0][0] if kept else high
    if oldest - HOUR >= low:
        usage = usage_by_device(db, "1h", low, oldest)
        yield pack_usage({numbers[s]: used for device, used in usage.items() if (s := f"device:{device}") in numbers})


def _summaries(
    names: Sequence[str],
    numbers: Mapping[str, int],
    sums: Sums,
    strangers: Mapping[str, Sequence[float]],
    period: float,
) -> list[Summary]:
    """As the port hands them out. Number 0 is given to nobody: what it holds is all unknown."""
    who = np.array([numbers.get(name, 0) for name in names], dtype=np.int64)
    seconds = (sums.milliseconds[:, who] / 1000).tolist()
    octets = [np.where(told[who], moved[who], -1).tolist() for told, moved in zip(sums.told, sums.octets, strict=True)]
    clients = [column[who].tolist() for column in (sums.clients_n, sums.clients_sum, sums.clients_max)]
    made = [
        Summary(
            subject=name, up_s=up, down_s=down, unknown_s=max(0.0, period - up - down - maintenance),
            in_octets=octets_in if octets_in >= 0 else None, out_octets=octets_out if octets_out >= 0 else None,
            clients_mean=total / n if n else None, clients_max=most if most >= 0 else None, degraded_s=degraded,
            maintenance_s=maintenance,
        )
        for name, up, degraded, down, maintenance, octets_in, octets_out, n, total, most in zip(
            names, *seconds, *octets, *clients, strict=True
        )
    ]  # fmt: skip
    for at, name in enumerate(names):
        if name in strangers:
            up, degraded, down, maintenance = strangers[name]
            made[at] = replace(
                made[at], up_s=up, down_s=down, unknown_s=max(0.0, period - up - down - maintenance),
                degraded_s=degraded,
                maintenance_s=maintenance,
            )  # fmt: skip
    return made


def whole_days(zone: str, start: int, end: int, done: int) -> tuple[int, int]:
    """The civil days that lie whole in [start, end) and are made: [first, last), empty when first >= last."""
    days = [day for day in civil_days(zone, start, end) if day.start >= start and day.end <= min(end, done)]
    return (days[0].start, days[-1].end) if days else (end, end)


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
    """An area out of those below it. Clients are the sum of their means; the largest of several is not known."""
    totals = Totals()
    for area in below:
        totals.add(found[area].seconds)
        totals.usage.add(found[area].usage)
    summary = _summary(code, totals, sum(whole[area] for area in below))
    if len(below) < 2:
        return summary
    means = [used.clients_sum / used.clients_n for area in below if (used := found[area].usage).clients_n]
    return replace(summary, clients_mean=sum(means) if means else None, clients_max=None)
