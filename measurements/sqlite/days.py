"""Civil days and areas: state intervals clipped to days and hours, beside the traffic of the same time.

Daily rows only cache intervals; every figure can be made again from them.
"""

from __future__ import annotations

import math
import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from measurements.rollup import HOUR
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
        "SELECT w.text, n, s, m FROM "  # noqa: S608 (our names)
        "(SELECT device, SUM(clients_n) AS n, SUM(clients_sum) AS s, MAX(clients_max) AS m "
        f"FROM wifi_device_{tier} WHERE bucket >= ? AND bucket < ? GROUP BY device) JOIN word w ON w.id = device",
        (start, end),
    ):
        usage = found.setdefault(device, Usage())
        usage.clients_n, usage.clients_sum, usage.clients_max = n or 0, total or 0, most
    return found


def put_area_hours(db: sqlite3.Connection, words: Words, hours: Sequence[int], *, bound_s: float, areas: Areas) -> None:
    """Make the rows of each area for neighbouring hours of at most a day; inside the caller's transaction.

    A subject belongs to the area it stood in when the hour began (one that leaves and comes back within the span
    never left). For the question `state` the subjects are sites, for the others devices, so nothing is counted
    twice. Clients of an area are the sum of its devices' means (in hundredths, over 100), the largest of an hour is
    that sum rounded up.
    """
    placed: dict[str, list[str | None]] = {}

    def places(subject: str) -> list[str | None]:
        found = placed.get(subject)
        if found is None:
            first, last = areas(subject, hours[0]), areas(subject, hours[-1])
            same = first == last
            found = [first] * len(hours) if same else [areas(subject, hour) for hour in hours]
            placed[subject] = found
        return found

    usage = _area_usage(db, hours, places)
    nothing = Usage()
    for question in QUESTIONS:
        spent = _area_seconds(db, question, hours, places, bound_s)
        db.execute("DELETE FROM area_1h WHERE question = ? AND bucket BETWEEN ? AND ?", (question, hours[0], hours[-1]))
        db.executemany(
            f"INSERT INTO area_1h VALUES ({','.join('?' * 13)})",  # noqa: S608
            [
                (question, hours[at], words.number(area), *sums, *usage.get((at, area), nothing).row)
                for (at, area), sums in sorted(spent.items())
            ],
        )


Places = Callable[[str], "list[str | None]"]
_COLUMN_OF = {"up": (1,), "degraded": (1, 2), "down": (3,), "maintenance": (4,), "unknown": ()}


def _area_seconds(
    db: sqlite3.Connection, question: str, hours: Sequence[int], places: Places, bound_s: float
) -> dict[tuple[int, str], list[float]]:
    """(hour's index, area) -> subject seconds, up, degraded, down, maintenance."""
    wanted = "site:" if question == "state" else "device:"
    rows = db.execute(
        'SELECT subject, state, start, "end" FROM interval WHERE question = :q AND "end" > :s AND start < :e '
        "UNION ALL SELECT subject, state, start, COALESCE(seen, start) + :bound FROM open_interval "
        "WHERE question = :q AND start < :e AND COALESCE(seen, start) + :bound > :s",
        {"q": question, "s": hours[0], "e": hours[-1] + HOUR, "bound": bound_s},
    )
    found: dict[tuple[int, str], list[float]] = {}
    counted: set[tuple[int, str]] = set()
    for subject, state, start, end in rows:
        if not subject.startswith(wanted):
            continue
        first = max(0, int(start - hours[0]) // HOUR)
        for at in range(first, len(hours)):
            low, high = max(start, hours[at]), min(end, hours[at] + HOUR)
            if low >= high:
                break
            area = places(subject)[at]
            if area is None:
                continue
            sums = found.setdefault((at, area), [0.0] * 5)
            if (at, subject) not in counted:
                counted.add((at, subject))
                sums[0] += HOUR
            for column in _COLUMN_OF[state]:
                sums[column] += high - low
    return found


def _area_usage(db: sqlite3.Connection, hours: Sequence[int], places: Places) -> dict[tuple[int, str], Usage]:
    """(hour's index, area) -> traffic and clients."""
    found: dict[tuple[int, str], Usage] = {}
    index = {hour: at for at, hour in enumerate(hours)}
    texts = dict(db.execute("SELECT id, text FROM word"))
    for bucket, device, octets_in, octets_out in db.execute(
        "SELECT bucket, device, SUM(in_octets), SUM(out_octets) FROM interface_1h WHERE bucket BETWEEN ? AND ? "
        "GROUP BY bucket, device",
        (hours[0], hours[-1]),
    ):
        area = places(f"device:{texts[device]}")[index[bucket]]
        if area is not None:
            found.setdefault((index[bucket], area), Usage()).add(Usage(octets_in, octets_out))
    for bucket, device, n, total in db.execute(
        "SELECT bucket, device, clients_n, clients_sum FROM wifi_device_1h "
        "WHERE bucket BETWEEN ? AND ? AND clients_n > 0",
        (hours[0], hours[-1]),
    ):
        area = places(f"device:{texts[device]}")[index[bucket]]
        if area is not None:
            used = found.setdefault((index[bucket], area), Usage())
            used.clients_n = 100
            used.clients_sum += round(100 * total / n)
    for used in found.values():
        used.clients_max = math.ceil(used.clients_sum / 100) if used.clients_n else None
    return found


def put_area_day(db: sqlite3.Connection, day: int, end: int) -> None:
    """Make the daily rows of each area from its hours."""
    db.execute("DELETE FROM area_1d WHERE bucket = ?", (day,))
    db.execute(
        "INSERT INTO area_1d SELECT question, ?, area, SUM(subject_s), SUM(up_s), SUM(degraded_s), SUM(down_s), "
        "SUM(maintenance_s), SUM(in_octets), SUM(out_octets), SUM(clients_n), SUM(clients_sum), MAX(clients_max) "
        "FROM area_1h WHERE bucket >= ? AND bucket < ? GROUP BY question, area",
        (day, day, end),
    )
