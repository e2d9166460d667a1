"""Peplink and Pepwave routers: PEPLINK-BALANCE and -DEVICE MIBs (E.23695, older firmware E.27662)."""

from devices.platforms import standard
from devices.platforms.platform import SYS_DESCR, Platform, Sign
from devices.platforms.sources import scalar, single, text

_DEVICE = "1.3.6.1.4.1.23695.200.1.1.1."

PLATFORM = Platform(
    name="peplink",
    vendor="Peplink",
    recognise=(
        Sign(object_id=("1.3.6.1.4.1.23695", "1.3.6.1.4.1.27662")),
        Sign(descr=r"(?i)^(Peplink|Pepwave) "),
    ),
    model=(text(_DEVICE + "1.1.0"), text(SYS_DESCR, r"((?:Peplink|Pepwave) .+)")),
    version=(text(_DEVICE + "1.3.0"),),
    serial=(text(_DEVICE + "1.2.0"),),
    uptime=(standard.UPTIME,),
    ap_count=(scalar("1.3.6.1.4.1.23695.4.1.1.4.0"), scalar("1.3.6.1.4.1.27662.4.1.1.4.0")),
    cpu=standard.CPU,
    memory=standard.MEMORY,
    disk=standard.DISK,
    temperature=(single(scalar(_DEVICE + "4.4.1.0", scale=0.001, keep=lambda v: v != 0)), *standard.TEMPERATURE),
)
