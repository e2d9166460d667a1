"""Intents on Linux hosts, where distributions agree: banner, name servers, NTP, time zone, accounts.

Source: resolv.conf(5), timesyncd.conf(5), motd(5), useradd(8), chpasswd(8).
"""

from __future__ import annotations

from collections.abc import Iterator

from devices.configuring.intents import Banner, Dns, Intent, Ntp, TimeZone, UserAccount, UserGroup
from devices.configuring.uci_model import quoted
from devices.errors import NotSupported
from devices.model import Device


def lines_of(intent: Intent, files: dict[str, str], device: Device) -> list[str]:
    """The lines of an intent.

    Raises:
        NotSupported: hosts differ too much for one way.
    """
    if device.platform in ("airos", "unifi"):
        raise NotSupported(f"{device.platform} keeps its own configuration: use a template")
    match intent:
        case Banner():
            return list(_whole(files, "/etc/motd", list(intent.lines)))
        case Dns():
            kept = [x for x in files.get("/etc/resolv.conf", "").splitlines() if not x.startswith("nameserver")]
            return list(_whole(files, "/etc/resolv.conf", [*kept, *(f"nameserver {s}" for s in intent.servers)]))
        case Ntp():
            wanted = ["[Time]", f"NTP={' '.join(intent.servers)}"]
            said = list(_whole(files, "/etc/systemd/timesyncd.conf", wanted))
            return [*said, "systemctl try-restart systemd-timesyncd"] if said else []
        case TimeZone():
            said = list(_whole(files, "/etc/timezone", [intent.name]))
            return [*said, f"ln -sf /usr/share/zoneinfo/{intent.name} /etc/localtime"] if said else []
        case UserAccount():
            return list(_account(intent))
        case _:
            raise NotSupported("Linux hosts have no one way for this: use a template")


def home_of(account: str) -> str:
    """Home of an account on the device, as the Filesystem Hierarchy Standard 3.0 has it (3.8 and 3.14)."""
    return "/root" if account == "root" else f"/home/{account}"


def _whole(files: dict[str, str], path: str, lines: list[str]) -> Iterator[str]:
    if files.get(path, "").rstrip("\n").split("\n") != lines:
        yield f"printf '%s\\n' {' '.join(quoted(line) for line in lines)} > {path}"


def _account(intent: UserAccount) -> Iterator[str]:
    name = intent.name
    if intent.group is UserGroup.READ and name == "root":
        raise NotSupported("root cannot be made to only read")
    if name != "root":
        group = "" if intent.group is UserGroup.READ else "; usermod -aG sudo " + name
        yield f"id -u {name} >/dev/null 2>&1 || useradd -m -s /bin/sh {name}{group}"
    if intent.password is not None:
        yield f"printf '%s:%s\\n' {name} {intent.password} | chpasswd"
    if intent.ssh_key is not None:
        home, key = home_of(name), quoted(intent.ssh_key)
        keys = f"{home}/.ssh/authorized_keys"
        yield f"mkdir -p {home}/.ssh && chmod 700 {home}/.ssh"
        yield f"grep -qxF {key} {keys} 2>/dev/null || printf '%s\\n' {key} >> {keys}"
        yield f"chown -R {name}: {home}/.ssh && chmod 600 {keys}"
