"""What a platform is: how to recognise it and which objects tell what. One file a platform holds `PLATFORM`."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from devices.platforms.sources import Answers, Number, Numbers, RadioSource, Source, Text, string
from devices.transport.snmp.api import Limits, Value

SYS_DESCR = "1.3.6.1.2.1.1.1.0"
SYS_OBJECT_ID = "1.3.6.1.2.1.1.2.0"
SYS_UP_TIME = "1.3.6.1.2.1.1.3.0"
SYS_NAME = "1.3.6.1.2.1.1.5.0"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sign:
    """One way to recognise a platform; all that is named must hold.

    `object_id`: any of these prefixes of sysObjectID. `descr`: a regular expression on sysDescr. `probe`: an object to
    GET and a regular expression on its text, asked only where the rest holds; `probe_column` the same for the first
    rows of a column. Highest `rank` wins, then the longest prefix.
    """

    object_id: tuple[str, ...] = ()
    descr: str | None = None
    probe: tuple[str, str] | None = None
    probe_column: tuple[str, str] | None = None
    rank: int = 50

    def reach(self, object_id: str) -> int | None:
        """Length of the matching prefix of sysObjectID; None when there is none, 0 when none is asked."""
        if not self.object_id:
            return 0
        fits = [len(p) for p in self.object_id if object_id == p or object_id.startswith(p + ".")]
        return max(fits, default=None)

    def fits_descr(self, descr: str) -> bool:
        """True when sysDescr is as asked."""
        return self.descr is None or re.search(self.descr, descr) is not None

    def proven(self, answers: Answers) -> bool:
        """True when the probed objects, if any are asked, are told and read as they should."""
        if self.probe is not None and not _reads((answers.values.get(self.probe[0]),), self.probe[1]):
            return False
        return self.probe_column is None or _reads(answers.table(self.probe_column[0]).values(), self.probe_column[1])


def _reads(values: Iterable[Value], pattern: str) -> bool:
    return any(re.search(pattern, told) for v in values if (told := string(v)) is not None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Interfaces:
    """What is peculiar in IF-MIB. `uplink`: names of the port towards the internet, the first that exists is taken."""

    name_from: str = "name"  # "name" (ifName, else ifDescr), "descr" or "alias"
    uplink: tuple[str, ...] = ()
    broken_hc: bool = False  # 64-bit counters exist and stay 0: take the 32-bit ones


@dataclass(frozen=True, slots=True, kw_only=True)
class Platform:
    """One operating system or product line. For each figure the first source that tells wins."""

    name: str
    vendor: str | None
    recognise: tuple[Sign, ...]
    limits: Limits = field(default_factory=Limits)
    vendor_from: tuple[Text, ...] = ()
    model: tuple[Text, ...] = ()
    version: tuple[Text, ...] = ()
    serial: tuple[Text, ...] = ()
    uptime: tuple[Number, ...] = ()
    clients: tuple[Number, ...] = ()
    ap_count: tuple[Number, ...] = ()
    cpu: tuple[Numbers, ...] = ()
    memory: tuple[Number, ...] = ()
    disk: tuple[Number, ...] = ()
    temperature: tuple[Numbers, ...] = ()
    radios: tuple[RadioSource, ...] = ()
    interfaces: Interfaces = field(default_factory=Interfaces)
    netmiko: str | None = None
    clients_by_shell: bool = False
    wired: bool = False  # never has Wi-Fi clients
    caution: str = ""  # said in the reference: an object that must not be written, a figure that is unverified

    def sources(self, figure: str) -> tuple[Source[Any], ...]:
        """The ways to learn one figure, best first."""
        found: tuple[Source[Any], ...] = getattr(self, figure)
        return found


#: Told once and again after a restart.
IDENTITY = ("vendor_from", "model", "version", "serial")
#: Told at every poll.
GAUGES = ("uptime", "clients", "ap_count", "cpu", "memory", "disk", "temperature", "radios")
