"""How a plan is sent: waves, budget, gate, window. Read from the change file, frozen with the plan."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Self


@dataclass(frozen=True, slots=True, kw_only=True)
class Tolerance:
    """What the gate lets pass, against the baseline before the wave. Shares 0..1."""

    reachable: float = 1.0  # of the devices that answered before
    clients: float = 0.7  # of the clients before (not asked below `least_clients` in sum)
    throughput: float = 0.5  # of the traffic before (not asked below `least_bps` in sum)
    errors_per_h: float = 10.0  # new interface errors a device, an hour
    least_clients: int = 5
    least_bps: float = 1_000_000.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """One rollout's manners.

    `waves`: shares of the devices that are to be changed, after the canary wave (one a platform, model and version).
    `budget`: failures after which nothing new begins, as a share of all (at least one), `canary_budget` in the canary
    wave and the first one. `window`: `mon-fri 22:00-24:00` in the inventory's time zone; None: always.
    """

    waves: tuple[float, ...] = (0.05, 0.25, 1.0)
    batch: int = 50  # devices under way at most
    budget: float = 0.05
    canary_budget: int = 2
    settle_s: float = 300.0  # between the end of a wave and its gate
    tolerance: Tolerance = field(default_factory=Tolerance)
    window: str | None = None
    retry_s: float = 600.0  # between two tries of an offline device
    valid_h: float = 168.0  # the plan expires after so long
    session_s: float = 120.0  # bound of one session, more on slow links
    allow_unguarded: bool = False

    def plain(self) -> dict[str, Any]:
        """Values for JSON, the same for the same options."""
        return {**asdict(self), "waves": list(self.waves)}

    @classmethod
    def of(cls, plain: Mapping[str, Any]) -> Self:
        """The options of a frozen plan."""
        told = dict(plain)
        return cls(**{**told, "waves": tuple(told["waves"]), "tolerance": Tolerance(**told["tolerance"])})
