"""Outages: what a technician is called for. Written by controller/health, read by pages."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Outage:
    """Sites that fail together for one cause, from `started` to `ended` (epoch s, UTC; None: still open).

    cause: a short code, the same as an interval's. root: the device whose failure explains the rest, if one does.
    people: estimated people affected, each counted once. evidence: JSON text.
    """

    id: str
    state: str  # down or degraded
    cause: str
    started: float
    ended: float | None
    sites: tuple[str, ...]
    devices: tuple[str, ...]
    root: str | None
    people: int
    evidence: str | None = None
