"""One rollout under way: what may begin now, and what its waves, gates, budget and window make of it.

Kept in memory by the executor's one thread; all it knows is in the journal too, so that a restart knows the same.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from zoneinfo import ZoneInfo

from controller.journal.rollouts import Rollouts
from controller.rollout import budget
from controller.rollout.gate import Gate, Monitoring, judge
from controller.rollout.options import Options
from controller.rollout.ports import Clock
from controller.rollout.records import DeviceProgress, Plan, PlanDevice, Rollout, RolloutState, Step
from controller.rollout.window import is_open
from controller.rollout.work import Order
from devices.model import Inventory
from measurements.errors import StoreError

log = logging.getLogger(__name__)

WHO = "executor"
#: The minutes before a wave with which its gate compares.
BASELINE_S = 900.0
#: A gate waits so long for devices that were not polled since the wave: twice the slowest polling class, and a minute.
PATIENCE_S = 660.0
_LOOK_S = 10.0
_LEAST_S = 60.0
#: Steps in which nothing was sent yet: after a crash such a device simply waits again.
_BEFORE = (Step.PRECHECKING, Step.BACKING_UP)


@dataclass(slots=True, kw_only=True)
class Running:
    """The memory of one rollout."""

    rollouts: Rollouts
    clock: Clock
    inventory: Callable[[], Inventory]
    monitoring: Monitoring
    id: int
    plan: Plan
    options: Options
    by: str
    state: RolloutState
    wave: int
    wave_began: float  # epoch s
    progress: dict[str, DeviceProgress]
    busy: set[str] = field(default_factory=set)
    examine: list[str] = field(default_factory=list)
    crashed: bool = False
    quiet_since: float | None = None  # monotonic: the wave is over since then
    looked: float = -_LOOK_S  # into the quiet time, when the gate last looked
    planned: dict[str, PlanDevice] = field(init=False)

    def __post_init__(self) -> None:
        self.planned = {d.device: d for d in self.plan.devices}

    @property
    def is_over(self) -> bool:
        """Nothing more happens by itself."""
        return self.state in (RolloutState.DONE, RolloutState.STOPPED, RolloutState.EXPIRED)

    def refresh(self, device: str) -> None:
        """Read again where a device stands."""
        found = self.rollouts.progress(self.id, device)
        if found is not None:
            self.progress[device] = found

    def order(self, device: str) -> Order | None:
        """What is to be done with a device; None when the inventory no longer has it."""
        owned = self.inventory().devices.get(device)  # type: ignore[call-overload]
        planned = self.planned.get(device)
        known = self.progress[device]
        if owned is None or planned is None:
            return None
        return Order(
            rollout=self.id, plan=self.plan.id, plan_hash=self.plan.hash, planned=planned,
            device=replace(owned, platform=planned.platform),  # the inventory may say `auto`
            options=self.options, place=known.place, attempt=known.attempt + 1, ticket=self.plan.ticket, by=self.by,
        )  # fmt: skip

    # --- what may begin -----------------------------------------------------------------------------------------------

    def advance(self) -> None:
        """Take in what happened since the last look: stops, ends of waves, gates, window."""
        if self.is_over:
            return None
        now = self.clock.now()
        stop_asked = self.rollouts.rollout(self.id, devices=False)
        if stop_asked is not None and stop_asked.stop_asked_by:
            return self._stop("asked", by=stop_asked.stop_asked_by)
        if self.examine or self.busy:
            return None
        if self.crashed:
            return self._stop("interrupted")
        if why := self._why_stop():
            return self._stop(why.reason, spent=why.spent, limit=why.limit, devices=list(why.devices))
        if self.plan.expires_at <= now:
            return self._close(RolloutState.EXPIRED, "expired")
        if self._waiting(self.wave):
            self.quiet_since = None
            open_now = is_open(self.options.window, now, self._zone())
            return self._be(RolloutState.RUNNING if open_now else RolloutState.PAUSED, "" if open_now else "window")
        return self._wave_over(now)

    def ready(self) -> Iterator[str]:
        """Devices that may begin now, in order of sending, as far as this rollout is concerned."""
        if self.is_over or self.crashed or self._why_stop() is not None or self.plan.expires_at <= self.clock.now():
            return
        now = self.clock.now()
        if not is_open(self.options.window, now, self._zone()):
            return
        asked = self.rollouts.rollout(self.id, devices=False)
        if asked is None or asked.stop_asked_by:
            return
        room = min(self.options.batch, budget.room(self.progress.values(), self.options, self._total(), self.wave))
        for known in sorted(self.progress.values(), key=lambda d: d.place):
            if len(self.busy) >= room:
                return
            if known.device in self.busy or known.wave > self.wave:
                continue
            if known.step is Step.WAITING or self._due_again(known, now):
                yield known.device

    def _due_again(self, known: DeviceProgress, now: float) -> bool:
        return known.step is Step.OFFLINE and now - known.since >= self.options.retry_s

    def is_unguarded(self, device: str) -> bool:
        """True when nobody undoes this change by itself: one at a time."""
        return self.planned[device].guard == "none"

    def _waiting(self, wave: int) -> Sequence[str]:
        return [d.device for d in self.progress.values() if d.step is Step.WAITING and d.wave <= wave]

    def _why_stop(self) -> budget.Stop | None:
        return budget.stop(self.progress.values(), self.options, total=self._total(), wave=self.wave)

    def _total(self) -> int:
        return sum(1 for d in self.planned.values() if d.lines and d.error is None)

    def _zone(self) -> ZoneInfo:
        return ZoneInfo(self.inventory().timezone)

    # --- ends of waves ------------------------------------------------------------------------------------------------

    def _wave_over(self, now: float) -> None:
        changed = [d.device for d in self.progress.values() if d.wave == self.wave and d.step is Step.OK]
        if self.quiet_since is None:
            self.quiet_since = self.clock.monotonic()
        gated = len((self.rollouts.rollout(self.id, devices=False) or _NONE).gates) > self.wave
        if changed and not gated:
            quiet = self.clock.monotonic() - self.quiet_since
            if quiet < self.options.settle_s or quiet - self.looked < _LOOK_S:
                return None
            self.looked = quiet
            gate = self._gate(changed, now, quiet)
            if gate is None:
                return None
            self.rollouts.add_gate(self.id, gate.plain(), at=now)
            if not gate.passed:
                return self._stop("gate", wave=self.wave, measures=[m.name for m in gate.measures if not m.passed])
        elif not gated:
            self.rollouts.add_gate(self.id, Gate(wave=self.wave, at=now, measures=()).plain(), at=now)
        return self._next_wave(now)

    def _next_wave(self, now: float) -> None:
        last = max((d.wave for d in self.progress.values()), default=0)
        if self.wave < last:
            self.wave += 1
            self.wave_began, self.quiet_since, self.looked = now, None, -_LOOK_S
            self.rollouts.set_wave(self.id, self.wave)
            return None
        offline = [d.device for d in self.progress.values() if d.step is Step.OFFLINE]
        if offline:
            return self._be(RolloutState.PAUSED, "offline", devices=len(offline))
        return self._close(RolloutState.DONE, "")

    def _gate(self, changed: Sequence[str], now: float, quiet: float) -> Gate | None:
        """What was measured since the wave ended, `quiet` seconds ago; None: not yet to be told."""
        try:
            before = self.monitoring.measured(changed, start=self.wave_began - BASELINE_S, end=self.wave_began)
            after = self.monitoring.measured(changed, start=now - max(_LEAST_S, quiet), end=now)
        except StoreError as error:
            log.warning("the gate after wave %d of rollout %d waits: %s", self.wave, self.id, error)
            return None
        if after.asked < before.asked and quiet < self.options.settle_s + PATIENCE_S:
            return None  # some are polled every five minutes only, and a poll takes a while to be stored
        return judge(before, after, self.options.tolerance, wave=self.wave, at=now)

    # --- states -------------------------------------------------------------------------------------------------------

    def _be(self, state: RolloutState, reason: str, **facts: Any) -> None:
        if state is not self.state:
            why = {"reason": reason, **facts} if reason else {}
            self.rollouts.set_state(self.id, state, at=self.clock.now(), by=WHO, why=why)
            self.state = state

    def _stop(self, reason: str, *, by: str = WHO, **facts: Any) -> None:
        """Nothing new begins; those under way finish or roll back, and only then it is stopped."""
        if self.busy or self.examine:
            return
        self._close(RolloutState.STOPPED, reason, by=by, **facts)

    def _close(self, state: RolloutState, reason: str, *, by: str = WHO, **facts: Any) -> None:
        why = {"reason": reason, **facts} if reason else {}
        self.rollouts.set_state(self.id, state, at=self.clock.now(), by=by, why=why, skip=True)
        self.state = state


_NONE = Rollout(id=0, plan=0, state=RolloutState.RUNNING, started=0.0)


def taken_up(
    rollouts: Rollouts,
    rollout: Rollout,
    plan: Plan,
    *,
    clock: Clock,
    inventory: Callable[[], Inventory],
    monitoring: Monitoring,
    resumed: bool = False,
) -> Running:
    """A rollout as the journal knows it, ready to go on.

    Args:
        rollouts: the journal.
        rollout: with its devices.
        plan: with its devices.
        clock: time.
        inventory: what we own now.
        monitoring: for the gates.
        resumed: a person asked: devices that a crash left in the middle are examined, then it goes on by itself.
    """
    began = float(rollout.gates[-1]["at"]) if rollout.gates else rollout.started
    run = Running(
        rollouts=rollouts, clock=clock, inventory=inventory, monitoring=monitoring, id=rollout.id, plan=plan,
        options=Options.of(plan.options) if plan.options else Options(), by=rollout.by, state=rollout.state,
        wave=rollout.wave, wave_began=began, progress={d.device: d for d in rollout.devices},
    )  # fmt: skip
    for known in rollout.devices:
        if known.step.may_have_sent:
            run.examine.append(known.device)
        elif known.step in _BEFORE:
            rollouts.step(rollout.id, known.device, Step.WAITING, at=clock.now())
            run.refresh(known.device)
    run.crashed = bool(run.examine) and not resumed
    return run


def again(rollouts: Rollouts, rollout: Rollout, *, at: float, who: str) -> Mapping[str, int]:
    """What a person's resume makes wait again: skipped, refused and offline devices. Others keep their end.

    Devices whose state is unknown are examined once more; those that failed stay as they are and no longer count.
    """
    waiting, forgiven = 0, 0
    for known in rollout.devices:
        refused = known.step is Step.REFUSED and known.facts.get("reason") != "not_planned"
        if refused or known.step in (Step.SKIPPED, Step.OFFLINE):
            rollouts.step(rollout.id, known.device, Step.WAITING, at=at, facts={"reason": ""})
            waiting += 1
        elif known.step in (Step.UNKNOWN, Step.ROLLBACK_FAILED) and known.token:
            facts = {"examined_for": who, "forgiven": True}
            rollouts.step(rollout.id, known.device, Step.ROLLING_BACK, at=at, facts=facts)
        elif known.step.spends_budget:
            rollouts.step(rollout.id, known.device, known.step, at=known.since, facts={"forgiven": True})
            forgiven += 1
    return {"waiting": waiting, "forgiven": forgiven}
