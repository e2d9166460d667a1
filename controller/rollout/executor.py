"""The one process that changes routers: it holds the lease, takes requests, and lets pushes begin within every bound.

Never two devices of one site at once, never a device together with one it is reached through, one unguarded device at
a time; `batch` of a rollout and the workers of the program bound the rest. `tick` is one look; `run` looks until it is
told to stop, and then waits for what is under way.
"""

from __future__ import annotations

import logging
import queue
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Executor as Pool
from typing import Any, Final

from controller.journal.errors import JournalUnavailable, RolloutRefused
from controller.journal.holders import is_gone, role_of
from controller.journal.journal import Journal
from controller.journal.records import Request
from controller.rollout.gate import Monitoring
from controller.rollout.options import Options
from controller.rollout.push import push
from controller.rollout.records import RolloutState, Step
from controller.rollout.resume import examine
from controller.rollout.running import Running, again, taken_up
from controller.rollout.waves import place
from controller.rollout.work import Order, World
from devices.model import Inventory

log = logging.getLogger(__name__)

LEASE: Final = "executor"
KINDS: Final = ("rollout.start", "rollout.stop", "rollout.resume")
#: Work that others bring: a kind of request to what answers it; run by a worker.
More = Mapping[str, Callable[[Request], Mapping[str, Any]]]


class ExecutorBusy(RolloutRefused):
    """Another process changes routers already."""

    def __init__(self, holder: str) -> None:
        super().__init__("executor_busy", f"another executor holds the lease: {holder}")
        self.holder = holder


class Executor:
    """One executor over one journal.

    Args:
        journal: requests, rollouts, leases.
        world: what a push touches; its holder is this process.
        inventory: what we own now.
        monitoring: for the gates.
        pool: runs pushes; as many at once as it has workers.
        more: answers to other kinds of requests.
    """

    def __init__(
        self,
        *,
        journal: Journal,
        world: World,
        inventory: Callable[[], Inventory],
        monitoring: Monitoring,
        pool: Pool,
        more: More | None = None,
    ) -> None:
        self._journal = journal
        self._rollouts = journal.rollouts
        self._world = world
        self._clock = world.clock
        self._inventory = inventory
        self._monitoring = monitoring
        self._pool = pool
        self._more = dict(more or {})
        self._running: dict[int, Running] = {}
        self._sites: dict[str, str] = {}  # site -> device under way
        self._unguarded: str | None = None
        self._done: queue.SimpleQueue[tuple[Running, str, BaseException | None]] = queue.SimpleQueue()
        self._ended: list[tuple[Running, str, BaseException | None]] = []
        self._answering: set[int] = set()
        self._wake = threading.Event()
        self._renewed = float("-inf")
        self._stopping = False

    # --- life ---------------------------------------------------------------------------------------------------------

    def begin(self) -> None:
        """Take the lease and what an earlier executor left.

        Raises:
            ExecutorBusy: another one runs.
        """
        me, now, lease_s = self._world.holder, self._clock.now(), self._world.pace.lease_s
        if not self._rollouts.take_lease(LEASE, me, "rollout", now, lease_s):
            held = self._rollouts.lease(LEASE)
            dead = held.holder if held is not None and is_gone(held.holder) else None
            if dead is None or not self._rollouts.take_lease(LEASE, me, "rollout", now, lease_s, instead_of=dead):
                raise ExecutorBusy("?" if held is None else held.holder)
        self._renewed = self._clock.monotonic()
        for lease in self._rollouts.leases("device:"):
            if role_of(lease.holder) == role_of(me) and lease.holder != me and is_gone(lease.holder):
                self._rollouts.release(lease.name, lease.holder)
        self._journal.put_back([*KINDS, *self._more])
        for rollout in self._rollouts.living():
            self._take_up(rollout.id)

    def run(self, *, ready: Callable[[], None], until: Callable[[], bool] = lambda: False) -> None:
        """Work until `stop` is called (or `until` says so); then finish what is under way.

        Raises:
            ExecutorBusy: another one runs.
        """
        self.begin()
        ready()
        try:
            while not self._stopping and not until():
                self._safely()
                self._wait(1.0)
            while self._sites or self._answering:
                self._stopping = True
                self._safely()
                self._wait(0.5)
        finally:
            try:
                self._rollouts.release(LEASE, self._world.holder)
            except JournalUnavailable as error:
                log.warning("the executor's lease runs out by itself: %s", error)

    def _safely(self) -> None:
        try:
            self.tick()
        except JournalUnavailable as error:
            log.error("the journal does not answer, nothing new begins: %s", error)

    def stop(self) -> None:
        """Nothing new begins; safe in a signal handler."""
        self._stopping = True
        self._wake.set()

    def _wait(self, seconds: float) -> None:
        self._wake.wait(seconds)
        self._wake.clear()

    @property
    def under_way(self) -> tuple[str, ...]:
        """Devices in hand."""
        return tuple(self._sites.values())

    # --- one look -----------------------------------------------------------------------------------------------------

    def tick(self) -> None:
        """Take in what ended, renew, take requests, let every rollout go on as far as it may."""
        self._collect()
        self._renew()
        if not self._stopping:
            self._requests()
        for run in list(self._running.values()):
            if self._stopping:
                break
            run.advance()
            if run.is_over:
                log.info("rollout %d is %s", run.id, run.state.value)
                del self._running[run.id]
                continue
            for device in list(run.examine):
                self._launch(run, device, look=True)
            if not run.examine:
                for device in run.ready():
                    self._launch(run, device)

    def _renew(self) -> None:
        """Prolong the lease and every lock in hand, in one transaction; without the lease nothing new begins."""
        lease_s = self._world.pace.lease_s
        if self._clock.monotonic() - self._renewed < lease_s / 6:
            return
        held = self._rollouts.lease(LEASE)
        if held is None or held.holder != self._world.holder:
            if not self._stopping:
                log.error("another executor has taken over: nothing new begins here")
            self._stopping = True
            return
        self._rollouts.renew_all(self._world.holder, self._clock.now(), lease_s)
        self._renewed = self._clock.monotonic()

    def _collect(self) -> None:
        while not self._done.empty():
            self._ended.append(self._done.get())
        while self._ended:
            self._took_in(*self._ended[0])  # stays the first until the journal has told where its device stands
            self._ended.pop(0)

    def _took_in(self, run: Running, device: str, error: BaseException | None) -> None:
        run.refresh(device)
        known = run.progress[device]
        if not known.step.is_end and not known.step.may_have_sent and known.step is not Step.WAITING:
            self._rollouts.step(run.id, device, Step.WAITING, at=self._clock.now())
            run.refresh(device)
        if error is not None:
            log.error("%s in rollout %d: %s", device, run.id, type(error).__name__)
        # A step that could not be written: the device is looked at before it is judged.
        if known.step.may_have_sent and device not in run.examine:
            run.examine.append(device)
        elif device in run.examine and not known.step.may_have_sent:
            run.examine.remove(device)
        run.busy.discard(device)
        self._sites = {site: other for site, other in self._sites.items() if other != device}
        if self._unguarded == device:
            self._unguarded = None
        log.info("%s: %s %s", device, known.step.value, known.facts.get("reason", ""))

    # --- pushes -------------------------------------------------------------------------------------------------------

    def _launch(self, run: Running, device: str, *, look: bool = False) -> None:
        if device in run.busy:
            return
        order = run.order(device)
        if order is None:
            self._no_longer_owned(run, device)
            return
        if not self._is_free(order):
            return
        alone = not look and run.is_unguarded(device)
        if alone and self._unguarded is not None:
            return
        if alone:
            self._unguarded = device
        run.busy.add(device)
        self._sites[str(order.device.site)] = device
        self._pool.submit(self._work, run, order, look)

    def _work(self, run: Running, order: Order, look: bool) -> None:
        """In a worker. Whatever happens is told to the loop."""
        error: BaseException | None = None
        try:
            known = run.progress[order.device.id]
            outcome = examine(self._world, order, known) if look else push(self._world, order)
            if outcome is None:
                log.info("%s is held by somebody else: later", order.device.id)
        except BaseException as err:  # the loop must know that the device is free again
            error = err
            if not isinstance(err, Exception):
                raise
        finally:
            self._done.put((run, order.device.id, error))
            self._wake.set()

    def _no_longer_owned(self, run: Running, device: str) -> None:
        end = Step.UNKNOWN if device in run.examine else Step.REFUSED
        self._rollouts.step(run.id, device, end, at=self._clock.now(), facts={"reason": "not_owned"})
        run.refresh(device)
        if device in run.examine:
            run.examine.remove(device)

    def _is_free(self, order: Order) -> bool:
        """Nobody works at its site, nor on the way to it, nor behind it."""
        if str(order.device.site) in self._sites:
            return False
        devices = self._inventory().devices
        busy = set(self._sites.values())

        def above(device: str) -> set[str]:
            found: set[str] = set()
            one = devices.get(device)  # type: ignore[call-overload]
            while one is not None and one.parent is not None and one.parent not in found:
                found.add(one.parent)
                one = devices.get(one.parent)
            return found

        return not (above(order.device.id) & busy) and all(order.device.id not in above(other) for other in busy)

    # --- requests -----------------------------------------------------------------------------------------------------

    def _requests(self) -> None:
        me = self._world.holder
        while (request := self._journal.take(KINDS, by=me, at=self._clock.now())) is not None:
            try:
                result, ok = self._answer(request), True
            except (RolloutRefused, KeyError, ValueError) as error:
                reason = getattr(error, "reason", "payload")
                result, ok = {"error": str(error), "reason": reason}, False
            self._journal.finish(request.id, by=me, at=self._clock.now(), ok=ok, result=result)
        while self._more and (request := self._journal.take(list(self._more), by=me, at=self._clock.now())):
            self._answering.add(request.id)
            self._pool.submit(self._other, request)

    def _other(self, request: Request) -> None:
        try:
            try:
                result, ok = dict(self._more[request.kind](request)), True
            except Exception as error:  # one request; what it was about is in the journal
                log.exception("request %d (%s) failed", request.id, request.kind)
                result, ok = {"error": str(error), "reason": getattr(error, "reason", "failed")}, False
            self._journal.finish(request.id, by=self._world.holder, at=self._clock.now(), ok=ok, result=result)
        finally:
            self._answering.discard(request.id)
            self._wake.set()

    def _answer(self, request: Request) -> Mapping[str, Any]:
        match request.kind:
            case "rollout.start":
                return {"rollout": self._start(int(request.payload["plan"]), request.who)}
            case "rollout.stop":
                return {"asked": self._rollouts.ask_stop(
                    int(request.payload["rollout"]), by=request.who, at=self._clock.now()
                )}  # fmt: skip
            case _:
                return self._resume(int(request.payload["rollout"]), request.who)

    def _start(self, plan_id: int, who: str) -> int:
        known = self._rollouts.rollouts(plan=plan_id, limit=1)
        if known and known[0].by == who and known[0].state in (RolloutState.RUNNING, RolloutState.PAUSED):
            return known[0].id  # asked twice, or taken again after a crash
        plan = self._rollouts.plan(plan_id)
        if plan is None:
            raise RolloutRefused("no_plan", f"there is no plan {plan_id}")
        options = Options.of(plan.options) if plan.options else Options()
        placement = place(plan, options, self._clock.now())
        number = self._rollouts.start(plan_id, by=who, at=self._clock.now(), placement=placement)
        self._take_up(number)
        return number

    def _resume(self, rollout_id: int, who: str) -> Mapping[str, Any]:
        rollout = self._rollouts.rollout(rollout_id)
        if rollout is None:
            raise RolloutRefused("no_rollout", f"there is no rollout {rollout_id}")
        if rollout.state in (RolloutState.RUNNING, RolloutState.PAUSED):
            return {"rollout": rollout_id, "waiting": 0}
        if rollout.state is not RolloutState.STOPPED:
            raise RolloutRefused("over", f"rollout {rollout_id} is {rollout.state.value}")
        plan = self._rollouts.plan(rollout.plan, devices=False)
        if plan is None or plan.expires_at <= self._clock.now():
            raise RolloutRefused("expired", f"plan {rollout.plan} has expired")
        counts = again(self._rollouts, rollout, at=self._clock.now(), who=who)
        self._rollouts.set_state(rollout_id, RolloutState.RUNNING, at=self._clock.now(), by=who)
        self._take_up(rollout_id, resumed=True)
        return {"rollout": rollout_id, **counts}

    def _take_up(self, rollout_id: int, *, resumed: bool = False) -> None:
        rollout = self._rollouts.rollout(rollout_id)
        plan = None if rollout is None else self._rollouts.plan(rollout.plan)
        if rollout is None or plan is None:
            log.error("rollout %d has no plan and is left alone", rollout_id)
            return
        self._running[rollout_id] = taken_up(
            self._rollouts, rollout, plan, clock=self._clock, inventory=self._inventory,
            monitoring=self._monitoring, resumed=resumed,
        )  # fmt: skip
