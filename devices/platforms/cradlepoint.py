"""Cradlepoint cellular routers: WIPIPE-MIB, and what sysDescr says."""

from devices.platforms import standard
from devices.platforms.platform import SYS_DESCR, Platform, Sign
from devices.platforms.sources import text

PLATFORM = Platform(
    name="cradlepoint",
    vendor="Cradlepoint",
    recognise=(Sign(object_id=("1.3.6.1.4.1.20992",)), Sign(descr=r"^Cradlepoint ", rank=55)),
    model=(text(SYS_DESCR, r"(?i)Cradlepoint ([A-Z0-9][\w\-]+)"),),
    version=(text(SYS_DESCR, r"(?i)Firmware Version (\d[\w.]*)"), text(SYS_DESCR, r"\bv?(\d+\.\d+\.\d+)")),
    uptime=(standard.UPTIME,),
    cpu=standard.CPU,
    memory=standard.MEMORY,
    disk=standard.DISK,
    temperature=standard.TEMPERATURE,
)
