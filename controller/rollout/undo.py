"""Put the old configuration back, and see that it is back. By the guard where there is one, by hand where it must be.

A device that does not answer is not judged before its guard's deadline has passed.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass

from controller.rollout.errors import Trouble
from controller.rollout.ports import Outcome
from controller.rollout.records import Step
from controller.rollout.work import Work
from devices.configuring.dialect import Guard, GuardKind, GuardState
from devices.errors import CredentialError, DeviceError
from devices.transport.session import Session

log = logging.getLogger(__name__)

#: A device that is restarted on purpose may take so long.
RESTART_S = 300.0
#: Times the old configuration is put back before it counts as failed.
UNDOS = 2


@dataclass(slots=True)
class _Try:
    """How far the undoing is."""

    until: float  # monotonic: an unanswering device is not judged before
    undone: int = 0
    looks: int = 0
    seen: bool = False  # the device was read, and did not hold the old configuration
    left: bool = False  # ... or held it, and its guard would not go


def put_back(work: Work, why: Trouble, *, judged: Step | None = None) -> Outcome:
    """Undo, from wherever the device stands, and verify from a new session.

    Args:
        work: the device; its sending session is cut.
        why: what went wrong.
        judged: how it ends once the old configuration was seen; None: ROLLED_BACK, or REFUSED where nothing was sent.
    """
    # Before the journal is asked: what lives with the session must begin to be undone even if that cannot be written.
    work.let_go(cut=True)
    work.step(Step.ROLLING_BACK, audit="device.rolling_back", reason=why.reason, **why.facts)
    end = _undo(work)
    work.acted(Step.ROLLING_BACK)
    if end is Step.ROLLED_BACK:
        end = judged or (end if work.sent else Step.REFUSED)
    after = work.world.vitals.look(work.order.device) if end is not Step.UNKNOWN else None
    facts = {"reachable_after": None if after is None else after.reachable}
    work.step(end, audit=f"device.{end.value}", reason=why.reason, **{**why.facts, **facts})
    return Outcome(step=end, reason=why.reason, facts=why.facts)


def _undo(work: Work) -> Step:
    pace, clock = work.world.pace, work.world.clock
    trying = _Try(until=deadline(work))
    while True:
        try:
            with work.session() as session:
                if (end := _once(work, session, trying)) is not None:
                    return end
        except (DeviceError, CredentialError) as error:
            log.info("%s is looked at again: %s", work.id, work.hidden(str(error)))
            if clock.monotonic() >= trying.until:
                trying.looks += 1
                if trying.looks >= pace.looks:
                    return Step.ROLLBACK_FAILED if trying.seen and trying.undone >= UNDOS else Step.UNKNOWN
        clock.sleep(max(0.0, min(pace.again_s, _left(trying.until, clock.monotonic(), pace.again_s))))


def _left(until: float, now: float, again_s: float) -> float:
    """Not past the deadline at one stride, since a look right after it settles most cases."""
    return until - now if now < until else again_s


def deadline(work: Work) -> float:
    """Monotonic time by which the guard surely has fired and done its work."""
    pace, now = work.world.pace, work.world.clock.monotonic()
    if work.guard is None or work.armed is None:
        return now + pace.margin_s
    # It was armed at some moment of the call, which took no longer than the link takes for a session.
    restart = RESTART_S if _restarts(work.guard) else 0.0
    return work.armed + work.link_s + work.guard.seconds + pace.margin_s + restart


def _restarts(guard: Guard) -> bool:
    return guard.restarts or guard.kind is GuardKind.RELOAD


def _once(work: Work, session: Session, trying: _Try) -> Step | None:
    """One look, and one act where it is wanted; None: look again from a new session."""
    clock, pace = work.world.clock, work.world.pace
    state = GuardState.ABSENT if work.guard is None else work.dialect.guard_state(session, work.token)
    back = work.mark(work.dialect.fetch(session)) == work.base_mark
    trying.seen, trying.left = not back, back
    if back and (state in (GuardState.ABSENT, GuardState.FIRED) or (trying.undone and state is GuardState.UNTELLABLE)):
        return _saved(work, session)
    if work.kind is GuardKind.HELD and state is GuardState.ARMED and clock.monotonic() < trying.until:
        return None  # the device has not noticed yet that the session is gone; two hands at once would fight
    if trying.undone >= UNDOS or not work.base:
        return Step.ROLLBACK_FAILED
    trying.undone += 1
    guard = work.guard or Guard(kind=GuardKind.NONE, token=work.token, seconds=0)
    if back and guard.kind in (GuardKind.TIMER, GuardKind.RELOAD):
        work.dialect.disarm(session, guard)  # nothing to put back: a restart for nothing would only hurt
        return None
    restart = RESTART_S if _restarts(guard) else 0.0
    trying.until = max(trying.until, clock.monotonic() + pace.margin_s + restart)
    work.dialect.undo(session, guard, work.base)
    return None


def _saved(work: Work, session: Session) -> Step:
    """What the device would start with must be the old configuration too."""
    if work.saved_mark is None:
        return Step.ROLLED_BACK
    saved = work.dialect.fetch_saved(session)
    if saved is None or work.mark(saved) in (work.saved_mark, work.base_mark):
        return Step.ROLLED_BACK
    work.dialect.save(session)
    saved = work.dialect.fetch_saved(session)
    return Step.ROLLED_BACK if saved is None or work.mark(saved) == work.base_mark else Step.ROLLBACK_FAILED
