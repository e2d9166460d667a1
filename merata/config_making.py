"""Plans made: a change read, its devices chosen and asked, the result frozen and kept."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from controller.changes.errors import ChangeError, WhereError
from controller.changes.file import read_change
from controller.changes.model import Change
from controller.changes.variables import settings
from controller.rollout.planning import Planner, Wish
from controller.rollout.records import Plan, PlanDevice, Step
from devices.configuring.registry import DIALECTS, dialect_of
from devices.credentials import folder_of
from devices.platforms.recognise import platforms
from merata.config_reach import nearby

if TYPE_CHECKING:
    from controller.journal.records import Request
    from merata.config_fleet import ConfigFleet

#: Steps after which a device is planned again: it was not changed, and may be another time.
_AGAIN = (Step.DRIFTED, Step.OFFLINE, Step.REFUSED, Step.ROLLED_BACK, Step.SKIPPED)


def read(fleet: ConfigFleet, path: Path) -> Change:
    """A change file.

    Raises:
        ChangeError: with everything that is wrong.
    """
    return read_change(path, units=fleet.units, platforms={*platforms(), *DIALECTS.values()})


def make(
    fleet: ConfigFleet,
    change: Change,
    *,
    author: str,
    expression: str | None = None,
    values: Mapping[str, str] | None = None,
    ticket: str = "",
    reason: str = "",
    workers: int = 50,
    on_begin: Callable[[int], None] | None = None,
    on_done: Callable[[PlanDevice], None] | None = None,
) -> Plan:
    """Ask the devices, freeze the plan and keep it.

    Args:
        fleet: where they are.
        change: as read.
        author: who makes it; somebody else must approve it.
        expression: which devices; None: as the change says.
        values: for the change's variables.
        ticket: number of the paper behind it.
        reason: None: the change's own.
        workers: sessions at once.
        on_begin: told how many devices are asked.
        on_done: told of each.

    Raises:
        WhereError: the expression is not understood.
        ValueError: a value is not fit, no device is meant, or nothing says which.
        JournalError: it could not be kept.
    """
    given = settings(change, values or {})
    text = expression or (change.where.text if change.where is not None else "")
    if not text:
        raise ValueError(
            "which devices: the change has no `where:`, so --where is needed (`--where all` for every one)"
        )
    chosen = fleet.chosen(fleet.where(text))
    if not chosen:
        raise ValueError(f"no device is taken by `{text}`")
    if on_begin is not None:
        on_begin(len(chosen))
    planner = Planner(
        sessions=fleet.sessions,
        dialect_of=dialect_of,
        resolve=fleet.secret,
        fingerprint=fleet.fingerprint,
        only_sites=nearby(fleet.inventory, fleet.paths),
        now=time.time,
        monotonic=time.monotonic,
        locks=fleet.locks,
        workers=workers,
    )
    wish = Wish(
        change=change, author=author, where=" ".join(text.split()), values=given, ticket=ticket, reason=reason,
        inventory=fleet.inventory.version,
    )  # fmt: skip
    return fleet.journal.rollouts.add_plan(planner.plan(wish, chosen, on_done=on_done))


def again(
    fleet: ConfigFleet,
    old: Plan,
    *,
    author: str,
    only: Iterable[Step] = _AGAIN,
    workers: int = 50,
    on_begin: Callable[[int], None] | None = None,
    on_done: Callable[[PlanDevice], None] | None = None,
) -> Plan | None:
    """A new plan for those devices of an old one that were not changed; None where there is none.

    The change is read anew, so a mended template counts. An old plan that nobody has begun to send is replaced.

    Raises:
        ChangeError, ValueError, JournalError: as `read` and `make`.
    """
    devices = unfinished(fleet, old, only)
    if not devices:
        return None
    return make(
        fleet, read(fleet, Path(old.source)), author=author, expression=f"device in ({', '.join(devices)})",
        values=old.values, ticket=old.ticket, reason=old.reason, workers=workers, on_begin=on_begin, on_done=on_done,
    )  # fmt: skip


def unfinished(fleet: ConfigFleet, old: Plan, only: Iterable[Step] = _AGAIN) -> list[str]:
    """Devices of a plan that were not changed by it: those in these steps, and those that could not be planned."""
    wanted = frozenset(only)
    rollouts = fleet.journal.rollouts.rollouts(plan=old.id, limit=1)
    if not rollouts:
        return [device.device for device in old.devices]
    sent = fleet.journal.rollouts.rollout(rollouts[0].id)
    stuck = {d.device for d in sent.devices if d.step in wanted} if sent is not None else set()
    if wanted >= frozenset(_AGAIN):
        stuck |= {device.device for device in old.devices if device.error is not None}
    return sorted(stuck)


def answer(fleet: ConfigFleet, request: Request) -> Mapping[str, Any]:
    """Answers a request `plan.make {change, where, values, ticket, reason}` of a page or script; for the executor.

    The change must stand in the inventory's folder or below: who may file a request may not read every file.

    Returns:
        `plan` and `hash`.

    Raises:
        ValueError: what was wrong, in one text.
    """
    asked = request.payload
    home = folder_of(fleet.inventory).resolve()
    path = (home / str(asked["change"])).resolve()
    if not path.is_relative_to(home):
        raise ValueError("the change must stand in the folder of the inventory, or below")
    try:
        plan = make(
            fleet, read(fleet, path), author=request.who, expression=asked.get("where"),
            values=asked.get("values"), ticket=str(asked.get("ticket", "")), reason=str(asked.get("reason", "")),
        )  # fmt: skip
    except (ChangeError, WhereError) as wrong:
        raise ValueError(str(wrong)) from wrong
    return {"plan": plan.id, "hash": plan.hash}
