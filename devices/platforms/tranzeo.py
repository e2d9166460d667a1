"""Tranzeo radios: sysDescr tells model and firmware."""

from devices.platforms import standard
from devices.platforms.platform import SYS_DESCR, Platform, Sign
from devices.platforms.sources import text

PLATFORM = Platform(
    name="tranzeo",
    vendor="Tranzeo",
    recognise=(Sign(object_id=("1.3.6.1.4.1.24575",)), Sign(descr=r"^Tranzeo ")),
    model=(text(SYS_DESCR, r"Tranzeo ([^,]+),"),),
    version=(text(SYS_DESCR, r"FW (?:\S+?-)?(\d[\w.]*)"),),
    uptime=(standard.UPTIME,),
)
