"""Cisco Meraki devices asked directly: little more than who they are and IF-MIB; the rest is in the cloud."""

from devices.platforms import standard
from devices.platforms.platform import SYS_DESCR, Platform, Sign
from devices.platforms.sources import text

PLATFORM = Platform(
    name="meraki",
    vendor="Meraki",
    recognise=(Sign(object_id=("1.3.6.1.4.1.29671",)), Sign(descr=r"^=?Meraki ")),
    model=(text(SYS_DESCR, r"Meraki (\S+)"),),
    uptime=(standard.UPTIME,),
    cpu=standard.CPU,
    memory=standard.MEMORY,
    disk=standard.DISK,
)
