"""What the journal hands out. Times are epoch seconds, UTC."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class RequestState(StrEnum):
    """The life of a request: waiting -> taken -> done or failed."""

    WAITING = "waiting"
    TAKEN = "taken"
    DONE = "done"
    FAILED = "failed"


class EventKind(StrEnum):
    """Kinds of events that pages know how to say; the journal itself takes any short word."""

    INVENTORY_ACCEPTED = "inventory_accepted"
    INVENTORY_REFUSED = "inventory_refused"
    CLOCK_STEP = "clock_step"
    BOX_CHANGED = "box_changed"
    FIRMWARE_CHANGED = "firmware_changed"
    REBOOT = "reboot"
    OBSERVER_BLIND = "observer_blind"
    OBSERVER_SEES = "observer_sees"
    LANE_CHANGED = "lane_changed"
    ALARM = "alarm"


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One run of a scheduled job.

    `outcome` None: still running, or its process died. `skipped`: starts refused while it ran (they would overlap).
    """

    id: int
    name: str
    started: float
    ended: float | None = None
    outcome: str | None = None  # ok, failed, or a short word of the job's own
    skipped: int = 0
    facts: Mapping[str, Any] = field(default_factory=dict)  # what the run counted: devices, answered, late, ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What a person or a page asked the controller to do."""

    id: int
    kind: str
    payload: Mapping[str, Any]
    who: str
    at: float
    state: RequestState
    taken_by: str | None = None
    taken_at: float | None = None
    ended: float | None = None
    result: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something that happened to a subject (`device:<id>`, `site:<id>`, `inventory`, `controller`, `store`)."""

    at: float
    kind: str
    subject: str
    text: Mapping[str, Any] = field(
        default_factory=dict
    )  # facts, not a sentence: pages say it in the reader's language
    id: int | None = None  # None: not stored yet
