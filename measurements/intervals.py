"""State intervals: the one source of availability, outages and service hours. Pure; the time zone is data.

A subject's time is a chain of half-open intervals [start, end). Boundaries, stated once:

- a state begins with the observation that showed it and ends where another begins;
- it holds for `bound_s` after it was last seen; without an observation by then, the time from there on is unknown;
- an observation older than what was seen is ignored: a later poll has already said more. After a clock step back
  (the caller says so) it counts: the time lived twice belongs to the second time round;
- time before the first interval, or in no interval, is unknown.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta, tzinfo
from enum import StrEnum
from zoneinfo import ZoneInfo

BOUND_S = 600.0  # confirmations are written every 300 s (controller.health): one may be missed
UNOBSERVED = "unobserved"
Step = Callable[[date], date]


class State(StrEnum):
    """What we know of a subject. Unknown is neither up nor down."""

    UP = "up"
    DEGRADED = "degraded"
    DOWN = "down"
    UNKNOWN = "unknown"
    MAINTENANCE = "maintenance"


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """A subject was in one state over [start, end).

    subject: `device:<id>` or `site:<id>`. question: `ping`, `snmp`, `service` or `state` (the verdict).
    `end` None: still open; `seen` is the last time the state was confirmed. Times: epoch seconds, UTC.
    cause: a short code: silent, parent_down, unobserved, no_uplink, full, slow, lossy, hot, disk, ...
    """

    subject: str
    question: str
    state: State
    start: float
    end: float | None = None
    seen: float | None = None
    cause: str | None = None
    evidence: str | None = None  # JSON text: what was measured when it began


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """What a subject was found to be at one moment."""

    subject: str
    question: str
    at: float
    state: State
    cause: str | None = None
    evidence: str | None = None


def advance(
    current: Interval | None, seen: Observation, *, bound_s: float = BOUND_S, stepped: bool = False
) -> list[Interval]:
    """Carry a subject's open interval on by one observation.

    Args:
        current: its open interval, None for a subject never seen.
        seen: the observation.
        bound_s: how long a state holds without confirmation.
        stepped: our clock was set back since `current` was seen; `seen.at` is now, though it may lie before.

    Returns:
        Intervals to write, in time; the last one is open. Empty: the observation was older than what is known.
    """
    if current is None:
        return [_opened(seen, seen.at)]
    last = current.start if current.seen is None else current.seen
    if seen.at < last and not stepped:
        return []
    changed = (current.state, current.cause) != (seen.state, seen.cause)
    if seen.at - last > bound_s and current.state is not State.UNKNOWN:
        return [*_hole(current, last + bound_s, seen.at), _opened(seen, seen.at)]
    if not changed:
        return [replace(current, seen=max(last, seen.at))]
    if seen.at <= current.start:  # it never lasted: what is known now takes its place
        return [_opened(seen, current.start)]
    return [replace(current, end=seen.at, seen=min(last, seen.at)), _opened(seen, seen.at)]


def _opened(seen: Observation, start: float) -> Interval:
    return Interval(
        subject=seen.subject,
        question=seen.question,
        state=seen.state,
        start=start,
        seen=max(start, seen.at),
        cause=seen.cause,
        evidence=seen.evidence,
    )


def _hole(current: Interval, start: float, end: float) -> list[Interval]:
    """The state up to where it held, then unknown up to `end`."""
    unknown = Interval(
        subject=current.subject, question=current.question, state=State.UNKNOWN, start=start, end=end, cause=UNOBSERVED
    )
    return [replace(current, end=start), unknown]


def held(interval: Interval, *, until: float, bound_s: float = BOUND_S) -> Interval:
    """An interval with an end: an open one holds for `bound_s` after it was seen, and at most until `until`."""
    if interval.end is not None:
        return interval
    last = interval.start if interval.seen is None else interval.seen
    return replace(interval, end=max(interval.start, min(until, last + bound_s)))


def clip(intervals: Iterable[Interval], *, start: float, end: float, bound_s: float = BOUND_S) -> list[Interval]:
    """The parts of intervals that lie in [start, end); open ones end where they held."""
    clipped = []
    for interval in intervals:
        closed = held(interval, until=end, bound_s=bound_s)
        low, high = max(closed.start, start), min(closed.end or end, end)
        if low < high:
            clipped.append(replace(closed, start=low, end=high))
    return clipped


def merge(intervals: Sequence[Interval]) -> list[Interval]:
    """Join neighbours of one subject that touch and say the same; in time."""
    merged: list[Interval] = []
    for interval in sorted(intervals, key=lambda each: each.start):
        last = merged[-1] if merged else None
        if (
            last is not None
            and last.end == interval.start
            and (last.state, last.cause) == (interval.state, interval.cause)
        ):
            merged[-1] = replace(last, end=interval.end, seen=interval.seen)
        else:
            merged.append(interval)
    return merged


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """A civil day or month: its first date, and its bounds in UTC epoch seconds, [start, end)."""

    first: date
    start: int
    end: int


def civil_days(zone: str, start: float, end: float) -> list[Period]:
    """Civil days of a time zone that touch [start, end).

    Args:
        zone: IANA name, such as Asia/Pontianak (UTC+7, no summer time).
        start: epoch seconds.
        end: epoch seconds.
    """
    return _periods(ZoneInfo(zone), start, end, lambda day: day, lambda day: day + timedelta(days=1))


def civil_months(zone: str, start: float, end: float) -> list[Period]:
    """Civil months of a time zone that touch [start, end)."""
    return _periods(ZoneInfo(zone), start, end, lambda day: day.replace(day=1), _next_month)


def _next_month(first: date) -> date:
    return (first + timedelta(days=31)).replace(day=1)


def _periods(zone: tzinfo, start: float, end: float, first_of: Step, next_of: Step) -> list[Period]:
    found: list[Period] = []
    first = first_of(datetime.fromtimestamp(start, zone).date())
    while (begins := _midnight(first, zone)) < end:
        following = next_of(first)
        found.append(Period(first=first, start=begins, end=_midnight(following, zone)))
        first = following
    return found


def _midnight(day: date, zone: tzinfo) -> int:
    """The first moment of a civil day. Where summer time begins at midnight, that is 01:00 (PEP 495)."""
    return int(datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC).timestamp())
