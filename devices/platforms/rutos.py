"""Teltonika RutOS cellular routers: net-snmp and TELTONIKA-RUTXX-MIB, whose leaves moved between firmwares."""

from devices.platforms import standard
from devices.platforms.platform import SYS_DESCR, Interfaces, Platform, Sign
from devices.platforms.sources import several, text

_MIB = "1.3.6.1.4.1.48690."
_MODEL = r"^((?:RUT|TRB|TCR|RUTX|RUTM|OTD|TSW|ATRM)\w*?\d{2,3})"
_SERIAL = r"^(\d{9,12})$"
_FIRMWARE = r"^((?:RUT|TRB|TCR|OTD|TSW|ATRM)\w*_\w+_[\d.]+)"
_NETSNMP = "1.3.6.1.4.1.8072.3.2.10"

PLATFORM = Platform(
    name="rutos",
    vendor="Teltonika",
    recognise=(
        Sign(object_id=(_NETSNMP,), descr=r"^Linux (Teltonika-)?(RUT|TRB|TCR|OTD|TSW|ATRM)", rank=60),
        Sign(object_id=(_NETSNMP,), probe=(_MIB + "1.1.0", r"\w"), rank=58),
        Sign(object_id=(_NETSNMP,), probe=(_MIB + "1.5.0", r"\w"), rank=58),
        Sign(object_id=("1.3.6.1.4.1.48690",)),
    ),
    model=(
        text(_MIB + "1.2.0", _MODEL),
        text(_MIB + "1.7.0", _MODEL),
        text(SYS_DESCR, r"^Linux (?:Teltonika-)?((?:RUT|TRB|TCR|OTD|TSW|ATRM)\w+)"),
        text(_MIB + "1.3.0", _MODEL),
    ),
    version=(text(_MIB + "1.6.0", _FIRMWARE), text(_MIB + "2.14.0", _FIRMWARE), text(_MIB + "2.15.0", _FIRMWARE)),
    serial=(text(_MIB + "1.1.0", _SERIAL), text(_MIB + "1.5.0", _SERIAL)),
    uptime=(standard.UPTIME,),
    cpu=standard.CPU,
    memory=standard.MEMORY,
    disk=standard.DISK,
    temperature=(
        several(_MIB + "2.2.1.17.1", _MIB + "2.9.0", scale=0.1, keep=lambda v: isinstance(v, int) and 0 < v < 1200),
        *standard.TEMPERATURE,
    ),
    interfaces=Interfaces(uplink=("wwan0", "wan", "eth1")),
    netmiko="linux",
    clients_by_shell=True,
)
