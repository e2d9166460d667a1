"""ORing TGOS industrial routers."""

from devices.platforms import standard
from devices.platforms.platform import SYS_DESCR, Platform, Sign
from devices.platforms.sources import text

PLATFORM = Platform(
    name="tgos",
    vendor="ORing",
    recognise=(Sign(object_id=("1.3.6.1.4.1.2863",)), Sign(descr=r"^TG\d{3}")),
    model=(text(SYS_DESCR, r"^(TG\w+)"),),
    uptime=(standard.UPTIME,),
    cpu=standard.CPU,
    memory=standard.MEMORY,
    disk=standard.DISK,
)
