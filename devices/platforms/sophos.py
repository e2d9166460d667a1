"""Sophos Firewall (SFOS): SFOS-FIREWALL-MIB, net-snmp."""

from devices.platforms import standard
from devices.platforms.platform import Platform, Sign
from devices.platforms.sources import text

_MIB = "1.3.6.1.4.1.2604.5.1.1."

PLATFORM = Platform(
    name="sophos-xg",
    vendor="Sophos",
    recognise=(Sign(object_id=("1.3.6.1.4.1.2604.5", "1.3.6.1.4.1.21067")),),
    model=(text(_MIB + "2.0"), text("1.3.6.1.4.1.21067.2.1.2.1.0")),
    version=(text(_MIB + "3.0"), text("1.3.6.1.4.1.21067.2.1.2.2.0")),
    serial=(text(_MIB + "4.0"), text("1.3.6.1.4.1.21067.2.1.2.3.0")),
    uptime=(standard.UPTIME,),
    cpu=standard.CPU,
    memory=standard.MEMORY,
    disk=standard.DISK,
    temperature=standard.TEMPERATURE,
    netmiko="sophos_sfos",
)
