"""What a bulk change is made of: the frozen plan, its devices, the steps a device passes. Times are epoch s, UTC."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class Step(StrEnum):
    """Where a device stands in a rollout. A step is on disk before the act it names begins."""

    WAITING = "waiting"
    PRECHECKING = "prechecking"  # lock, reachability, host key, obstacles, baseline
    BACKING_UP = "backing_up"  # fetch, compare with the plan's base, keep a copy
    ARMING = "arming"
    SENDING = "sending"
    VERIFYING = "verifying"  # new session, SNMP, configuration read again
    CONFIRMING = "confirming"  # disarm
    SAVING = "saving"
    ROLLING_BACK = "rolling_back"
    # Ends
    OK = "ok"
    UNCHANGED = "unchanged"  # the configuration said all of it already; nothing was sent
    DRIFTED = "drifted"  # not as planned for: nothing was sent, to be planned again
    OFFLINE = "offline"  # not reached, nothing was sent; tried again until the plan expires
    REFUSED = "refused"  # an obstacle before anything was sent
    ROLLED_BACK = "rolled_back"  # old configuration is back and was seen
    ROLLBACK_FAILED = "rollback_failed"
    UNKNOWN = "unknown"  # nobody knows what the device holds
    SKIPPED = "skipped"  # the rollout ended before its turn

    @property
    def is_end(self) -> bool:
        """Nothing more happens by itself (an offline device may be taken up again)."""
        return self in _ENDS

    @property
    def may_have_sent(self) -> bool:
        """After a crash in this step the device must be looked at before it is judged."""
        return self in _TOUCHED

    @property
    def spends_budget(self) -> bool:
        """Counts against the failure budget."""
        return self in (Step.REFUSED, Step.OFFLINE, Step.ROLLED_BACK, Step.ROLLBACK_FAILED, Step.UNKNOWN)


_TOUCHED = (Step.ARMING, Step.SENDING, Step.VERIFYING, Step.CONFIRMING, Step.SAVING, Step.ROLLING_BACK)
_ENDS = (
    Step.OK, Step.UNCHANGED, Step.DRIFTED, Step.OFFLINE, Step.REFUSED, Step.ROLLED_BACK, Step.ROLLBACK_FAILED,
    Step.UNKNOWN, Step.SKIPPED,
)  # fmt: skip


class PlanState(StrEnum):
    """The life of a plan: draft -> approved -> (rollout); or rejected, replaced by a newer, expired."""

    DRAFT = "draft"
    APPROVED = "approved"
    REJECTED = "rejected"
    REPLACED = "replaced"


class RolloutState(StrEnum):
    """The life of a rollout."""

    RUNNING = "running"
    PAUSED = "paused"  # outside its window, or waiting for devices that are offline
    STOPPED = "stopped"  # by a person, the budget, a gate, or a device whose state is unknown; may be resumed
    DONE = "done"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanDevice:
    """What is meant for one device. Nothing in it is secret: values are marks, texts are masked."""

    device: str
    site: str
    area: str  # village or district code
    platform: str
    dialect: str
    model: str | None = None
    version: str | None = None
    base: str  # keyed hash of the normalised running configuration the plan was made on
    lines: tuple[str, ...] = ()  # as sent, with secret marks; empty: unchanged
    diff: str | None = None  # unified, masked; None: the dialect cannot tell, commands only
    warnings: tuple[str, ...] = ()  # codes: management_path, only_site, no_guard, commands_only ...
    guard: str = "none"  # GuardKind that will be armed
    people: int | None = None  # whose only working site this is, or who live near it (estimate)
    latency_s: float | None = None  # round trip of the session while planning
    error: str | None = None  # could not be planned: why; such a device is not sent to
    checks: tuple[str, ...] = ()  # what must hold after, as `controller.changes.checks` reads them; without secrets


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A frozen plan. `hash` is SHA-256 of its canonical JSON without id, state and who approved."""

    id: int
    hash: str
    change: str  # name of the change
    title: str
    author: str
    made_at: float
    expires_at: float
    where: str
    ticket: str = ""
    reason: str = ""
    options: Mapping[str, Any] = field(default_factory=dict)  # waves, budget, tolerance, window, workers, no_guard_ok
    inventory: str = ""  # version of the inventory it was made with
    template: str = ""  # hash of change file, templates and values
    source: str = ""  # path of the change file, for planning again
    values: Mapping[str, str] = field(default_factory=dict)  # set when it was made; secrets as references
    state: PlanState = PlanState.DRAFT
    approved_by: str | None = None
    approved_at: float | None = None
    devices: tuple[PlanDevice, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceProgress:
    """Where one device of a rollout stands."""

    device: str
    wave: int
    place: int  # order of sending
    step: Step
    since: float
    attempt: int = 0
    token: str | None = None  # of the guard
    facts: Mapping[str, Any] = field(default_factory=dict)  # guard seconds, armed_at, reason code, before, after, ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Rollout:
    """One sending of a plan."""

    id: int
    plan: int
    state: RolloutState
    started: float
    ended: float | None = None
    wave: int = 0
    by: str = ""
    stop_asked_by: str | None = None
    why: Mapping[str, Any] = field(default_factory=dict)  # reason code of the state, with facts
    gates: tuple[Mapping[str, Any], ...] = ()  # one a wave: measures, values, tolerances, verdict
    devices: tuple[DeviceProgress, ...] = ()
