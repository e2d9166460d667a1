"""Civil days and areas: state intervals clipped to days and hours, beside the traffic of the same time.

Daily rows only cache intervals; every figure can be made again from them.
"""

from __future__ import annotations

import math
import sqlite3
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from measurements.sqlite.words import Words

QUESTIONS = ("ping", "snmp", "service", "state")
Areas = Callable[[str, float], str | None]  # (`device:<id>` or `site:<id>`, epoch s) -> area it belonged to then

# Seconds by state of each subject in [:s, :e): an open interval holds for :bound after it was seen.
CLIPPED = """
  SELECT subject,
    SUM(CASE WHEN state IN ('up', 'degraded') THEN hi - lo ELSE 0 END) AS up_s,
    SUM(CASE WHEN state = 'degraded' THEN hi - lo ELSE 0 END) AS degraded_s,
    SUM(CASE WHEN state = 'down' THEN hi - lo ELSE 0 END) AS down_s,
    SUM(CASE WHEN state = 'maintenance' THEN hi - lo ELSE 0 END) AS maintenance_s
  FROM (
    SELECT subject, state, MAX(start, :s) AS lo, MIN("end", :e) AS hi FROM interval
    WHERE question = :q AND "end" > :s AND start < :e
    UNION ALL
    SELECT subject, state, MAX(start, :s), MIN(:e, COALESCE(seen, start) + :bound) FROM open_interval
    WHERE question = :q AND start < :e)
  WHERE hi > lo GROUP BY subject"""


@dataclass(slots=True)
class Usage:
    """Traffic (uplinks) and clients of one subject over some time. Clients: sum and number of polls that told them."""

    in_octets: int | None = None
    out_octets: int | None = None
    clients_n: int = 0
    clients_sum: int = 0
    clients_max: int | None = None

    def add(self, other: Usage) -> None:
        """Take more time of the same subject in."""
        self.in_octets = _plus(self.in_octets, other.in_octets)
        self.out_octets = _plus(self.out_octets, other.out_octets)
        self.clients_n += other.clients_n
        self.clients_sum += other.clients_sum
        if other.clients_max is not None:
            self.clients_max = max(self.clients_max or 0, other.clients_max)

    @property
    def row(self) -> tuple[int | None, int | None, int, int, int | None]:
        """Columns in table order."""
        return (self.in_octets, self.out_octets, self.clients_n, self.clients_sum, self.clients_max)


def _plus(a: int | None, b: int | None) -> int | None:
    return b if a is None else a if b is None else a + b


Seconds = tuple[float, float, float, float]  # up (with degraded), degraded, down, maintenance


def seconds_by_subject(
    db: sqlite3.Connection, question: str, start: float, end: float, bound_s: float
) -> dict[str, Seconds]:
    """Seconds by state of every subject that was observed in [start, end)."""
    rows = db.execute(CLIPPED, {"q": question, "s": start, "e": end, "bound": bound_s})
    return {row[0]: (row[1], row[2], row[3], row[4]) for row in rows}


def usage_by_device(db: sqlite3.Connection, tier: str, start: float, end: float) -> dict[str, Usage]:
    """Traffic and clients of every device from the buckets of a tier that begin in [start, end)."""
    found: dict[str, Usage] = {}
    for device, octets_in, octets_out in db.execute(
        f"SELECT w.text, i, o FROM (SELECT device, SUM(in_octets) AS i, SUM(out_octets) AS o FROM interface_{tier} "  # noqa: S608
        "WHERE bucket >= ? AND bucket < ? GROUP BY device) JOIN word w ON w.id = device",
        (start, end),
    ):
        found[device] = Usage(in_octets=octets_in, out_octets=octets_out)
    for device, n, total, most in db.execute(
        f"SELECT w.text, n, s, m FROM (SELECT device, SUM(clients_n) AS n, SUM(clients_sum) AS s, MAX(clients_max) AS m "  # noqa: S608
        f"FROM wifi_device_{tier} WHERE bucket >= ? AND bucket < ? GROUP BY device) JOIN word w ON w.id = device",
        (start, end),
    ):
        usage = found.setdefault(device, Usage())
        usage.clients_n, usage.clients_sum, usage.clients_max = n or 0, total or 0, most
    return found


def put_day(
    db: sqlite3.Connection, words: Words, day: int, end: int, *, bound_s: float, usage: Mapping[str, Usage]
) -> None:
    """Make the daily rows of [day, end), for every question; inside the caller's transaction."""
    nothing = Usage()
    for question in QUESTIONS:
        seconds = seconds_by_subject(db, question, day, end, bound_s)
        rows = [
            (question, day, words.number(subject), *spent, *usage.get(subject.removeprefix("device:"), nothing).row)
            for subject, spent in sorted(seconds.items())
        ]
        db.execute("DELETE FROM day_state WHERE question = ? AND day = ?", (question, day))
        db.executemany(f"INSERT INTO day_state VALUES ({','.join('?' * 12)})", rows)  # noqa: S608


def put_area_hour(
    db: sqlite3.Connection, words: Words, hour: int, *, bound_s: float, usage: Mapping[str, Usage], areas: Areas
) -> None:
    """Make the rows of each area for one hour; a subject belongs to the area it stood in when the hour began.

    For the question `state` the subjects are sites, for the others devices, so nothing is counted twice. Clients of an area are
    the sum of its devices' means (in hundredths, over 100), the largest of an hour its rounded-up sum.
    """
    of_area: dict[str, Usage] = {}
    for device, used in usage.items():
        area = areas(f"device:{device}", hour)
        if area is not None:
            mean = round(100 * used.clients_sum / used.clients_n) if used.clients_n else 0
            of_area.setdefault(area, Usage()).add(Usage(used.in_octets, used.out_octets, 0, mean, None))
    for each in of_area.values():
        each.clients_n, each.clients_max = 100, math.ceil(each.clients_sum / 100)
    for question in QUESTIONS:
        spent: dict[str, list[float]] = {}
        wanted = "site:" if question == "state" else "device:"
        for subject, seconds in seconds_by_subject(db, question, hour, hour + 3600, bound_s).items():
            area = areas(subject, hour) if subject.startswith(wanted) else None
            if area is not None:
                sums = spent.setdefault(area, [0.0] * 5)
                sums[0] += 3600
                for index, value in enumerate(seconds):
                    sums[index + 1] += value
        db.execute("DELETE FROM area_1h WHERE question = ? AND bucket = ?", (question, hour))
        db.executemany(
            f"INSERT INTO area_1h VALUES ({','.join('?' * 13)})",  # noqa: S608
            [
                (question, hour, words.number(area), *sums, *of_area.get(area, Usage()).row)
                for area, sums in sorted(spent.items())
            ],
        )


def put_area_day(db: sqlite3.Connection, day: int, end: int) -> None:
    """Make the daily rows of each area from its hours."""
    db.execute("DELETE FROM area_1d WHERE bucket = ?", (day,))
    db.execute(
        "INSERT INTO area_1d SELECT question, ?, area, SUM(subject_s), SUM(up_s), SUM(degraded_s), SUM(down_s), "
        "SUM(maintenance_s), SUM(in_octets), SUM(out_octets), SUM(clients_n), SUM(clients_sum), MAX(clients_max) "
        "FROM area_1h WHERE bucket >= ? AND bucket < ? GROUP BY question, area",
        (day, day, end),
    )
