"""After a crash: a device found between arming and its end is looked at before it is judged. Nothing is sent again.

What the device holds decides, then what its guard says:

    the old configuration     nothing was sent (back to waiting), or it was undone (rolled back)
    the whole change          verified and confirmed, as the push would have done; a change that lived with the lost
                              session is waited for until it is undone, or the guard's time is over
    anything else             undone now; but if the guard fired long ago it is somebody's later work: unknown
"""

from __future__ import annotations

import logging
from enum import StrEnum

from controller.journal.errors import JournalUnavailable, LeaseLost
from controller.journal.rollouts import device_lease
from controller.rollout import verify
from controller.rollout.errors import Trouble
from controller.rollout.ports import Outcome, Vital
from controller.rollout.push import confirm, release, save
from controller.rollout.records import DeviceProgress, Step
from controller.rollout.undo import deadline, put_back
from controller.rollout.work import Order, Work, World, trouble
from devices.configuring.dialect import Guard, GuardKind, GuardState
from devices.errors import CredentialError, DeviceError
from measurements.errors import StoreError

log = logging.getLogger(__name__)

#: Times the guard's seconds after which a configuration that is neither is somebody else's work.
LONG_AGO = 3.0


class Found(StrEnum):
    """What a device holds."""

    BASE = "base"
    CHANGE = "change"
    NEITHER = "neither"
    SILENT = "silent"


def examine(world: World, order: Order, progress: DeviceProgress) -> Outcome | None:
    """Judge a device that a crash left in the middle; None when another hand holds it.

    Raises:
        JournalUnavailable, LeaseLost: as `push`; it may be examined again.
    """
    name, now = device_lease(order.device.id), world.clock.now()
    if not world.rollouts.take_lease(name, world.holder, "rollout", now, world.pace.lease_s):
        return None
    work = _recalled(world, order, progress)
    try:
        if work is None:
            world.rollouts.step(
                order.rollout, order.device.id, Step.UNKNOWN, at=now, facts={"reason": "no_dialect"},
                holder=world.holder, audit=("executor", "device.unknown", {"reason": "no_dialect"}),
            )  # fmt: skip
            return Outcome(step=Step.UNKNOWN, reason="no_dialect")
        return _examine(work, progress)
    except (JournalUnavailable, LeaseLost):
        raise
    except Exception as error:  # looking again would end the same: a person has to look
        log.error("%s: %s inside the program", order.device.id, type(error).__name__)  # its text may hold a secret
        told = {"reason": "internal", "error": type(error).__name__}
        world.rollouts.step(
            order.rollout, order.device.id, Step.UNKNOWN, at=world.clock.now(), facts=told, holder=world.holder,
            audit=("executor", "device.unknown", told),
        )  # fmt: skip
        return Outcome(step=Step.UNKNOWN, reason="internal")
    finally:
        if work is not None:
            work.let_go(cut=True)
            work.lines = ()
        release(world, order)


def _recalled(world: World, order: Order, progress: DeviceProgress) -> Work | None:
    """What was known before the crash. The guard counts as armed now: that is the latest it can fire."""
    dialect = world.dialect_of(order.planned.platform)
    if dialect is None or dialect.name != order.planned.dialect:
        return None
    facts = progress.facts
    work = Work(world=world, order=order, dialect=dialect, token=progress.token or "")
    work.kind = GuardKind(facts.get("guard", GuardKind.NONE))
    if work.kind is not GuardKind.NONE and work.token:
        work.guard = Guard(kind=work.kind, token=work.token, seconds=int(facts.get("guard_s") or 0))
        work.armed = world.clock.monotonic()
    work.base_mark = facts.get("before", "")
    work.saved_mark, work.expected = facts.get("saved"), facts.get("expected")
    work.link_s = float(facts.get("link_s", 0.0))
    work.baseline = Vital.of(facts.get("baseline", {}))
    # Its age is not known, and a restart of the device would be one: the uptime proves nothing any more.
    work.baseline_at = world.clock.monotonic()
    try:
        work.base = world.copies.get(order.device.id, facts["copy"]) if facts.get("copy") else ""
    except StoreError as error:
        log.error("the copy of %s cannot be read: %s", work.id, error)
    try:
        work.fill()
    except (CredentialError, ValueError):
        log.error("a secret of the change of %s is gone: only its expected configuration can be compared", work.id)
        work.lines = ()
    return work


def _examine(work: Work, progress: DeviceProgress) -> Outcome:
    work.sent = bool(progress.facts.get("sent"))
    reason = str(progress.facts.get("reason") or "interrupted")
    until = deadline(work)
    found, state = _look(work, until)
    if found is Found.SILENT:
        work.step(Step.UNKNOWN, audit="device.unknown", reason=reason, found=found.value)
        return Outcome(step=Step.UNKNOWN, reason=reason)
    work.acted(progress.step)
    if not work.sent:
        return put_back(work, Trouble("interrupted", found=found.value), judged=Step.WAITING)
    if found is Found.NEITHER and _others_work(work, progress, state):
        work.step(Step.UNKNOWN, audit="device.unknown", reason="changed_since", found=found.value)
        return Outcome(step=Step.UNKNOWN, reason="changed_since")
    if found is not Found.CHANGE or progress.step is Step.ROLLING_BACK:
        return put_back(work, Trouble(reason, found=found.value))
    return _forward(work, progress.step, reason)


def _forward(work: Work, step: Step, reason: str) -> Outcome:
    """The whole change is there: finish what the push began, or undo what does not pass."""
    try:
        if step in (Step.SENDING, Step.VERIFYING):
            verify.verify(work)
        if work.kind is GuardKind.HELD:
            with work.session() as session:
                save(work, session)  # the holding session is gone and the change stayed: it was confirmed
        else:
            confirm(work)
    except Trouble as found:
        return put_back(work, found)
    except DeviceError as error:
        return put_back(work, trouble(work, error))
    except CredentialError as error:
        return put_back(work, Trouble("credential", error=str(error)))
    work.step(Step.OK, audit="device.ok", reason="", after_crash=True)
    return Outcome(step=Step.OK, reason=reason)


def _look(work: Work, until: float) -> tuple[Found, GuardState]:
    """What it holds; a silent device, or a change that lives with a lost session, is waited for."""
    clock, pace = work.world.clock, work.world.pace
    looks = 0
    while True:
        over = clock.monotonic() >= until
        try:
            with work.session() as session:
                running = work.dialect.normalise(work.dialect.fetch(session))
                armed = work.guard is not None
                state = work.dialect.guard_state(session, work.token) if armed else GuardState.ABSENT
            found = _compared(work, running)
            waits = work.kind is GuardKind.HELD and state in (GuardState.ARMED, GuardState.UNTELLABLE)
            if over or not waits or found is Found.BASE:
                return found, state
        except (DeviceError, CredentialError) as error:
            log.info("%s is looked at again: %s", work.id, work.hidden(str(error)))
            looks += over
            if looks >= pace.looks:
                return Found.SILENT, GuardState.UNTELLABLE
        left = until - clock.monotonic()
        clock.sleep(pace.again_s if left <= 0 else min(pace.again_s, left))


def _compared(work: Work, running: str) -> Found:
    mark = work.world.fingerprint.of(running)
    if mark == work.base_mark:
        return Found.BASE
    if work.expected is not None:
        return Found.CHANGE if mark == work.expected else Found.NEITHER
    if not work.lines:
        return Found.NEITHER
    return Found.NEITHER if work.dialect.missing(running, work.lines) else Found.CHANGE


def _others_work(work: Work, progress: DeviceProgress, state: GuardState) -> bool:
    """True when the guard had put the old configuration back long ago, and something else is there now."""
    if work.guard is None or state is GuardState.ARMED:
        return False
    return work.world.clock.now() - progress.since > LONG_AGO * max(work.guard.seconds, 60)
