"""MikroTik RouterOS: old `wireless` driver, v7 `wifi`, 60 GHz, CAPsMAN (MIKROTIK-MIB, HOST-RESOURCES-MIB)."""

from devices.platforms import standard
from devices.platforms.platform import SYS_DESCR, Interfaces, Platform, Sign
from devices.platforms.sources import (
    Answers,
    Cell,
    Number,
    Source,
    count,
    each,
    number,
    radios,
    scalar,
    several,
    text,
    total,
)
from devices.transport.snmp.api import Value

_MIB = "1.3.6.1.4.1.14988.1.1."
_WIRELESS = _MIB + "1."
_AP = _WIRELESS + "3.1."  # mtxrWlApTable: one row a virtual AP of the old driver
_CAP = _WIRELESS + "7.1."  # mtxrWlCMTable
_MANAGER = _WIRELESS + "10.0"  # mtxrWlCMREntryCount: remote CAPs
_W60G, _W60G_STATIONS = _WIRELESS + "8.1.", _WIRELESS + "9.1."
_REGISTRATION = _MIB + "21.4.1.6"  # mtxrWifiRegistrationTable, signal; MIB of May 2025
_GAUGE_VALUE, _GAUGE_UNIT = _MIB + "3.100.1.3", _MIB + "3.100.1.4"
_CELSIUS = 1


def _managed(answers: Answers) -> float | None:
    """Clients of the managed CAPs, which only the manager knows, besides those of its own radios."""
    remote = number(answers.values.get(_MANAGER))
    registered = number(answers.values.get(_WIRELESS + "6.0"))
    if not remote or registered is None:
        return None
    own = [n for v in answers.table(_AP + "6").values() if (n := number(v)) is not None]
    return registered + sum(own)


def _is_60g_ap(value: Value) -> bool:
    return value == 0  # mtxrWl60GMode apBridge(0); a station is the client of somebody else


_CAPSMAN: Number = Source(oids=(_MANAGER, _WIRELESS + "6.0"), columns=(_AP + "6",), read=_managed, fixed=False)


def _of_60g(answers: Answers) -> float | None:
    """Stations of a 60 GHz AP; the station end has none."""
    modes = answers.table(_W60G + "2")
    if not any(_is_60g_ap(v) for v in modes.values()):
        return None
    return float(sum(1 for v in answers.table(_W60G_STATIONS + "2").values() if v == 1))


PLATFORM = Platform(
    name="routeros",
    vendor="MikroTik",
    recognise=(
        Sign(object_id=("1.3.6.1.4.1.14988.1",)),
        Sign(descr=r"^RouterOS "),
    ),
    model=(
        text(SYS_DESCR, r"^RouterOS (?!\d+\.\d)(.+)"),
        text(_MIB + "7.9.0"),
        text("1.3.6.1.2.1.47.1.1.1.1.2.65536", r"RouterOS \S+ .*? on (.+)"),
    ),
    version=(text(_MIB + "4.4.0"), text("1.3.6.1.2.1.47.1.1.1.1.2.65536", r"RouterOS (\S+)")),
    serial=(text(_MIB + "7.3.0"), text(_MIB + "4.1.0")),  # software id where there is no board (CHR)
    uptime=(standard.HOST_UPTIME, standard.AGENT_UPTIME),
    clients=(
        _CAPSMAN,
        total(_AP + "6", fixed=True),  # a new virtual AP is a new interface: the device is learned again
        count(_REGISTRATION),
        Source(columns=(_W60G + "2", _W60G_STATIONS + "2"), read=_of_60g, fixed=False),
    ),
    ap_count=(scalar(_MANAGER, keep=lambda v: v != 0), count(_MIB + "21.3.1.9")),
    cpu=(standard.HR_PROCESSOR,),
    memory=(standard.HR_MEMORY,),
    disk=standard.DISK,
    temperature=(
        each(_GAUGE_VALUE, where=(_GAUGE_UNIT, lambda v: v == _CELSIUS)),
        several(_MIB + "3.10.0", _MIB + "3.11.0", scale=0.1, keep=lambda v: v != 0),
    ),
    radios=(
        radios(
            name="1.3.6.1.2.1.31.1.1.1.1",
            ssid=_AP + "4",
            clients=_AP + "6",
            frequency_mhz=_AP + "7",
            noise_dbm=_AP + "9",
        ),
        radios(
            name="1.3.6.1.2.1.31.1.1.1.1",
            clients=_CAP + "2",
        ),
        radios(ssid=_W60G + "3", frequency_mhz=_W60G + "6", signal_dbm=Cell(column=_W60G + "12")),
    ),
    interfaces=Interfaces(uplink=("wan", "lte1")),
    netmiko="mikrotik_routeros",
)
