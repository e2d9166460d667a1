"""A lab of FRR routers: each a network, mount and process namespace with zebra, staticd, sshd and snmpd, on one bridge.

The bridge stands in a named network namespace, which is what the devices' domain names; nothing touches the network of
the machine. A router is killed by one process id, since everything in it lives in its process namespace; it dies too
when the tests do. Files in its folder survive a restart of the router, its /run does not: as on a real box.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from secrets import token_hex

from devices.configuring.registry import terminal_of
from devices.credentials import ssh_login
from devices.errors import Unreachable
from devices.hostkeys import HostKey, HostKeys
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
    SnmpSettings,
    SshSettings,
    Target,
)
from devices.transport.ssh import presented_key
from devices.transport.ssh_link import connected
from devices.transport.ssh_session import SshSessions

SCRIPT = Path(__file__).with_name("router.sh")
COMMUNITY = "lab-community"
DOMAIN = "lab"
_START_S = 30.0
_PATH = os.environ.get("PATH", "") + ":/usr/sbin:/sbin"
_CONFIG = """frr defaults traditional
hostname {name}
log file /var/log/frr/frr.log
service integrated-vtysh-config
!
interface eth0
 description uplink
 ip address {address}/24
exit
!
interface lo
 ip address 10.99.0.{number}/32
exit
!
ip route 0.0.0.0/0 {gateway}
ip route 192.0.2.0/24 Null0
!
"""


@dataclass(kw_only=True)
class Router:
    """One router of the lab, seen from outside by what no product code touches."""

    number: int
    name: str
    address: str
    folder: Path
    namespace: str  # of the bridge
    process: subprocess.Popen[bytes] | None = None
    inner: int = 0  # its first process, as the machine counts

    @property
    def port(self) -> str:
        """The bridge's end of its cable."""
        return f"v{self.number}"

    def shell(self, script: str, *, check: bool = True) -> str:
        """What a shell script prints inside the router, as if somebody stood beside it."""
        done = subprocess.run(
            ["nsenter", "-t", str(self.inner), "-m", "-n", "-p", "-u", "sh", "-c", script],
            capture_output=True, text=True, check=False, timeout=30,
        )  # fmt: skip
        if check and done.returncode != 0:
            raise RuntimeError(f"{self.name}: {script!r} gave {done.returncode}: {done.stdout}{done.stderr}")
        return done.stdout

    def running(self) -> str:
        """Its running configuration, as vtysh tells it."""
        return self.shell("vtysh -c 'show running-config'")

    def saved(self) -> str:
        """What it would start with."""
        return (self.folder / "frr" / "frr.conf").read_text()

    def reachable(self, *, timeout_s: float = 0.5) -> bool:
        """True when its SSH port takes a connection from the bridge."""
        try:
            connected(self.address, 22, Domain(name=DOMAIN, netns=self.namespace), timeout_s=timeout_s).close()
        except Unreachable:
            return False
        return True

    def cable(self, *, plugged: bool) -> None:
        """Pull or plug the only cable."""
        _run(["ip", "-n", self.namespace, "link", "set", self.port, "up" if plugged else "down"])

    def start(self) -> None:
        """Power on; returns at once, see `await_ready`."""
        (self.folder / "ready").unlink(missing_ok=True)
        self.process = subprocess.Popen(
            ["setpriv", "--pdeathsig", "KILL", "unshare", "--net", "--mount", "--uts", "--pid", "--fork",
             "--mount-proc", "--kill-child=KILL", "sh", str(SCRIPT), str(self.folder)],
            stdin=subprocess.DEVNULL, stdout=(self.folder / "log" / "start.log").open("ab"), stderr=subprocess.STDOUT,
            env={**os.environ, "PATH": _PATH},
        )  # fmt: skip

    def connect(self) -> None:
        """Give it its cable."""
        assert self.process is not None
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        _until(lambda: bool(children.read_text().split()), f"{self.name} did not start")
        self.inner = int(children.read_text().split()[0])
        own = Path("/proc/self/ns/net").readlink()
        _until(lambda: Path(f"/proc/{self.inner}/ns/net").readlink() != own, f"{self.name} has no namespace")
        _run(["ip", "-n", self.namespace, "link", "add", self.port, "type", "veth", "peer", "name", "eth0",
              "address", f"02:00:00:00:00:{self.number:02x}", "netns", str(self.inner)])  # fmt: skip
        _run(["ip", "-n", self.namespace, "link", "set", self.port, "master", "br0", "up"])

    def await_ready(self) -> None:
        """Wait until it serves."""

        def ready() -> bool:
            assert self.process is not None
            if self.process.poll() is not None:
                log = (self.folder / "log" / "start.log").read_text()
                raise RuntimeError(f"{self.name} ended while it started: {log}")
            return (self.folder / "ready").exists() and self.reachable()

        _until(ready, f"{self.name} does not serve")

    def kill(self) -> None:
        """Kill -9 for all that runs in it; returns at once."""
        if self.process is not None and self.process.poll() is None:
            if self.inner:
                with suppress(ProcessLookupError):
                    os.kill(self.inner, signal.SIGKILL)  # `unshare` outside sees it end, and ends
            else:
                self.process.kill()

    def power_off(self) -> None:
        """Pull the plug."""
        self.kill()
        if self.process is not None:
            self.process.wait(timeout=10)
        _run(["ip", "-n", self.namespace, "link", "del", self.port], check=False)
        self.process, self.inner = None, 0

    def power_cycle(self) -> None:
        """Off and on again; returns when it serves with its saved configuration."""
        self.power_off()
        self.start()
        self.connect()
        self.await_ready()


@dataclass(kw_only=True)
class FrrLab:
    """The routers, and what a controller needs to reach them."""

    folder: Path
    routers: list[Router]
    namespace: str
    devices: list[Device]
    inventory: Inventory
    host_keys: HostKeys
    domain: Domain = field(init=False)

    def __post_init__(self) -> None:
        """Name the domain."""
        self.domain = Domain(name=DOMAIN, netns=self.namespace)

    def router(self, device: DeviceId | str) -> Router:
        """The router behind a device."""
        return next(r for r in self.routers if r.name == device)

    def sessions(self) -> SshSessions:
        """Terminals on these routers."""
        return SshSessions(
            login=lambda device: ssh_login(self.inventory, device, environ=os.environ),
            host_keys=self.host_keys,
            domain=lambda _: self.domain,
            terminal=terminal_of,
        )

    def close(self) -> None:
        """Kill every router, by its process id, and remove the bridge."""
        for router in self.routers:
            router.kill()
        for router in self.routers:
            router.power_off()
        _run(["ip", "netns", "del", self.namespace], check=False)


def build(folder: Path, count: int) -> FrrLab:
    """Start `count` routers (at most 200) and enroll their host keys; the caller closes the lab."""
    if not 1 <= count <= 200:
        raise ValueError("a lab has 1 to 200 routers")
    namespace = f"merata-lab-{os.getpid()}-{token_hex(2)}"
    _run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(folder / "client_key")])
    routers = [_prepared(folder, number, namespace) for number in range(1, count + 1)]
    (folder / "community").touch(mode=0o600)
    (folder / "community").write_text(COMMUNITY)
    lab = FrrLab(
        folder=folder, routers=routers, namespace=namespace, devices=[_device(r) for r in routers],
        inventory=_inventory(folder, routers, namespace), host_keys=HostKeys(folder / "known_hosts.d"),
    )  # fmt: skip
    _run(["ip", "netns", "add", namespace])
    try:
        for words in (
            ["link", "set", "lo", "up"],
            ["link", "add", "br0", "type", "bridge", "forward_delay", "0"],
            ["addr", "add", "10.77.0.1/24", "dev", "br0"],
            ["link", "set", "br0", "up"],
        ):
            _run(["ip", "-n", namespace, *words])
        for router in routers:
            router.start()
        for router in routers:
            router.connect()
        for router, device in zip(routers, lab.devices, strict=True):
            router.await_ready()
            _enroll(lab, device)
    except BaseException:
        lab.close()
        raise
    return lab


def _prepared(folder: Path, number: int, namespace: str) -> Router:
    router = Router(
        number=number, name=f"frr-{number}", address=f"10.77.0.{number + 10}", folder=folder / f"frr-{number}",
        namespace=namespace,
    )  # fmt: skip
    for part in ("frr", "root", "log"):
        (router.folder / part).mkdir(parents=True)
    shutil.chown(router.folder / "log", "frr", "frr")
    for path in (folder, router.folder):
        path.chmod(0o755)
    _run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(router.folder / "host_key")])
    (router.folder / "name").write_text(router.name)
    config = _CONFIG.format(name=router.name, address=router.address, number=number, gateway="10.77.0.1")
    (router.folder / "frr" / "frr.conf").write_text(config)
    (router.folder / "frr" / "vtysh.conf").write_text("service integrated-vtysh-config\n")
    (router.folder / "snmpd.conf").write_text(f"rocommunity {COMMUNITY}\nsysName {router.name}\n")
    (router.folder / "sshd_config").write_text(
        f"Port 22\nListenAddress 0.0.0.0\nHostKey {router.folder}/host_key\nPidFile none\nUsePAM no\n"
        f"AuthorizedKeysFile {folder}/client_key.pub\nPasswordAuthentication no\nKbdInteractiveAuthentication no\n"
        "PermitRootLogin yes\nStrictModes no\nPrintMotd no\nPrintLastLog no\nMaxStartups 100\n"
        "Subsystem sftp internal-sftp\n"
    )
    return router


def _device(router: Router) -> Device:
    return Device(
        id=DeviceId(router.name),
        site=SiteId(f"site-{router.number}"),
        name=router.name,
        target=Target(domain=DOMAIN, host=router.address),
        role=Role.ROUTER,
        platform="frr",
        snmp=SnmpSettings(credential="lab-snmp", timeout_ms=500, retries=1),
        ssh=SshSettings(credential="lab-ssh", username="root"),
        uplink="eth0",
    )


def _inventory(folder: Path, routers: Sequence[Router], namespace: str) -> Inventory:
    sites = [
        Site(
            id=SiteId(f"site-{r.number}"), name=f"Puskesmas {r.number}", area=f"61.08.01.{2000 + r.number}", lat=-0.05,
            lon=109.3 + r.number / 1000, kind=SiteKind.PUSKESMAS,
        )
        for r in routers
    ]  # fmt: skip
    return Inventory(
        version="lab",
        sites={site.id: site for site in sites},
        devices={device.id: device for device in map(_device, routers)},
        domains={DOMAIN: Domain(name=DOMAIN, netns=namespace)},
        credentials={
            "lab-ssh": Credential(name="lab-ssh", key=f"key:{folder}/client_key"),
            "lab-snmp": Credential(name="lab-snmp", community=f"file:{folder}/community"),
        },
    )


def _enroll(lab: FrrLab, device: Device) -> None:
    key: HostKey = presented_key(device.target.host, 22, lab.domain, timeout_s=10)
    now = datetime(2026, 3, 1, tzinfo=UTC)
    lab.host_keys.enroll(device.id, key, host=device.target.host, port=22, now=now, who="tests")


def _run(words: Sequence[str], *, check: bool = True) -> None:
    done = subprocess.run(
        words, capture_output=True, text=True, check=False, timeout=30, env={**os.environ, "PATH": _PATH}
    )
    if check and done.returncode != 0:
        raise RuntimeError(f"{' '.join(words)}: {done.stderr.strip()}")


def _until(holds: Callable[[], bool], otherwise: str) -> None:
    deadline = time.monotonic() + _START_S
    while not holds():
        if time.monotonic() > deadline:
            raise RuntimeError(otherwise)
        time.sleep(0.02)
