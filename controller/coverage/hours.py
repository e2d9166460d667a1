"""Service hours: how many seconds of a span a site should have served. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, time
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from devices.model import OpeningHours
from measurements.intervals import civil_days

Span = tuple[float, float]  # [from, to), epoch s
_LAST_SECOND = time(23, 59, 59)  # at or after it a day ends


class ServiceHours:
    """The open seconds of a period as a function that only grows: any span is measured by two look-ups.

    Args:
        opening: when the site serves; None: all day.
        zone: IANA name of the site's civil days.
        start, end: the period, epoch seconds.
    """

    def __init__(self, opening: OpeningHours | None, zone: str, *, start: float, end: float) -> None:
        self.start, self.end = start, end
        spans = [(start, end)] if opening is None else windows(opening, zone, start, end)
        edges = np.array([edge for span in spans for edge in span], dtype=np.float64)
        spent = np.array([(0.0, to - begin) for begin, to in spans], dtype=np.float64).reshape(-1)
        self._edges, self._open_s = edges, np.cumsum(spent)

    @property
    def total_s(self) -> float:
        """Open seconds of the whole period."""
        return float(self._open_s[-1]) if len(self._open_s) else 0.0

    def within(self, spans: Iterable[Span]) -> float:
        """Open seconds of spans that do not overlap one another; what lies outside the period does not count."""
        bounds = np.array(list(spans), dtype=np.float64).reshape(-1, 2)
        if not len(bounds) or not len(self._edges):
            return 0.0
        at: NDArray[np.float64] = np.interp(bounds, self._edges, self._open_s)
        return float((at[:, 1] - at[:, 0]).sum())

    def after(self, moment: float) -> float:
        """Open seconds from a moment to the end of the period."""
        return self.within([(max(moment, self.start), self.end)]) if moment < self.end else 0.0


def windows(opening: OpeningHours, zone: str, start: float, end: float) -> list[Span]:
    """Opening hours as spans of the period, in time; hours that touch or overlap become one."""
    found: list[Span] = []
    place = ZoneInfo(zone)
    for day in civil_days(zone, start, end):
        for opens, closes in opening.days.get(day.first.weekday(), ()):
            begin = datetime.combine(day.first, opens, place).timestamp()
            is_midnight = closes >= _LAST_SECOND  # "24:00" is written as the last moment that a time can say
            stop = float(day.end) if is_midnight else datetime.combine(day.first, closes, place).timestamp()
            found.append((max(begin, start), min(stop, end)))
    return union(found)


def union(spans: Iterable[Span]) -> list[Span]:
    """The time that any of the spans covers, as spans in order that neither touch nor overlap."""
    joined: list[Span] = []
    for begin, stop in sorted(span for span in spans if span[0] < span[1]):
        if joined and begin <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], stop))
        else:
            joined.append((begin, stop))
    return joined


def common(a: Sequence[Span], b: Sequence[Span]) -> list[Span]:
    """The time that lies in both; each side in order and without overlap."""
    found: list[Span] = []
    i = j = 0
    while i < len(a) and j < len(b):
        begin, stop = max(a[i][0], b[j][0]), min(a[i][1], b[j][1])
        if begin < stop:
            found.append((begin, stop))
        if a[i][1] <= b[j][1]:
            i += 1
        else:
            j += 1
    return found
