"""A real snmpd on a free port of loopback."""

from __future__ import annotations

import os
import socket
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

CONF = """\
rocommunity baca 127.0.0.1
createUser pengamat SHA "kata-sandi-satu" AES "kata-sandi-dua"
rouser pengamat priv
sysName desa-uji
agentuser root
master no
"""


@dataclass
class Snmpd:
    """A running daemon and how to start it again."""

    port: int
    folder: Path
    conf: str
    process: subprocess.Popen[bytes]

    def stop(self) -> None:
        """End it and wait."""
        self.process.terminate()
        self.process.wait(10)

    def restart(self) -> None:
        """A new process on the same port; its clock begins again."""
        self.stop()
        self.process = launch(self.folder, self.conf, self.port)


def free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.bind(("127.0.0.1", 0))
        port: int = s.getsockname()[1]
        return port


def answers(port: int) -> bool:
    """True when a GET of sysUpTime.0 is answered."""
    name = b"\x2b\x06\x01\x02\x01\x01\x03\x00"
    bind = bytes((0x30, 4 + len(name), 0x06, len(name))) + name + b"\x05\x00"
    pdu = b"\x02\x01\x07\x02\x01\x00\x02\x01\x00" + bytes((0x30, len(bind))) + bind
    body = b"\x02\x01\x01\x04\x04baca" + bytes((0xA0, len(pdu))) + pdu
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.settimeout(0.3)
        s.sendto(bytes((0x30, len(body))) + body, ("127.0.0.1", port))
        try:
            return bool(s.recv(2000))
        except OSError:
            return False


def launch(folder: Path, conf: str, port: int) -> subprocess.Popen[bytes]:
    """Start snmpd and wait until it answers."""
    (folder / "snmpd.conf").write_text(conf)
    environment = {**os.environ, "SNMP_PERSISTENT_DIR": str(folder), "MIBS": ""}
    environment["PATH"] = environment.get("PATH", "") + ":/usr/sbin:/sbin"
    command = [
        "snmpd",
        "-f",
        "-Lf",
        str(folder / "log"),
        "-C",
        "-c",
        str(folder / "snmpd.conf"),
        f"udp:127.0.0.1:{port}",
    ]
    process = subprocess.Popen(command, env=environment)
    until = time.monotonic() + 15
    while not answers(port):
        if time.monotonic() > until or process.poll() is not None:
            process.kill()
            pytest.fail(f"snmpd does not answer: {(folder / 'log').read_text()[-500:]}")
    return process


def running(folder: Path, extra: str = "") -> Iterator[Snmpd]:
    port, conf = free_port(), CONF + extra
    daemon = Snmpd(port=port, folder=folder, conf=conf, process=launch(folder, conf, port))
    yield daemon
    daemon.stop()


@pytest.fixture
def snmpd(tmp_path: Path) -> Iterator[Snmpd]:
    """A plain Linux."""
    yield from running(tmp_path)


@pytest.fixture
def openwrt(tmp_path: Path) -> Iterator[Snmpd]:
    """A Linux that says it is OpenWrt, by the scripts people hang on snmpd."""
    yield from running(
        tmp_path,
        "extend distro /bin/echo OpenWrt 23.05.3\nextend hardware /bin/echo Router Uji\n"
        "extend clients-wlan0 /bin/echo 4\nextend clients-wlan1 /bin/echo 5\n",
    )
