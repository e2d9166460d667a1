"""Where the views read from: ports of a few methods, filled in `merata/` (or by a fake world in tests)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from controller.journal.records import Event
from devices.facts import Identity
from devices.model import Backhaul, Inventory
from geography.units import Units
from measurements.store import Reader

Ring = Sequence[tuple[float, float]]  # (lon, lat), degrees


def no_events(subject: str | None, start: float, end: float) -> Sequence[Event]:  # noqa: ARG001
    """Where no events are kept."""
    return ()


def no_identity(device: str) -> Identity | None:  # noqa: ARG001
    """Where nothing is kept of what devices say they are."""
    return None


def no_run_status() -> Mapping[str, Any]:
    """Where no controller has left a status."""
    return {}


def no_limits(backhaul: Backhaul | None) -> Mapping[str, float]:  # noqa: ARG001
    """Where no thresholds are known."""
    return {}


def no_outlines() -> Mapping[str, Sequence[Ring]]:
    """Where no outlines can be drawn."""
    return {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Sources:
    """Everything the views read.

    people: estimated people of each public site by site id, each person counted once.
    outlines: rings (lon, lat) of each regency by code; approximate (Voronoi) unless `is_exact`.
    outlines_exact: whether they are boundaries; `exact` asks again each time, where somebody may import some.
    events: (subject or None for all, start, end) -> events, newest first.
    identity: device id -> what it last said it is; None where it never did.
    run_status: what the controller left about its cycles.
    limits: thresholds of health for a link: loss_percent, rtt_ms, cpu_percent, temperature_c.
    """

    reader: Reader
    inventory: Callable[[], Inventory | None]
    units: Units
    people: Callable[[Inventory], Mapping[str, int]]
    outlines: Callable[[], Mapping[str, Sequence[Ring]]] = no_outlines
    outlines_exact: bool = False
    exact: Callable[[], bool] | None = None
    events: Callable[[str | None, float, float], Sequence[Event]] = no_events
    identity: Callable[[str], Identity | None] = no_identity
    run_status: Callable[[], Mapping[str, Any]] = no_run_status
    limits: Callable[[Backhaul | None], Mapping[str, float]] = no_limits

    @property
    def is_exact(self) -> bool:
        """The outlines are boundaries."""
        return self.outlines_exact if self.exact is None else self.exact()
