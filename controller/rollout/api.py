"""Bulk change from a script: file a request, follow it. Nothing here speaks to a router; the executor does.

with rollouts(state) as changes:
    changes.approve(plan, who="budi")
    number = changes.push(plan, who="siti")
    for look in changes.follow(number):
        print(look.state, look.counts)
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from controller.journal.errors import RolloutRefused
from controller.journal.journal import Journal
from controller.journal.records import RequestState
from controller.rollout import approval
from controller.rollout.records import Plan, Rollout, RolloutState, Step

#: States in which a rollout does nothing more by itself.
OVER = (RolloutState.DONE, RolloutState.STOPPED, RolloutState.EXPIRED)


class NotTaken(RolloutRefused):
    """No executor took the request in time; it stays filed and will be taken when one runs."""

    def __init__(self, request: int) -> None:
        super().__init__("not_taken", f"no executor took request {request} yet: is `merata executor` running?")
        self.request = request


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """How a rollout stands at one moment."""

    rollout: Rollout
    counts: Mapping[Step, int]

    @property
    def state(self) -> RolloutState:
        """Of the rollout."""
        return self.rollout.state

    @property
    def is_over(self) -> bool:
        """Nothing more happens by itself."""
        return self.state in OVER

    @property
    def went_well(self) -> bool:
        """Over, and every device is as it was meant."""
        good = (Step.OK, Step.UNCHANGED)
        return self.state is RolloutState.DONE and all(step in good for step in self.counts)


class Changes:
    """Plans and rollouts of one journal.

    Args:
        journal: opened; it stays the caller's.
        now: the wall clock, epoch s.
        wait: how time passes between two looks.
    """

    def __init__(
        self,
        journal: Journal,
        *,
        now: Callable[[], float] = time.time,
        wait: Callable[[float], None] = time.sleep,
    ) -> None:
        self._journal = journal
        self._now = now
        self._wait = wait

    def plan(self, change: str, *, who: str, where: str = "", patience_s: float = 600.0, **more: Any) -> int:
        """Ask the executor for a plan; gives its number once it is frozen.

        Args:
            change: the change file.
            who: its author.
            where: which devices; empty: as the change says.
            patience_s: how long to wait for it.
            **more: values, ticket, reason, as the request `plan.make` takes them.

        Raises:
            RolloutRefused: it could not be made; NotTaken when nobody took it up.
        """
        payload = {"change": str(change), "where": where, **more}
        return int(self._asked("plan.make", payload, who=who, patience_s=patience_s)["plan"])

    def approve(self, plan: int, *, who: str) -> Plan:
        """Approve a draft as another account than its author's.

        Raises:
            RolloutRefused: it may not be approved, or not by `who`.
        """
        return approval.approve(self._journal, plan, who, self._now())

    def push(self, plan: int, *, who: str, patience_s: float = 30.0) -> int:
        """Ask for an approved plan to be sent; gives the number of the rollout once an executor has begun it.

        Raises:
            RolloutRefused: it may not be sent; NotTaken when nobody took it up.
        """
        return int(self._asked("rollout.start", {"plan": plan}, who=who, patience_s=patience_s)["rollout"])

    def stop(self, rollout: int, *, who: str) -> bool:
        """Let nothing new begin: at once, executor or not. False when it is over or was asked for before."""
        return self._journal.rollouts.ask_stop(rollout, by=who, at=self._now())

    def resume(self, rollout: int, *, who: str, patience_s: float = 30.0) -> Mapping[str, Any]:
        """Go on with a stopped rollout: devices of unknown state are examined first, nothing is sent twice.

        Raises:
            RolloutRefused: it is over, or its plan has expired; NotTaken when nobody took it up.
        """
        return self._asked("rollout.resume", {"rollout": rollout}, who=who, patience_s=patience_s)

    def status(self, rollout: int) -> Look:
        """How it stands now.

        Raises:
            RolloutRefused: there is no such rollout.
        """
        found = self._journal.rollouts.rollout(rollout)
        if found is None:
            raise RolloutRefused("no_rollout", f"there is no rollout {rollout}")
        return Look(rollout=found, counts=Counter(d.step for d in found.devices))

    def follow(self, rollout: int, *, every_s: float = 2.0) -> Iterator[Look]:
        """A look each time something changed, the last one when it is over.

        Raises:
            RolloutRefused: there is no such rollout.
        """
        before: Look | None = None
        while True:
            look = self.status(rollout)
            if before is None or (look.state, look.counts, look.rollout.wave) != (
                before.state, before.counts, before.rollout.wave
            ):  # fmt: skip
                yield look
            if look.is_over:
                return
            before = look
            self._wait(every_s)

    def _asked(self, kind: str, payload: Mapping[str, Any], *, who: str, patience_s: float) -> Mapping[str, Any]:
        number = self._journal.ask(kind, payload, who=who, at=self._now())
        until = self._now() + patience_s
        while True:
            request = self._journal.request(number)
            if request is not None and request.state is RequestState.DONE:
                return request.result or {}
            if request is not None and request.state is RequestState.FAILED:
                told = request.result or {}
                raise RolloutRefused(str(told.get("reason", "failed")), str(told.get("error", "it failed")))
            if self._now() >= until:
                raise NotTaken(number)
            self._wait(0.2)


@contextmanager
def rollouts(state: Path | str) -> Iterator[Changes]:
    """Plans and rollouts under a state directory, or at a journal's SQLAlchemy URL.

    Raises:
        JournalUnavailable: there is no journal there.
    """
    where = str(state)
    journal = Journal.open(where if "://" in where else Path(where) / "journal.db")
    try:
        yield Changes(journal)
    finally:
        journal.close()
