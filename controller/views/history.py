"""Thirty days of one subject: a bar of states, and what they add up to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from controller.views.fleet import DeviceNow
from measurements.intervals import Interval, State
from measurements.store import Reader

DAY_S = 86400
DAYS = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Spell:
    """One state over [start, end), epoch s, clipped to the bar."""

    state: State
    start: float
    end: float
    cause: str | None = None
    is_open: bool = False

    @property
    def length_s(self) -> float:
        """Seconds."""
        return self.end - self.start


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """States of one subject along [start, end). Time without any interval is unknown time.

    availability_ratio: up / (up + down) over observed time, where a degraded site still serves; None: not observed.
    """

    start: float
    end: float
    spells: tuple[Spell, ...]
    availability_ratio: float | None
    down_times: int
    down_s: float
    unknown_s: float

    def shares(self) -> list[tuple[str, float, float]]:
        """(state, from, to) as shares of the bar's length."""
        length = self.end - self.start
        return [(s.state, (s.start - self.start) / length, (s.end - self.start) / length) for s in self.spells]

    def troubles(self, limit: int = 12) -> list[Spell]:
        """Spells that were not up, newest first."""
        return [s for s in reversed(self.spells) if s.state is not State.UP and s.length_s > 1][:limit]


def bar(reader: Reader, subject: str, now: float, *, days: int = DAYS) -> Bar:
    """The bar of `device:<id>` or `site:<id>` over the last days."""
    start, end = now - days * DAY_S, now
    spells = spells_of(reader.intervals([subject], "state", start=int(start), end=int(end) + 1), start, end)
    down = [s for s in spells if s.state is State.DOWN]
    down_s = sum(s.length_s for s in down)
    up_s = sum(s.length_s for s in spells if s.state in (State.UP, State.DEGRADED))
    return Bar(
        start=start,
        end=end,
        spells=tuple(spells),
        availability_ratio=up_s / (up_s + down_s) if up_s + down_s else None,
        down_times=len(down),
        down_s=down_s,
        unknown_s=sum(s.length_s for s in spells if s.state is State.UNKNOWN),
    )


def spells_of(intervals: Sequence[Interval], start: float, end: float) -> list[Spell]:
    """Intervals of one subject clipped to [start, end), in order, with what is missing between them as unknown."""
    made: list[Spell] = []
    at = start
    for found in sorted(intervals, key=lambda i: i.start):
        first, last = max(found.start, at), min(found.end if found.end is not None else end, end)
        if last <= first:
            continue
        if first - at > 1:
            made.append(Spell(state=State.UNKNOWN, start=at, end=first))
        made.append(Spell(state=found.state, start=first, end=last, cause=found.cause, is_open=found.end is None))
        at = last
    if end - at > 1:
        made.append(Spell(state=State.UNKNOWN, start=at, end=end))
    return made


def last_answers(reader: Reader, devices: Sequence[DeviceNow], now: float) -> dict[str, float]:
    """When each device last answered anything, epoch s: of its last reading, else the end of its last good state.

    A device that has not answered for thirty days is missing.
    """
    found = {d.id: d.latest.answered_at for d in devices if d.latest and d.latest.answered_at is not None}
    silent = {f"device:{d.id}": d.id for d in devices if d.id not in found}
    if silent:
        for told in reader.intervals(list(silent), "state", start=int(now) - DAYS * DAY_S, end=int(now) + 1):
            if told.state in (State.UP, State.DEGRADED) and told.end is not None:
                found[silent[told.subject]] = max(found.get(silent[told.subject], 0.0), told.end)
    return found
