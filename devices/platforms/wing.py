"""Extreme (Motorola, Symbol) WiNG access points and controllers: WING-MIB."""

from devices.platforms import standard
from devices.platforms.platform import SYS_DESCR, Platform, Sign
from devices.platforms.sources import count, text, text_of

_DEVICES = "1.3.6.1.4.1.388.50.1.4.2.1.1."  # wingStatsDevTable: MAC, type, host name, version

PLATFORM = Platform(
    name="wing",
    vendor="Extreme",
    recognise=(Sign(object_id=("1.3.6.1.4.1.388",)), Sign(descr=r"\bWiNG\b")),
    model=(text(SYS_DESCR, r"^((?:AP|RFS|NX|VX|WS)-?\d\w*)"), text_of(_DEVICES + "2", r"^((?:ap|rfs|nx|vx)\w+)")),
    version=(text(SYS_DESCR, r"[Vv]ersion (\d[\w.\-]*)"), text_of(_DEVICES + "4", r"(\d+\.\d+[\w.\-]*)")),
    uptime=(standard.UPTIME,),
    ap_count=(count("1.3.6.1.4.1.388.50.1.4.2.25.1.1.1.9"),),
    cpu=standard.CPU,
    memory=standard.MEMORY,
    disk=standard.DISK,
)
