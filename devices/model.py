"""What we own: sites, devices and how each is reached. Plain values; reading them from text is `devices.inventory`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, time
from enum import StrEnum
from typing import NewType

DeviceId = NewType("DeviceId", str)
SiteId = NewType("SiteId", str)


class SiteKind(StrEnum):
    """What stands at a place. The last three carry the network and never count as coverage."""

    SCHOOL = "school"
    PUSKESMAS = "puskesmas"
    VILLAGE_OFFICE = "village_office"
    DISTRICT_OFFICE = "district_office"
    PARK = "park"
    MARKET = "market"
    HARBOUR = "harbour"
    LIBRARY = "library"
    WORSHIP = "worship"
    OTHER = "other"
    TOWER = "tower"
    POP = "pop"
    OFFICE = "office"

    @property
    def serves_public(self) -> bool:
        """True when people may use the internet here."""
        return self not in (SiteKind.TOWER, SiteKind.POP, SiteKind.OFFICE)


class Backhaul(StrEnum):
    """The link that feeds a site."""

    FIBRE = "fibre"
    RADIO = "radio"
    CELLULAR = "4g"
    VSAT = "vsat"


class Role(StrEnum):
    """What a device is for."""

    ROUTER = "router"
    AP = "ap"
    CONTROLLER = "controller"
    SWITCH = "switch"
    CAMERA = "camera"


class SnmpVersion(StrEnum):
    """Protocol versions spoken. Version 1 is refused."""

    V2C = "2c"
    V3 = "3"


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Where a device answers: (domain, host, port). Sockets, engines, host keys and locks are keyed by it."""

    domain: str
    host: str
    port: int = 161


@dataclass(frozen=True, slots=True, kw_only=True)
class Domain:
    """From where an address is reachable: private networks repeat from regency to regency."""

    name: str
    source_address: str | None = None
    interface: str | None = None
    netns: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OpeningHours:
    """When a site serves: minutes of the civil day from-to for each weekday (0 = Monday); an empty day is closed."""

    days: Mapping[int, tuple[tuple[time, time], ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """A place. `area` is a dotted Kemendagri code of a village (61.08.01.2001) or district (61.08.01)."""

    id: SiteId
    name: str
    area: str
    lat: float
    lon: float
    kind: SiteKind
    backhaul: Backhaul | None = None
    provider: str | None = None
    plan_down_mbps: float | None = None
    plan_up_mbps: float | None = None
    capacity_clients: int | None = None
    programme: str | None = None
    opening_hours: OpeningHours | None = None  # None: all day
    since: date | None = None
    until: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SnmpSettings:
    """How to ask one device over SNMP. `credential` names an entry of the inventory's credentials."""

    version: SnmpVersion = SnmpVersion.V2C
    credential: str = ""
    port: int = 161
    timeout_ms: int = 2000
    retries: int = 2
    bulk: bool | None = None  # None: as the platform says
    max_oids: int | None = None  # objects in one request; None: as the platform says
    max_repetitions: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SshSettings:
    """How to open a shell on one device. `configure` False: for looking only, nothing is ever changed through it."""

    credential: str
    username: str
    port: int = 22
    configure: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Device:
    """A place in the network; the box behind it may be exchanged."""

    id: DeviceId
    site: SiteId
    name: str
    target: Target
    role: Role
    platform: str = "auto"
    parent: DeviceId | None = None
    poll_class: str = "standard"
    ping: bool = True
    snmp: SnmpSettings | None = None
    ssh: SshSettings | None = None
    service_check: str | None = None  # "tcp:HOST:PORT", "dns:NAME", "http:URL"; asked from here, None: not asked
    uplink: str | None = None  # ifName of the port towards the internet; None: the busiest physical port
    tags: tuple[str, ...] = ()
    since: date | None = None
    until: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Credential:
    """References to secrets, never secrets: `env:NAME`, `file:PATH`, `key:PATH`, `agent`."""

    name: str
    community: str | None = None
    username: str | None = None
    auth: str | None = None  # md5 sha1 sha224 sha256 sha384 sha512
    auth_password: str | None = None
    priv: str | None = None  # aes128 aes192 aes256 (Blumenthal); aes192c aes256c (Cisco/Reeder key extension)
    priv_password: str | None = None
    password: str | None = None
    key: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Anchor:
    """Something near the controller that must answer before silence of the fleet means anything."""

    domain: str
    host: str
    how: str = "ping"  # "ping", "tcp:PORT" or "snmp:CREDENTIAL"


@dataclass(frozen=True, slots=True, kw_only=True)
class Inventory:
    """One accepted inventory. `version` is the SHA-256 of its files' text in include order."""

    version: str
    sites: Mapping[SiteId, Site]
    devices: Mapping[DeviceId, Device]
    domains: Mapping[str, Domain] = field(default_factory=dict)
    credentials: Mapping[str, Credential] = field(default_factory=dict)
    anchors: tuple[Anchor, ...] = ()
    timezone: str = "Asia/Pontianak"
    simulated: bool = False
    files: tuple[str, ...] = ()
