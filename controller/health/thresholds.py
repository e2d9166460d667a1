"""When a figure means trouble: data, with defaults and their grounds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from devices.model import Backhaul


def _rtt() -> dict[Backhaul | None, float]:
    # A VSAT hop alone is 600-900 ms; Zabbix' 150 ms for everything would call every satellite site sick.
    return {Backhaul.FIBRE: 150.0, Backhaul.RADIO: 250.0, Backhaul.CELLULAR: 500.0, Backhaul.VSAT: 1_500.0, None: 500.0}


@dataclass(frozen=True, slots=True, kw_only=True)
class Thresholds:
    """Ratios are 0-1, times seconds unless the name says otherwise."""

    misses: int = 2
    for_polls: int = 3
    loss_ratio: float = 0.2
    rtt_ms: Mapping[Backhaul | None, float] = field(default_factory=_rtt)
    rtt_factor: float = 3.0
    rtt_samples: int = 30
    cpu_ratio: float = 0.9
    memory_ratio: float = 0.95
    disk_ratio: float = 0.95
    temperature_c: float = 80.0
    errors_per_s: float = 1.0
    plan_ratio: float = 0.85
    flap_changes: int = 4
    flap_window_s: float = 3_600.0
    #: A subject not observed for more intervals than this was unobserved in between.
    hole_intervals: float = 3.5
    #: How often an unchanged interval's `seen` is written again.
    confirm_s: float = 300.0
    power_cut_sites: int = 3
    power_cut_s: float = 180.0
    power_cut_m: float = 15_000.0
