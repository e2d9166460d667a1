"""DD-WRT: net-snmp; the `distro` script or the login banner in sysDescr tell it from other Linux."""

from devices.platforms import standard
from devices.platforms.platform import SYS_DESCR, Interfaces, Platform, Sign
from devices.platforms.sources import text
from devices.platforms.standard import extend

_NETSNMP = "1.3.6.1.4.1.8072.3.2.10"
_OLD = "1.3.6.1.4.1.2021.7890.1.101.1"

PLATFORM = Platform(
    name="ddwrt",
    vendor=None,
    recognise=(
        Sign(object_id=(_NETSNMP,), descr=r"(?i)dd-?wrt", rank=60),
        *(Sign(object_id=(_NETSNMP,), probe=(oid, r"(?i)dd-?wrt"), rank=60) for oid in (extend("distro"), _OLD)),
    ),
    model=(text(extend("hardware")),),
    version=(
        text(extend("distro"), r"(?i)dd-?wrt\s+(\S+)"),
        text(_OLD, r"(?i)dd-?wrt\s+(\S+)"),
        text(SYS_DESCR, r"^Linux \S+ (\S+)"),
    ),
    uptime=(standard.UPTIME,),
    cpu=standard.CPU,
    memory=standard.MEMORY,
    disk=standard.DISK,
    temperature=standard.TEMPERATURE,
    interfaces=Interfaces(uplink=("vlan2", "eth1")),
    netmiko="linux",
)
