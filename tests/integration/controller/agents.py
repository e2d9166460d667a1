"""Real snmpd agents on loopback addresses, and a real `merata run` beside them."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from measurements.intervals import Interval
from measurements.sqlite.reader import SqliteReader

ROOT = Path(__file__).resolve().parents[3]
SNMPD = shutil.which("snmpd", path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin") or "snmpd"
COMMUNITY = "for-tests-only"


def port_of(salt: int) -> int:
    """A UDP port that is free on every address used here at this moment."""
    import socket

    for port in range(20_000 + salt % 20_000, 60_000):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe, contextlib.suppress(OSError):
            probe.bind(("0.0.0.0", port))
            return port
    raise RuntimeError("no free UDP port")


@dataclass
class Agents:
    """snmpd processes by device id; only these are ever ended here."""

    folder: Path
    port: int
    prefix: str
    netns: str | None = None
    running: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def address(self, number: int) -> str:
        return f"{self.prefix}.{number}"

    def start(self, number: int) -> None:
        name = f"d{number:02}"
        home = self.folder / name
        home.mkdir(parents=True, exist_ok=True)
        (home / "snmpd.conf").write_text(
            f"rocommunity {COMMUNITY}\nsysName {name}\nsysLocation test\n"
            f"agentaddress udp:{self.address(number)}:{self.port}\n"
        )
        enter = ["ip", "netns", "exec", self.netns] if self.netns else []
        self.running[name] = subprocess.Popen(
            [*enter, SNMPD, "-f", "-Lf", str(home / "log"), "-C", "-c", str(home / "snmpd.conf"), "-I", "-smux"],
            env={**os.environ, "SNMP_PERSISTENT_DIR": str(home), "SNMPCONFPATH": str(home), "MIBS": ""},
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip

    def kill(self, number: int) -> None:
        """SIGKILL, as when the power goes."""
        process = self.running.pop(f"d{number:02}")
        process.kill()
        process.wait()

    def stop(self) -> None:
        for process in self.running.values():
            process.kill()
        for process in self.running.values():
            process.wait()


def inventory(
    agents: Agents, count: int, *, ping: bool, observers: Sequence[tuple[str, str]] = (), per_site: int = 4
) -> str:
    """Sites of one router and access points behind it."""
    lines = ["timezone: Asia/Pontianak", ""]
    if observers:
        lines.append("observers:")
        for host, how in observers:
            lines += [f"  - host: {host}", f"    how: {how}"]
    lines += [
        "credentials:", "  lab:", "    community: env:TEST_COMMUNITY", "defaults:", "  device:",
        f"    ping: {'yes' if ping else 'no'}", "    snmp:", "      credential: lab", f"      port: {agents.port}",
        "      timeout_ms: 300", "      retries: 1", "sites:",
    ]  # fmt: skip
    for first in range(1, count + 1, per_site):
        lines += [
            f"  - id: s{first:02}", f"    name: SDN {first:02}", "    area: 61.71.01.1003",
            f"    lat: {-0.02 - first / 1000}", "    lon: 109.34", "    kind: school",
        ]  # fmt: skip
    lines.append("devices:")
    for number in range(1, count + 1):
        first = number - (number - 1) % per_site
        role = "router" if number == first else "ap"
        lines += [
            f"  - id: d{number:02}", f"    site: s{first:02}",
            f"    host: {agents.address(number)}", f"    role: {role}",
        ]  # fmt: skip
        if number != first:
            lines.append(f"    parent: d{first:02}")
    return "\n".join(lines) + "\n"


@dataclass
class Controller:
    """One `merata run` as a process of its own."""

    state: Path
    inventory: Path
    interval_s: float
    netns: str | None = None
    words: Sequence[str] = ()
    environ: dict[str, str] = field(default_factory=dict)
    process: subprocess.Popen[str] | None = None
    log: Path | None = None

    def start(self) -> None:
        self.log = self.state.parent / "run.log"
        enter = ["ip", "netns", "exec", self.netns] if self.netns else []
        with self.log.open("a") as log:
            self.process = subprocess.Popen(
                [*enter, sys.executable, "-m", "merata", "--state", str(self.state), "--inventory", str(self.inventory),
                 "run", "--interval", f"{self.interval_s:.0f}", *self.words],
                env={**os.environ, "TEST_COMMUNITY": COMMUNITY, **self.environ}, cwd=ROOT, text=True,
                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=log,
            )  # fmt: skip
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line.startswith("READY"), self.log.read_text()

    def signal(self, number: int) -> int:
        """End it; gives its exit code."""
        assert self.process is not None
        self.process.send_signal(number)
        return self.process.wait(20)

    def stop(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.signal(signal.SIGTERM)

    def status(self) -> dict[str, Any]:
        try:
            found: dict[str, Any] = json.loads((self.state / "run" / "status.json").read_text())
        except FileNotFoundError:
            return {}
        return found

    @property
    def reader(self) -> SqliteReader:
        return SqliteReader(self.state)

    def intervals(self, subject: str, question: str = "state") -> list[Interval]:
        return self.reader.intervals([subject], question, start=0, end=2**40)

    def states(self, subject: str, question: str = "state") -> list[str]:
        return [str(i.state) for i in self.intervals(subject, question)]

    def verdict(self, subject: str) -> tuple[str, str | None] | None:
        found = self.intervals(subject)
        return (str(found[-1].state), found[-1].cause) if found else None

    def cycles(self) -> int:
        cycle = self.status().get("cycles", {}).get("standard")
        return int(cycle["slot"]) if cycle else 0

    def until(self, met: Callable[[], bool], within_s: float, what: str) -> None:
        """Wait for something that the controller is to bring about."""
        give_up = time.monotonic() + within_s
        while not met():
            if time.monotonic() > give_up:
                assert self.log is not None
                raise AssertionError(f"not within {within_s} s: {what}\n{self.log.read_text()[-3000:]}")
            time.sleep(0.1)


@contextlib.contextmanager
def laboratory(
    folder: Path,
    count: int,
    *,
    prefix: str,
    interval_s: float = 2.0,
    ping: bool = False,
    observers: Sequence[tuple[str, str]] = (),
    netns: str | None = None,
) -> Iterator[tuple[Agents, Controller]]:
    """So many agents and a controller that is not started yet."""
    agents = Agents(folder / "agents", port_of(os.getpid()), prefix, netns)
    try:
        for number in range(1, count + 1):
            agents.start(number)
        path = folder / "inventory.yaml"
        path.write_text(inventory(agents, count, ping=ping, observers=observers))
        controller = Controller(folder / "state", path, interval_s)
        try:
            yield agents, controller
        finally:
            controller.stop()
    finally:
        agents.stop()
