"""Between two waves: did the devices that were changed serve as before? Judged by monitoring data. Pure.

A measure that was not told before the wave cannot be compared and passes, said so; one that was told before and is not
told now fails: a blind gate lets nothing through.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Protocol

from controller.rollout.options import Tolerance


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """What monitoring told of some devices over some minutes, summed. None: not told.

    `answering`: devices whose last poll of the time was answered. `asked`: devices that were polled at all.
    """

    asked: int = 0
    answering: int = 0
    clients: float | None = None
    bps: float | None = None
    errors_per_h: float | None = None  # a device


class Monitoring(Protocol):
    """What the poller saw."""

    def measured(self, devices: Sequence[str], *, start: float, end: float) -> Measured:
        """The devices over [start, end), epoch seconds.

        Raises:
            StoreError: it cannot be told now.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """One line of a gate: what was measured before and now, the least (or most) that passes."""

    name: str
    before: float | None
    now: float | None
    bound: float | None  # None: not asked
    passed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """What a gate found after a wave."""

    wave: int
    at: float
    measures: tuple[Measure, ...]

    @property
    def passed(self) -> bool:
        """True when nothing is worse than tolerated."""
        return all(measure.passed for measure in self.measures)

    def plain(self) -> dict[str, Any]:
        """Values for JSON."""
        verdict = "pass" if self.passed else "fail"
        return {"wave": self.wave, "at": self.at, "verdict": verdict, "measures": [asdict(m) for m in self.measures]}


def judge(before: Measured, now: Measured, tolerance: Tolerance, *, wave: int, at: float) -> Gate:
    """Compare.

    Args:
        before: the devices of the wave that were changed, before it began.
        now: the same devices since they settled.
        tolerance: what passes.
        wave: number.
        at: now.
    """
    reachable = tolerance.reachable * before.answering
    found = [
        Measure(name="reachable", before=before.answering, now=now.answering, bound=reachable,
                passed=now.answering >= reachable - 1e-9),
        _least("clients", before.clients, now.clients, tolerance.clients, tolerance.least_clients),
        _least("throughput", before.bps, now.bps, tolerance.throughput, tolerance.least_bps),
    ]  # fmt: skip
    most = None if before.errors_per_h is None else before.errors_per_h + tolerance.errors_per_h
    few = most is None or (now.errors_per_h is not None and now.errors_per_h <= most)
    found.append(Measure(name="errors", before=before.errors_per_h, now=now.errors_per_h, bound=most, passed=few))
    return Gate(wave=wave, at=at, measures=tuple(found))


def _least(name: str, before: float | None, now: float | None, share: float, asked_from: float) -> Measure:
    if before is None or before < asked_from:
        return Measure(name=name, before=before, now=now, bound=None, passed=True)
    bound = share * before
    return Measure(name=name, before=before, now=now, bound=bound, passed=now is not None and now >= bound)
