"""A small province for the tests of bulk change: a journal on disk, boxes in memory, an executor one turns by hand."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor as Pool
from concurrent.futures import Future
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from controller.journal.journal import Journal
from controller.rollout.executor import Executor
from controller.rollout.fingerprint import Fingerprint
from controller.rollout.gate import Measured
from controller.rollout.options import Options
from controller.rollout.ports import OnStep, Outcome, Pace, unheard
from controller.rollout.push import push
from controller.rollout.records import DeviceProgress, Plan, PlanDevice, PlanState, Rollout, RolloutState, Step
from controller.rollout.resume import examine
from controller.rollout.work import Order, World
from devices.configuring.dialect import GuardKind
from devices.model import Device, DeviceId, Inventory, Role, Site, SiteId, SiteKind, Target
from tests.unit.rollout.boxes import Boxes, FakeCopies, FakeDialect, FakeSessions, FakeVitals, VirtualClock, secrets_of

BASE = ("name box", "dns 10.0.0.1", "ssid old")
CHANGE = ("dns 10.9.9.9", "ssid new")
KEY = b"k" * 32


class Now(Pool):
    """Does the work when it is handed over."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        fn(*args, **kwargs)
        return Future()


class Later(Pool):
    """Keeps the work until it is told which to do."""

    def __init__(self) -> None:
        self.jobs: list[Callable[[], Any]] = []

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        self.jobs.append(lambda: fn(*args, **kwargs))
        return Future()

    def do(self, which: int) -> None:
        self.jobs.pop(which % len(self.jobs))()


@dataclass
class Poller:
    """Monitoring that tells what it is told to."""

    before: Measured | None = None
    now: Measured | None = None
    asked: int = 0

    def measured(self, devices: Sequence[str], *, start: float, end: float) -> Measured:
        self.asked += 1
        well = Measured(
            asked=len(devices), answering=len(devices), clients=20.0 * len(devices), bps=2e6, errors_per_h=0
        )
        told = self.before if self.asked % 2 else self.now
        return told or well


class Province:
    """Everything around a rollout, over one journal file."""

    def __init__(
        self,
        folder: Path,
        names: Sequence[str] = ("a",),
        *,
        guard: GuardKind = GuardKind.TIMER,
        dialect: FakeDialect | None = None,
        base: Sequence[str] = BASE,
        sites: Mapping[str, str] | None = None,
        parents: Mapping[str, str] | None = None,
        secrets: Mapping[str, str] | None = None,
        pace: Pace | None = None,
    ) -> None:
        self.clock = VirtualClock()
        self.folder = folder
        self.journal = Journal.open(folder / "journal.db")
        self.boxes = Boxes(self.clock.monotonic)
        self.sessions = FakeSessions(self.boxes, self.clock.sleep)
        self.copies = FakeCopies()
        self.guard = guard
        self.dialect = dialect or FakeDialect(*([] if guard is GuardKind.NONE else [guard]))
        self.base = tuple(base)
        self.poller = Poller()
        self.pace = pace or Pace()
        self.secrets = secrets or {}
        self.sites = dict(sites or {})
        for name in names:
            self.boxes.add(name, *base)
        self.inventory = Inventory(
            version="1",
            sites={
                SiteId(s): Site(id=SiteId(s), name=s, area="61.08.01.2001", lat=0, lon=109, kind=SiteKind.PUSKESMAS)
                for s in {self.site(n) for n in names}
            },
            devices={
                DeviceId(n): Device(
                    id=DeviceId(n), site=SiteId(self.site(n)), name=n, role=Role.AP, platform="toy",
                    parent=DeviceId(parents[n]) if parents and n in parents else None,
                    target=Target(domain="default", host=f"{n}.test"),
                )
                for n in names
            },
        )  # fmt: skip

    def site(self, name: str) -> str:
        return self.sites.get(name, f"site-{name}")

    def close(self) -> None:
        self.journal.close()

    def world(self, *, on_step: OnStep = unheard, holder: str = "executor@test/1/1/1") -> World:
        return World(
            rollouts=self.journal.rollouts, sessions=self.sessions,  # type: ignore[arg-type]
            dialect_of=lambda platform: self.dialect if platform == "toy" else None,  # type: ignore[arg-type,return-value]
            copies=self.copies, vitals=FakeVitals(self.boxes), fingerprint=Fingerprint(KEY),
            resolve=secrets_of(self.secrets), clock=self.clock, holder=holder, pace=self.pace, on_step=on_step,
        )  # fmt: skip

    def planned(self, name: str, lines: Sequence[str] = CHANGE, **more: Any) -> PlanDevice:
        said: dict[str, Any] = {
            "device": name, "site": self.site(name), "area": "61.08.01.2001", "platform": "toy",
            "dialect": self.dialect.name, "base": Fingerprint(KEY).of("\n".join(self.base)), "lines": tuple(lines),
            "guard": self.guard.value, "people": 100,
        }  # fmt: skip
        return PlanDevice(**(said | more))

    def plan(self, devices: Sequence[PlanDevice], options: Options | None = None, *, author: str = "siti") -> int:
        """An approved plan."""
        now = self.clock.now()
        chosen = options or Options(settle_s=0.0)
        plan = Plan(
            id=0, hash="ab" * 32, change="dns", title="DNS", author=author, made_at=now, where="",
            expires_at=now + 3600 * chosen.valid_h, options=chosen.plain(), devices=tuple(devices),
        )  # fmt: skip
        number = self.journal.rollouts.add_plan(plan).id
        self.journal.rollouts.decide(number, PlanState.APPROVED, by="budi", at=now)
        return number

    # One device, without an executor

    def begin(
        self, name: str = "a", lines: Sequence[str] = CHANGE, options: Options | None = None, **more: Any
    ) -> Order:
        """A rollout of one device, and what is to be done with it."""
        planned = self.planned(name, lines, **more)
        plan = self.plan([planned], options)
        placed = [DeviceProgress(device=name, wave=0, place=0, step=Step.WAITING, since=self.clock.now())]
        number = self.journal.rollouts.start(plan, by="siti", at=self.clock.now(), placement=placed)
        return Order(
            rollout=number, plan=plan, plan_hash="ab" * 32, planned=planned,
            device=self.inventory.devices[DeviceId(name)], options=options or Options(),
        )  # fmt: skip

    def push(self, order: Order, *, on_step: OnStep = unheard, holder: str = "executor@test/1/1/1") -> Outcome | None:
        return push(self.world(on_step=on_step, holder=holder), order)

    def examine(
        self, order: Order, *, on_step: OnStep = unheard, holder: str = "executor@test/1/2/2"
    ) -> Outcome | None:
        known = self.progress(order)
        return examine(self.world(on_step=on_step, holder=holder), replace(order, attempt=known.attempt), known)

    def progress(self, order: Order) -> DeviceProgress:
        found = self.journal.rollouts.progress(order.rollout, order.device.id)
        assert found is not None
        return found

    # Whole rollouts

    def executor(
        self, pool: Pool | None = None, *, on_step: OnStep = unheard, holder: str = "executor@test/1/1/1"
    ) -> Executor:
        return Executor(
            journal=self.journal, world=self.world(on_step=on_step, holder=holder), inventory=lambda: self.inventory,
            monitoring=self.poller, pool=pool or Now(),
        )  # fmt: skip

    def ask(self, kind: str, who: str = "siti", **payload: Any) -> int:
        return self.journal.ask(kind, payload, who=who, at=self.clock.now())

    def run(self, executor: Executor, *, ticks: int = 200, step_s: float = 1.0) -> Rollout:
        """Turn it until the newest rollout is over (or the ticks are used up)."""
        for _ in range(ticks):
            executor.tick()
            self.clock.sleep(step_s)
            newest = self.newest()
            if newest is not None and newest.state not in (RolloutState.RUNNING, RolloutState.PAUSED):
                return newest
        found = self.newest()
        assert found is not None
        return found

    def newest(self) -> Rollout | None:
        rows = self.journal.rollouts.rollouts(limit=1)
        return self.journal.rollouts.rollout(rows[0].id) if rows else None

    def steps(self) -> dict[str, Step]:
        found = self.newest()
        assert found is not None
        return {d.device: d.step for d in found.devices}

    def is_base(self, name: str) -> bool:
        box = self.boxes.look(name)
        return tuple(box.running) == self.base and tuple(box.saved) == self.base and not box.guards
