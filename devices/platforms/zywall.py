"""Zyxel ZyWALL and older USG firewalls: ZYXEL-ES-ZyxelZLD MIBs."""

from devices.platforms import standard
from devices.platforms.platform import SYS_DESCR, Platform, Sign
from devices.platforms.sources import as_ratio, scalar, single, text
from devices.platforms.zynos import COMMON

_ZLD = "1.3.6.1.4.1.890.1.6.22.1."

PLATFORM = Platform(
    name="zywall",
    vendor="Zyxel",
    recognise=(Sign(object_id=("1.3.6.1.4.1.890.1",), descr=r"(?i)^(ZyWALL|USG|UAG|VPN\d|SBG)"),),
    model=(text(COMMON + "1.11.0", r"\w"), text(SYS_DESCR, r"(?i)^((?:ZyWALL|USG|UAG|VPN|SBG).*)$")),
    version=(text(COMMON + "1.6.0", r"^(V?\d\S+)"), text(_ZLD + "5.0", r"\d"), *standard.VERSION),
    serial=(text(COMMON + "1.12.0", r"\w"),),
    uptime=(standard.UPTIME,),
    cpu=(single(scalar(_ZLD + "1.0")), single(scalar(COMMON + "2.4.0")), *standard.CPU),
    memory=(as_ratio(scalar(_ZLD + "2.0")), as_ratio(scalar(COMMON + "2.5.0")), *standard.MEMORY),
    disk=standard.DISK,
    temperature=standard.TEMPERATURE,
    netmiko="zyxel_os",
)
