"""Client counts through netmiko, a real server and a real shell."""

from __future__ import annotations

import asyncio
import getpass
import os
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from collectors.shell import client_count
from devices.hostkeys import HostKeys
from devices.model import Device
from devices.transport.shell import Reply, Shell
from tests.integration.ssh.conftest import (
    Server,
    access_point,
    enroll,
    free_port,
    keygen,
    shell,
    stop,
    tools,
    wait_until_open,
)


class WithTools:
    """A shell whose PATH begins with the fake programs, as if the device had them."""

    def __init__(self, inner: Shell, folder: Path) -> None:
        self._inner = inner
        self._folder = folder

    async def run(self, device: Device, commands: Sequence[str], *, deadline_s: float) -> list[Reply]:
        first = f"export PATH={self._folder}/bin:/usr/bin:/bin"
        return (await self._inner.run(device, [first, *commands], deadline_s=deadline_s))[1:]


@pytest.mark.needs("sshd")
def test_hostapds_clients_are_counted_over_openssh(sshd: Server, keys: HostKeys) -> None:
    device = access_point(sshd)
    enroll(keys, device)
    ask = client_count(WithTools(shell(keys, sshd), sshd.folder))
    assert asyncio.run(ask(device)) == 3


@pytest.mark.needs("sshd")
def test_a_machine_without_wireless_tools_does_not_tell(sshd: Server, keys: HostKeys) -> None:
    device = access_point(sshd)
    enroll(keys, device)
    assert asyncio.run(client_count(shell(keys, sshd))(device)) is None


@pytest.mark.needs("sshd")
def test_twenty_access_points_are_asked_at_once(sshd: Server, keys: HostKeys) -> None:
    devices = [access_point(sshd, f"ap-{number}") for number in range(20)]
    for device in devices:
        enroll(keys, device)
    ask = client_count(WithTools(shell(keys, sshd, workers=8), sshd.folder))

    async def fleet() -> list[int | None]:
        return list(await asyncio.gather(*(ask(device) for device in devices)))

    assert asyncio.run(fleet()) == [3] * 20


@pytest.fixture
def dropbear(tmp_path: Path) -> Iterator[Server]:
    """The server of OpenWrt, in a mount namespace where the account's home folder is a folder of this test."""
    home = tmp_path / "home"
    (home / ".ssh").mkdir(parents=True, mode=0o700)
    key = keygen(tmp_path / "client_key")
    (home / ".ssh" / "authorized_keys").write_text(key.with_suffix(".pub").read_text())
    (home / ".ssh" / "authorized_keys").chmod(0o600)
    (home / ".profile").write_text(f"PATH={tools(tmp_path / 'bin')}:$PATH\n")
    subprocess.run(["dropbearkey", "-t", "ed25519", "-f", str(tmp_path / "host")], check=True, capture_output=True)
    port = free_port()
    serve = f"exec dropbear -F -E -s -m -r {tmp_path}/host -P {tmp_path}/pid -p 127.0.0.1:{port}"
    hide = f"mount --bind {home} {Path('~').expanduser()} && {serve}"
    environ = os.environ | {"PATH": os.environ["PATH"] + ":/usr/sbin:/sbin"}
    process = subprocess.Popen(
        ["unshare", "--mount", "sh", "-c", hide], env=environ, stderr=(tmp_path / "log").open("wb")
    )
    wait_until_open(port, process)
    yield Server(port=port, username=getpass.getuser(), key=key, folder=tmp_path, process=process)
    stop(process)


@pytest.mark.needs("dropbear", "netns")
def test_hostapds_clients_are_counted_over_dropbear(dropbear: Server, keys: HostKeys) -> None:
    device = access_point(dropbear)
    enroll(keys, device)
    assert asyncio.run(client_count(shell(keys, dropbear))(device)) == 3
