"""Zyxel USG FLEX and ATP firewalls (uOS): ZYXEL-ES-COMMON over net-snmp."""

from devices.platforms import standard
from devices.platforms.platform import SYS_DESCR, Platform, Sign
from devices.platforms.sources import as_ratio, scalar, single, text
from devices.platforms.zynos import COMMON

_NETSNMP = "1.3.6.1.4.1.8072.3.2.10"

PLATFORM = Platform(
    name="zyxelusg",
    vendor="Zyxel",
    recognise=(
        Sign(descr=r"^(USG FLEX|ATP)\s?\d", rank=62),
        Sign(object_id=(_NETSNMP,), probe=(COMMON + "1.11.0", r"^(USG|ATP|VPN)"), rank=60),
    ),
    model=(text(COMMON + "1.11.0", r"\w"), text(SYS_DESCR, r"^((?:USG FLEX|ATP) ?\w+)")),
    version=(text(COMMON + "1.6.0", r"^(V?\d[\w.]*\([\w.]+\))"), text(COMMON + "1.6.0", r"\d")),
    serial=(text(COMMON + "1.12.0", r"\w"),),
    uptime=(standard.UPTIME,),
    cpu=(single(scalar(COMMON + "2.4.0")), *standard.CPU),
    memory=(as_ratio(scalar(COMMON + "2.5.0")), *standard.MEMORY),
    disk=standard.DISK,
    temperature=standard.TEMPERATURE,
    netmiko="zyxel_os",
)
