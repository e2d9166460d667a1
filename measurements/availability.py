"""Seconds by state, and the figures made of them. Pure; every figure stands on state intervals alone."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from measurements.intervals import BOUND_S, Interval, State, clip


@dataclass(frozen=True, slots=True, kw_only=True)
class Times:
    """Seconds of one period by state. Degraded counts as up (and is shown beside it); the rest is unknown."""

    period_s: float
    up_s: float = 0.0
    degraded_s: float = 0.0
    down_s: float = 0.0
    maintenance_s: float = 0.0

    @property
    def unknown_s(self) -> float:
        """Time without an observation, or observed without a verdict."""
        return max(0.0, self.period_s - self.up_s - self.down_s - self.maintenance_s)

    @property
    def availability_ratio(self) -> float | None:
        """Availability over observed time: up / (up + down); None when nothing was observed."""
        observed = self.up_s + self.down_s
        return self.up_s / observed if observed > 0 else None

    def __add__(self, other: Times) -> Times:
        """Two periods, or two subjects, together."""
        return Times(
            period_s=self.period_s + other.period_s,
            up_s=self.up_s + other.up_s,
            degraded_s=self.degraded_s + other.degraded_s,
            down_s=self.down_s + other.down_s,
            maintenance_s=self.maintenance_s + other.maintenance_s,
        )


def times(intervals: Iterable[Interval], *, start: float, end: float, bound_s: float = BOUND_S) -> Times:
    """Seconds by state of one subject and question over [start, end).

    Args:
        intervals: that touch the period, in any order, not overlapping.
        start: epoch seconds.
        end: epoch seconds, not in the future, or the future is counted as unknown.
        bound_s: how long an open interval holds after it was seen.
    """
    spent = dict.fromkeys(State, 0.0)
    for part in clip(intervals, start=start, end=end, bound_s=bound_s):
        spent[part.state] += (part.end or end) - part.start
    return Times(
        period_s=end - start,
        up_s=spent[State.UP] + spent[State.DEGRADED],
        degraded_s=spent[State.DEGRADED],
        down_s=spent[State.DOWN],
        maintenance_s=spent[State.MAINTENANCE],
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Reliability:
    """How often it fails and how fast it comes back. None: no failure that ended within what was seen."""

    failures: int
    mtbf_s: float | None  # up time a failure
    mttr_s: float | None  # mean length of the failures that ended


def reliability(intervals: Sequence[Interval], *, start: float, end: float, bound_s: float = BOUND_S) -> Reliability:
    """Failures that began in [start, end): a down interval that follows anything but down or unknown out of down."""
    spent = times(intervals, start=start, end=end, bound_s=bound_s)
    failures, lengths, failing = 0, [], None
    for each in sorted(clip(intervals, start=start, end=end, bound_s=bound_s), key=lambda part: part.start):
        if each.state is State.DOWN:
            if failing is None:
                failing = each.start
                failures += each.start > start
        elif each.state is not State.UNKNOWN and failing is not None:
            if failing > start:
                lengths.append(each.start - failing)
            failing = None
    return Reliability(
        failures=failures,
        mtbf_s=spent.up_s / failures if failures else None,
        mttr_s=sum(lengths) / len(lengths) if lengths else None,
    )


def by_place(
    intervals: Iterable[Interval],
    place_of: Callable[[float], str | None],
    moves: Sequence[float],
    *,
    start: float,
    end: float,
    bound_s: float = BOUND_S,
) -> dict[str | None, Times]:
    """A moved subject's seconds by the place it stood in: figures of the past use the links of their time.

    Args:
        intervals: of one subject and question.
        place_of: area or site at a moment; None where it belonged nowhere.
        moves: moments at which it changed, in any order.
        start: epoch seconds.
        end: epoch seconds.
        bound_s: how long an open interval holds after it was seen.
    """
    known = list(intervals)
    cuts = [start, *sorted({at for at in moves if start < at < end}), end]
    found: dict[str | None, Times] = {}
    for low, high in itertools.pairwise(cuts):
        part = times(known, start=low, end=high, bound_s=bound_s)
        place = place_of(low)
        found[place] = found[place] + part if place in found else part
    return found
