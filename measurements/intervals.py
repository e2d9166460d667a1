"""State intervals: the one source of availability, outages and service hours."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


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
    """

    subject: str
    question: str
    state: State
    start: float
    end: float | None = None
    seen: float | None = None
    cause: str | None = None  # a short code: silent, parent_down, unobserved, no_uplink, full, slow, lossy, hot, disk, ...
    evidence: str | None = None  # JSON text: what was measured when it began
