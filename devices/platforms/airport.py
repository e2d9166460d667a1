"""Apple AirPort base stations: AIRPORT-BASESTATION-3-MIB."""

from devices.platforms import standard
from devices.platforms.platform import SYS_DESCR, Platform, Sign
from devices.platforms.sources import scalar, text

_STATUS = "1.3.6.1.4.1.63.501.3."

PLATFORM = Platform(
    name="airport",
    vendor="Apple",
    recognise=(
        Sign(object_id=("1.3.6.1.4.1.63.501",)),
        Sign(descr=r"^(Base Station V|Apple AirPort|Apple Base Station)"),
    ),
    model=(text(SYS_DESCR, r"^(Apple AirPort[^,]*)"),),
    version=(text(_STATUS + "1.5.0", r"\d"), text(SYS_DESCR, r"V(\d[\d.]*)")),
    uptime=(standard.UPTIME,),
    clients=(scalar(_STATUS + "2.1.0"),),
)
