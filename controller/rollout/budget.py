"""When nothing new may begin: the one failure budget over all waves, and the ends that stop everything. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from controller.rollout.options import Options
from controller.rollout.records import DeviceProgress, Step

#: Reasons of an end that say nothing of the change: the program was interrupted, or the device could not be planned.
_NOT_THE_CHANGE = ("interrupted", "not_planned")
_STOPS = (Step.ROLLBACK_FAILED, Step.UNKNOWN)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stop:
    """Why nothing new begins."""

    reason: str  # budget, state_unknown
    spent: int
    limit: int
    devices: tuple[str, ...]


def limit(options: Options, total: int, wave: int) -> int:
    """Failures after which nothing new begins in this wave; at least one."""
    share = max(1, int(options.budget * total))
    return min(share, max(1, options.canary_budget)) if wave <= 1 else share


def spent(devices: Iterable[DeviceProgress]) -> list[str]:
    """Devices that count against the budget now, in all waves.

    One that was offline and came back no longer does, nor one that a person saw and resumed in spite of (`forgiven`).
    """
    return [
        d.device
        for d in devices
        if d.step.spends_budget and d.facts.get("reason") not in _NOT_THE_CHANGE and not d.facts.get("forgiven")
    ]


def room(devices: Iterable[DeviceProgress], options: Options, total: int, wave: int) -> int:
    """Devices that may be under way at once: what is left of the budget, and one more for each that went well.

    A change that breaks every device is stopped by as many as the budget says, not by a whole batch.
    """
    known = list(devices)
    went_well = sum(1 for d in known if d.step is Step.OK)
    return max(1, limit(options, total, wave) - len(spent(known))) + went_well


def stop(devices: Iterable[DeviceProgress], options: Options, *, total: int, wave: int) -> Stop | None:
    """Why nothing new may begin, None when it may.

    Args:
        devices: of the rollout, as they stand.
        options: of the plan.
        total: devices that are to be changed.
        wave: the one under way.
    """
    known = list(devices)
    most, failed = limit(options, total, wave), spent(known)
    lost = tuple(d.device for d in known if d.step in _STOPS)
    if lost:
        return Stop(reason="state_unknown", spent=len(failed), limit=most, devices=lost)
    if len(failed) >= most:
        return Stop(reason="budget", spent=len(failed), limit=most, devices=tuple(failed[:20]))
    return None
