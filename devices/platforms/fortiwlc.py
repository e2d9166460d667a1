"""Fortinet (Meru) wireless controllers: MERU-GLOBAL-STATISTICS-MIB."""

from devices.platforms import standard
from devices.platforms.platform import SYS_DESCR, Platform, Sign
from devices.platforms.sources import scalar, text

_MIB = "1.3.6.1.4.1.15983.1.1."

PLATFORM = Platform(
    name="fortiwlc",
    vendor="Fortinet",
    recognise=(Sign(object_id=("1.3.6.1.4.1.15983",)),),
    model=(text(SYS_DESCR, r"\b((?:MC|FWLC|FortiWLC)[\w\-]+)"),),
    version=(text(SYS_DESCR, r"(\d+\.\d+[\w.\-]*)"),),
    uptime=(standard.UPTIME,),
    clients=(scalar(_MIB + "3.1.13.11.0"),),
    ap_count=(scalar(_MIB + "3.1.13.9.0"),),
    cpu=standard.CPU,
    memory=standard.MEMORY,
    disk=standard.DISK,
)
