"""Albentia WiMAX base stations: ALBENTIA MIBs."""

from devices.platforms import standard
from devices.platforms.platform import SYS_DESCR, Platform, Sign
from devices.platforms.sources import each, scalar, text

_MIB = "1.3.6.1.4.1.28087.12.10."

PLATFORM = Platform(
    name="albentia",
    vendor="Albentia",
    recognise=(Sign(object_id=("1.3.6.1.4.1.28087",)),),
    model=(text(_MIB + "1.5.0"), text(SYS_DESCR)),
    version=(text(_MIB + "1.2.0"),),
    serial=(text(_MIB + "1.4.0"),),
    uptime=(standard.UPTIME,),
    clients=(scalar(_MIB + "2.1.0"),),
    temperature=(each(_MIB + "10.1.1.5", scale=0.01),),
)
