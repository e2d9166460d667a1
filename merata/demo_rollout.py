"""What happens in the demonstration once its pages are up: a first backup, a change planned, approved and begun.

python -m merata.demo_rollout FOLDER    # its executor carries the change out; this ends when it has begun

A demonstration that goes on after a pause is left as it is.
"""

from __future__ import annotations

import logging
import sys
import time
from pathlib import Path
from typing import Final

from controller.changes.subjects import Subject
from controller.journal.errors import JournalUnavailable
from controller.rollout.approval import approve
from controller.rollout.records import PlanState
from devices.errors import DeviceError
from merata.config_fleet import ConfigFleet, config_fleet, is_spoken
from merata.config_making import make, read
from merata.demo_changes import APPROVER, AUTHOR, CHANGE
from merata.demo_changes import FOLDER as CONSOLES
from simulator.consoles import CHANGED

log = logging.getLogger("merata.demo")

#: Sessions at once: the pages of the same machine come first.
_WORKERS: Final = 3
_HEARD: Final = 0.9  # share of the consoles that must have said what they are
_WAIT_S, _STILL_S, _LOOK_S = 240.0, 12.0, 2.0
_TRIES, _AGAIN_S = 20, 10.0
#: What somebody types by hand at one device, though nobody asked.
_BY_HAND: Final = "/ip dns set servers=8.8.8.8"


def run(folder: Path) -> None:
    """Play it once."""
    state, inventory = folder / "state", folder / "inventory.yaml"
    if not (folder / CONSOLES).exists() or not _heard(state, inventory):
        return
    with config_fleet(state, inventory) as fleet:
        rollouts = fleet.journal.rollouts
        if rollouts.rollouts(limit=1):
            return
        spoken = [subject for subject in fleet.subjects if is_spoken(subject)]
        plan = next(iter(rollouts.plans(limit=1)), None)
        if plan is None:
            _fetch(fleet, spoken, why="the first night")
            plan = make(fleet, read(fleet, folder / CHANGE), author=AUTHOR, ticket="ND-614/2026", workers=_WORKERS)
        if plan.state is PlanState.DRAFT:
            approve(fleet.journal, plan.id, APPROVER, time.time())
        if not fleet.journal.requests(kind="rollout.start", limit=1):
            fleet.journal.ask("rollout.start", {"plan": plan.id}, who=AUTHOR, at=time.time())
        _by_hand(fleet, spoken)


def _heard(state: Path, inventory: Path) -> bool:
    """Wait until the poller has heard what the consoles' devices are; their model decides who is a canary.

    Some of them are dark: where nobody new was heard for a while, the rest is not waited for.
    """
    until, before, since = time.monotonic() + _WAIT_S, 0, time.monotonic()
    with config_fleet(state, inventory) as fleet:
        owned = [d.id for d in fleet.inventory.devices.values() if d.ssh is not None and d.ssh.configure]
        while True:
            told = fleet.journal.identities()
            heard = sum(name in told for name in owned)
            now = time.monotonic()
            if heard != before:
                before, since = heard, now
            if heard >= _HEARD * len(owned) or now > until or (heard and now - since > _STILL_S):
                return heard > 0
            time.sleep(_LOOK_S)


def _fetch(fleet: ConfigFleet, subjects: list[Subject], *, why: str) -> None:
    fleet.collector(workers=_WORKERS).fetch([fleet.device(s) for s in subjects], who="nightly", why=why)


def _by_hand(fleet: ConfigFleet, spoken: list[Subject]) -> None:
    """Somebody changes one device past the controller, which sees it at the next backup: drift."""
    others = [s for s in spoken if s.site.kind.value not in CHANGED] or spoken[-1:]
    for subject in others:
        try:
            session = fleet.sessions.open(fleet.device(subject), deadline_s=60.0)
            session.run(_BY_HAND)
            session.close()
        except DeviceError as error:
            log.info("%s is not changed by hand: %s", subject.device.id, error)
            continue
        _fetch(fleet, [subject], why="looked at again")
        return


if __name__ == "__main__":
    logging.basicConfig(level="WARNING")
    logging.getLogger("paramiko").setLevel("ERROR")
    for _ in range(_TRIES):
        try:
            run(Path(sys.argv[1]))
            break
        except JournalUnavailable as error:  # a busy machine; what was done stands, the rest is taken up again
            log.info("tried again: %s", error)
            time.sleep(_AGAIN_S)
