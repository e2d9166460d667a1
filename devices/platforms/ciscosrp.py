"""Cisco Services Ready Platform (SRP 500): what standard MIBs tell."""

from devices.platforms import standard
from devices.platforms.platform import SYS_DESCR, Platform, Sign
from devices.platforms.sources import text

PLATFORM = Platform(
    name="ciscosrp",
    vendor="Cisco",
    recognise=(Sign(object_id=("1.3.6.1.4.1.9.1.1157",), rank=55), Sign(descr=r"(?i)\bSRP\s?5\d\d", rank=55)),
    model=(text(SYS_DESCR, r"(?i)\b(SRP\s?5\w+)"), *standard.MODEL),
    version=(text(SYS_DESCR, r"(?i)(?:version|V)\s?(\d+\.\d[\w.\-]*)"), *standard.VERSION),
    serial=standard.SERIAL,
    uptime=(standard.UPTIME,),
    cpu=standard.CPU,
    memory=standard.MEMORY,
    disk=standard.DISK,
)
