"""How the fleet is polled: every figure with its default."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from controller.polling.lanes import LaneRules


@dataclass(frozen=True, slots=True, kw_only=True)
class PollingSettings:
    """Times are seconds. `classes` maps a device's `poll_class` to its interval."""

    interval_s: float = 60.0
    classes: Mapping[str, float] = field(default_factory=lambda: {"slow": 300.0})
    in_flight: int = 1_000
    slow_in_flight: int = 200
    deadline_s: float = 20.0
    commit_s: float = 2.0
    buffer_readings: int = 100_000
    anchor_timeout_s: float = 1.5
    anchor_tries: int = 2
    silence_ratio: float = 0.6
    silence_min: int = 20
    late_ratio: float = 0.2
    names_ttl_s: float = 300.0
    lanes: LaneRules = field(default_factory=LaneRules)

    def interval_of(self, poll_class: str) -> float:
        """Seconds between polls of a class; a class without an entry is polled as `standard`."""
        return self.classes.get(poll_class, self.interval_s)

    def deadline_of(self, interval_s: float, *, slow: bool = False) -> float:
        """Longest time one device may take; never so long that the cycle could not end on time."""
        share = 0.75 if slow else 1 / 3
        longest = interval_s * share
        return longest if slow else min(self.deadline_s, longest)
