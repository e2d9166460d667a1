"""Maintenance windows: `mon-fri 22:00-24:00`, `sat,sun 01:00-05:00; 23:00-02:00`, in the time zone of the inventory."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_PART: Final = re.compile(
    r"^(?:(?P<days>[a-z]{3}(?:-[a-z]{3})?(?:,[a-z]{3}(?:-[a-z]{3})?)*)\s+)?"
    r"(?P<from>\d{1,2}:\d{2})-(?P<to>\d{1,2}:\d{2})$"
)


@dataclass(frozen=True, slots=True)
class Part:
    """Minutes of some weekdays; `end` above 1440 runs into the next day."""

    days: frozenset[int]
    begin: int
    end: int


def parse(text: str) -> tuple[Part, ...]:
    """Read a window.

    Raises:
        ValueError: names the part that is not one.
    """
    return tuple(_part(one.strip().lower()) for one in text.split(";"))


def is_open(text: str | None, at: float, zone: ZoneInfo) -> bool:
    """True when work may begin at that moment.

    Args:
        text: the window; None: always.
        at: epoch seconds.
        zone: of its hours.
    """
    if text is None:
        return True
    local = datetime.fromtimestamp(at, zone)
    minute = 60 * local.hour + local.minute
    return any(
        (local.weekday() in part.days and part.begin <= minute < part.end)
        or ((local - timedelta(days=1)).weekday() in part.days and minute + 1440 < part.end)
        for part in parse(text)
    )


def _part(text: str) -> Part:
    found = _PART.match(text)
    if found is None:
        raise ValueError(f"{text!r} is no window: `mon-fri 22:00-24:00`")
    begin, end = _minute(found["from"]), _minute(found["to"])
    if begin in (end, 1440):
        raise ValueError(f"{text!r} is an empty window")
    return Part(_days(found["days"]), begin, end if end > begin else end + 1440)


def _minute(text: str) -> int:
    hours, minutes = map(int, text.split(":"))
    if minutes > 59 or 60 * hours + minutes > 1440:
        raise ValueError(f"{text} is no time of day")
    return 60 * hours + minutes


def _days(text: str | None) -> frozenset[int]:
    if text is None:
        return frozenset(range(7))
    found: set[int] = set()
    for one in text.split(","):
        first, _, last = one.partition("-")
        for name in (first, last or first):
            if name not in DAYS:
                raise ValueError(f"{name!r} is no day: {', '.join(DAYS)}")
        begin, end = DAYS.index(first), DAYS.index(last or first)
        found |= {day % 7 for day in range(begin, end + 1 if end >= begin else end + 8)}
    return frozenset(found)
