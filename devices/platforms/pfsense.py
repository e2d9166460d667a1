"""pfSense gateways: bsnmpd with HOST-RESOURCES-MIB, UCD-SNMP-MIB where net-snmp is installed."""

from devices.platforms import standard
from devices.platforms.platform import SYS_DESCR, Platform, Sign
from devices.platforms.sources import text

PLATFORM = Platform(
    name="pfsense",
    vendor="Netgate",
    recognise=(Sign(descr=r"(?i)pfsense", rank=60),),
    model=standard.MODEL,
    version=(text(SYS_DESCR, r"(?i)pfsense \S+ (\d\S*)"), text(SYS_DESCR, r"(?i)pfsense (\d\S*)")),
    serial=standard.SERIAL,
    uptime=(standard.UPTIME,),
    cpu=standard.CPU,
    memory=standard.MEMORY,
    disk=standard.DISK,
    temperature=standard.TEMPERATURE,
)
