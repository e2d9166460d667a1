"""Advantech (Conel) cellular routers with ICR-OS: ICR-MIB."""

from devices.platforms import standard
from devices.platforms.platform import SYS_DESCR, Platform, Sign
from devices.platforms.sources import radio, scalar, single, text, used_share

_MIB = "1.3.6.1.4.1.30140."

PLATFORM = Platform(
    name="icr-os",
    vendor="Advantech",
    recognise=(Sign(object_id=("1.3.6.1.4.1.30140",)),),
    model=(text(_MIB + "6.1.0"), text(SYS_DESCR, r"^(\S+) \d")),
    version=(text(_MIB + "6.2.0"), text(SYS_DESCR, r"^\S+ (\d.*)")),
    serial=(text(_MIB + "6.3.0"),),
    uptime=(standard.UPTIME,),
    cpu=(single(scalar(_MIB + "3.6.0")), *standard.CPU),
    memory=(used_share(scalar(_MIB + "3.8.0"), scalar(_MIB + "3.10.0")), *standard.MEMORY),
    disk=standard.DISK,
    temperature=(single(scalar(_MIB + "3.3.0")),),
    radios=(radio("mobile1", signal_dbm=_MIB + "4.30.0"),),
)
