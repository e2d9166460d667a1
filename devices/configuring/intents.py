"""What engineers want most often, said once for all dialects: SSID, NTP, DNS, SNMP, banner, speed, zone, accounts.

Each dialect turns an intent into its own lines (`<dialect>_intents.py`). An intent is checked when it is made: a wrong
value is a ValueError of one sentence that never repeats a secret. Secrets are marks (`devices.configuring.secrets`).
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from importlib import resources
from typing import Final, NewType, TypeAlias
from zoneinfo import available_timezones

from devices.configuring.secrets import mark, references

#: A text that is one secret mark and nothing else.
Mark = NewType("Mark", str)

_LABEL: Final = re.compile(r"(?!-)[A-Za-z0-9_-]{1,63}(?<!-)")
#: As useradd(8) takes it, and a letter first: RouterOS, IOS and VRP take all of these too.
_ACCOUNT: Final = re.compile(r"[A-Za-z][A-Za-z0-9._-]{0,31}")
_WORD: Final = re.compile(r"[!-~]{1,64}")
#: RFC 4253 section 6.6, with the key in base64; the comment may be left out.
_SSH_KEY: Final = re.compile(
    r"(ssh-ed25519|ssh-rsa|ecdsa-sha2-nistp(?:256|384|521)) [A-Za-z0-9+/]{40,}={0,2}( [ -~]+)?"
)
_MAX_KBPS: Final = 100_000_000


class Encryption(StrEnum):
    """How a wireless network is closed."""

    OPEN = "open"
    WPA2 = "wpa2"  # WPA2-Personal, AES-CCMP only
    WPA2_WPA3 = "wpa2-wpa3"  # transition: either
    WPA3 = "wpa3"  # SAE


class UserGroup(StrEnum):
    """What an account on a device may do."""

    READ = "read"
    FULL = "full"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ssid:
    """The name of a wireless network and its passphrase.

    `radio`: as the device calls it (`radio0`, `wlan1`, `Dot11Radio0`), None: all radios that serve people.
    `replaces`: only the network that has this name now; None: every network these radios serve people with.
    """

    ssid: str  # 1 to 32 octets of UTF-8 (IEEE 802.11-2020, 9.4.2.2)
    passphrase: Mark | None = None  # 8 to 63 characters once resolved; None only where the network is open
    encryption: Encryption = Encryption.WPA2
    radio: str | None = None
    replaces: str | None = None

    def __post_init__(self) -> None:
        """Check the values."""
        for name, value in (("ssid", self.ssid), ("replaces", self.replaces)):
            if value is not None and not (1 <= len(value.encode()) <= 32 and value.isprintable()):
                raise ValueError(f"{name}: expected 1 to 32 octets of printable text, found {value!r}")
        _is_mark("passphrase", self.passphrase)
        if self.radio is not None:
            _is_word("radio", self.radio)
        if (self.encryption is Encryption.OPEN) != (self.passphrase is None):
            raise ValueError("passphrase: an open network has none and every other has one")


@dataclass(frozen=True, slots=True, kw_only=True)
class Ntp:
    """The servers that tell the time, best first; they replace those the device has."""

    servers: tuple[str, ...]  # addresses or host names, 1 to 8

    def __post_init__(self) -> None:
        """Check the values."""
        _are("servers", self.servers, most=8)
        for server in self.servers:
            _is_host("servers", server)


@dataclass(frozen=True, slots=True, kw_only=True)
class Dns:
    """The name servers the device itself asks and hands on, best first; they replace those it has."""

    servers: tuple[str, ...]  # addresses, 1 to 3 (resolv.conf(5), MAXNS)

    def __post_init__(self) -> None:
        """Check the values."""
        _are("servers", self.servers, most=3)
        for server in self.servers:
            _is_address("servers", server)


@dataclass(frozen=True, slots=True, kw_only=True)
class SnmpAccess:
    """Who may read the device over SNMP: one v2c community, or one v3 user; others are left as they are."""

    community: Mark | None = None
    user: str | None = None
    auth: str | None = None  # sha1 or sha256; with `user`
    auth_password: Mark | None = None  # 8 characters or more once resolved (RFC 3414 section 11.2)
    priv: str | None = None  # aes128 or aes256; with `auth`
    priv_password: Mark | None = None

    def __post_init__(self) -> None:
        """Check the values."""
        for name in ("community", "auth_password", "priv_password"):
            _is_mark(name, getattr(self, name))
        if (self.community is None) == (self.user is None):
            raise ValueError("community: give either a community (v2c) or a user (v3)")
        if self.user is not None:
            _is_account("user", self.user)
        if self.auth not in (None, "sha1", "sha256"):
            raise ValueError(f"auth: expected sha1 or sha256, found {self.auth!r}")
        if self.priv not in (None, "aes128", "aes256"):
            raise ValueError(f"priv: expected aes128 or aes256, found {self.priv!r}")
        if (self.auth is None) != (self.auth_password is None) or (self.priv is None) != (self.priv_password is None):
            raise ValueError("auth_password: auth and auth_password go together, priv and priv_password likewise")
        if (self.user is not None) != (self.auth is not None) or (self.priv is not None and self.auth is None):
            raise ValueError("auth: a v3 user needs auth, a community has neither auth nor priv")


@dataclass(frozen=True, slots=True, kw_only=True)
class Banner:
    """What a person reads who signs in to the device; replaces the one there is."""

    text: str  # printable ASCII, lines ended by \n, at most 2000 characters: older devices take no other letters

    def __post_init__(self) -> None:
        """Check the values."""
        lines = self.text.split("\n")
        if not self.text.strip() or len(self.text) > 2000 or any(not re.fullmatch("[ -~]*", line) for line in lines):
            raise ValueError("text: expected 1 to 2000 characters of printable ASCII")

    @property
    def lines(self) -> tuple[str, ...]:
        """The text by lines, without empty ones at the end."""
        return tuple(self.text.rstrip("\n").split("\n"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Bandwidth:
    """The most that all users of the device together may take, seen from them: down is what they receive.

    `interface`: the port towards the internet as the device calls it; None: `uplink` of the inventory, else the dialect
    says NotSupported.
    """

    down_kbps: int  # 1000 bit/s
    up_kbps: int
    interface: str | None = None

    def __post_init__(self) -> None:
        """Check the values."""
        for name, value in (("down_kbps", self.down_kbps), ("up_kbps", self.up_kbps)):
            if not 1 <= value <= _MAX_KBPS:
                raise ValueError(f"{name}: expected 1 to {_MAX_KBPS} kbit/s, found {value}")
        if self.interface is not None:
            _is_word("interface", self.interface)


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeZone:
    """The civil time the device shows, as a name of the time zone database (Asia/Pontianak)."""

    name: str

    def __post_init__(self) -> None:
        """Check the value."""
        if self.name not in available_timezones():
            raise ValueError(f"name: expected a time zone like Asia/Pontianak, found {self.name!r}")

    @property
    def posix(self) -> str:
        """The rule for times to come as POSIX writes it (`WIB-7`: abbreviation, then hours *west* of Greenwich).

        Source: the last line of a TZif file, RFC 8536 section 3.3.
        """
        zone = resources.files("tzdata.zoneinfo").joinpath(*self.name.split("/"))
        return zone.read_bytes().rsplit(b"\n", 2)[1].decode("ascii")


@dataclass(frozen=True, slots=True, kw_only=True)
class UserAccount:
    """An account on the device: made where it is missing, changed where it stands. Others are left as they are."""

    name: str
    password: Mark | None = None
    ssh_key: str | None = None  # one line as in authorized_keys, without options
    group: UserGroup = UserGroup.FULL

    def __post_init__(self) -> None:
        """Check the values."""
        _is_account("name", self.name)
        _is_mark("password", self.password)
        if self.password is None and self.ssh_key is None:
            raise ValueError("password: an account needs a password or an ssh_key")
        if self.ssh_key is not None and not _SSH_KEY.fullmatch(self.ssh_key):
            raise ValueError("ssh_key: expected one public key like `ssh-ed25519 AAAA... name`")


Intent: TypeAlias = Ssid | Ntp | Dns | SnmpAccess | Banner | Bandwidth | TimeZone | UserAccount

#: What a change file calls each.
KINDS: Final[Mapping[str, type[Intent]]] = {
    "ssid": Ssid,
    "ntp": Ntp,
    "dns": Dns,
    "snmp": SnmpAccess,
    "banner": Banner,
    "bandwidth": Bandwidth,
    "timezone": TimeZone,
    "user": UserAccount,
}


def secret(reference: str) -> Mark:
    """The mark of a reference (`env:NAME`, `file:PATH`) for a secret field."""
    return Mark(mark(reference))


def _is_mark(name: str, value: str | None) -> None:
    if value is not None and [value] != [mark(found) for found in references([value])]:
        raise ValueError(f"{name}: expected a reference to a secret (env:NAME or file:PATH), found something else")


def _is_word(name: str, value: str) -> None:
    if not _WORD.fullmatch(value):
        raise ValueError(f"{name}: expected one word of printable ASCII, found {value!r}")


def _is_account(name: str, value: str) -> None:
    if not _ACCOUNT.fullmatch(value):
        raise ValueError(
            f"{name}: expected at most 32 of a-z, 0-9, '.', '_', '-', beginning with a letter, found {value!r}"
        )


def _are(name: str, values: tuple[str, ...], *, most: int) -> None:
    if not 1 <= len(values) <= most or len(set(values)) != len(values):
        raise ValueError(f"{name}: expected 1 to {most} different ones, found {len(values)}")


def _is_address(name: str, value: str) -> None:
    try:
        ipaddress.ip_address(value)
    except ValueError:
        raise ValueError(f"{name}: expected an IPv4 or IPv6 address, found {value!r}") from None


def _is_host(name: str, value: str) -> None:
    if re.fullmatch(r"[\d.]+", value) or ":" in value:
        _is_address(name, value)
    elif len(value) > 253 or not all(_LABEL.fullmatch(label) for label in value.split(".")):
        raise ValueError(f"{name}: expected an address or a host name, found {value!r}")
