"""Places where a fault run happens: real FRR routers in namespaces, RouterOS consoles behind SSH on loopback."""

from __future__ import annotations

import shutil
import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

from controller.rollout.options import Options
from controller.rollout.records import DeviceProgress, Plan, PlanDevice, PlanState, Step
from devices.configuring.dialect import Dialect, GuardKind
from devices.configuring.registry import dialect
from devices.hostkeys import HostKeys
from devices.inventory.dump import dump
from devices.model import (
    Credential,
    Device,
    DeviceId,
    Domain,
    Inventory,
    Role,
    Site,
    SiteId,
    SiteKind,
    SshSettings,
    Target,
)  # fmt: skip
from devices.transport.ssh import presented_key
from merata.config_fleet import config_fleet
from simulator.shells import Box, Router, serve
from tests.lab.frr import FrrLab, build

OPTIONS = Options(settle_s=0.0, waves=(1.0,), session_s=30.0, retry_s=2.0, valid_h=1.0, budget=1.0, canary_budget=99)


@dataclass(frozen=True, kw_only=True)
class Accident:
    """Something that happens to a router (or to the program) when a device is at a step; `over` ends it after a while.

    step None: before the executor starts.
    """

    step: Step | None
    begin: Callable[[Case], object]
    lasts_s: float = 0.0
    over: Callable[[Case], object] = lambda case: None


class Seen(Protocol):
    """A router as somebody beside it sees it."""

    def running(self) -> str:
        """Its running configuration."""
        ...

    def saved(self) -> str:
        """What it starts with."""
        ...


@dataclass(kw_only=True)
class Scene:
    """Routers, a change that works, changes that break, and one state directory a case."""

    name: str
    folder: Path
    inventory: Inventory
    dialect: Dialect
    guard: GuardKind
    good: tuple[str, ...]
    bad: dict[str, tuple[str, ...]]
    look: Callable[[DeviceId], Seen]
    host_keys: Path
    sends: Callable[[DeviceId], int | None]
    accidents: dict[str, Accident]

    def case(self, number: int, lines: Sequence[str] | None = None, *, start: bool = True) -> Case:
        """A rollout of one device in a state directory of its own, asked for and not begun."""
        device = sorted(self.inventory.devices)[number]
        state = self.folder / f"state-{number}-{time.monotonic_ns()}"
        state.mkdir(mode=0o700)
        shutil.copytree(self.host_keys, state / "known_hosts.d")
        path = self.folder / "inventory.yaml"
        if not path.exists():
            path.write_text(dump(self.inventory))
        case = Case(scene=self, device=device, state=state, lines=tuple(lines or self.good))
        if start:
            case.ask()
        return case


@dataclass(kw_only=True)
class Case:
    """One device, one fault."""

    scene: Scene
    device: DeviceId
    state: Path
    lines: tuple[str, ...]
    base: str = ""
    saved: str = ""
    rollout: int = 0

    @property
    def inventory(self) -> Path:
        return self.scene.folder / "inventory.yaml"

    def ask(self, *, request: bool = False) -> None:
        """Freeze a plan on what the router holds now, approve it and start its rollout, or ask for its start."""
        scene = self.scene
        with config_fleet(self.state, self.inventory) as fleet:
            owned = fleet.inventory.devices[self.device]
            self.base = scene.dialect.normalise(scene.look(self.device).running())
            self.saved = scene.dialect.normalise(scene.look(self.device).saved())
            planned = PlanDevice(
                device=self.device, site=owned.site, area="61.08.01.2001", platform=owned.platform,
                dialect=scene.dialect.name, base=fleet.fingerprint.of(self.base), lines=self.lines,
                guard=scene.guard.value,
            )  # fmt: skip
            now = time.time()
            plan = Plan(
                id=0, hash="ab" * 32, change="faults", title="faults", author="siti", made_at=now,
                expires_at=now + 3600, where="", options=OPTIONS.plain(), devices=(planned,),
            )  # fmt: skip
            rollouts = fleet.journal.rollouts
            number = rollouts.add_plan(plan).id
            rollouts.decide(number, PlanState.APPROVED, by="budi", at=now)
            if request:
                fleet.journal.ask("rollout.start", {"plan": number}, who="siti", at=now)
                self.rollout = 1
                return
            placed = [DeviceProgress(device=self.device, wave=0, place=0, step=Step.WAITING, since=now)]
            self.rollout = rollouts.start(number, by="siti", at=now, placement=placed)

    def progress(self) -> DeviceProgress:
        with config_fleet(self.state, self.inventory) as fleet:
            found = fleet.journal.rollouts.progress(self.rollout, self.device)
            assert found is not None
            return found

    def step(self) -> Step | None:
        """The device's step, read as cheaply as can be."""
        with closing(sqlite3.connect(f"file:{self.state / 'journal.db'}?mode=ro", uri=True, timeout=0.2)) as read:
            try:
                found = read.execute("SELECT step FROM rollout_device WHERE rollout = ?", (self.rollout,)).fetchone()
            except sqlite3.OperationalError:  # somebody writes just now
                return None
        return None if found is None else Step(found[0])

    def holds(self) -> str:
        """What the router runs and would start with: old, new, or a word for anything else."""
        seen = self.scene.look(self.device)
        running, saved = self._word(seen.running(), self.base), self._word(seen.saved(), self.saved)
        return running if running == saved else f"{running}, saved {saved}"

    def _word(self, text: str, before: str) -> str:
        text = self.scene.dialect.normalise(text)
        if text in (before, self.base):
            return "old"
        wanted = self.scene.dialect.after(self.base, self.lines)
        if text == wanted or (wanted is None and not self.scene.dialect.missing(text, self.lines)):
            return "new"
        return "HALF"

    def audited(self) -> int:
        """How often the record says that lines were sent."""
        with config_fleet(self.state, self.inventory) as fleet:
            assert fleet.journal.rollouts.audit.verify() is None
            return len(fleet.journal.rollouts.audit.entries(act="device.sending"))


_LOCKS: dict[Path, sqlite3.Connection] = {}


def lock_journal(case: Case) -> None:
    """Take the write lock of the journal and keep it."""
    _LOCKS[case.state] = held = sqlite3.connect(case.state / "journal.db", timeout=10, isolation_level=None)
    held.execute("BEGIN EXCLUSIVE")


def unlock_journal(case: Case) -> None:
    """Give it back."""
    held = _LOCKS.pop(case.state)
    held.execute("ROLLBACK")
    held.close()


@contextmanager
def frr(folder: Path, count: int) -> Iterator[Scene]:
    """Real routers: vtysh behind sshd, a timer on the router that undoes."""
    lab: FrrLab = build(folder, count)
    owned = replace(
        lab.inventory, files=(str(folder / "inventory.yaml"),),
    )  # fmt: skip
    try:
        yield Scene(
            name="FRR (vtysh, sshd, namespaces)", folder=folder, inventory=owned, dialect=dialect("frr"),
            guard=GuardKind.TIMER, host_keys=folder / "known_hosts.d",
            good=("interface eth0", "description diubah", "exit", "ip route 203.0.113.0/24 10.77.0.1"),
            bad={
                "cuts its own way": ("interface eth0", "shutdown", "exit"),
                "a line is refused": ("ip route 203.0.113.0/24 10.77.0.1", "ip route nonsense"),
            },
            look=lab.router, sends=lambda device: None,
            accidents={
                "the cable is pulled while sending, for 8 s": Accident(
                    step=Step.SENDING, begin=lambda case: lab.router(case.device).cable(plugged=False),
                    lasts_s=8.0, over=lambda case: lab.router(case.device).cable(plugged=True),
                ),
                "the cable is pulled while verifying, for 40 s": Accident(
                    step=Step.VERIFYING, begin=lambda case: lab.router(case.device).cable(plugged=False),
                    lasts_s=40.0, over=lambda case: lab.router(case.device).cable(plugged=True),
                ),
                "the router loses its power while verifying": Accident(
                    step=Step.VERIFYING, begin=lambda case: lab.router(case.device).power_cycle(),
                ),
                "the journal is locked for 45 s while verifying": Accident(
                    step=Step.VERIFYING, begin=lock_journal, lasts_s=45.0, over=unlock_journal,
                ),
            },
        )  # fmt: skip
    finally:
        lab.close()


class _Console:
    def __init__(self, router: Router) -> None:
        self._router = router

    def running(self) -> str:
        return self._router.running()

    def saved(self) -> str:
        return self._router.startup()


@dataclass(frozen=True, kw_only=True)
class Family:
    """What a simulated console speaks, and the change that is sent."""

    title: str
    guard: GuardKind
    good: tuple[str, ...]
    refused: str
    speed: float  # the device's time against ours


FAMILIES = {
    "routeros": Family(
        title="RouterOS console (held)", guard=GuardKind.HELD, good=("/ip dns set servers=10.9.9.9",),
        refused="/ip dns set nonsense=1", speed=20.0,
    ),
    "routeros-reload": Family(
        title="RouterOS console (reload)", guard=GuardKind.RELOAD, good=("/ip dns set servers=10.9.9.9",),
        refused="/ip dns set nonsense=1", speed=1.0,
    ),
    "ios": Family(
        title="IOS console (timer)", guard=GuardKind.TIMER, good=("ntp server 10.9.9.9", "ip name-server 9.9.9.9"),
        refused="ip nonsense", speed=3.0,
    ),
    "vrp": Family(
        title="Huawei VRP console (reload)", guard=GuardKind.RELOAD,
        good=("ntp-service unicast-server 10.9.9.9",), refused="nonsense 1", speed=3.0,
    ),
    "ruijie": Family(
        title="Ruijie console (reload)", guard=GuardKind.RELOAD,
        good=("ntp server 10.9.9.9",), refused="nonsense 1", speed=3.0,
    ),
}  # fmt: skip


@contextmanager
def console(family: str, folder: Path, count: int) -> Iterator[Scene]:
    """Simulated consoles behind SSH on loopback; each device has its own address."""
    told, platform = FAMILIES[family], family.split("-", maxsplit=1)[0]
    net = f"127.46.{9 + list(FAMILIES).index(family)}"
    boxes = [
        Box(dialect=platform, host=f"{net}.{n + 1}", name=f"{family}-{n:02}", speed=told.speed,
            tcp_timeout_s=3.0 * told.speed, restart_s=told.speed)
        for n in range(count)
    ]  # fmt: skip
    (folder / "password").touch(mode=0o600)
    (folder / "password").write_text("rahasia\n")
    keys = HostKeys(folder / "known_hosts.d")
    here = Domain(name="here")
    with serve(boxes) as shells:
        devices: dict[DeviceId, Device] = {}
        routers: dict[DeviceId, Router] = {}
        for number, router in enumerate(shells.routers):
            name = DeviceId(f"{family}-{number:02}")
            devices[name] = Device(
                id=name, site=SiteId(f"at-{name}"), name=name, role=Role.ROUTER, platform=platform, ping=False,
                target=Target(domain="here", host=router.box.host),
                ssh=SshSettings(credential="pw", username="admin", port=router.port),
            )  # fmt: skip
            routers[name] = router
            key = presented_key(router.box.host, router.port, here, timeout_s=10)
            keys.enroll(name, key, host=router.box.host, port=router.port, now=datetime.now(UTC), who="tests")
        owned = Inventory(
            version="1", devices=devices, domains={"here": here}, files=(str(folder / "inventory.yaml"),),
            credentials={"pw": Credential(name="pw", password=f"file:{folder / 'password'}")},
            sites={
                d.site: Site(id=d.site, name=d.site, area="61.08.01.2001", lat=0.0, lon=109.0, kind=SiteKind.PUSKESMAS)
                for d in devices.values()
            },
        )  # fmt: skip
        yield Scene(
            name=told.title, folder=folder, inventory=owned, dialect=dialect(platform), guard=told.guard,
            host_keys=folder / "known_hosts.d", good=told.good, bad={"a line is refused": (*told.good, told.refused)},
            look=lambda device: _Console(routers[device]),
            sends=lambda device: sum(taken.strip() == told.good[0] for taken in routers[device].log),
            accidents={
                "another host key is presented": Accident(
                    step=None, begin=lambda case: shells.change_host_key(routers[case.device]),
                ),
                "the router restarts while verifying": Accident(
                    step=Step.VERIFYING, begin=lambda case: shells.restart(routers[case.device]),
                ),
                "the flash is full": Accident(
                    step=None, begin=lambda case: setattr(routers[case.device].faults, "disk_full", True),
                ),
            },
        )  # fmt: skip
