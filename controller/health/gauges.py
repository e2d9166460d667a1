"""Figures of one device that mean trouble. Pure: fields in, a verdict for each cause out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from controller.health.thresholds import Thresholds
from devices.model import Backhaul

#: Worst first: what is shown when several are true.
RANK = ("lossy", "slow", "hot", "disk", "memory", "busy", "errors")


def over(
    fields: Mapping[str, Any],
    interfaces: Mapping[str, Mapping[str, Any]],
    *,
    usual_ms: float | None,
    backhaul: Backhaul | None,
    limits: Thresholds,
) -> dict[str, bool | None]:
    """For each cause: True over, False within, None not told.

    Args:
        fields: of the device's latest (`loss_ratio`, `rtt_avg_ms`, `snmp_rtt_ms`, `cpu_ratio`, ...).
        interfaces: its ports, with `errors_per_s`.
        usual_ms: its own usual round trip, None while that is not known.
        backhaul: the link of its site.
        limits: the thresholds.
    """
    get = fields.get
    rtt = round_trip(fields)
    slow: bool | None = None
    if rtt is not None:
        slow = rtt > limits.rtt_ms.get(backhaul, 500.0) and (usual_ms is None or rtt > limits.rtt_factor * usual_ms)
    errors = [e for port in interfaces.values() if (e := port.get("errors_per_s")) is not None]
    return {
        "lossy": _reaches(get("loss_ratio"), limits.loss_ratio),
        "slow": slow,
        "hot": _reaches(get("temperature_c"), limits.temperature_c),
        "disk": _reaches(get("disk_ratio"), limits.disk_ratio),
        "memory": _reaches(get("memory_ratio"), limits.memory_ratio),
        "busy": _reaches(get("cpu_ratio"), limits.cpu_ratio),
        "errors": max(errors) >= limits.errors_per_s if errors else None,
    }


def round_trip(fields: Mapping[str, Any]) -> float | None:
    """The round trip of the last poll: of ping, else of SNMP, milliseconds."""
    ping = fields.get("rtt_avg_ms")
    told = ping if ping is not None else fields.get("snmp_rtt_ms")
    return float(told) if told is not None else None


def _reaches(value: float | None, limit: float) -> bool | None:
    return None if value is None else value >= limit


@dataclass(slots=True)
class Streaks:
    """Damping: a cause counts after so many polls over in a row, and no longer after as many within."""

    active: set[str] = field(default_factory=set)
    _runs: dict[str, int] = field(default_factory=dict)

    def take(self, found: Mapping[str, bool | None], polls: int) -> None:
        """Take in one poll; a figure that was not told changes nothing."""
        for cause, is_over in found.items():
            if is_over is None:
                continue
            if is_over is (cause in self.active):
                if cause in self._runs:
                    del self._runs[cause]
                continue
            run = self._runs[cause] = self._runs.get(cause, 0) + 1
            if run >= polls:
                del self._runs[cause]
                (self.active.add if is_over else self.active.discard)(cause)

    def worst(self, rank: tuple[str, ...] = RANK) -> str | None:
        """The cause to show."""
        return next((c for c in rank if c in self.active), None) if self.active else None


@dataclass(slots=True)
class Usual:
    """A device's own usual round trip: a slow mean that trouble does not pull along."""

    mean_ms: float = 0.0
    samples: int = 0

    def take(self, rtt_ms: float | None, *, in_trouble: bool) -> None:
        """Take in one round trip."""
        if rtt_ms is None or in_trouble:
            return
        self.samples += 1
        self.mean_ms += (rtt_ms - self.mean_ms) / min(self.samples, 256)

    def known(self, needed: int) -> float | None:
        """The mean, once there are `needed` samples."""
        return self.mean_ms if self.samples >= needed else None
