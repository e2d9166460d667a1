"""OpenWrt's own server and paths: dropbear in a mount namespace with an /etc of its own, as root. Also full storage."""

from __future__ import annotations

import getpass
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from devices.configuring.dialect import Guard, GuardKind, GuardState
from devices.configuring.intents import Banner, UserAccount
from devices.configuring.uci import GUARD, UciDialect
from devices.credentials import KeyFile
from devices.errors import DeviceError, NotSupported
from devices.model import Device
from tests.integration.shells.conftest import Door, until
from tests.integration.shells.hosts import Host, furnish
from tests.integration.ssh.conftest import free_port, keygen, stop, wait_until_open

pytestmark = pytest.mark.needs("dropbear", "netns")
DIALECT = UciDialect(GUARD, settle_s=0)  # services that only note a reload need no time
SSID = ["uci set wireless.default_radio0.ssid='Baru'"]
KEY = "ssh-ed25519 " + "A" * 68 + " teknisi"


@pytest.fixture
def host(tmp_path: Path) -> Iterator[Host]:
    """Its /etc is a copy of what signing in needs, with a small separate storage for the guards."""
    root = tmp_path / "root"
    root.mkdir()
    furnish(root, etc="/etc")
    for name in ("passwd", "group", "shadow", "shells", "nsswitch.conf", "ld.so.cache"):
        if Path(f"/etc/{name}").exists():
            subprocess.run(["cp", "-p", f"/etc/{name}", str(root / "etc" / name)], check=True)
    for name in ("alternatives", "ssl"):
        if Path(f"/etc/{name}").exists():
            subprocess.run(["cp", "-a", f"/etc/{name}", str(root / "etc" / name)], check=True)
    home = tmp_path / "home"
    (home / ".ssh").mkdir(parents=True, mode=0o700)
    key = keygen(tmp_path / "client_key")
    (home / ".ssh" / "authorized_keys").write_text(key.with_suffix(".pub").read_text())
    (home / ".ssh" / "authorized_keys").chmod(0o600)
    subprocess.run(["dropbearkey", "-t", "ed25519", "-f", str(tmp_path / "host")], check=True, capture_output=True)
    port = free_port()
    store = root / "etc" / "merata-guard"
    store.mkdir()
    python, interpreter = "", Path(sys.base_prefix)
    if interpreter.is_relative_to(Path("~").expanduser()):  # the stand-in's interpreter stays to be found
        kept = home / interpreter.relative_to(Path("~").expanduser())
        kept.mkdir(parents=True)
        python = f"mount --bind {interpreter} {kept} && "
    script = (
        f"mount -t tmpfs -o size=256k none {store} && {python}mount --rbind {home} {Path('~').expanduser()} && "
        f"mount --rbind {root}/etc /etc && "
        f"exec dropbear -F -E -s -m -r {tmp_path}/host -P {tmp_path}/pid -p 127.0.0.1:{port}"
    )
    environ = os.environ | {"PATH": os.environ["PATH"] + ":/usr/sbin:/sbin"}
    process = subprocess.Popen(
        ["unshare", "--mount", "sh", "-c", script], env=environ, stderr=(tmp_path / "log").open("wb")
    )
    wait_until_open(port, process)
    yield Host(port=port, username=getpass.getuser(), key=key, root=root, process=process)
    stop(process)


@pytest.fixture
def device(door: Door, host: Host) -> Device:
    door.first = f"PATH={host.root}/bin:/usr/bin:/bin:/usr/sbin:/sbin"
    return door.device("127.0.0.1", host.port, "openwrt", username=host.username)


def test_a_broken_change_is_undone_by_the_device_itself(door: Door, device: Device, host: Host) -> None:
    before = {p.name: p.read_bytes() for p in host.file("/etc/config").iterdir()}
    session = door.open(device, KeyFile(host.key))
    assert DIALECT.obstacles(session) == []
    base = DIALECT.fetch(session)
    lines = [*SSID, *DIALECT.intent_lines(Banner(text="Milik publik"), DIALECT.normalise(base), device)]
    lines += DIALECT.intent_lines(UserAccount(name="root", ssh_key=KEY), DIALECT.normalise(base), device)
    guard = DIALECT.arm(session, "d1", 4, base, GuardKind.TIMER)
    assert guard.survives_restart
    DIALECT.send(session, lines)
    session.cut()
    assert "Baru" in host.config("wireless")
    assert host.file("/etc/dropbear/authorized_keys").read_text() == f"{KEY}\n"
    until(lambda: "Baru" not in host.config("wireless"), timeout_s=15)
    until(lambda: not host.file("/etc/dropbear/authorized_keys").exists())
    new = door.open(device, KeyFile(host.key))
    until(lambda: DIALECT.guard_state(new, "d1") is GuardState.FIRED)
    assert {p.name: p.read_bytes() for p in host.file("/etc/config").iterdir()} == before
    assert host.file("/etc/banner").read_text() == "OpenWrt\n"
    DIALECT.undo(new, guard, base)
    assert not host.file("/etc/init.d/merata-guard").exists()


def test_storage_too_small_for_a_copy_arms_nothing_and_leaves_nothing(door: Door, device: Device, host: Host) -> None:
    host.file("/etc/config/besar").write_text("\nconfig a 'b'\n\toption c '" + "x" * 250_000 + "'\n")
    session = door.open(device, KeyFile(host.key))
    with pytest.raises(NotSupported, match="space"):
        DIALECT.arm(session, "d2", 600, "", GuardKind.TIMER)
    assert DIALECT.guard_state(session, "d2") is GuardState.ABSENT
    assert not host.file("/etc/init.d/merata-guard").exists()


def test_storage_that_fills_while_sending_refuses_and_is_put_back(door: Door, device: Device, host: Host) -> None:
    """/etc/config on storage of its own that is filled to the brim: `uci commit` fails, the old files stay."""
    session = door.open(device, KeyFile(host.key))
    session.run(f"cp -a /etc/config {host.root}/spare && mount -t tmpfs -o size=64k none /etc/config")
    session.run(f"cp -a {host.root}/spare/. /etc/config/")
    base = DIALECT.fetch(session)
    guard = DIALECT.arm(session, "d3", 600, base, GuardKind.TIMER)
    session.run("dd if=/dev/zero of=/etc/config/isi-penuh bs=1k 2>/dev/null")
    with pytest.raises(DeviceError):
        DIALECT.send(session, SSID)
    session.cut()
    new = door.open(device, KeyFile(host.key))
    DIALECT.undo(new, guard, base)
    assert DIALECT.normalise(DIALECT.fetch(new)) == DIALECT.normalise(base)
    assert DIALECT.obstacles(new) == []
    assert DIALECT.guard_state(new, "d3") is GuardState.ABSENT
    DIALECT.undo(new, Guard(kind=GuardKind.TIMER, token="d3", seconds=1), base)
