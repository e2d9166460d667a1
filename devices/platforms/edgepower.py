"""Ubiquiti EdgePower supplies: what standard MIBs tell."""

from devices.platforms import standard
from devices.platforms.platform import SYS_DESCR, Platform, Sign
from devices.platforms.sources import text

PLATFORM = Platform(
    name="edgepower",
    vendor="Ubiquiti",
    recognise=(Sign(descr=r"(?i)edge\s?power|^(UBNT )?EP-\d+V", rank=60),),
    model=(text(SYS_DESCR, r"\b(EP-[\w\-]+)"), *standard.MODEL),
    version=(text(SYS_DESCR, r"\bv?(\d+\.\d+\.\d+[\w.\-]*)"), *standard.VERSION),
    serial=standard.SERIAL,
    uptime=(standard.UPTIME,),
    cpu=standard.CPU,
    memory=standard.MEMORY,
    disk=standard.DISK,
    temperature=standard.TEMPERATURE,
    wired=True,
)
