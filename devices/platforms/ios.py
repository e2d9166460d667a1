"""Cisco IOS, autonomous access points too: CISCO-PROCESS, -MEMORY-POOL, -ENVMON, -DOT11-ASSOCIATION MIBs."""

from devices.platforms import standard
from devices.platforms.platform import SYS_DESCR, Platform, Sign
from devices.platforms.sources import each, number, parts_share, scalar, single, text, total

_CISCO = "1.3.6.1.4.1.9."
_CPU, _POOL = _CISCO + "9.109.1.1.1.1.", _CISCO + "9.48.1.1.1."

CPU = (
    each(_CPU + "8"),
    each(_CPU + "5"),
    single(scalar(_CISCO + "2.1.58.0")),
    *standard.CPU,
)
#: The pool of the processor is row 1 (CISCO-MEMORY-POOL-MIB).
MEMORY = (parts_share(scalar(_POOL + "5.1"), scalar(_POOL + "6.1")), *standard.MEMORY)
TEMPERATURE = (
    each(_CISCO + "9.13.1.3.1.3", keep=lambda v: 0 < (number(v) or 0) < 150),
    standard.sensors(_CISCO + "9.91.1.1.1.1"),
    *standard.TEMPERATURE,
)

PLATFORM = Platform(
    name="ios",
    vendor="Cisco",
    recognise=(
        Sign(object_id=("1.3.6.1.4.1.9.1",), rank=45),
        Sign(descr=r"(?i)Cisco (IOS|Internetwork Operating System) Software"),
    ),
    model=(*standard.MODEL, text(SYS_DESCR, r"Software, (\w+) Software"), text(SYS_DESCR, r"\(tm\) (\S+) Software")),
    version=(text(SYS_DESCR, r"Version ([^\s,]+)"), *standard.VERSION),
    serial=standard.SERIAL,
    uptime=(standard.UPTIME,),
    clients=(total(_CISCO + "9.273.1.1.2.1.1"),),
    cpu=CPU,
    memory=MEMORY,
    temperature=TEMPERATURE,
    netmiko="cisco_ios",
)
