"""Ruckus ZoneDirector: RUCKUS-ZD-SYSTEM-MIB, RUCKUS-ZD-WLAN-MIB."""

from devices.platforms import standard
from devices.platforms.platform import SYS_DESCR, Platform, Sign
from devices.platforms.sources import as_ratio, scalar, single, text

_SYSTEM = "1.3.6.1.4.1.25053.1.2.1.1.1."

PLATFORM = Platform(
    name="zonedirector",
    vendor="Ruckus",
    recognise=(
        Sign(object_id=("1.3.6.1.4.1.25053.3.1.5",)),
        Sign(object_id=("1.3.6.1.4.1.25053",), descr=r"\bZD\d{4}", rank=55),
    ),
    model=(text(_SYSTEM + "1.9.0"), text(SYS_DESCR, r"\b(ZD\d+)")),
    version=(text(_SYSTEM + "1.18.0"),),
    serial=(text(_SYSTEM + "1.15.0"),),
    uptime=(standard.UPTIME,),
    clients=(scalar(_SYSTEM + "15.2.0"),),
    ap_count=(scalar(_SYSTEM + "15.1.0"),),
    cpu=(single(scalar(_SYSTEM + "5.58.0")),),
    memory=(as_ratio(scalar(_SYSTEM + "5.59.0")),),
)
