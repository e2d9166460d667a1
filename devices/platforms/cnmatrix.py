"""Cambium cnMatrix switches: ENTITY-MIB, ARICENT-ISS-MIB."""

from devices.platforms import standard
from devices.platforms.platform import SYS_DESCR, Platform, Sign
from devices.platforms.sources import as_ratio, scalar, single, text

_ISS = "1.3.6.1.4.1.2076.81.1."

PLATFORM = Platform(
    name="cnmatrix",
    vendor="Cambium",
    recognise=(Sign(object_id=("1.3.6.1.4.1.17713.24",)), Sign(descr=r"(?i)cnMatrix", rank=55)),
    model=(text(SYS_DESCR, r"(?i)cnMatrix\s+(?:Intelligent Ethernet Switch\s*)?([A-Z]{2}\w[\w\-]*)"), *standard.MODEL),
    version=(text(SYS_DESCR, r"(\d+\.\d+(?:\.\d+)?-r\d+)"), *standard.VERSION),
    serial=standard.SERIAL,
    uptime=(standard.UPTIME,),
    cpu=(single(scalar(_ISS + "68.0")), *standard.CPU),
    memory=(as_ratio(scalar(_ISS + "70.0")), *standard.MEMORY),
    disk=standard.DISK,
    temperature=(single(scalar(_ISS + "66.0")), *standard.TEMPERATURE),
    wired=True,
)
