"""Extreme (Siemens HiPath) wireless controllers: HIPATH-WIRELESS-HWC-MIB, ENTERASYS-RESOURCE-UTILIZATION-MIB."""

from devices.platforms import standard
from devices.platforms.platform import SYS_DESCR, Platform, Sign
from devices.platforms.sources import each, scalar, text

_HIPATH = "1.3.6.1.4.1.4329.15.3."

PLATFORM = Platform(
    name="ewc",
    vendor="Extreme",
    recognise=(Sign(object_id=("1.3.6.1.4.1.4329.15",)),),
    model=(*standard.MODEL, text(SYS_DESCR, r"\b((?:V|C|VE)\d\w*)\b")),
    version=(*standard.VERSION, text(SYS_DESCR, r"(\d+\.\d+\.\d+[\w.]*)")),
    serial=standard.SERIAL,
    uptime=(standard.UPTIME,),
    clients=(scalar(_HIPATH + "6.1.0"),),
    ap_count=(scalar(_HIPATH + "5.2.1.0"), scalar(_HIPATH + "5.1.1.0")),
    cpu=(each("1.3.6.1.4.1.5624.1.2.49.1.1.1.1.4", scale=0.1), *standard.CPU),
    memory=standard.MEMORY,
    disk=standard.DISK,
)
