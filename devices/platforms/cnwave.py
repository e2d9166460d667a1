"""Cambium cnWave 60 GHz: CAMBIUM-60GHZ-MIB and what sysDescr says."""

from devices.platforms import standard
from devices.platforms.platform import SYS_DESCR, Platform, Sign
from devices.platforms.sources import text

_MIB = "1.3.6.1.4.1.17713.60."

PLATFORM = Platform(
    name="cnwave",
    vendor="Cambium",
    recognise=(Sign(object_id=("1.3.6.1.4.1.17713.60",)), Sign(descr=r"(?i)cnWave", rank=55)),
    model=(text(SYS_DESCR, r"(?i)(?:cnWave\D*)?\b(V\d{4})"), text(_MIB + "1.3.0", r"\w")),
    version=(text(_MIB + "1.2.0", r"\d"), text(SYS_DESCR, r"(\d+\.\d+(?:\.\d+)*(?:-\w+)?)")),
    uptime=(standard.UPTIME,),
    cpu=standard.CPU,
    memory=standard.MEMORY,
    temperature=standard.TEMPERATURE,
)
