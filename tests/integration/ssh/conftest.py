"""Real SSH servers on free loopback ports: OpenSSH and dropbear, with a fake `ubus` for a shell that looks there."""

from __future__ import annotations

import getpass
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from devices.credentials import KeyFile, SshLogin
from devices.hostkeys import HostKeys
from devices.model import Device, DeviceId, Domain, Role, SiteId, SshSettings, Target
from devices.transport.ssh import SshShell, presented_key

NOW = datetime(2026, 3, 1, tzinfo=UTC)
HERE = Domain(name="here")
TOOLS = {
    "ubus": """case "$*" in
  "list hostapd.*") echo hostapd.phy0-ap0; echo hostapd.phy1-ap0 ;;
  *phy0-ap0*) echo '{ "freq": 2437, "clients": {
    "02:00:00:00:00:01": { "auth": true, "assoc": true, "authorized": true },
    "02:00:00:00:00:02": { "auth": true, "assoc": true, "authorized": true } } }' ;;
  *phy1-ap0*) echo '{ "freq": 5180, "clients": { "02:00:00:00:00:03": { "auth": true, "assoc": true } } }' ;;
  *) echo "Command failed: Not found" >&2; exit 4 ;;
esac""",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """A running SSH server and who may sign in."""

    port: int
    username: str
    key: Path
    folder: Path
    process: subprocess.Popen[bytes]


def keygen(path: Path, kind: str = "ed25519") -> Path:
    subprocess.run(["ssh-keygen", "-q", "-t", kind, "-N", "", "-f", str(path)], check=True)
    return path


def free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port: int = sock.getsockname()[1]
        return port


def wait_until_open(port: int, process: subprocess.Popen[bytes]) -> None:
    for _ in range(200):
        if process.poll() is not None:
            pytest.fail(f"the SSH server ended with {process.returncode}")
        with socket.socket() as sock:
            sock.settimeout(0.2)
            if sock.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.02)
    pytest.fail("the SSH server does not listen")


def tools(folder: Path, scripts: dict[str, str] = TOOLS) -> Path:
    """A folder of fake programs."""
    folder.mkdir()
    for name, script in scripts.items():
        (folder / name).write_text(f"#!/bin/sh\n{script}\n")
        (folder / name).chmod(0o755)
    return folder


def start_sshd(folder: Path, port: int) -> subprocess.Popen[bytes]:
    """OpenSSH in the foreground with its own configuration."""
    config = folder / "sshd_config"
    config.write_text(
        f"Port {port}\nListenAddress 127.0.0.1\nHostKey {folder}/host_key\nPidFile none\nUsePAM no\n"
        f"AuthorizedKeysFile {folder}/client_key.pub\nPasswordAuthentication no\nKbdInteractiveAuthentication no\n"
        f"StrictModes no\nPrintMotd no\nPrintLastLog no\nMaxStartups 100\nMaxSessions 100\n"
    )
    if os.geteuid() == 0:
        Path("/run/sshd").mkdir(exist_ok=True)  # privilege separation wants it, Debian's unit makes it
    program = shutil.which("sshd", path=os.environ["PATH"] + ":/usr/sbin")
    process = subprocess.Popen([str(program), "-D", "-e", "-f", str(config)], stderr=(folder / "log").open("wb"))
    wait_until_open(port, process)
    return process


def stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    process.wait(timeout=10)


@pytest.fixture(scope="module")
def sshd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("sshd")
    keygen(folder / "host_key")
    keygen(folder / "client_key")
    tools(folder / "bin")
    port = free_port()
    process = start_sshd(folder, port)
    yield Server(port=port, username=getpass.getuser(), key=folder / "client_key", folder=folder, process=process)
    stop(process)


@pytest.fixture
def keys(tmp_path: Path) -> HostKeys:
    return HostKeys(tmp_path / "known_hosts.d")


def access_point(server: Server, name: str = "ap-1") -> Device:
    return Device(
        id=DeviceId(name),
        site=SiteId("s1"),
        name=name,
        target=Target(domain="here", host="127.0.0.1"),
        role=Role.AP,
        ssh=SshSettings(credential="openwrt", username=server.username, port=server.port),
    )


def enroll(keys: HostKeys, device: Device) -> None:
    assert device.ssh is not None
    key = presented_key(device.target.host, device.ssh.port, HERE, timeout_s=10)
    keys.enroll(device.id, key, host=device.target.host, port=device.ssh.port, now=NOW, who="tests")


def shell(keys: HostKeys, server: Server, *, key: Path | None = None, workers: int = 8) -> SshShell:
    login = SshLogin(username=server.username, proof=KeyFile(key or server.key))
    return SshShell(login=lambda _: login, host_keys=keys, domain=lambda _: HERE, workers=workers)
