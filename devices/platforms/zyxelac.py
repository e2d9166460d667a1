"""Zyxel access controllers whose sysDescr begins with AC: what standard MIBs tell."""

from devices.platforms import standard
from devices.platforms.platform import SYS_DESCR, Platform, Sign
from devices.platforms.sources import text

PLATFORM = Platform(
    name="zyxelac",
    vendor="Zyxel",
    recognise=(Sign(object_id=("1.3.6.1.4.1.890",), descr=r"^AC"),),
    model=(text(SYS_DESCR, r"^(AC\S*)"),),
    uptime=(standard.UPTIME,),
    cpu=standard.CPU,
    memory=standard.MEMORY,
    disk=standard.DISK,
)
