"""Tomato firmware: net-snmp with a `distro` script."""

from devices.platforms import standard
from devices.platforms.platform import Interfaces, Platform, Sign
from devices.platforms.sources import text
from devices.platforms.standard import extend

_OLD = "1.3.6.1.4.1.2021.7890.1.101.1"
_OLDER = "1.3.6.1.4.1.2021.7890.1.3.1.1.6.100.105.115.116.114.111"
_NETSNMP = "1.3.6.1.4.1.8072.3.2.10"
_SAYS = r"(?i)tomato"

PLATFORM = Platform(
    name="tomato",
    vendor=None,
    recognise=tuple(
        Sign(object_id=(_NETSNMP,), probe=(oid, _SAYS), rank=60) for oid in (_OLD, _OLDER, extend("distro"))
    ),
    version=tuple(text(oid, r"(?i)tomato\s+v?(\S+)") for oid in (_OLD, _OLDER, extend("distro"))),
    uptime=(standard.UPTIME,),
    cpu=standard.CPU,
    memory=standard.MEMORY,
    disk=standard.DISK,
    temperature=standard.TEMPERATURE,
    interfaces=Interfaces(uplink=("vlan2", "ppp0")),
    netmiko="linux",
)
