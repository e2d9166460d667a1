"""The intents in the language of IOS, and where Ruijie says them otherwise."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Final

from devices.configuring.intents import (
    Bandwidth,
    Banner,
    Dns,
    Encryption,
    Intent,
    Ntp,
    SnmpAccess,
    Ssid,
    TimeZone,
    UserAccount,
    UserGroup,
)
from devices.configuring.sections import Entry
from devices.errors import NotSupported
from devices.model import Device

#: Marks that may frame a banner; the first that its text does not hold.
_FRAMES: Final = "~|%@+="
_POSIX: Final = re.compile(r"(?:([A-Za-z]{3,})|<([^>]+)>)(-?)(\d{1,2})(?::(\d\d))?")
#: What IOS does not take in the name of a network, or takes for help.
_BAD_SSID: Final = re.compile(r"[+/\"?\t]|^[!#;]|^ | $|[^ -~]")


def lines_of(intent: Intent, running: Entry, device: Device) -> list[str]:
    """Lines for IOS and IOS XE.

    Args:
        intent: what is wanted.
        running: the tree of the running configuration.
        device: whose uplink is limited.

    Raises:
        NotSupported: IOS cannot say it, or nothing in the configuration fits.
    """
    say: Callable[[Any, Entry, Device], list[str]] = _SAY[type(intent)]
    return say(intent, running, device)


def ruijie_lines_of(intent: Intent, running: Entry, device: Device) -> list[str]:
    """Lines for RGOS.

    Raises:
        NotSupported: RGOS cannot say it, or nothing in the configuration fits.
    """
    match intent:
        case Ssid():
            return _ruijie_ssid(intent, running)
        case Bandwidth():
            raise NotSupported("Ruijie limits speed differently on each model: write a template for it")
        case UserAccount(password=str() as password, ssh_key=None):
            return [f"username {intent.name} privilege {_privilege(intent)} password {password}"]
        case SnmpAccess(community=str() as community):
            return [f"snmp-server community {community} ro"]
        case _:
            return lines_of(intent, running, device)


def _ntp(intent: Ntp, running: Entry, _: Device) -> list[str]:
    known = _words(running, r"ntp server (\S+)")
    wanted = [
        f"ntp server {s}{' prefer' if at == 0 and len(intent.servers) > 1 else ''}"
        for at, s in enumerate(intent.servers)
    ]
    return [*wanted, *(f"no ntp server {old}" for old in known if old not in intent.servers)]


def _dns(intent: Dns, running: Entry, _: Device) -> list[str]:
    known = [word for text in _words(running, r"ip name-server (.+)") for word in text.split()]
    kept = 0
    while kept < min(len(known), len(intent.servers)) and known[kept] == intent.servers[kept]:
        kept += 1
    lines = [f"no ip name-server {old}" for old in known[kept:]]
    lines += [f"ip name-server {new}" for new in intent.servers[kept:]]
    own = set(
        re.findall(r"ip address (\d+\.\d+\.\d+\.\d+) ", "\n".join(e.text for s in running.below for e in s.below))
    )
    for pool in running.below:
        told = _words(pool, r"dns-server (.+)")
        if pool.text.startswith("ip dhcp pool ") and told and not own & set(told[0].split()):
            lines += [pool.text, f"dns-server {' '.join(intent.servers)}", "exit"]
    return lines


def _snmp(intent: SnmpAccess, _: Entry, __: Device) -> list[str]:
    if intent.community is not None:
        return [f"snmp-server community {intent.community} RO"]
    if intent.auth != "sha1":
        raise NotSupported("IOS signs SNMPv3 with SHA-1 only, SHA-2 came with late IOS XE: use auth sha1 or a template")
    level = "priv" if intent.priv else "auth"
    words = f"snmp-server user {intent.user} merata-{level} v3 auth sha {intent.auth_password}"
    if intent.priv:
        words += f" priv aes {intent.priv.removeprefix('aes')} {intent.priv_password}"
    return [f"snmp-server group merata-{level} v3 {level}", words]


def _banner(intent: Banner, _: Entry, __: Device) -> list[str]:
    frame = next((f for f in _FRAMES if f not in intent.text), None)
    if frame is None:
        raise NotSupported(f"the banner holds all of {_FRAMES}, one of which must frame it on IOS")
    return [f"banner motd {frame}", *intent.lines, frame]


def _bandwidth(intent: Bandwidth, running: Entry, device: Device) -> list[str]:
    port = intent.interface or device.uplink
    if port is None:
        raise NotSupported("the port towards the internet is not known: name `interface`, or `uplink` in the inventory")
    if running.find(f"interface {port}") is None:
        raise NotSupported(f"there is no interface {port} in the configuration; write it as the device does")
    return [
        "policy-map MERATA-DOWN", "class class-default", f"police cir {intent.down_kbps * 1000}", "exit", "exit",
        "policy-map MERATA-UP", "class class-default", f"shape average {intent.up_kbps * 1000}", "exit", "exit",
        f"interface {port}", "service-policy input MERATA-DOWN", "service-policy output MERATA-UP", "exit",
    ]  # fmt: skip


def _time_zone(intent: TimeZone, _: Entry, __: Device) -> list[str]:
    found = _POSIX.fullmatch(intent.posix)
    if found is None:
        raise NotSupported(f"{intent.name} changes its clocks in summer: write a template with clock summer-time")
    hours = -int(found[4]) if not found[3] else int(found[4])
    minutes = f" {found[5]}" if found[5] and found[5] != "00" else ""
    return [f"clock timezone {found[1] or 'LOCAL'} {hours}{minutes}"]


def _user(intent: UserAccount, _: Entry, __: Device) -> list[str]:
    if intent.ssh_key is not None or intent.password is None:
        raise NotSupported("IOS takes public keys in a mode of its own: give a password, or write a template")
    return [f"username {intent.name} privilege {_privilege(intent)} secret {intent.password}"]


def _ssid(intent: Ssid, running: Entry, _: Device) -> list[str]:
    _check_ssid(intent)
    radios = [s for s in running.below if re.fullmatch(r"interface Dot11Radio\S*[^.\s]*", s.text) and "." not in s.text]
    radios = [s for s in radios if intent.radio in (None, s.text.removeprefix("interface "))]
    if not radios:
        raise NotSupported("there is no such radio (interface Dot11Radio) in the configuration")
    lines = [f"dot11 ssid {intent.ssid}", "authentication open"]
    if intent.passphrase is not None:
        lines += ["authentication key-management wpa version 2", f"wpa-psk ascii 0 {intent.passphrase}"]
    lines += ["guest-mode", "exit"]
    gone: dict[str, None] = {}
    for radio in radios:
        lines.append(radio.text)
        if intent.passphrase is not None:
            lines.append("encryption mode ciphers aes-ccm")
        elif _words(radio, r"(encryption mode .+)"):
            lines.append("no encryption mode")
        standing = _words(radio, r"ssid (.+)")
        old = [s for s in standing if s != intent.ssid and intent.replaces in (None, s)]
        gone |= dict.fromkeys(old)
        lines += [*(f"no ssid {s}" for s in old), f"ssid {intent.ssid}", "exit"]
    kept = {s for section in running.below if section not in radios for s in _words(section, r"ssid (.+)")}
    return [*lines, *(f"no dot11 ssid {s}" for s in gone if s not in kept)]


def _ruijie_ssid(intent: Ssid, running: Entry) -> list[str]:
    _check_ssid(intent)
    networks = [s for s in running.below if re.match(r"wlan-config \d+", s.text)]
    if intent.replaces is not None:
        old = [s for s in networks if intent.replaces in _words(s, r"ssid (.+)")]
        networks = old or [s for s in networks if intent.ssid in _words(s, r"ssid (.+)")]
    if len(networks) != 1:
        raise NotSupported(f"{len(networks)} networks (wlan-config) fit: name with `replaces` the one that is meant")
    number = networks[0].text.split()[1]
    lines = [networks[0].text, f"ssid {intent.ssid}", "exit", f"wlansec {number}"]
    if intent.passphrase is None:
        return [*lines, "security rsn disable", "exit"]
    return [
        *lines, "security rsn enable", "security rsn ciphers aes enable", "security rsn akm psk enable",
        f"security rsn akm psk set-key ascii {intent.passphrase}", "exit",
    ]  # fmt: skip


def _check_ssid(intent: Ssid) -> None:
    if intent.encryption not in (Encryption.OPEN, Encryption.WPA2):
        raise NotSupported("this system is not known to close a network with WPA3: use wpa2 or a template")
    if _BAD_SSID.search(intent.ssid):
        raise NotSupported("the name of the network holds signs that this system does not take")


def _privilege(intent: UserAccount) -> int:
    return 15 if intent.group is UserGroup.FULL else 1


def _words(section: Entry, pattern: str) -> list[str]:
    """Group 1 of the lines of a section that a pattern fits wholly, or up to what follows a blank."""
    found = (re.match(rf"{pattern}(?=$|\s)", entry.text) for entry in section.below)
    return [match[1] for match in found if match]


_SAY: Final[dict[type, Callable[[Any, Entry, Device], list[str]]]] = {
    Ssid: _ssid,
    Ntp: _ntp,
    Dns: _dns,
    SnmpAccess: _snmp,
    Banner: _banner,
    Bandwidth: _bandwidth,
    TimeZone: _time_zone,
    UserAccount: _user,
}
