"""One change for a mixed fleet: real FRR routers in namespaces, consoles of RouterOS, IOS, Ruijie and VRP behind SSH.

Its template has two mistakes: one router loses its only port by it, another refuses a line. Told by the real commands:
plan, approve by another account, push; then the template is mended, planned again and pushed.

python -m tests.integration.rollout.mixed                # the end of every device
python -m tests.integration.rollout.mixed --table        # the same, and write docs/explanation/rollout-shown.md
"""

from __future__ import annotations

import argparse
import base64
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from click.testing import CliRunner

from controller.accounts import manage
from controller.accounts.passwords import Passwords
from controller.accounts.records import Role as AccountRole
from controller.journal.journal import Journal
from controller.rollout.ports import Pace
from devices.facts import Identity
from devices.hostkeys import HostKey, HostKeys
from devices.inventory.dump import dump
from devices.model import (
    Credential,
    Device,
    DeviceId,
    Domain,
    Role,
    Site,
    SiteId,
    SiteKind,
    SshSettings,
    Target,
)  # fmt: skip
from merata.cli import cli
from merata.rollout_parts import executor
from simulator.shells import Box, Router, Shells, serve
from tests.lab.frr import FrrLab, build

ROOT = Path(__file__).resolve().parents[3]
PAGE = ROOT / "docs" / "explanation" / "rollout-shown.md"
REAL = 20
CONSOLES = {"routeros": 14, "ios": 12, "ruijie": 6, "vrp": 10}
CUT, REFUSING = "frr-7", "vrp-3"  # the two that break
WANTED = "10.61.0.5"
PASSWORD, SECRET = "jembatan-kapuas-1", "sandi-bulan-ini-77"
#: Short enough for a test; the shape of the real one.
PACE = Pace(
    guard_least_s=12.0, guard_most_s=40.0, guard_factor=1.5, line_s=0.1, margin_s=2.0, vitals_s=4.0, again_s=0.5,
    lease_s=60.0,
)  # fmt: skip
_SPEED = 3.0  # of the consoles' own time: a minute of a timer lasts 20 s
_VERSIONS = {"frr": "8.4.4", "routeros": "7.14.3", "ios": "15.2", "ruijie": "11.9", "vrp": "V300R019"}
_OLD = {CUT: "8.1", "frr-12": "8.1", REFUSING: "V200R009", "vrp-6": "V200R009"}

_NAMES_IT = re.compile(rf"(?:dns|name-server).*{re.escape(WANTED)}")

CHANGE = """
name: kantor
title: Name server of the office, and this month's password
where: all
variables:
  server: {type: address, value: 10.61.0.5}
  password: {type: secret, value: env:TEST_MONTHLY}
templates: {frr: frr.j2, routeros: routeros.j2, ios: ios.j2, ruijie: ruijie.j2, vrp: vrp.j2}
verify: {any: {matches: ["{{ server }}"]}}
options: {settle_s: 0.2, waves: [13%, 40%, 1], budget: 5%, canary_budget: 2, session_s: 30}
"""
_TAMU = "username tamu privilege 1 secret {{ password }}\n"
_MISTAKE = "{% if 'satu-port' in device.tags %}\ninterface eth0\nshutdown\nexit\n{% endif %}\n"
_FRR = "interface eth0\ndescription DNS {{ server }}\nexit\nip prefix-list KANTOR seq 5 permit 10.61.0.0/16\n"
TEMPLATES = {
    "frr": _FRR + _MISTAKE,
    "routeros": "/ip dns set servers={{ server }}\n"
    "/interface wireless security-profiles set [find name=publik] wpa2-pre-shared-key={{ password }}\n",
    "ios": "ip name-server {{ server }}\n" + _TAMU,
    "ruijie": "ip name-server {{ server }}\n" + _TAMU,
    "vrp": "ntp-service unicast-server {{ server }}\n{% if 'hulu' in device.tags %}\ndns sever {{ server }}\n{% else %}"
    "\ndns server {{ server }}\n{% endif %}\n",
}
MENDED = {"frr": _FRR, "vrp": TEMPLATES["vrp"].replace("dns sever", "dns server")}


@dataclass(kw_only=True)
class Fleet:
    """The routers, an inventory that holds them all, a state directory, and the command line."""

    folder: Path
    lab: FrrLab
    shells: Shells
    consoles: Mapping[str, Router]
    log: list[str] = field(default_factory=list)  # all that the commands printed

    @property
    def state(self) -> Path:
        return self.folder / "state"

    @property
    def inventory(self) -> Path:
        return self.folder / "inventory.yaml"

    @property
    def change(self) -> Path:
        return self.folder / "kantor"

    @property
    def names(self) -> list[str]:
        return [*(r.name for r in self.lab.routers), *self.consoles]

    def seen(self) -> Seen:
        """What each device runs, would start with, and took."""
        real = {r.name: (r.running(), r.saved()) for r in self.lab.routers}
        told = {n: (c.running(), c.startup()) for n, c in self.consoles.items()}
        both = {**real, **told}
        return Seen(
            running={n: texts[0] for n, texts in both.items()}, saved={n: texts[1] for n, texts in both.items()},
            taken={n: sum(bool(_NAMES_IT.search(line)) for line in c.log) for n, c in self.consoles.items()},
        )  # fmt: skip

    @contextmanager
    def watched(self, name: str) -> Iterator[list[float]]:
        """Knock at a router all the time; seconds of each stretch in which it answered nobody, known at the end."""
        router, over, away = self.lab.router(name), threading.Event(), list[float]()

        def knock() -> None:
            silent: float | None = None
            while not over.is_set():
                answers, now = router.reachable(timeout_s=1.0), time.monotonic()
                if not answers and silent is None:
                    silent = now
                elif answers and silent is not None:
                    away.append(now - silent)
                    silent = None
                over.wait(0.5)

        thread = threading.Thread(target=knock)
        thread.start()
        try:
            yield away
        finally:
            over.set()
            thread.join()

    def write(self, templates: Mapping[str, str]) -> None:
        """The change's files."""
        self.change.mkdir(exist_ok=True)
        (self.change / "change.yaml").write_text(CHANGE)
        for name, text in templates.items():
            (self.change / f"{name}.j2").write_text(text)

    def run(self, *words: str, typed: str | None = None, codes: Sequence[int] = (0,)) -> str:
        """One command as typed; its standard output."""
        done = CliRunner().invoke(
            cli, ["--state", str(self.state), "--inventory", str(self.inventory), *words], env=_environment(),
            input=typed,
        )  # fmt: skip
        self.log.append(done.output)
        assert done.exit_code in codes, (words, done.exit_code, done.output[-3000:], done.exception)
        return done.stdout

    def json(self, *words: str, codes: Sequence[int] = (0,)) -> Any:
        """One command's JSON."""
        return json.loads(self.run(*words, "--json", codes=codes))

    def approve(self, plan: int) -> None:
        """The other engineer signs in and approves."""
        self.run("config", "approve", str(plan), typed=f"pemeriksa\n{PASSWORD}\n")

    def journal(self) -> Journal:
        """Opened; the caller closes it."""
        return Journal.open(self.state / "journal.db")

    @contextmanager
    def executor(self) -> Iterator[None]:
        """The executor, in a process of its own, with shorter guards than the real one."""
        log = self.folder / "executor.log"
        with log.open("ab") as errors:
            process = subprocess.Popen(
                [sys.executable, "-m", __name__ if __name__ != "__main__" else "tests.integration.rollout.mixed",
                 "--execute", str(self.state), str(self.inventory)],
                cwd=ROOT, env=_environment(), stdout=subprocess.PIPE, stderr=errors,
            )  # fmt: skip
        assert process.stdout is not None
        try:
            assert process.stdout.readline().strip() == b"READY", log.read_text()
            yield
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(60)
            process.stdout.close()


@dataclass(frozen=True, kw_only=True)
class Seen:
    """What every device holds at one moment, read beside the product."""

    running: Mapping[str, str]
    saved: Mapping[str, str]
    taken: Mapping[str, int]  # how often each console took the line that names the server


@dataclass(frozen=True, kw_only=True)
class Told:
    """One run: what was planned, what every rollout said, what the devices held before, between and after."""

    plan: Any
    first: Any  # stopped by the budget
    resumed: Any  # the same rollout, to its end
    again: Any  # the plan of the two that broke
    second: Any
    before: Seen
    between: Seen
    after: Seen
    announced: Mapping[str, int]  # how often the audit says that lines were sent
    away_s: float  # how long the router that cut its own way answered nobody
    seconds: Mapping[str, float]

    def end(self, rollout: Any, name: str) -> str:
        """How a device ended, with the reason; empty where it was no part."""
        for device in rollout["devices"]:
            if device["device"] == name:
                reason = str(device["facts"].get("reason") or "")
                return f"{device['step']}, {reason}" if reason else str(device["step"])
        return ""

    def ended(self, rollout: Any, step: str) -> set[str]:
        """Who ended so."""
        return {device["device"] for device in rollout["devices"] if device["step"] == step}


def tell(fleet: Fleet) -> Told:
    """Plan, approve, push until the budget stops it; mend, resume; plan the two again, approve, push."""
    seconds: dict[str, float] = {}

    @contextmanager
    def timed(what: str) -> Iterator[None]:
        began = time.monotonic()
        yield
        seconds[what] = time.monotonic() - began

    fleet.write(TEMPLATES)
    before = fleet.seen()
    with timed("plan"):
        plan = fleet.json("config", "plan", str(fleet.change), "--ticket", "T-62", "--workers", "12")
    fleet.approve(plan["id"])
    with fleet.executor():
        with timed("push, until the budget stops it"), fleet.watched(CUT) as away:
            first = fleet.json("config", "push", str(plan["id"]), codes=(3,))
        between = fleet.seen()
        fleet.write(MENDED)
        with timed("resume, to the end"):
            resumed = fleet.json("config", "resume", str(first["id"]), codes=(1,))
        with timed("plan of the two that broke"):
            again = fleet.json("config", "replan", str(plan["id"]), "--workers", "12")
        fleet.approve(again["id"])
        with timed("push of these"):
            second = fleet.json("config", "push", str(again["id"]))
    fleet.run("audit", "verify")
    with closing(fleet.journal()) as journal:
        sent = [e.subject for e in journal.rollouts.audit.every() if e.act == "device.sending"]
    return Told(
        plan=plan, first=first, resumed=resumed, again=again, second=second, before=before, between=between,
        after=fleet.seen(), announced=Counter(subject.removeprefix("device:") for subject in sent),
        away_s=sum(away), seconds=seconds,
    )  # fmt: skip


@contextmanager
def fleet(folder: Path, *, real: int = REAL) -> Iterator[Fleet]:
    """Start the routers and set up the office; everything is stopped in the end."""
    key = folder / "console_key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key)], check=True)
    boxes = {
        f"{kind}-{n}": Box(
            dialect=kind, host=f"127.62.{row}.{n}", name=f"{kind}-{n}", speed=_SPEED, restart_s=6.0,
            host_key=key.read_bytes(),
        )
        for row, (kind, count) in enumerate(CONSOLES.items(), 1)
        for n in range(1, count + 1)
    }  # fmt: skip
    with ExitStack() as stack:
        lab = build(folder, real)
        stack.callback(lab.close)
        shells = stack.enter_context(serve(boxes.values()))
        consoles = {name: shells.router(box.host) for name, box in boxes.items()}
        made = Fleet(folder=folder, lab=lab, shells=shells, consoles=consoles)
        _inventory(made)
        _office(made)
        yield made


def _inventory(made: Fleet) -> None:
    here = Domain(name="here")
    owned = made.lab.inventory
    sites = {name: replace(site, area="61.08.01") for name, site in owned.sites.items()}
    devices = dict(owned.devices)
    devices[DeviceId(CUT)] = replace(devices[DeviceId(CUT)], tags=("satu-port",))
    for number, (name, console) in enumerate(made.consoles.items()):
        lat = 0.9 if name == REFUSING else 0.3 + number / 20_000  # the one far from all others is an only site
        site = Site(
            id=SiteId(f"sd-{name}"), name=f"SD {name}", area="61.08.01", lat=lat, lon=109.96, kind=SiteKind.SCHOOL
        )
        sites[site.id] = site
        devices[DeviceId(name)] = Device(
            id=DeviceId(name), site=site.id, name=name, role=Role.ROUTER, platform=console.box.dialect, ping=False,
            target=Target(domain="here", host=console.box.host), tags=("hulu",) if name == REFUSING else (),
            ssh=SshSettings(credential="konsol", username="admin", port=console.port),
        )  # fmt: skip
    (made.folder / "password").touch(mode=0o600)
    (made.folder / "password").write_text("rahasia\n")
    credentials = {**owned.credentials, "konsol": Credential(name="konsol", password=f"file:{made.folder}/password")}
    whole = replace(
        owned, sites=sites, devices=devices, credentials=credentials, domains={**owned.domains, "here": here},
        files=(str(made.inventory),),
    )  # fmt: skip
    made.inventory.write_text(dump(whole))


def _office(made: Fleet) -> None:
    """Trust the host keys, two accounts, and what the poller would have heard of models and versions."""
    made.state.mkdir(mode=0o700)
    pinned = made.state / "known_hosts.d"
    (made.folder / "known_hosts.d").rename(pinned)
    keys, now = HostKeys(pinned), datetime(2026, 3, 1, tzinfo=UTC)
    kind, blob = (made.folder / "console_key.pub").read_text().split()[:2]
    key = HostKey(kind=kind, blob=base64.b64decode(blob))
    for name, console in made.consoles.items():
        keys.enroll(DeviceId(name), key, host=console.box.host, port=console.port, now=now, who="tests")
    with closing(made.journal()) as journal:
        for name in ("pemeriksa", "penulis"):
            manage.add(
                journal, name, PASSWORD, full_name="", role=AccountRole.ENGINEER, at=time.time(), by="tests",
                passwords=Passwords(),
            )  # fmt: skip
        told = {}
        for name in made.names:
            platform = name.rpartition("-")[0]
            version = _OLD.get(name, _VERSIONS[platform])
            told[name] = Identity(told_at=time.time(), platform=platform, version=version)
        journal.keep_identities(told)


def _environment() -> dict[str, str]:
    return {**os.environ, "TEST_MONTHLY": SECRET}


def _execute(state: Path, inventory: Path) -> None:
    """The executor of `Fleet.executor`, until SIGTERM."""
    with executor(state, inventory, workers=12, pace=PACE) as whole:
        signal.signal(signal.SIGTERM, lambda *_: whole.stop())
        whole.run(ready=lambda: print("READY", flush=True))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--table", action="store_true", help="write the page")
    parser.add_argument("--execute", nargs=2, type=Path, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.execute:
        _execute(*asked.execute)
        return 0
    with tempfile.TemporaryDirectory(prefix="merata-mixed-") as made:
        Path(made).chmod(0o755)
        with fleet(Path(made)) as whole:
            told = tell(whole)
            names = whole.names
    lines = table(told, names)
    print("\n".join(lines))
    if asked.table:
        PAGE.write_text(page(told, lines, names), encoding="utf-8")
    return 0 if told.ended(told.second, "ok") == {CUT, REFUSING} else 1


def table(told: Told, names: Sequence[str]) -> list[str]:
    """One row a device."""
    found = [
        "| device | first push | held then | resumed | second plan | holds | lines taken | sendings in the audit |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for name in names:
        then = "old" if told.between.running[name] == told.before.running[name] else "new"
        now = "new" if WANTED in told.after.running[name] else "old"
        resumed = told.end(told.resumed, name) if name in told.ended(told.first, "skipped") else ""
        taken = told.after.taken.get(name, "")
        found.append(
            f"| `{name}` | {told.end(told.first, name)} | {then} | {resumed} |"
            f" {told.end(told.second, name)} | {now} | {taken} | {told.announced[name]} |"
        )
    return found


def page(told: Told, lines: Sequence[str], names: Sequence[str]) -> str:
    """The run as a page of the documentation."""
    steps = ", ".join(f"{what} {value:.0f} s" for what, value in told.seconds.items())
    kept = sum(told.between.running[n] == told.before.running[n] for n in told.ended(told.first, "skipped"))
    real = sum(name.startswith("frr-") for name in names)
    consoles = ", ".join(f"{count} {kind}" for kind, count in CONSOLES.items())
    later = len(told.ended(told.resumed, "ok")) - len(told.ended(told.first, "ok"))
    return f"""# A change for a mixed fleet, with two mistakes in it

Written by `python -m tests.integration.rollout.mixed --table`; nothing here is typed by hand.

{len(names)} devices: {real} real FRR routers (vtysh behind sshd, each in namespaces of its own), and simulated
{consoles},
which follow the makers' documents. One change by template: a name server, on most a password too. Planned, approved by
another account and pushed with the commands that an engineer types; the executor is a process of its own.

The template is wrong twice. On `{CUT}` it shuts the only port: nobody reached the router for {told.away_s:.0f} s, until
its own timer had put the old configuration back. `{REFUSING}` refuses a line and is put back. Two failures are the
budget of the first waves, so nothing more began:
{len(told.ended(told.first, "ok"))} devices were changed, {len(told.ended(told.first, "rolled_back"))} rolled back, and
{kept} not touched: what they ran was the same to the byte. After the template was mended, `config resume` changed these
{later}, and `config replan` planned for the two that broke, and for them alone.

Seconds on a busy machine of two cores, with guards of {PACE.guard_least_s:.0f} s and more where the product takes 90:
{steps}.

*Held then* and *holds* are read beside the product. *Lines taken* counts, on the console, the line that names the
server; the two that broke were sent it a second time by a second plan.

{chr(10).join(lines)}

How one device is changed, and what stops a rollout: [rollout.md](rollout.md).
"""


if __name__ == "__main__":
    sys.exit(main())
