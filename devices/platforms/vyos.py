"""VyOS: net-snmp."""

from devices.platforms import standard
from devices.platforms.platform import SYS_DESCR, Platform, Sign
from devices.platforms.sources import text

PLATFORM = Platform(
    name="vyos",
    vendor="VyOS",
    recognise=(Sign(object_id=("1.3.6.1.4.1.44641", "1.3.6.1.4.1.30803")), Sign(descr=r"(?i)^(VyOS|Vyatta) ", rank=55)),
    model=standard.MODEL,
    version=(text(SYS_DESCR, r"(?i)(?:VyOS|Vyatta) (\S+)"),),
    serial=standard.SERIAL,
    uptime=(standard.UPTIME,),
    cpu=standard.CPU,
    memory=standard.MEMORY,
    disk=standard.DISK,
    temperature=standard.TEMPERATURE,
    netmiko="vyos",
)
