"""Is the device what was meant, and as well as before? Asked from a new session and over SNMP."""

from __future__ import annotations

from typing import Any

from controller.changes.checks import failing
from controller.rollout.errors import Trouble
from controller.rollout.ports import Vital, interfaces_lost
from controller.rollout.records import Step
from controller.rollout.work import Work, trouble
from devices.errors import CredentialError, DeviceError
from devices.transport.session import Session

#: TimeTicks wrap (RFC 3418: 2^32 hundredths of a second): a smaller uptime near it is no restart.
_WRAP_S = 2**32 / 100


def verify(work: Work) -> None:
    """Sign in anew, read the configuration, look at interfaces and clients.

    Raises:
        Trouble: something is not as it should be: the change has to be undone.
    """
    work.step(Step.VERIFYING)
    _configuration(work)
    if _vitals(work):
        _configuration(work)  # it restarted meanwhile: what it holds now counts
    work.acted(Step.VERIFYING)


def read(work: Work, session: Session) -> str:
    """Read the configuration and see that it is what was meant; gives its keyed hash.

    Raises:
        Trouble: lines are missing, or it is not the expected configuration.
        DeviceError: no answer.
    """
    work.now = work.dialect.fetch(session)
    running = work.dialect.normalise(work.now)
    if lost := work.dialect.missing(running, work.lines):
        raise Trouble("lines_missing", missing=lost[:20])
    if broken := failing(work.order.planned.checks, running):
        raise Trouble("checks_failed", checks=broken[:20])
    found = work.world.fingerprint.of(running)
    if work.expected is not None and found != work.expected:
        raise Trouble("unexpected")
    return found


def _configuration(work: Work) -> None:
    """From a new session; tried again while the guard leaves time, since a restarting service is no failure."""
    while True:
        try:
            with work.session() as session:
                read(work, session)
            return
        except CredentialError as error:
            raise Trouble("credential", error=str(error)) from error
        except DeviceError as error:
            again = work.world.pace.again_s
            # What is left must do for another try, the vital signs and the confirmation.
            if work.left_s() - again < 2 * work.link_s + work.world.pace.margin_s or work.guard is None:
                raise trouble(work, error) from error
            work.world.clock.sleep(again)


def _vitals(work: Work) -> bool:
    """Compare with the baseline; True when the device restarted meanwhile.

    Raises:
        Trouble: it does not come back to what it was in time.
    """
    world = work.world
    reserve = 2 * work.link_s + world.pace.margin_s
    until = world.clock.monotonic() + min(world.pace.vitals_s, max(0.0, work.left_s() - reserve))
    while True:
        found = world.vitals.look(work.order.device)
        lost = worse(work, found)
        if lost is None:
            return restarted(work, found)
        again = min(world.pace.again_s, until - world.clock.monotonic())
        if again <= 0:
            raise lost
        world.clock.sleep(again)


def worse(work: Work, now: Vital) -> Trouble | None:
    """What is worse than before the change, None when nothing is."""
    before, tolerance = work.baseline, work.order.options.tolerance
    if before.reachable and not now.reachable:
        return Trouble("snmp_silent")
    if now.reachable and (lost := interfaces_lost(before, now)):
        facts: dict[str, Any] = {"interfaces": list(lost[:10])}
        return Trouble("uplink_down" if before.uplink in lost else "interface_down", **facts)
    if (
        before.clients is not None
        and before.clients >= tolerance.least_clients
        and now.clients is not None
        and now.clients < tolerance.clients * before.clients
    ):
        return Trouble("clients_lost", clients=now.clients, clients_before=before.clients)
    return None


def restarted(work: Work, now: Vital) -> bool:
    """True when its uptime is less than before (an agent that restarts with its new settings looks the same)."""
    before = work.baseline.uptime_s
    if before is None or now.uptime_s is None or now.uptime_s >= before:
        return False
    return before + (work.world.clock.monotonic() - work.baseline_at) < _WRAP_S
