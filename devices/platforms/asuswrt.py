"""ASUSWRT and its Merlin variant: net-snmp with `distro` and `clients-wlan` scripts."""

from devices.platforms import standard
from devices.platforms.platform import Interfaces, Platform, Sign
from devices.platforms.sources import added, scalar, text
from devices.platforms.standard import extend

_NETSNMP = "1.3.6.1.4.1.8072.3.2.10"
_OLD = "1.3.6.1.4.1.2021.7890.1.101.1"

PLATFORM = Platform(
    name="asuswrt",
    vendor="ASUS",
    recognise=(
        Sign(object_id=(_NETSNMP,), probe=(extend("distro"), r"(?i)asuswrt"), rank=60),
        Sign(object_id=(_NETSNMP,), probe=(_OLD, r"(?i)asuswrt"), rank=60),
        Sign(object_id=(_NETSNMP,), descr=r"(?i)asuswrt", rank=55),
    ),
    model=(text(extend("hardware")),),
    version=(text(extend("distro"), r"(?i)asuswrt\S*\s+v?(\S+)"), text(_OLD, r"(?i)asuswrt\S*\s+v?(\S+)")),
    uptime=(standard.UPTIME,),
    clients=(scalar(extend("clients-wlan")), added(*(extend(f"clients-wlan{n}") for n in range(3)))),
    cpu=standard.CPU,
    memory=standard.MEMORY,
    disk=standard.DISK,
    temperature=standard.TEMPERATURE,
    interfaces=Interfaces(uplink=("eth0", "vlan2")),
    netmiko="linux",
)
