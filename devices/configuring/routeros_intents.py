"""Intents in the language of RouterOS: both wireless drivers, NTP, DNS, SNMP, note, queue, zone, accounts.

Source: MikroTik's documentation of the menus named in the lines; version 7 for NTP.
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
from devices.configuring.routeros_model import Config, Entry, canonical
from devices.configuring.routeros_words import exported, typed
from devices.errors import NotSupported
from devices.model import Device

_WIFI: Final = {
    Encryption.OPEN: '""',
    Encryption.WPA2: "wpa2-psk",
    Encryption.WPA2_WPA3: "wpa2-psk,wpa3-psk",
    Encryption.WPA3: "wpa3-psk",
}
_PROFILES: Final = "interface wireless security-profiles"
_OURS: Final = "merata"


def lines_of(intent: Intent, config: Config, device: Device) -> list[str]:
    """The lines of an intent; none where it stands already.

    Raises:
        NotSupported: RouterOS, or this device's configuration, cannot say it.
    """
    return list(_SAY[type(intent)](intent, config, device))


def _ssid(intent: Ssid, config: Config, _: Device) -> Iterator[str]:
    wifi = [e for e in config.menus.get("interface wifi", []) if _serves(intent, e, "configuration.ssid")]
    wireless = [
        e for e in config.menus.get("interface wireless", [])
        if _serves(intent, e, "ssid")
        and (e.given.get("mode") in ("ap-bridge", "bridge") or "master-interface" in e.given)
    ]  # fmt: skip
    if not wifi and not wireless:
        raise NotSupported("no wireless network of this device fits: neither radio nor name is found")
    for entry in wifi:
        words = _changed(entry, {"configuration.ssid": intent.ssid})
        words.append(f"security.authentication-types={_WIFI[intent.encryption]}")
        if intent.passphrase is not None:
            words.append(f"security.passphrase={intent.passphrase}")
        yield f"/interface wifi set {_place(entry)} {' '.join(words)}"
    if wireless:
        yield from _old_driver(intent, config, wireless)


def _old_driver(intent: Ssid, config: Config, chosen: list[Entry]) -> Iterator[str]:
    """The driver before `wifi` takes passphrases in profiles that several networks may share."""
    if intent.encryption not in (Encryption.OPEN, Encryption.WPA2):
        raise NotSupported("the driver `wireless` of RouterOS knows no WPA3")
    words = ["mode=none"]
    if intent.passphrase is not None:
        words = ["mode=dynamic-keys", "authentication-types=wpa2-psk", "unicast-ciphers=aes-ccm",
                 "group-ciphers=aes-ccm", f"wpa2-pre-shared-key={intent.passphrase}"]  # fmt: skip
    everybody = config.menus.get("interface wireless", [])
    names = {e.given.get("security-profile", "default") for e in chosen}
    name = names.pop() if len(names) == 1 else "default"
    shared = any(e.given.get("security-profile", "default") == name for e in everybody if e not in chosen)
    if name == "default" or shared:
        name = _OURS if not shared or name != _OURS else f"{_OURS}-2"
    known = {e.given.get("name") for e in config.menus.get(_PROFILES, [])}
    verb = f"set [ find name={exported(name)} ]" if name in known else f"add name={exported(name)}"
    yield f"/{_PROFILES} {verb} {' '.join(words)}"
    for entry in chosen:
        if changed := _changed(entry, {"ssid": intent.ssid, "security-profile": name}):
            yield f"/interface wireless set {_place(entry)} {' '.join(changed)}"


def _serves(intent: Ssid, entry: Entry, name: str) -> bool:
    if name not in entry.given and "configuration" not in entry.given:
        return False
    calls = {entry.given.get("name"), *(part.removeprefix("default-name=") for part in (entry.selector or "").split())}
    mode = entry.given.get("configuration.mode", "ap")
    return (
        mode == "ap"
        and intent.radio in (None, *calls)
        and (intent.replaces is None or entry.given.get(name) in (intent.replaces, intent.ssid))
    )


def _ntp(intent: Ntp, config: Config, _: Device) -> Iterator[str]:
    standing = [e.given.get("address") for e in config.menus.get("system ntp client servers", [])]
    if standing != list(intent.servers):
        if standing:
            yield "/system ntp client servers remove [ find ]"
        for server in intent.servers:
            yield f"/system ntp client servers add address={exported(server)}"
    if _setting(config, "system ntp client", "enabled", "no") != "yes":
        yield "/system ntp client set enabled=yes"


def _dns(intent: Dns, config: Config, _: Device) -> Iterator[str]:
    servers = ",".join(intent.servers)
    before = _setting(config, "ip dns", "servers", "")
    if before != servers:
        yield f"/ip dns set servers={servers}"
    for entry in config.menus.get("ip dhcp-client", []):
        if entry.given.get("use-peer-dns", "yes") != "no":
            yield f"/ip dhcp-client set [ find interface={exported(entry.given['interface'])} ] use-peer-dns=no"
    own = {e.given.get("address", "").partition("/")[0] for e in config.menus.get("ip address", [])}
    for entry in config.menus.get("ip dhcp-server network", []):
        handed = entry.given.get("dns-server", "")
        if handed and handed != servers and not set(handed.split(",")) & own:
            yield f"/ip dhcp-server network set [ find address={entry.given['address']} ] dns-server={servers}"


def _snmp(intent: SnmpAccess, config: Config, _: Device) -> Iterator[str]:
    if intent.community is not None:
        yield f"/snmp community set [ find default=yes ] name={intent.community}"
    else:
        yield _snmp_user(intent, config)
    if _setting(config, "snmp", "enabled", "no") != "yes":
        yield "/snmp set enabled=yes"


def _snmp_user(intent: SnmpAccess, config: Config) -> str:
    if intent.auth == "sha256" or intent.priv == "aes256":
        raise NotSupported("SNMPv3 of RouterOS knows SHA-1 and AES-128 only")
    words = [f"security={'private' if intent.priv else 'authorized'}", "read-access=yes", "write-access=no",
             "authentication-protocol=SHA1", f"authentication-password={intent.auth_password}"]  # fmt: skip
    if intent.priv:
        words += ["encryption-protocol=AES", f"encryption-password={intent.priv_password}"]
    name = exported(intent.user or "")
    known = any(e.given.get("name") == intent.user for e in config.menus.get("snmp community", []))
    verb = f"set [ find name={name} ]" if known else f"add name={name}"
    return f"/snmp community {verb} {' '.join(words)}"


def _banner(intent: Banner, config: Config, _: Device) -> Iterator[str]:
    text = "\n".join(intent.lines)
    if _setting(config, "system note", "note", "") != text:
        yield f"/system note set note={typed(text)}"
    if _setting(config, "system note", "show-at-login", "yes") != "yes":
        yield "/system note set show-at-login=yes"


def _bandwidth(intent: Bandwidth, config: Config, device: Device) -> Iterator[str]:
    """A queue on the port towards the internet: what comes in from it is the users' download."""
    interface = intent.interface or device.uplink
    if interface is None:
        raise NotSupported("which port is the uplink is not said: give `interface`, or `uplink` in the inventory")
    rules = config.menus.get("ip firewall filter", [])
    if any(r.given.get("action") == "fasttrack-connection" and r.given.get("disabled") != "yes" for r in rules):
        raise NotSupported("a fasttrack rule lets traffic pass by queues: switch it off first")
    limit = f"{intent.down_kbps}k/{intent.up_kbps}k"
    standing = next((e for e in config.menus.get("queue simple", []) if e.given.get("name") == _OURS), None)
    if standing is None:
        yield f"/queue simple add name={_OURS} target={exported(interface)} max-limit={limit}"
        return
    wanted = {"target": interface, "max-limit": canonical("max-limit", limit)}
    if changed := _changed(standing, wanted):
        yield f"/queue simple set [ find name={_OURS} ] {' '.join(changed)}"


def _zone(intent: TimeZone, config: Config, _: Device) -> Iterator[str]:
    if _setting(config, "system clock", "time-zone-autodetect", "yes") != "no":
        yield "/system clock set time-zone-autodetect=no"
    if _setting(config, "system clock", "time-zone-name", "") != intent.name:
        yield f"/system clock set time-zone-name={intent.name}"


def _account(intent: UserAccount, _: Config, __: Device) -> Iterator[str]:
    """Accounts are in no export, so the device itself is asked whether it has this one."""
    if intent.ssh_key is not None or intent.password is None:
        raise NotSupported("RouterOS takes SSH keys from files: use a template")
    name = exported(intent.name)
    given = f"group={intent.group.value} password={intent.password}"
    yield (
        f":if ([:len [/user find name={name}]] = 0) do={{/user add name={name} {given}}} "
        f"else={{/user set [find name={name}] {given}}}"
    )


_SAY: Final[dict[type, Callable[[Any, Config, Device], Iterator[str]]]] = {
    Ssid: _ssid,
    Ntp: _ntp,
    Dns: _dns,
    SnmpAccess: _snmp,
    Banner: _banner,
    Bandwidth: _bandwidth,
    TimeZone: _zone,
    UserAccount: _account,
}


def _setting(config: Config, menu: str, name: str, default: str) -> str:
    entries = config.menus.get(menu, [])
    return entries[0].given.get(name, default) if entries else default


def _place(entry: Entry) -> str:
    return entry.selector if entry.selector else f"[ find name={exported(entry.given['name'])} ]"


def _changed(entry: Entry, wanted: dict[str, str]) -> list[str]:
    return [f"{name}={_word(value)}" for name, value in wanted.items() if entry.given.get(name) != value]


def _word(value: str) -> str:
    """As an export writes it, but with nothing that cannot be typed."""
    return value if exported(value) == value else typed(value)
