"""Opening hours: `mon-fri 07:00-15:30, sat 08:00-12:00`, days also in Indonesian (`sen-jum 07.00-15.30`)."""

from __future__ import annotations

import re
from datetime import time
from itertools import pairwise

from devices.inventory.words import Unfit
from devices.model import OpeningHours

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_HARI = ("sen", "sel", "rab", "kam", "jum", "sab", "min")
_NUMBERS: dict[str, int] = {name: number for names in (DAYS, _HARI) for number, name in enumerate(names)}
#: The end of a day. 24:00 is no `time`; the last microsecond compares right with every minute before it.
MIDNIGHT = time.max
_PART = re.compile(r"([a-z]{3})(?:-([a-z]{3}))? +(closed|tutup|\d\d?[:.]\d\d *- *\d\d?[:.]\d\d)")
_FORM = "days and times like `mon-fri 07:00-15:30, sat 08:00-12:00`"

_Spans = dict[int, list[tuple[time, time]]]


def opening_hours(found: str) -> OpeningHours | None:
    """Read opening hours; days that are not named are closed. `always` is None: all day, every day."""
    if found.lower() in ("always", "24/7", "24 jam"):
        return None
    spans: _Spans = {number: [] for number in range(7)}
    for written in found.lower().split(","):
        part = _PART.fullmatch(written.strip())
        if part is None:
            raise Unfit(f"{_FORM}; not understood: {written.strip()!r}")
        days = _days(part[1], part[2])
        if part[3] in ("closed", "tutup"):
            continue
        start, end = (_time(t.strip()) for t in part[3].split("-"))
        if start >= end:
            raise Unfit(f"{_FORM}; {part[3]} ends before it begins: split it at 24:00")
        for number in days:
            spans[number].append((start, end))
    return OpeningHours(days={number: _in_order(number, given) for number, given in spans.items()})


def written(hours: OpeningHours | None) -> str:
    """The text that reads back as `hours`."""
    if hours is None:
        return "always"
    return ", ".join(_grouped(hours)) or "mon-sun closed"


def _grouped(hours: OpeningHours) -> list[str]:
    """Neighbouring days with equal hours as one range."""
    parts: list[str] = []
    first = 0
    while first < 7:
        spans = hours.days.get(first, ())
        last = first
        while last < 6 and hours.days.get(last + 1, ()) == spans:
            last += 1
        name = DAYS[first] if first == last else f"{DAYS[first]}-{DAYS[last]}"
        parts += [f"{name} {_clock(start)}-{_clock(end)}" for start, end in spans]
        first = last + 1
    return parts


def _days(first: str, last: str | None) -> list[int]:
    unknown = next((name for name in (first, last or first) if name not in _NUMBERS), None)
    if unknown is not None:
        raise Unfit(f"{_FORM}; unknown day {unknown!r}, days are {', '.join(DAYS)}")
    start = _NUMBERS[first]
    length = (_NUMBERS[last] - start) % 7 if last else 0
    return [(start + step) % 7 for step in range(length + 1)]


def _time(found: str) -> time:
    hour, minute = (int(part) for part in re.split("[:.]", found))
    if (hour, minute) == (24, 0):
        return MIDNIGHT
    if hour > 23 or minute > 59:
        raise Unfit(f"{_FORM}; there is no time {found}")
    return time(hour, minute)


def _clock(moment: time) -> str:
    return "24:00" if moment == MIDNIGHT else f"{moment:%H:%M}"


def _in_order(day: int, spans: list[tuple[time, time]]) -> tuple[tuple[time, time], ...]:
    ordered = sorted(spans)
    for before, after in pairwise(ordered):
        if after[0] < before[1]:
            raise Unfit(f"{_FORM}; hours of {DAYS[day]} overlap")
    return tuple(ordered)
