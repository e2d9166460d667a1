"""Ruckus Unleashed: RUCKUS-UNLEASHED-SYSTEM-MIB. The master answers for its network."""

from devices.platforms import standard
from devices.platforms.platform import SYS_DESCR, Platform, Sign
from devices.platforms.sources import as_ratio, scalar, single, text

_SYSTEM = "1.3.6.1.4.1.25053.1.15.1.1.1."
_TREES = ("1.3.6.1.4.1.25053.3.1.5", "1.3.6.1.4.1.25053.3.1.15", "1.3.6.1.4.1.25053.3.1.4")

PLATFORM = Platform(
    name="unleashed",
    vendor="Ruckus",
    recognise=(
        Sign(object_id=("1.3.6.1.4.1.25053.3.1.5.15", "1.3.6.1.4.1.25053.3.1.5.20", "1.3.6.1.4.1.25053.3.1.15")),
        Sign(object_id=_TREES, probe=(_SYSTEM + "1.9.0", r"\w"), rank=60),
    ),
    model=(text(_SYSTEM + "1.9.0"), text(SYS_DESCR, r"Ruckus Wireless (\S+)$")),
    version=(text(_SYSTEM + "1.18.0"),),
    serial=(text(_SYSTEM + "1.15.0"),),
    uptime=(standard.UPTIME,),
    clients=(scalar(_SYSTEM + "15.2.0"),),
    ap_count=(scalar(_SYSTEM + "15.1.0"),),
    cpu=(single(scalar(_SYSTEM + "15.13.0")),),
    memory=(as_ratio(scalar(_SYSTEM + "15.14.0")),),
)
