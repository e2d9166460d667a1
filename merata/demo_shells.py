"""Real SSH for the demonstration: OpenSSH's server as an ordinary user on loopback, behind the simulated devices.

Its key pair and its host key are made anew for each demonstration and open nothing but the account that runs it, from
this machine. Where no server can run (none is installed, or the account has no shell), the demonstration goes without.
"""

from __future__ import annotations

import asyncio
import getpass
import os
import shutil
import subprocess
import time
from collections.abc import Iterable
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from devices.credentials import KeyFile, SshLogin
from devices.errors import DeviceError
from devices.hostkeys import HostKey, HostKeys
from devices.model import Device, DeviceId, Domain, Role, SiteId, SshSettings, Target
from devices.transport.ssh import SshShell, presented_key

if TYPE_CHECKING:
    from collections.abc import Iterator

CONFIG, KEY, HOST_KEY = "sshd_config", "client", "host"
_TRY_S = 10.0
_HERE = Domain(name="here")


@dataclass(frozen=True, slots=True, kw_only=True)
class Shells:
    """Where the server listens, and how to start it again. `folder`: its keys and configuration."""

    folder: Path
    server_port: int
    program: str

    @property
    def command(self) -> tuple[str, ...]:
        """Runs the server in the foreground."""
        return (self.program, "-D", "-e", "-q", "-f", str(self.folder / CONFIG))


def make(folder: Path, server_port: int) -> Shells | None:
    """Keys and configuration in a new folder, tried out once; None where no shell can be had."""
    program = shutil.which("sshd", path=os.environ.get("PATH", "") + ":/usr/sbin:/usr/local/sbin")
    if program is None or shutil.which("ssh-keygen") is None:
        return None
    folder.mkdir(mode=0o700)
    shells = Shells(folder=folder, server_port=server_port, program=program)
    try:
        for name in (KEY, HOST_KEY):
            line = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "merata demo", "-f", str(folder / name)]
            subprocess.run(line, check=True, capture_output=True)
        configure(shells)
        if os.geteuid() == 0:
            Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)  # the server of root separates its privileges there
        is_good = _answers(shells)
    except (OSError, subprocess.CalledProcessError):
        is_good = False
    if not is_good:
        shutil.rmtree(folder, ignore_errors=True)
        return None
    return shells


def configure(shells: Shells) -> None:
    """Write the server's configuration for where its folder now is."""
    folder = shells.folder
    (folder / CONFIG).write_text(
        f"Port {shells.server_port}\nListenAddress 127.0.0.1\nHostKey {folder / HOST_KEY}\nPidFile none\nUsePAM no\n"
        f"AuthorizedKeysFile {folder / KEY}.pub\nAuthenticationMethods publickey\nAllowUsers {getpass.getuser()}\n"
        "StrictModes no\nPrintMotd no\nPrintLastLog no\nMaxStartups 100\nMaxSessions 100\nDisableForwarding yes\n"
    )


def pin(shells: Shells, known_hosts: Path, addresses: Iterable[tuple[str, str]], *, port: int, now: float) -> None:
    """Trust the server's key as that of every device behind it: (device, address)."""
    kind, blob = (shells.folder / f"{HOST_KEY}.pub").read_text().split()[:2]
    known_hosts.mkdir(parents=True, exist_ok=True, mode=0o700)
    for device, address in addresses:
        # Written as `HostKeys` does, but without a wait for the disk each: a demonstration is made anew instead.
        (known_hosts / device).write_text(f"[{address}]:{port} {kind} {blob}\n")
    at = datetime.fromtimestamp(now, UTC)
    HostKeys(known_hosts).note("enroll", DeviceId("demo"), now=at, who="merata demo", kind=kind)


def _answers(shells: Shells) -> bool:
    """Start the server once and let its shell say something."""
    with _running(shells) as process:
        deadline = time.monotonic() + _TRY_S
        while time.monotonic() < deadline and process.poll() is None:
            with suppress(DeviceError):
                key = presented_key("127.0.0.1", shells.server_port, _HERE, timeout_s=2.0)
                return _says(shells, key)
            time.sleep(0.05)
    return False


@contextmanager
def _running(shells: Shells) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(shells.command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield process
    finally:
        process.terminate()
        process.wait(_TRY_S)


def _says(shells: Shells, key: HostKey) -> bool:
    device = Device(
        id=DeviceId("trial"),
        site=SiteId("trial"),
        name="trial",
        target=Target(domain="here", host="127.0.0.1"),
        role=Role.ROUTER,
        ssh=SshSettings(credential="demo-ssh", username=getpass.getuser(), port=shells.server_port),
    )
    keys = HostKeys(shells.folder / "trial.d")
    now = datetime.fromtimestamp(time.time(), UTC)
    keys.enroll(device.id, key, host="127.0.0.1", port=shells.server_port, now=now, who="merata demo")
    login = SshLogin(username=getpass.getuser(), proof=KeyFile(shells.folder / KEY))
    shell = SshShell(login=lambda _: login, host_keys=keys, domain=lambda _: _HERE, workers=1)
    try:
        (reply,) = asyncio.run(shell.run(device, ["echo merata-trial"], deadline_s=_TRY_S))
    except DeviceError:
        return False
    finally:
        shell.close()
        shutil.rmtree(keys.folder, ignore_errors=True)
    return reply.code == 0 and "merata-trial" in reply.text
