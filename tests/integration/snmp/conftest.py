"""A real snmpd with a user for every authentication and privacy that net-snmp offers."""

from __future__ import annotations

import os
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from devices.transport.snmp.api import UsmUser

AUTH = {"md5": "MD5", "sha1": "SHA", "sha224": "SHA-224", "sha256": "SHA-256", "sha384": "SHA-384", "sha512": "SHA-512"}
PRIV = {
    "aes128": "AES-128",
    "aes192": "AES-192",
    "aes256": "AES-256",
    "aes192c": "AES-192-C",
    "aes256c": "AES-256-C",
}


def users() -> list[UsmUser]:
    """noAuthNoPriv, authNoPriv of each kind, authPriv of each pair."""
    found = [UsmUser(name=b"nobody")]
    for auth in AUTH:
        password = f"auth-{auth}-secret".encode()
        found.append(UsmUser(name=auth.encode(), auth=auth, auth_password=password))
        found += [
            UsmUser(
                name=f"{auth}-{priv}".encode(),
                auth=auth,
                auth_password=password,
                priv=priv,
                priv_password=f"priv-{priv}-secret".encode(),
            )
            for priv in PRIV
        ]
    return found


def free_port() -> int:
    """A UDP port that is free on both loopback addresses now."""
    with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as sock:
        sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        sock.bind(("::", 0))
        return sock.getsockname()[1]


class Snmpd:
    """A net-snmp agent that can be stopped and started again."""

    def __init__(self, folder: Path, port: int, *, extra: str = "", prefix: tuple[str, ...] = ()) -> None:
        self.folder = folder
        self.port = port
        self.extra = extra
        self.prefix = prefix
        self.process: subprocess.Popen[bytes] | None = None

    def start(self, addresses: str | None = None) -> None:
        lines = [f"agentaddress {addresses or f'udp:127.0.0.1:{self.port},udp6:[::1]:{self.port}'}"]
        lines += ["rocommunity public", "rocommunity6 public", self.extra]
        if "sysname" not in self.extra:
            lines.append("sysName real")
        for user in users():
            name, level = user.name.decode(), "priv" if user.priv else "auth" if user.auth else "noauth"
            create = f"createUser {name}"
            if user.auth and user.auth_password:
                create += f" {AUTH[user.auth]} {user.auth_password.decode()}"
            if user.priv and user.priv_password:
                create += f" {PRIV[user.priv]} {user.priv_password.decode()}"
            lines += [create, f"rouser {name} {level}"]
        # What net-snmp keeps (engine boots and id) has a folder of its own: it rewrites snmpd.conf there.
        kept = self.folder / "kept"
        kept.mkdir(parents=True, exist_ok=True)
        log = self.folder / "log"
        (self.folder / "snmpd.conf").write_text("\n".join(lines) + "\n")
        log.unlink(missing_ok=True)
        environment = {
            **os.environ,
            "SNMP_PERSISTENT_DIR": str(kept),
            "MIBS": "",
            "SNMPCONFPATH": f"{self.folder}:{kept}",
        }
        environment["PATH"] += ":/usr/sbin"
        command = [*self.prefix, "snmpd", "-f", "-Lf", str(log)]
        self.process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        until = time.monotonic() + 20
        while not (log.exists() and "NET-SNMP version" in log.read_text()):
            assert self.process.poll() is None, log.read_text() if log.exists() else "snmpd ended"
            assert time.monotonic() < until, "snmpd does not start"
            time.sleep(0.02)

    def stop(self) -> None:
        if self.process is not None:
            self.process.terminate()
            self.process.wait(10)


@contextmanager
def running(folder: Path, **kwargs: object) -> Iterator[Snmpd]:
    """A started agent that is stopped afterwards."""
    agent = Snmpd(folder, free_port(), **kwargs)  # type: ignore[arg-type]
    agent.start()
    try:
        yield agent
    finally:
        agent.stop()


@pytest.fixture(scope="session")
def snmpd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Snmpd]:
    """One agent for all tests that do not restart it."""
    with running(tmp_path_factory.mktemp("snmpd")) as agent:
        yield agent


@pytest.fixture
def fresh_snmpd(tmp_path: Path) -> Iterator[Callable[[], Snmpd]]:
    """Makes agents that belong to one test."""
    made: list[Snmpd] = []

    def make(*, autostart: bool = True, **kwargs: object) -> Snmpd:
        made.append(Snmpd(tmp_path / str(len(made)), free_port(), **kwargs))  # type: ignore[arg-type]
        if autostart:
            made[-1].start()
        return made[-1]

    yield make
    for agent in made:
        agent.stop()
