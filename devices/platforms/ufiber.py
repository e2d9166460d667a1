"""Ubiquiti UFiber and UISP Fiber OLTs: UI-OLT-MIB."""

from devices.platforms import standard
from devices.platforms.platform import SYS_DESCR, Platform, Sign
from devices.platforms.sources import each, mac_text, text

_MIB = "1.3.6.1.4.1.41112.1.5."

PLATFORM = Platform(
    name="ufiber",
    vendor="Ubiquiti",
    recognise=(
        Sign(object_id=("1.3.6.1.4.1.4413", "1.3.6.1.4.1.41112.1.5"), descr=r"(?i)\bOLT\b|UFiber", rank=60),
        Sign(descr=r"(?i)^(UISP Fiber|UFiber|UF-OLT)", rank=60),
    ),
    model=(text(_MIB + "1.1.0"), text(SYS_DESCR, r"^([^,]+),")),
    version=(text(_MIB + "1.3.0"), text(SYS_DESCR, r", v?(\d+\.\d+[\w.\-]*)")),
    serial=(mac_text(_MIB + "1.2.0"),),
    uptime=(standard.UPTIME,),
    cpu=standard.CPU,
    memory=standard.MEMORY,
    disk=standard.DISK,
    temperature=(each(_MIB + "4.2.1.3"), *standard.TEMPERATURE),
    wired=True,
)
