"""PLANET wireless access points (WDAP): sysDescr and net-snmp."""

from devices.platforms import standard
from devices.platforms.platform import SYS_DESCR, Platform, Sign
from devices.platforms.sources import text

PLATFORM = Platform(
    name="planet",
    vendor="PLANET",
    recognise=(Sign(object_id=("1.3.6.1.4.1.10456",)), Sign(descr=r"^PLANET\b")),
    model=(text(SYS_DESCR, r"(?i)PLANET,? +([A-Z]+-\w+)"), text(SYS_DESCR, r"^([A-Z]{2,5}-\w+)"), *standard.MODEL),
    version=(text(SYS_DESCR, r"\bv(\d+\.\w[\w.]*)"), *standard.VERSION),
    serial=standard.SERIAL,
    uptime=(standard.UPTIME,),
    cpu=standard.CPU,
    memory=standard.MEMORY,
    disk=standard.DISK,
    temperature=standard.TEMPERATURE,
)
