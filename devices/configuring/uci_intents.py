"""Intents in the language of OpenWrt: `uci` lines that say nothing which stands already.

Source: OpenWrt's documentation of /etc/config/{wireless,system,network,dhcp,snmpd,sqm}.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
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
)
from devices.configuring.uci_model import Section, Uci, quoted
from devices.errors import NotSupported
from devices.model import Device

_ENCRYPTION: Final = {
    Encryption.OPEN: "none",
    Encryption.WPA2: "psk2+ccmp",
    Encryption.WPA2_WPA3: "sae-mixed",
    Encryption.WPA3: "sae",
}
_KEYS: Final = "/etc/dropbear/authorized_keys"


def lines_of(intent: Intent, uci: Uci, files: dict[str, str], device: Device) -> list[str]:
    """The lines of an intent.

    Args:
        intent: what is wanted.
        uci: what the device has.
        files: the files beside it.
        device: whom it is for.

    Raises:
        NotSupported: OpenWrt, or this device's configuration, cannot say it.
    """
    return list(_SAY[type(intent)](intent, uci, files, device))


def _ssid(intent: Ssid, uci: Uci, *_: object) -> Iterator[str]:
    chosen = [
        (place, section)
        for place, section in _placed(uci, "wireless", "wifi-iface")
        if section.options.get("mode", "ap") == "ap"
        and intent.radio in (None, section.options.get("device"))
        and (intent.replaces is None or section.options.get("ssid") in (intent.replaces, intent.ssid))
    ]
    if not chosen:
        raise NotSupported("no wireless network of this device fits: neither radio nor name is found")
    for place, section in chosen:
        at = f"wireless.{place}"
        yield from _option(at, section, "ssid", intent.ssid)
        yield from _option(at, section, "encryption", _ENCRYPTION[intent.encryption])
        if intent.passphrase is not None:
            yield f"uci set {at}.key={intent.passphrase}"
        elif "key" in section.options:
            yield f"uci delete {at}.key"
        if intent.encryption is Encryption.WPA3:
            yield from _option(at, section, "ieee80211w", "2")
        elif intent.encryption is Encryption.WPA2_WPA3:
            yield from _option(at, section, "ieee80211w", "1")
        elif "ieee80211w" in section.options:
            yield f"uci delete {at}.ieee80211w"


def _ntp(intent: Ntp, uci: Uci, *_: object) -> Iterator[str]:
    section = uci.find("system", "ntp")
    if section is None:
        yield "uci set system.ntp=timeserver"
        section = Section("timeserver", "ntp")
    yield from _list("system.ntp", section, "server", intent.servers)
    if section.options.get("enabled") == "0":
        yield "uci set system.ntp.enabled='1'"


def _dns(intent: Dns, uci: Uci, *_: object) -> Iterator[str]:
    """The upstream interfaces take these instead of the provider's; dnsmasq hands them on."""
    found = False
    for section in uci.packages.get("network", []):
        if section.type == "interface" and section.name and section.name.startswith(("wan", "wwan")):
            found = True
            yield from _list(f"network.{section.name}", section, "dns", intent.servers)
            if section.options.get("proto") not in ("static", "none"):
                yield from _option(f"network.{section.name}", section, "peerdns", "0")
    lan = uci.find("network", "lan")
    if not found and lan is not None:
        found = True  # an access point behind a router has its only address on lan
        yield from _list("network.lan", lan, "dns", intent.servers)
    if not found:
        raise NotSupported("this device has neither an interface wan nor lan that could take name servers")


def _snmp(intent: SnmpAccess, uci: Uci, *_: object) -> Iterator[str]:
    if "snmpd" not in uci.packages:
        raise NotSupported("this device has no snmpd")
    if intent.community is None:
        raise NotSupported("OpenWrt's snmpd takes v3 users only in its own files: use a template")
    places = [(p, s) for p, s in _placed(uci, "snmpd", "com2sec") if s.options.get("secname") == "ro"]
    if not places:
        yield "uci set snmpd.public=com2sec"
        yield "uci set snmpd.public.secname='ro'"
        yield "uci set snmpd.public.source='default'"
    at = f"snmpd.{places[0][0]}" if places else "snmpd.public"
    yield f"uci set {at}.community={intent.community}"


def _banner(intent: Banner, _: Uci, files: dict[str, str], __: Device) -> Iterator[str]:
    if files.get("/etc/banner", "").rstrip("\n").split("\n") != list(intent.lines):
        yield f"printf '%s\\n' {' '.join(quoted(line) for line in intent.lines)} > /etc/banner"


def _bandwidth(intent: Bandwidth, uci: Uci, _: dict[str, str], device: Device) -> Iterator[str]:
    """Smart queues (package sqm-scripts) on the uplink: its download is what comes in there."""
    if "sqm" not in uci.packages:
        raise NotSupported("this device has no sqm-scripts: install the package first")
    interface = intent.interface or device.uplink
    if interface is None:
        raise NotSupported("which port is the uplink is not said: give `interface`, or `uplink` in the inventory")
    places = [(p, s) for p, s in _placed(uci, "sqm", "queue") if s.options.get("interface") == interface]
    section = places[0][1] if places else Section("queue", "merata")
    at = f"sqm.{places[0][0]}" if places else "sqm.merata"
    if not places:
        yield "uci set sqm.merata=queue"
        yield from _option(at, section, "interface", interface)
        yield from _option(at, section, "qdisc", "cake")
        yield from _option(at, section, "script", "piece_of_cake.qos")
    yield from _option(at, section, "download", str(intent.down_kbps))
    yield from _option(at, section, "upload", str(intent.up_kbps))
    yield from _option(at, section, "enabled", "1")


def _zone(intent: TimeZone, uci: Uci, *_: object) -> Iterator[str]:
    places = _placed(uci, "system", "system")
    if not places:
        raise NotSupported("this device has no section of type system")
    place, section = places[0]
    yield from _option(f"system.{place}", section, "zonename", intent.name.replace("_", " "))
    yield from _option(f"system.{place}", section, "timezone", intent.posix)


def _account(intent: UserAccount, _: Uci, files: dict[str, str], __: Device) -> Iterator[str]:
    if intent.name != "root":
        raise NotSupported("OpenWrt has no other account than root")
    if intent.ssh_key is not None and intent.ssh_key not in files.get(_KEYS, "").splitlines():
        yield f"printf '%s\\n' {quoted(intent.ssh_key)} >> {_KEYS}"
    if intent.password is not None:
        yield f"printf '%s\\n' {intent.password} {intent.password} | passwd root"


_SAY: Final[dict[type, Callable[[Any, Uci, dict[str, str], Device], Iterator[str]]]] = {
    Ssid: _ssid,
    Ntp: _ntp,
    Dns: _dns,
    SnmpAccess: _snmp,
    Banner: _banner,
    Bandwidth: _bandwidth,
    TimeZone: _zone,
    UserAccount: _account,
}


def _placed(uci: Uci, package: str, kind: str) -> list[tuple[str, Section]]:
    """Sections of a type with what they are called in a line: their name, or `@type[index]`."""
    same = [s for s in uci.packages.get(package, []) if s.type == kind]
    return [(s.name or f"@{kind}[{i}]", s) for i, s in enumerate(same)]


def _option(at: str, section: Section, name: str, value: str) -> Iterator[str]:
    if section.options.get(name) != value:
        yield f"uci set {at}.{name}={quoted(value)}"


def _list(at: str, section: Section, name: str, values: tuple[str, ...]) -> Iterator[str]:
    standing = section.options.get(name)
    if standing == list(values):
        return
    if standing is not None:
        yield f"uci delete {at}.{name}"
    for value in values:
        yield f"uci add_list {at}.{name}={quoted(value)}"
