"""Teldat routers: sysDescr and TELDAT-MIB-WIFI."""

from devices.platforms import standard
from devices.platforms.platform import SYS_DESCR, Platform, Sign
from devices.platforms.sources import text, total

PLATFORM = Platform(
    name="teldat",
    vendor="Teldat",
    recognise=(Sign(object_id=("1.3.6.1.4.1.2007",)), Sign(descr=r"(?i)\bTeldat\b")),
    model=(
        text(SYS_DESCR, r"Router model (.+?)(?: WLAN| \d+ \d+ CPU| CPU| S/N)"),
        text(SYS_DESCR, r"Router model (\S+)"),
    ),
    version=(text(SYS_DESCR, r"(?i)Software version (\S+)"),),
    serial=(text(SYS_DESCR, r"S/N:\s*(\S+)"),),
    uptime=(standard.UPTIME,),
    clients=(total("1.3.6.1.4.1.2007.4.1.2.2.2.24.2.1.23"),),
    cpu=standard.CPU,
    memory=standard.MEMORY,
    disk=standard.DISK,
    temperature=standard.TEMPERATURE,
    netmiko="teldat_cit",
)
