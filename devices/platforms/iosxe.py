"""Cisco IOS XE, the Catalyst 9800 controllers among them: as IOS, with CISCO-ENHANCED-MEMPOOL and CISCO-LWAPP MIBs."""

from devices.platforms import standard
from devices.platforms.ios import CPU, MEMORY, TEMPERATURE
from devices.platforms.platform import SYS_DESCR, Platform, Sign
from devices.platforms.sources import mean, parts_share, scalar, text, total

_CISCO = "1.3.6.1.4.1.9.9."
_POOL = _CISCO + "221.1.1.1.1."

PLATFORM = Platform(
    name="iosxe",
    vendor="Cisco",
    recognise=(
        Sign(descr=r"(?i)Cisco IOS.*(IOS-?XE|LINUX_IOSD|CAT9K|Virtual XE)", rank=55),
        Sign(descr=r"(?i)^\"?Cisco IOS Software \[[A-Z][a-z]+\]", rank=55),
    ),
    model=standard.MODEL,
    version=(text(SYS_DESCR, r"Version ([^\s,]+)"), *standard.VERSION),
    serial=standard.SERIAL,
    uptime=(standard.UPTIME,),
    clients=(total("1.3.6.1.4.1.14179.2.1.1.1.38"),),
    ap_count=(scalar(_CISCO + "618.1.8.4.0", keep=lambda v: v != 0),),
    cpu=CPU,
    memory=(MEMORY[0], parts_share(mean(_POOL + "18"), mean(_POOL + "20")), *MEMORY[1:]),
    temperature=(TEMPERATURE[1], TEMPERATURE[0], *TEMPERATURE[2:]),
    netmiko="cisco_xe",
)
