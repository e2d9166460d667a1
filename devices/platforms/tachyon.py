"""Tachyon Networks 60 GHz radios: what standard MIBs and sysDescr tell."""

from devices.platforms import standard
from devices.platforms.platform import SYS_DESCR, Platform, Sign
from devices.platforms.sources import text

PLATFORM = Platform(
    name="tachyon",
    vendor="Tachyon",
    recognise=(Sign(object_id=("1.3.6.1.4.1.57344",)), Sign(descr=r"^Linux tn[as]-\d", rank=55)),
    model=(text(SYS_DESCR, r"(?i)^Linux (tn[as]-\w+)"), *standard.MODEL),
    uptime=(standard.UPTIME,),
    cpu=standard.CPU,
    memory=standard.MEMORY,
    disk=standard.DISK,
    temperature=standard.TEMPERATURE,
)
