"""Which lane a device is polled in. Pure: a poll's outcome goes in, the next lane comes out.

fast    spread over the interval in id order
slow    answers, but takes long: started first, its own places in flight, its own longer deadline
silent  did not answer three times: one cheap try each interval, so that it is back at once when it answers
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Lane(StrEnum):
    """How a device is asked in the next cycle."""

    FAST = "fast"
    SLOW = "slow"
    SILENT = "silent"


class Outcome(StrEnum):
    """How one poll ended."""

    ANSWERED = "answered"
    SILENT = "silent"
    LATE = "late"
    NOT_ASKED = "not_asked"


@dataclass(frozen=True, slots=True, kw_only=True)
class LaneRules:
    """When a device changes lanes."""

    silent_after: int = 3
    slow_after: int = 2
    fast_after: int = 3
    slow_ms: float = 5_000.0


@dataclass(slots=True, kw_only=True)
class LaneMemory:
    """What is remembered of one device between cycles."""

    lane: Lane = Lane.FAST
    silent: int = 0
    slow: int = 0
    quick: int = 0

    def note(self, outcome: Outcome, took_ms: float, rules: LaneRules) -> Lane:
        """Take in one poll and say the next lane."""
        if outcome is Outcome.NOT_ASKED:
            return self.lane
        if outcome is Outcome.SILENT:
            self.silent += 1
            if self.silent >= rules.silent_after:
                self.lane = Lane.SILENT
            return self.lane
        self.silent = 0
        if self.lane is Lane.SILENT:
            self.lane = Lane.FAST
        dragged = outcome is Outcome.LATE or took_ms >= rules.slow_ms
        self.slow = self.slow + 1 if dragged else 0
        self.quick = 0 if took_ms >= rules.slow_ms / 2 or dragged else self.quick + 1
        if self.slow >= rules.slow_after:
            self.lane = Lane.SLOW
        elif self.lane is Lane.SLOW and self.quick >= rules.fast_after:
            self.lane = Lane.FAST
        return self.lane
