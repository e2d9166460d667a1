"""What goes into a conclusion and what comes out of it: plain values."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from controller.health.device import Patient
from devices.model import Device
from measurements.intervals import State
from measurements.outages import Outage
from measurements.reading import Reading
from measurements.store import Latest


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What one cycle observed: readings by device, and for each domain that was not seen, why.

    `planned`: devices that somebody worked on during the cycle: their silence is no outage.
    """

    started: float
    at: float
    interval_s: float
    devices: Sequence[Device]
    readings: Mapping[str, Reading]
    blind: Mapping[str, str]
    planned: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Happening:
    """Something worth telling: goes to the journal."""

    at: float
    kind: str
    subject: str
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Conclusion:
    """What became of a cycle."""

    devices: Mapping[str, int]
    sites: Mapping[str, int]
    outages_open: int
    happenings: tuple[Happening, ...]


def told(outage: Outage, at: float) -> Happening:
    """An outage that opened, changed or closed, as something to keep in the journal."""
    kind = "outage_closed" if outage.ended is not None else "outage"
    facts = {"cause": outage.cause, "state": outage.state, "sites": len(outage.sites), "people": outage.people}
    return Happening(at=at, kind=kind, subject=f"outage:{outage.id}", facts=facts)


def evidence_of(patient: Patient, reading: Reading | None, latest: Latest | None, why: str) -> str:
    """What was measured when a state began, as JSON."""
    facts: dict[str, Any] = {}
    if why:
        facts["why"] = why
    if patient.misses:
        facts["misses"] = patient.misses
        facts["answered_at"] = patient.answered_at
    if patient.streaks.active:
        facts["causes"] = sorted(patient.streaks.active)
    if reading is not None:
        if reading.error is not None:
            facts["error"] = reading.error
        for name in ("ping_ok", "snmp_ok", "service_ok"):
            facts[name] = getattr(reading.row, name)
    if latest is not None and patient.state is State.DEGRADED:
        for name in (
            "loss_ratio",
            "rtt_avg_ms",
            "snmp_rtt_ms",
            "cpu_ratio",
            "memory_ratio",
            "disk_ratio",
            "temperature_c",
        ):
            if (told := latest.fields.get(name)) is not None:
                facts[name] = told
        facts["usual_ms"] = round(patient.usual.mean_ms, 1) if patient.usual.samples else None
    return json.dumps(facts, separators=(",", ":"))
