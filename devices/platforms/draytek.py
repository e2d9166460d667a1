"""DrayTek Vigor routers: sysDescr tells model and version."""

from devices.platforms import standard
from devices.platforms.platform import SYS_DESCR, Platform, Sign
from devices.platforms.sources import text

PLATFORM = Platform(
    name="draytek",
    vendor="DrayTek",
    recognise=(Sign(object_id=("1.3.6.1.4.1.7367",)), Sign(descr=r"(?i)^DrayTek ", rank=55)),
    model=(text(SYS_DESCR, r"Model: ?([^,]+),"),),
    version=(text(SYS_DESCR, r"Version: ?([^,/]+)"),),
    uptime=(standard.UPTIME,),
    cpu=standard.CPU,
    memory=standard.MEMORY,
    disk=standard.DISK,
)
