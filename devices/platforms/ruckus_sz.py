"""Ruckus SmartZone (SZ, vSZ, SCG): RUCKUS-SCG-SYSTEM-MIB, -WLAN-MIB, RUCKUS-CTRL-MIB. Clients of all its APs."""

from devices.platforms import standard
from devices.platforms.platform import SYS_DESCR, Platform, Sign
from devices.platforms.sources import count, scalar, string, text, text_of, total
from devices.transport.snmp.api import Value

_SYSTEM = "1.3.6.1.4.1.25053.1.4.1.1.1."
_NODE = "1.3.6.1.4.1.25053.1.8.1.1.1.1.1.1."
_AP = "1.3.6.1.4.1.25053.1.4.2.1.1.2.2.1."


def _is_connected(value: Value) -> bool:
    return (string(value) or "").lower().startswith("connect")


PLATFORM = Platform(
    name="smartzone",
    vendor="Ruckus",
    recognise=(
        Sign(object_id=("1.3.6.1.4.1.25053.3.1.10", "1.3.6.1.4.1.25053.3.1.11", "1.3.6.1.4.1.25053.3.1.13")),
        Sign(object_id=("1.3.6.1.4.1.25053",), descr=r"(?i)(SmartZone|\bv?SZ[-\d]|\bSCG)"),
    ),
    model=(text_of(_NODE + "3"), text(SYS_DESCR, r"(?i)\b(v?SZ-?\w+|SCG\w*)")),
    version=(text_of(_NODE + "9", r"\d"), text_of(_NODE + "7", r"\d+\.\d")),
    serial=(text(_SYSTEM + "15.13.0", r"\w"), text_of(_NODE + "5", r"\w{6,}")),
    uptime=(standard.UPTIME,),
    clients=(scalar(_SYSTEM + "15.2.0"), total(_AP + "15")),
    ap_count=(scalar(_SYSTEM + "15.1.0"), total(_NODE + "19"), count(_AP + "16", keep=_is_connected)),
    cpu=standard.CPU,
    memory=standard.MEMORY,
    disk=standard.DISK,
)
