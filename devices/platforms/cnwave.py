"""Cambium cnWave 60 GHz: what sysDescr says."""

from devices.platforms import standard
from devices.platforms.platform import SYS_DESCR, Platform, Sign
from devices.platforms.sources import text

PLATFORM = Platform(
    name="cnwave",
    vendor="Cambium",
    recognise=(Sign(object_id=("1.3.6.1.4.1.17713.60",)), Sign(descr=r"(?i)cnWave", rank=55)),
    model=(text(SYS_DESCR, r"(?i)cnWave (.+?) (?:Client|Distribution) Node"), text(SYS_DESCR, r"\b(V\d{4})")),
    version=(text(SYS_DESCR, r"Version (\S+)"),),
    uptime=(standard.UPTIME,),
    cpu=standard.CPU,
    memory=standard.MEMORY,
    disk=standard.DISK,
    temperature=standard.TEMPERATURE,
)
