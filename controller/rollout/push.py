"""The change of one device, from the lock to the last reading. Every step is on disk before the act it names.

lock -> PRECHECKING -> BACKING_UP -> ARMING -> SENDING -> VERIFYING -> CONFIRMING -> SAVING -> OK
             |             |           |          |           |            |           |
          OFFLINE       DRIFTED     REFUSED       `-----------+-- undone --+-----------'
          REFUSED      UNCHANGED               ROLLING_BACK -> ROLLED_BACK | ROLLBACK_FAILED | UNKNOWN
"""

from __future__ import annotations

import logging
import math
import secrets
from typing import assert_never

from controller.journal.errors import JournalUnavailable, LeaseLost
from controller.journal.rollouts import device_lease
from controller.rollout import verify
from controller.rollout.errors import Ended, Trouble
from controller.rollout.ports import Outcome
from controller.rollout.records import Step
from controller.rollout.undo import put_back
from controller.rollout.work import Order, Work, World, said, trouble
from devices.configuring.dialect import Guard, GuardKind
from devices.errors import AuthenticationFailed, CredentialError, DeviceError, HostKeyError, NotSupported, Unreachable
from devices.transport.session import Session
from measurements.errors import StoreError

log = logging.getLogger(__name__)


def push(world: World, order: Order) -> Outcome | None:
    """Change one device; ends in a legal state whatever happens.

    Args:
        world: what a push touches.
        order: the device and what is meant for it.

    Returns:
        How it ended; None when another hand holds the device: nothing was done, it may be tried again.

    Raises:
        JournalUnavailable: a step could not be written. Nothing more was done with the device: a guard that is armed
            undoes by itself, and the device has to be examined.
        LeaseLost: as above, and it is another's to examine.
    """
    name, now = device_lease(order.device.id), world.clock.now()
    if not world.rollouts.take_lease(name, world.holder, "rollout", now, world.pace.lease_s):
        return None
    try:
        return _push(world, order)
    finally:
        release(world, order)


def release(world: World, order: Order) -> None:
    """Give the lock back; a journal that is away lets it run out."""
    try:
        world.rollouts.release(device_lease(order.device.id), world.holder)
    except JournalUnavailable as error:
        log.warning("the lock on %s runs out by itself: %s", order.device.id, error)


def _push(world: World, order: Order) -> Outcome:
    dialect = world.dialect_of(order.planned.platform)
    if dialect is None or dialect.name != order.planned.dialect:
        world.rollouts.step(
            order.rollout, order.device.id, Step.REFUSED, at=world.clock.now(), facts={"reason": "no_dialect"},
            attempt=order.attempt, holder=world.holder,
        )  # fmt: skip
        return Outcome(step=Step.REFUSED, reason="no_dialect")
    work = Work(world=world, order=order, dialect=dialect)
    try:
        try:
            _prepare(work)
            _arm(work)
            _send(work)
            verify.verify(work)
            confirm(work)
        except Ended as ended:
            work.let_go(cut=ended.step is Step.OFFLINE)
            return _end(work, ended.step, ended.reason, **ended.facts)
        except Trouble as found:
            return put_back(work, found)
        except (JournalUnavailable, LeaseLost):
            raise
        except Exception as error:  # one device's rollout: whatever broke here, the device must not stay half changed
            log.error("%s: %s inside the program", work.id, type(error).__name__)  # its text may hold a secret
            if work.guard is None and not work.sent:
                return _end(work, Step.REFUSED, "internal", error=type(error).__name__)
            return put_back(work, Trouble("internal", error=type(error).__name__))
        return _end(work, Step.OK, "", seconds=round(world.clock.monotonic() - work.baseline_at, 1))
    except (JournalUnavailable, LeaseLost):
        work.let_go(cut=True)  # nothing may be done that is not written: what is armed undoes itself
        raise
    finally:
        work.let_go(cut=True)
        work.lines = ()


def _end(work: Work, step: Step, reason: str, **facts: object) -> Outcome:
    again = step is Step.OFFLINE and work.order.attempt > 1  # told once, not every ten minutes for a week
    work.step(step, audit=None if again else f"device.{step.value}", reason=reason, **facts)
    return Outcome(step=step, reason=reason, facts=facts)


def _prepare(work: Work) -> None:
    """Look before touching: the way in, obstacles, how the device is, its configuration against the plan's."""
    world, order = work.world, work.order
    work.step(Step.PRECHECKING, reason="")
    began = world.clock.monotonic()
    try:
        # A change that lives with this session keeps it open through the verification from another one.
        work.sending = session = work.open(times=3.0 if order.planned.guard == GuardKind.HELD else 1.5)
        obstacles = work.dialect.obstacles(session)
        if obstacles:
            raise Ended(Step.REFUSED, "obstacle", obstacles=[work.hidden(one) for one in obstacles[:5]])
        work.baseline, work.baseline_at = world.vitals.look(order.device), world.clock.monotonic()
        work.acted(Step.PRECHECKING)
        work.step(Step.BACKING_UP, baseline=work.baseline.plain())
        work.base = work.dialect.fetch(session)
        saved = work.dialect.fetch_saved(session)
    except (DeviceError, CredentialError) as error:
        raise before_anything(work, error) from error
    work.link_s = world.clock.monotonic() - began
    work.base_mark = work.mark(work.base)
    work.saved_mark = None if saved is None else work.mark(saved)
    _compare(work)
    try:
        copy = world.copies.keep(order.device.id, work.base, at=world.clock.now())
    except (OSError, StoreError) as error:
        raise Ended(Step.REFUSED, "no_copy", error=str(error)) from error
    work.acted(Step.BACKING_UP)
    work.token = f"m{order.rollout}-{order.place}-{order.attempt}-{secrets.token_hex(4)}"
    work.kind = GuardKind(order.planned.guard)
    work.step(
        Step.ARMING, audit="device.arming", copy=copy, before=work.base_mark, saved=work.saved_mark,
        expected=work.expected, guard=work.kind.value, guard_s=_guard_s(work), link_s=round(work.link_s, 3),
    )  # fmt: skip


def before_anything(work: Work, error: DeviceError | CredentialError) -> Ended:
    """Why a device is done with before anything was sent."""
    if isinstance(error, CredentialError):
        return Ended(Step.REFUSED, "credential", error=str(error))
    told = said(work, error)
    if isinstance(error, HostKeyError) or "host key" in str(error).lower():
        return Ended(Step.REFUSED, "host_key", **told)
    if isinstance(error, Unreachable):
        return Ended(Step.OFFLINE, "offline", **told)
    if isinstance(error, AuthenticationFailed):
        return Ended(Step.REFUSED, "authentication", **told)
    if isinstance(error, NotSupported):
        return Ended(Step.REFUSED, "not_supported", **told)
    return Ended(Step.REFUSED, "unexpected_reply", **told)


def _compare(work: Work) -> None:
    """The plan was made on another configuration: drift. It says all of it already: nothing to do."""
    try:
        work.fill()
    except (CredentialError, ValueError) as error:
        # ValueError: the dialect cannot say the secret; its text may hold the value.
        told = {"error": str(error)} if isinstance(error, CredentialError) else {}
        raise Ended(Step.REFUSED, "credential", **told) from None
    running = work.dialect.normalise(work.base)
    after = work.dialect.after(running, work.lines)
    work.expected = None if after is None else work.world.fingerprint.of(after)
    if work.expected == work.base_mark or not work.lines:
        raise Ended(Step.UNCHANGED, "unchanged", before=work.base_mark)
    if work.base_mark != work.order.planned.base:
        raise Ended(Step.DRIFTED, "drift", before=work.base_mark)


def _guard_s(work: Work) -> int:
    """How long the guard waits: as the link is slow, never less than the verification may need."""
    pace = work.world.pace
    needed = pace.guard_factor * work.link_s + pace.line_s * len(work.lines) + pace.vitals_s
    return math.ceil(min(pace.guard_most_s, max(pace.guard_least_s, needed)))


def _arm(work: Work) -> None:
    """Arm the strongest guard this device can do, from the planned one downwards."""
    order, session = work.order, work.sending
    assert session is not None  # noqa: S101  opened by _prepare
    seconds = _guard_s(work)
    for kind in _kinds(work):
        work.armed = work.world.clock.monotonic()
        try:
            work.guard = work.dialect.arm(session, work.token, seconds, work.base, kind)
        except NotSupported as error:
            log.info("%s cannot do the guard %s: %s", work.id, kind.value, work.hidden(str(error)))
            continue
        except DeviceError as error:
            # Whether it is armed is not known: it would put back what is there anyway, and is taken back now.
            work.kind, work.guard = kind, Guard(kind=kind, token=work.token, seconds=seconds)
            raise Trouble("not_armed", **said(work, error)) from error
        work.kind = work.guard.kind
        work.acted(Step.ARMING)
        return
    work.kind, work.armed = GuardKind.NONE, None
    if not order.options.allow_unguarded:
        raise Ended(Step.REFUSED, "no_guard")
    if "management_path" in order.planned.warnings:
        raise Ended(Step.REFUSED, "no_guard_on_management_path")
    work.acted(Step.ARMING)


def _kinds(work: Work) -> list[GuardKind]:
    order = list(GuardKind)
    return [kind for kind in work.dialect.guards if order.index(kind) >= order.index(work.kind)]


def _send(work: Work) -> None:
    session = work.sending
    assert session is not None  # noqa: S101
    masked = [work.dialect.mask(line) for line in work.order.planned.lines]
    seconds = None if work.guard is None else work.guard.seconds
    work.step(Step.SENDING, audit="device.sending", sent=True, guard=work.kind.value, guard_s=seconds, lines=masked)
    work.sent = True
    try:
        work.dialect.send(session, work.lines)
    except DeviceError as error:
        raise trouble(work, error) from error
    work.acted(Step.SENDING)
    if work.kind is not GuardKind.HELD:
        work.let_go(cut=False)


def confirm(work: Work) -> None:
    """Keep the change, from a new session: disarm, save, and read it all again.

    Raises:
        Trouble: it has to be undone.
    """
    work.step(Step.CONFIRMING)
    try:
        with work.session() as session:
            _disarm(work, session)
            work.acted(Step.CONFIRMING)
            work.let_go(cut=False)
            save(work, session)
    except DeviceError as error:
        raise trouble(work, error) from error
    except CredentialError as error:
        raise Trouble("credential", error=str(error)) from error


def _disarm(work: Work, session: Session) -> None:
    if work.guard is None:
        return
    match work.kind:
        case GuardKind.HELD:
            if work.sending is None:
                raise Trouble("session_lost")
            work.dialect.disarm(work.sending, work.guard)
        case GuardKind.TIMER | GuardKind.RELOAD:
            work.dialect.disarm(session, work.guard)
        case GuardKind.NONE:
            pass
        case _:
            assert_never(work.kind)


def save(work: Work, session: Session) -> None:
    """Save, and read running and saved once more: only now it is certain that no guard fired meanwhile.

    Raises:
        Trouble: what is there is not what was meant.
        DeviceError: the device did not answer.
    """
    work.step(Step.SAVING)
    work.dialect.save(session)
    work.acted(Step.SAVING)
    after = verify.read(work, session)
    saved = work.dialect.fetch_saved(session)
    if (
        saved is not None
        and work.mark(saved) != after
        and work.dialect.missing(work.dialect.normalise(saved), work.lines)
    ):
        raise Trouble("not_saved")
    _accepted(work)


def _accepted(work: Work) -> None:
    """What is there now is right, and no drift at the next backup."""
    world, order = work.world, work.order
    if world.accept is not None:
        normalised = work.dialect.normalise(work.now)
        why = f"plan {order.plan}, rollout {order.rollout}" + (f", {order.ticket}" if order.ticket else "")
        world.accept(
            order.device.id, work.now, normalised, work.dialect.mask(normalised),
            at=world.clock.now(), by=order.by, why=why,
        )  # fmt: skip
    work.now = ""
