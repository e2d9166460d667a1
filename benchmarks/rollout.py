"""Sessions with many routers: CPU ms a session and devices a minute, beside nornir-netmiko and ansible's raw module.

Simulated IOS routers behind real SSH answer the sign-in after 1.5 s and each line after 0.3 s (a satellite hop), all in
a process of their own. A session is: sign in with strict host keys and an ed25519 key, three `show` commands, leave.
Ansible's raw module runs one command a call, so its session is one command; its forks' CPU is counted, its start too.
A push is the whole of ours: precheck, backup, arm, send, verify from a new session, disarm, save, read again.

    python -m benchmarks.rollout [--quick]

The peers live in an environment of their own: make peers
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from benchmarks import _shells
from controller.rollout.records import PlanState, RolloutState, Step
from devices.credentials import KeyFile, SshLogin
from devices.hostkeys import HostKeys
from devices.model import Device, DeviceId, Domain, Role, SiteId, SshSettings, Target
from devices.transport.ssh_session import SshSessions
from merata.config_fleet import config_fleet
from merata.config_making import make, read
from merata.rollout_parts import executor

COMMANDS = ("show version", "show running-config", "show startup-config")
LOGIN_S, REPLY_S = 1.5, 0.3
PEERS = Path(__file__).resolve().parent.parent / ".venv-peers" / "bin"


def device(number: int) -> Device:
    """A simulated router as the inventory would say it."""
    return Device(
        id=DeviceId(_shells.name(number)),
        site=SiteId(f"s{number}"),
        name=_shells.name(number),
        target=Target(domain="bench", host=_shells.host(number)),
        role=Role.ROUTER,
        platform="ios",
        ssh=SshSettings(credential="bench", username=_shells.USER, port=_shells.PORT),
    )


def sessions(folder: Path) -> SshSessions:
    """Our terminals with the keys that the simulated routers made."""
    return SshSessions(
        login=lambda _: SshLogin(username=_shells.USER, proof=KeyFile(folder / "id")),
        host_keys=HostKeys(folder / "known_hosts.d"),
        domain=lambda name: Domain(name=name),
        terminal=lambda _: "cisco_ios",
    )


def _cpu_s(who: int = resource.RUSAGE_SELF) -> float:
    used = resource.getrusage(who)
    return used.ru_utime + used.ru_stime


def ours(folder: Path, count: int, workers: int) -> dict[str, Any]:
    """Our sessions over all routers once."""
    opener = sessions(folder)

    def one(number: int) -> None:
        session = opener.open(device(number), deadline_s=120)
        said = [session.run(command) for command in COMMANDS]
        session.close()
        if f"hostname {_shells.name(number)}" not in said[1]:
            raise SystemExit(f"unexpected answer of {_shells.name(number)}")

    cpu, began = _cpu_s(), time.monotonic()
    with ThreadPoolExecutor(workers) as pool:
        list(pool.map(one, range(count)))
    return _row("merata", count, workers, _cpu_s() - cpu, time.monotonic() - began)


def nornir(folder: Path, count: int, workers: int) -> dict[str, Any] | None:
    """nornir's threaded runner with nornir-netmiko; None where it is not installed."""
    if not (PEERS / "python").exists():
        return None
    hosts = [_shells.host(n) for n in range(count)]
    script = str(Path(__file__).with_name("_nornir_peer.py"))
    command = [str(PEERS / "python"), script, str(folder), str(workers), str(_shells.PORT), _shells.USER, *hosts]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    told = json.loads(done.stdout.strip().splitlines()[-1])
    if told["failed"]:
        raise SystemExit(f"nornir: {told['failed']} hosts failed: {done.stderr[-500:]}")
    return _row("nornir-netmiko", count, workers, told["cpu_s"], told["seconds"])


def ansible(folder: Path, count: int, workers: int) -> dict[str, Any] | None:
    """Ansible's raw module, one command a host; None where it is not installed."""
    if not (PEERS / "ansible").exists():
        return None
    inventory = folder / "hosts.ini"
    common = f"-o UserKnownHostsFile={folder}/known_hosts -o StrictHostKeyChecking=yes -o ControlMaster=no"
    inventory.write_text(
        "[all]\n" + "".join(f"{_shells.name(n)} ansible_host={_shells.host(n)}\n" for n in range(count))
        + f"[all:vars]\nansible_port={_shells.PORT}\nansible_user={_shells.USER}\nansible_ssh_common_args='{common}'\n"
        + f"ansible_ssh_private_key_file={folder}/id\nansible_timeout=60\n"
    )  # fmt: skip
    environment = {**os.environ, "ANSIBLE_HOME": str(folder), "ANSIBLE_NOCOLOR": "1", "ANSIBLE_LOCALHOST_WARNING": "0"}
    command = [str(PEERS / "ansible"), "all", "-i", str(inventory), "-f", str(workers), "-m", "raw", "-a", COMMANDS[0]]
    cpu, began = _cpu_s(resource.RUSAGE_CHILDREN), time.monotonic()
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    row = _row(
        "ansible raw (1 command)", count, workers, _cpu_s(resource.RUSAGE_CHILDREN) - cpu, time.monotonic() - began
    )
    answered = done.stdout.count("| CHANGED |") + done.stdout.count("| SUCCESS |")
    if answered != count:
        raise SystemExit(f"ansible: {answered} of {count} answered: {done.stdout[-300:]} {done.stderr[-300:]}")
    return row


CHANGE = """\
name: bench
title: Name servers
where: all
intent:
  dns: {servers: [9.9.9.%d]}
options: {waves: [1.0], budget: 1.0, canary_budget: 100, settle_s: 0, batch: %d}  # our pace, not the waves'
"""


def push(folder: Path, count: int, workers: int) -> dict[str, Any]:
    """The whole of ours: plan, approve, and push one change to every router by a real executor, canary first."""
    home = folder / f"push-{workers}"
    home.mkdir()
    (home / "change.yaml").write_text(CHANGE % (workers, workers))
    inventory, state = home / "inventory.yaml", home / "state"
    sites = "".join(
        f"  - {{id: s{n}, name: S{n}, area: 61.08.01, lat: 0.3, lon: 109.9, kind: school,"
        f" devices: [{{id: {_shells.name(n)}, host: {_shells.host(n)}, role: router, platform: ios}}]}}\n"
        for n in range(count)
    )
    inventory.write_text(
        f"credentials:\n  bench: {{username: {_shells.USER}, key: key:{folder}/id}}\n"
        f"defaults:\n  device: {{ping: no, ssh: {{credential: bench, port: {_shells.PORT}}}}}\nsites:\n{sites}"
    )
    shutil.copytree(folder / "known_hosts.d", state / "known_hosts.d")
    state.chmod(0o700)
    with config_fleet(state, inventory) as fleet:
        plan = make(fleet, read(fleet, home / "change.yaml"), author="bench", workers=workers)
        if bad := [d for d in plan.devices if d.error or not d.lines]:
            raise SystemExit(f"{len(bad)} routers were not planned for: {bad[0].error}")
        fleet.journal.rollouts.decide(plan.id, PlanState.APPROVED, by="other", at=time.time())
        fleet.journal.ask("rollout.start", {"plan": plan.id}, who="bench", at=time.time())

        def over() -> bool:
            known = fleet.journal.rollouts.rollouts(limit=1)
            return bool(known) and known[0].state in (RolloutState.DONE, RolloutState.STOPPED)

        cpu, began = _cpu_s(), time.monotonic()
        with executor(state, inventory, workers=workers) as running:
            running.run(ready=lambda: None, until=over)
        spent, seconds = _cpu_s() - cpu, time.monotonic() - began
        counts = fleet.journal.rollouts.counts(fleet.journal.rollouts.rollouts(limit=1)[0].id)
    if counts != {Step.OK: count}:
        raise SystemExit(f"not every router was changed: {counts}")
    return _row("merata push (3 sessions)", count, workers, spent, seconds)


def _row(what: str, count: int, workers: int, cpu_s: float, seconds: float) -> dict[str, Any]:
    row = {
        "what": what,
        "workers": workers,
        "sessions": count,
        "cpu_ms": round(cpu_s * 1000 / count, 1),
        "a_minute": round(count / seconds * 60),
    }
    print(f"{what:<26} {workers:>4} at once  {row['cpu_ms']:>7} ms CPU  {row['a_minute']:>6} a minute", flush=True)
    return row


def main() -> int:
    """Measure and print; results in benchmarks/results/rollout.json."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="20 routers, 10 at once, no delays: to see that it runs")
    quick = parser.parse_args().quick
    count, many = (20, (10,)) if quick else (200, (50, 100, 200))
    rows = []
    with tempfile.TemporaryDirectory() as made:
        for title, login_s, reply_s, widths in (
            ("instant routers", 0.0, 0.0, (20,)),
            ("1.5 s to sign in, 0.3 s a line", LOGIN_S, REPLY_S, many),
        ):
            if quick and login_s:
                break
            print(f"{count} {title}")
            folder = Path(made) / ("slow" if login_s else "fast")
            folder.mkdir()
            with _shells.served(folder, count, login_s=login_s, reply_s=reply_s):
                for workers in widths:
                    found = [measure(folder, count, workers) for measure in (ours, nornir, ansible)]
                    rows += [{**row, "routers": title} for row in found if row is not None]
                    rows.append({**push(folder, count, workers), "routers": title})
    if not (PEERS / "python").exists():
        print("nornir and ansible are not installed: make peers", file=sys.stderr)
    results = Path(__file__).with_name("results")
    results.mkdir(exist_ok=True)
    (results / "rollout.json").write_text(json.dumps(rows, indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main())
