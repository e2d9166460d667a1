"""TP-Link access points (Omada EAP) and routers: one unverified count of clients, the rest from standard MIBs."""

from devices.platforms import standard
from devices.platforms.platform import Platform, Sign
from devices.platforms.sources import scalar, text

_EAP = "1.3.6.1.4.1.11863.10.1."

PLATFORM = Platform(
    name="tplink",
    vendor="TP-Link",
    recognise=(
        Sign(object_id=("1.3.6.1.4.1.11863.10",)),
        Sign(object_id=("1.3.6.1.4.1.11863", "1.3.6.1.4.1.16972"), rank=45),
    ),
    model=(text(_EAP + "10.3.0"),),
    version=(text(_EAP + "10.5.0"),),
    uptime=(standard.UPTIME,),
    clients=(scalar(_EAP + "1.1.0"),),
    cpu=standard.CPU,
    memory=standard.MEMORY,
    disk=standard.DISK,
    caution="E.11863.10.1.2.1.0 restarts it when written: use a read-only community. Clients are unverified.",
)
