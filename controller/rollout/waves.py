"""Which device is changed when: a canary of each kind, then growing shares. Pure; one plan always gives the same waves.

- wave 0: one device of each platform, model and version: few people, good link, not the only site of a village;
- then cumulative shares of the rest, every kind in each as far as it goes;
- within a wave the only sites of a village come last.

That no two devices of one site are under way at once is kept by the executor, for all rollouts together.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable, Sequence
from itertools import chain, zip_longest

from controller.rollout.options import Options
from controller.rollout.records import DeviceProgress, Plan, PlanDevice, Step

ONLY_SITE = "only_site"
_Kind = tuple[str, str, str]


def place(plan: Plan, options: Options, at: float) -> list[DeviceProgress]:
    """Wave and place of every device of a plan.

    Args:
        plan: with its devices.
        options: shares of the waves.
        at: now.

    Returns:
        In order of sending. Unchanged devices are closed as such, those that could not be planned as refused; both
        count to wave 0 and are not sent to.
    """
    todo = [d for d in plan.devices if d.error is None and d.lines]
    canaries = _canaries(todo)
    chosen = {d.device for d in canaries}
    rest = _mixed([d for d in todo if d.device not in chosen], plan.hash)
    waves = [canaries, *_shares(rest, options.waves)]
    found: list[DeviceProgress] = []
    for number, members in enumerate(wave for wave in waves if wave):
        for device in sorted(members, key=lambda d: ONLY_SITE in d.warnings):
            found.append(_placed(device, number, len(found), Step.WAITING, at))
    for device in (d for d in plan.devices if d.error is not None or not d.lines):
        end = Step.UNCHANGED if device.error is None else Step.REFUSED
        found.append(_placed(device, 0, len(found), end, at))
    return found


def kind(device: PlanDevice) -> _Kind:
    """What makes two devices alike."""
    return device.platform, device.model or "", device.version or ""


def _canaries(devices: Iterable[PlanDevice]) -> list[PlanDevice]:
    best: dict[_Kind, PlanDevice] = {}
    for device in devices:
        known = best.get(kind(device))
        if known is None or _risk(device) < _risk(known):
            best[kind(device)] = device
    return sorted(best.values(), key=_risk)


def _risk(device: PlanDevice) -> tuple[bool, bool, float, float, str]:
    """How much is lost when it breaks, and how hard it is to reach; what is not known counts as much."""
    return (
        ONLY_SITE in device.warnings,
        "management_path" in device.warnings,
        math.inf if device.people is None else device.people,
        math.inf if device.latency_s is None else device.latency_s,
        device.device,
    )


def _mixed(devices: Iterable[PlanDevice], seed: str) -> list[PlanDevice]:
    """One of each kind in turn, in an order that looks drawn."""
    groups: dict[_Kind, list[PlanDevice]] = {}
    for device in devices:
        groups.setdefault(kind(device), []).append(device)
    for members in groups.values():
        members.sort(key=lambda d: hashlib.sha256(f"{seed}:{d.device}".encode()).digest())
    turns = zip_longest(*(groups[name] for name in sorted(groups)))
    return [device for device in chain.from_iterable(turns) if device is not None]


def _shares(devices: Sequence[PlanDevice], shares: Sequence[float]) -> list[list[PlanDevice]]:
    """Cut at cumulative shares, rounded up; the last wave takes all that is left."""
    waves, begin = [], 0
    for number, share in enumerate(shares):
        last = number == len(shares) - 1
        end = len(devices) if last else min(len(devices), math.ceil(share * len(devices) - 1e-9))
        waves.append(list(devices[begin : max(begin, end)]))
        begin = max(begin, end)
    return waves


def _placed(device: PlanDevice, wave: int, place: int, step: Step, at: float) -> DeviceProgress:
    facts = {} if device.error is None else {"reason": "not_planned", "error": device.error}
    return DeviceProgress(device=device.device, wave=wave, place=place, step=step, since=at, facts=facts)
