"""What every siting objective shares: the limit, the plan with its proof, and the budget of time."""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
TOLERANCE = 1e-9  # relative: what counts as an improvement


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """At most `count` sites, or sites whose costs sum to at most `budget`; neither: no limit."""

    count: int | None = None
    budget: float | None = None

    def room(self, spent: float, taken: int, cost: Floats) -> NDArray[np.bool_]:
        """Shape (n_sites,): may be added to a plan of `taken` sites that cost `spent`."""
        if self.count is not None and taken >= self.count:
            return np.zeros(len(cost), dtype=bool)
        if self.budget is None:
            return np.ones(len(cost), dtype=bool)
        fits: NDArray[np.bool_] = spent + cost <= self.budget * (1 + 1e-12) + 1e-12
        return fits

    def holds(self, spent: float, taken: int) -> bool:
        """True when a plan of `taken` sites that cost `spent` keeps to it."""
        if self.count is not None:
            return taken <= self.count
        return self.budget is None or spent <= self.budget * (1 + 1e-12) + 1e-12

    def row(self, cost: Floats) -> tuple[Floats, float] | None:
        """The limit as coefficients and an upper bound over the sites, None without a limit."""
        if self.count is not None:
            return np.ones(len(cost)), float(self.count)
        return (cost, self.budget * (1 + 1e-12) + 1e-12) if self.budget is not None else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Siting:
    """A plan with its proof.

    chosen: indices of sites in build order. objective_value and bound are in the objective's own unit.
    """

    chosen: tuple[int, ...]
    objective_value: float
    bound: float

    @property
    def is_optimal(self) -> bool:
        """True when the bound proves that nothing better exists (1e-6 relative)."""
        return abs(self.bound - self.objective_value) <= 1e-6 * max(abs(self.objective_value), 1e-9)

    @property
    def gap_pct(self) -> float:
        """100 |bound - objective| / |objective|."""
        difference = abs(self.bound - self.objective_value)
        return 0.0 if difference == 0 else 100 * difference / max(abs(self.objective_value), 1e-9)


class Deadline:
    """How long is left. Time enters planning only here, as a budget that the caller gave."""

    def __init__(self, seconds: float) -> None:
        self._ends = time.monotonic() + seconds

    def left(self) -> float:
        """Seconds left, at least 0."""
        return max(0.0, self._ends - time.monotonic())
