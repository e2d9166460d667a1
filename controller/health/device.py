"""One device: from what a poll answered to a verdict with a cause. Pure; the memory is an argument."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from controller.health.gauges import RANK, Streaks, Usual, over, round_trip
from controller.health.thresholds import Thresholds
from devices.model import Backhaul
from measurements.intervals import State
from measurements.reading import Reading
from measurements.store import Latest


class Parent(StrEnum):
    """What the devices above are known to be."""

    FINE = "fine"
    MISSING = "missing"  # silent, not yet long enough to be called down
    FAILED = "failed"


@dataclass(slots=True)
class Patient:
    """What is remembered of one device between polls.

    `state` None: never observed. `first_miss`: time of the first poll of the present run of silence. `suspect`: was
    down before nothing could be observed. `shadowed`: its silence was put down to a parent.
    """

    state: State | None = None
    cause: str | None = None
    since: float = 0.0
    misses: int = 0
    first_miss: float | None = None
    suspect: bool = False
    shadowed: bool = False
    late: int = 0
    no_snmp: int = 0
    no_service: int = 0
    answered_at: float | None = None
    streaks: Streaks = field(default_factory=Streaks)
    usual: Usual = field(default_factory=Usual)
    turns: list[float] = field(default_factory=list)
    rebooted_at: float | None = None
    box: tuple[str | None, str | None] = (None, None)

    @property
    def missing(self) -> bool:
        """Silent, and not yet judged for it."""
        return self.misses > 0 and self.state is not State.DOWN and self.cause != "parent_down"

    @property
    def failed(self) -> bool:
        """Down, or silent behind something that is."""
        return self.state is State.DOWN or self.cause == "parent_down"


def recalled(
    state: State,
    cause: str | None,
    since: float,
    *,
    evidence: Mapping[str, Any],
    turns: list[float],
    cut: tuple[State, str | None] | None,
    limits: Thresholds,
) -> Patient:
    """A device as an earlier run left it: what it suffered from counts as going on, not as new.

    Args:
        state: its last verdict, with cause and since when.
        cause: short code.
        since: epoch seconds.
        evidence: of that verdict.
        turns: when it went down or came back lately.
        cut: of a verdict `unobserved`, what it was before.
        limits: the thresholds.
    """
    suspect = cut is not None and cut[0] is State.DOWN
    patient = Patient(state=state, cause=cause, since=since, suspect=suspect, turns=turns)
    if state is State.DOWN or cause == "parent_down":
        patient.misses, patient.shadowed = limits.misses, cause == "parent_down"
    elif suspect:
        patient.misses = limits.misses - 1
    ailing = cause if cut is None else cut[1]
    if ailing == "no_snmp":
        patient.no_snmp = limits.misses
    elif ailing == "no_service":
        patient.no_service = limits.misses
    elif ailing in RANK:
        # What was over when it was judged; a hole, or a history that was not polled here, tells only the cause.
        judged = cut is None and "snmp_ok" in evidence
        patient.streaks.active.update(c for c in (evidence.get("causes", ()) if judged else [ailing]) if c in RANK)
        patient.late = limits.misses if ailing == "slow" else 0
    return patient


@dataclass(frozen=True, slots=True)
class Verdict:
    """A state, why, and since when."""

    state: State
    cause: str | None
    since: float


def not_seen(patient: Patient, at: float, limits: Thresholds, cause: str = "unobserved") -> Verdict:
    """Nothing could be observed: silence that was not yet judged proves nothing any more.

    A device that was down stays under suspicion: its next miss confirms it, dated from that miss.
    """
    confirmed = patient.state is State.DOWN or (patient.state is State.UNKNOWN and patient.suspect)
    patient.suspect = confirmed
    patient.misses = limits.misses - 1 if confirmed else 0
    patient.first_miss = None
    patient.late = 0
    return Verdict(State.UNKNOWN, cause, at)


def worked_on(patient: Patient, at: float, *, answered: bool) -> Verdict:
    """Somebody changes this device now: whatever it answers proves nothing, and counts for nothing afterwards.

    Its silence still holds the verdict on the devices behind it back (`Patient.missing`).
    """
    patient.misses, patient.first_miss = (0 if answered else 1), None
    patient.suspect, patient.shadowed, patient.late = False, False, 0
    return Verdict(State.MAINTENANCE, "maintenance", at)


def resumed(patient: Patient) -> None:
    """The work is over: silence is counted from here."""
    if patient.state is State.MAINTENANCE and patient.first_miss is None:
        patient.misses = 0


def judge(
    patient: Patient,
    reading: Reading,
    latest: Latest | None,
    *,
    parent: Parent,
    parent_since: float,
    backhaul: Backhaul | None,
    limits: Thresholds,
) -> Verdict | None:
    """What this poll makes of the device; None while it is not decided (the state before goes on).

    Args:
        patient: the memory of this device, changed.
        reading: what the poll gave.
        latest: its derived figures, None when the store did not give them.
        parent: how the devices above are.
        parent_since: since when they are failed.
        backhaul: the link of its site.
        limits: the thresholds.
    """
    kind = reading.error_kind
    row = reading.row
    if kind in ("name", "internal"):
        return not_seen(patient, reading.at, limits, "name" if kind == "name" else "unobserved")
    if kind == "late":
        patient.late += 1
        return Verdict(State.DEGRADED, "slow", reading.at) if patient.late >= limits.misses else None
    patient.late = 0
    refused = kind == "authentication"
    if kind == "not-supported" and not row.snmp_ok and not row.ping_ok:
        return not_seen(patient, reading.at, limits, "not_asked")
    if row.ping_ok or row.snmp_ok or refused or kind == "unexpected-reply":
        return _alive(patient, reading, latest, refused=refused, backhaul=backhaul, limits=limits)
    if row.ping_ok is None and row.snmp_ok is None:
        if row.service_ok is None:
            return not_seen(patient, reading.at, limits, "not_asked")
        if row.service_ok:
            return _alive(patient, reading, latest, refused=False, backhaul=backhaul, limits=limits)
    return _silent(patient, reading.at, parent=parent, parent_since=parent_since, limits=limits)


def _silent(patient: Patient, at: float, *, parent: Parent, parent_since: float, limits: Thresholds) -> Verdict | None:
    if patient.shadowed and parent is Parent.FINE:
        # Its silence so far was the parent's; its own is counted from here.
        patient.misses, patient.first_miss, patient.shadowed = 0, None, False
    patient.misses += 1
    if patient.first_miss is None:
        patient.first_miss = at
    if patient.misses < limits.misses:
        return None
    if parent is Parent.FAILED:
        patient.shadowed = True
        return Verdict(State.UNKNOWN, "parent_down", max(patient.first_miss, parent_since))
    if parent is Parent.MISSING and patient.state is not State.DOWN:
        return None
    return Verdict(State.DOWN, "silent", patient.first_miss)


def _alive(
    patient: Patient,
    reading: Reading,
    latest: Latest | None,
    *,
    refused: bool,
    backhaul: Backhaul | None,
    limits: Thresholds,
) -> Verdict:
    patient.misses, patient.first_miss, patient.suspect, patient.shadowed = 0, None, False, False
    patient.answered_at = at = reading.at
    row = reading.row
    patient.no_snmp = patient.no_snmp + 1 if row.snmp_ok is False and not refused else 0
    patient.no_service = patient.no_service + 1 if row.service_ok is False else 0
    if latest is not None and latest.slot == reading.slot:
        _measure(patient, latest.fields, latest.interfaces, backhaul, limits)
    cause: str | None = None
    if refused:
        cause = "auth"
    elif patient.no_snmp >= limits.misses:
        cause = "no_snmp"
    elif patient.no_service >= limits.misses:
        cause = "no_service"
    elif patient.streaks.active:
        cause = patient.streaks.worst()
    elif patient.turns and _flaps(patient, at, limits):
        cause = "flapping"
    return Verdict(State.DEGRADED if cause else State.UP, cause, at)


def _measure(
    patient: Patient,
    fields: Mapping[str, Any],
    interfaces: Mapping[str, Mapping[str, Any]],
    backhaul: Backhaul | None,
    limits: Thresholds,
) -> None:
    found = over(fields, interfaces, usual_ms=patient.usual.known(limits.rtt_samples), backhaul=backhaul, limits=limits)
    patient.streaks.take(found, limits.for_polls)
    patient.usual.take(round_trip(fields), in_trouble=bool(found["slow"] or found["lossy"]))


def _flaps(patient: Patient, at: float, limits: Thresholds) -> bool:
    patient.turns = [t for t in patient.turns if at - t < limits.flap_window_s]
    # This very recovery is a turn that is noted only once the verdict stands.
    return len(patient.turns) + (patient.state is State.DOWN) >= limits.flap_changes


def settle(patient: Patient, verdict: Verdict) -> bool:
    """Take a verdict into the memory; True when it is a change."""
    if patient.state is verdict.state and patient.cause == verdict.cause:
        return False
    was_down, is_down = patient.state is State.DOWN, verdict.state is State.DOWN
    told = verdict.state not in (State.UNKNOWN, State.MAINTENANCE)
    if patient.state is not None and was_down is not is_down and told:
        patient.turns.append(verdict.since)
    patient.state, patient.cause, patient.since = verdict.state, verdict.cause, verdict.since
    return True
