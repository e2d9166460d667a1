"""One change on a mixed fleet of sixty: two that break roll back, the budget stops the wave, a mended plan finishes.

python -m tests.faults.mixed
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

from controller.rollout.options import Options
from controller.rollout.records import Plan, PlanDevice, PlanState, Rollout, Step
from controller.rollout.waves import place
from devices.inventory.dump import dump
from devices.model import DeviceId, Inventory, SiteId
from merata.config_fleet import config_fleet
from tests.faults.rollout import ROOT, folder
from tests.faults.scenes import Scene, console, frr

FLEET = {"frr": 20, "routeros": 10, "ios": 10, "vrp": 10, "ruijie": 10}
OPTIONS = Options(settle_s=2.0, waves=(0.1, 0.4, 1.0), session_s=40.0, valid_h=1.0, retry_s=5.0)
_LONGEST_S = 900.0


@dataclass(kw_only=True)
class Mixed:
    """All scenes under one inventory and one state directory."""

    scenes: dict[DeviceId, Scene]
    inventory: Inventory
    path: Path
    state: Path
    base: dict[DeviceId, str]

    def planned(self, lines: Mapping[DeviceId, tuple[str, ...]]) -> list[PlanDevice]:
        """What is meant for each device, on what it holds now."""
        with config_fleet(self.state, self.path) as fleet:
            found = []
            for name, wanted in lines.items():
                scene, device = self.scenes[name], self.inventory.devices[name]
                running = scene.dialect.normalise(scene.look(name).running())
                found.append(
                    PlanDevice(
                        device=name,
                        site=device.site,
                        area="61.08.01.2001",
                        platform=device.platform,
                        model="lab",
                        version="1",
                        dialect=scene.dialect.name,
                        base=fleet.fingerprint.of(running),
                        lines=wanted,
                        guard=scene.guard.value,
                        people=10,
                    )
                )
            return found

    def send(self, devices: list[PlanDevice], *, title: str) -> tuple[Rollout, float]:
        """Approve, ask, and run an executor until it is over; gives the rollout and the CPU seconds of the executor."""
        with config_fleet(self.state, self.path) as fleet:
            now, rollouts = time.time(), fleet.journal.rollouts
            plan = Plan(
                id=0, hash="cd" * 32, change="mixed", title=title, author="siti", made_at=now, expires_at=now + 3600,
                where="all", options=OPTIONS.plain(), devices=tuple(devices),
            )  # fmt: skip
            number = rollouts.add_plan(plan).id
            rollouts.decide(number, PlanState.APPROVED, by="budi", at=now)
            fleet.journal.ask("rollout.start", {"plan": number}, who="siti", at=now)
        command = [sys.executable, "-m", "tests.faults.child", str(self.state), str(self.path), "--workers", "30"]
        with (self.state / "log").open("ab") as log:
            done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=log, timeout=_LONGEST_S, check=True)
        with config_fleet(self.state, self.path) as fleet:
            newest = fleet.journal.rollouts.rollouts(limit=1)[0]
            assert newest.plan == number, f"nobody began plan {number}"
            found = fleet.journal.rollouts.rollout(newest.id)
            assert found is not None
            return found, float(done.stdout.split()[-1])

    def holds(self, name: DeviceId) -> str:
        """old, new, or a word for anything else."""
        scene = self.scenes[name]
        running = scene.dialect.normalise(scene.look(name).running())
        if running == self.base[name]:
            return "old"
        return "new" if running == scene.dialect.after(self.base[name], scene.good) else "HALF"


def gathered(stack: ExitStack, place_: Path) -> Mixed:
    """Sixty routers of five families."""
    scenes: dict[DeviceId, Scene] = {}
    whole: Inventory | None = None
    state = place_ / "state"
    (state / "known_hosts.d").mkdir(parents=True, mode=0o700)
    for family, count in FLEET.items():
        home = place_ / family
        home.mkdir(mode=0o755)
        scene = stack.enter_context(frr(home, count) if family == "frr" else console(family, home, count))
        shutil.copytree(scene.host_keys, state / "known_hosts.d", dirs_exist_ok=True)
        owned = scene.inventory
        scenes.update(dict.fromkeys(owned.devices, scene))
        a_site = next(iter(owned.sites.values()))
        devices = {n: replace(d, site=SiteId(f"at-{n}")) for n, d in owned.devices.items()}
        sites = {d.site: replace(a_site, id=d.site, name=d.site) for d in devices.values()}
        if whole is None:
            whole = replace(owned, devices=devices, sites=sites)
        else:
            whole = replace(
                whole, devices={**whole.devices, **devices}, sites={**whole.sites, **sites},
                domains={**whole.domains, **owned.domains}, credentials={**whole.credentials, **owned.credentials},
            )  # fmt: skip
    assert whole is not None
    path = place_ / "inventory.yaml"
    path.write_text(dump(replace(whole, files=(str(path),))))
    for name in ("client_key", "community"):  # references count from the inventory's folder
        if (place_ / "frr" / name).exists():
            shutil.copy(place_ / "frr" / name, place_ / name)
    base = {n: scene.dialect.normalise(scene.look(n).running()) for n, scene in scenes.items()}
    return Mixed(scenes=scenes, inventory=whole, path=path, state=state, base=base)


def main() -> int:
    """Send it with two that break, then mended."""
    with folder() as place_, ExitStack() as stack:
        mixed = gathered(stack, place_)
        good = {name: scene.good for name, scene in mixed.scenes.items()}
        first = mixed.planned(good)
        draft = Plan(id=0, hash="cd" * 32, change="mixed", title="", author="", made_at=0, expires_at=1, where="",
                     devices=tuple(first))  # fmt: skip
        early = [d.device for d in place(draft, OPTIONS, 0.0) if d.wave == 1]
        cut = next(d for d in early if mixed.scenes[DeviceId(d)].dialect.name == "frr")
        refused = next(d for d in early if mixed.scenes[DeviceId(d)].dialect.name != "frr")
        bad = {
            cut: ("interface eth0", "shutdown", "exit"),
            refused: mixed.scenes[DeviceId(refused)].bad["a line is refused"],
        }
        began = time.monotonic()
        stopped, cpu = mixed.send([replace(d, lines=bad.get(d.device, d.lines)) for d in first], title="two that break")
        _tell(mixed, stopped, cpu, time.monotonic() - began)
        ends = {d.device: d.step for d in stopped.devices}
        fine = all(mixed.holds(DeviceId(n)) == ("new" if step is Step.OK else "old") for n, step in ends.items())
        broke = {n for n, step in ends.items() if step is Step.ROLLED_BACK}
        rest = {DeviceId(n): good[DeviceId(n)] for n, step in ends.items() if step is not Step.OK}
        began = time.monotonic()
        done, cpu = mixed.send(mixed.planned(rest), title="mended")
        _tell(mixed, done, cpu, time.monotonic() - began)
        whole = all(mixed.holds(name) == "new" for name in mixed.scenes)
        print(f"broke: {sorted(broke)}; every router as its end says: {fine}; all new after the mended plan: {whole}")
        return 0 if fine and whole and broke == set(bad) else 1


def _tell(mixed: Mixed, rollout: Rollout, cpu: float, seconds: float) -> None:
    steps = Counter(d.step.value for d in rollout.devices)
    held = Counter(mixed.holds(DeviceId(d.device)) for d in rollout.devices)
    touched = sum(steps[s] for s in ("ok", "rolled_back", "rollback_failed", "unknown"))
    each = 1000 * cpu / max(1, touched)
    print(f"{rollout.state.value} {dict(rollout.why)}: {dict(steps)}; routers hold {dict(held)}; {seconds:.0f} s,"
          f" executor {each:.0f} ms CPU a device")  # fmt: skip
    for one in rollout.devices:
        if one.step not in (Step.OK, Step.SKIPPED):
            print(f"  {one.device} (wave {one.wave}): {one.step.value} {one.facts.get('reason')}")


if __name__ == "__main__":
    sys.exit(main())
