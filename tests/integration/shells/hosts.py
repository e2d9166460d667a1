"""Real SSH servers before a small OpenWrt: files in a folder, the stand-in for `uci`, services that note a reload."""

from __future__ import annotations

import getpass
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from devices.configuring.linux import LinuxDialect
from devices.configuring.shell_guard import ShellGuard
from devices.configuring.uci import UciDialect
from tests.integration.ssh.conftest import free_port, keygen, tools, wait_until_open

STANDIN = Path(__file__).resolve().parents[2] / "lab" / "uci_standin.py"
CONFIG = {
    "wireless": """
config wifi-device 'radio0'
	option type 'mac80211'
	option channel '36'

config wifi-iface 'default_radio0'
	option device 'radio0'
	option network 'lan'
	option mode 'ap'
	option ssid 'Lama'
	option encryption 'psk2'
	option key 'sandi lama'

config wifi-iface
	option device 'radio0'
	option mode 'ap'
	option ssid 'Tamu'
	option encryption 'none'
""",
    "system": """
config system
	option hostname 'ap-1'
	option timezone 'UTC'

config timeserver 'ntp'
	list server '0.openwrt.pool.ntp.org'
	list server '1.openwrt.pool.ntp.org'
""",
    "network": """
config interface 'lan'
	option proto 'static'
	option ipaddr '192.168.1.1'

config interface 'wan'
	option proto 'dhcp'
""",
    "snmpd": """
config com2sec 'public'
	option secname 'ro'
	option source 'default'
	option community 'lama'
""",
    "sqm": "",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Host:
    """A running server; `root` holds its /etc."""

    port: int
    username: str
    key: Path
    root: Path
    process: subprocess.Popen[bytes]

    def file(self, path: str) -> Path:
        return self.root / path.lstrip("/")

    def config(self, package: str) -> str:
        return self.file(f"/etc/config/{package}").read_text()

    def reloads(self) -> int:
        log = self.root / "reloads"
        return len(log.read_text().splitlines()) if log.exists() else 0

    def uci(self, *arguments: str) -> str:
        """Somebody else's hand on the device."""
        done = subprocess.run([self.root / "bin" / "uci", *arguments], capture_output=True, text=True, check=True)
        return done.stdout


def furnish(root: Path, *, etc: str | None = None, staged: str | None = None) -> None:
    """Files and programs of a small OpenWrt below a folder; `etc` is where its sessions see /etc."""
    for folder in ("etc/config", "etc/init.d", "etc/rc.d", "etc/dropbear"):
        (root / folder).mkdir(parents=True, exist_ok=True)
    for name, text in CONFIG.items():
        (root / "etc/config" / name).write_text(text)
    (root / "etc/rc.common").write_text(RC_COMMON)
    (root / "etc/banner").write_text("OpenWrt\n")
    where = f"-c {etc or root / 'etc'}/config -P {staged or root / 'staged'}"
    tools(root / "bin", {
        "uci": f'exec {sys.executable} -S -E {STANDIN} {where} "$@"',
        "reload_config": f"date >> {root}/reloads",
    })  # fmt: skip


#: Enough of OpenWrt's: `enable` links by START.
RC_COMMON = """#!/bin/sh
initscript=$1
action=$2
. "$initscript"
case "$action" in
	enable) ln -sf "../init.d/${initscript##*/}" "${initscript%/init.d/*}/rc.d/S${START}${initscript##*/}" ;;
	boot) boot ;;
esac
"""


def start_sshd(folder: Path) -> Host:
    """OpenSSH as whoever runs the tests; its sessions find the programs first."""
    root = folder / "root"
    root.mkdir()
    furnish(root)
    keygen(folder / "host_key")
    keygen(folder / "client_key")
    port = free_port()
    (folder / "sshd_config").write_text(
        f"Port {port}\nListenAddress 127.0.0.1\nHostKey {folder}/host_key\nPidFile none\nUsePAM no\n"
        f"AuthorizedKeysFile {folder}/client_key.pub\nPasswordAuthentication no\nKbdInteractiveAuthentication no\n"
        f"StrictModes no\nPrintMotd no\nPrintLastLog no\n"
    )
    if os.geteuid() == 0:
        Path("/run/sshd").mkdir(exist_ok=True)
    process = subprocess.Popen(
        ["/usr/sbin/sshd", "-D", "-e", "-f", str(folder / "sshd_config")], stderr=(folder / "log").open("wb")
    )
    wait_until_open(port, process)
    return Host(port=port, username=getpass.getuser(), key=folder / "client_key", root=root, process=process)


def guard_of(host: Host, *files: str, reload: str = "reload_config") -> ShellGuard:
    root = str(host.root)
    return ShellGuard(
        folders=(f"{root}/etc/config",), files=tuple(f"{root}{f}" for f in files), reload=reload, root=root,
        revert=f'for p in {root}/etc/config/*; do uci -q revert "${{p##*/}}"; done',
    )  # fmt: skip


def uci_dialect(host: Host) -> UciDialect:
    return UciDialect(guard_of(host, "/etc/banner", "/etc/dropbear/authorized_keys"), settle_s=0)


def linux_dialect(host: Host) -> LinuxDialect:
    return LinuxDialect(guard_of(host, "/etc/banner", "/etc/motd", reload="true"), settle_s=0)
