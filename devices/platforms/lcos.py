"""LANCOM LCOS routers and access points: LCOS-MIB; sysDescr holds model, version, date and serial."""

from devices.platforms import standard
from devices.platforms.platform import SYS_DESCR, Platform, Sign
from devices.platforms.sources import free_share, scalar, single, text

_STATUS = "1.3.6.1.4.1.2356.11.1.47."

PLATFORM = Platform(
    name="lcos",
    vendor="LANCOM",
    recognise=(Sign(object_id=("1.3.6.1.4.1.2356.11", "1.3.6.1.4.1.2356.14", "1.3.6.1.4.1.2356.16")),),
    model=(text(SYS_DESCR, r"^LANCOM (\S+)"),),
    version=(text(SYS_DESCR, r"\b(\d+\.\d\d\.\d{4}\w*(?: / [\d.]+)?)"),),
    serial=(text(SYS_DESCR, r"\b(\d{12,})\s*$"), text(_STATUS + "7.0", r"\w{8,}")),
    uptime=(standard.UPTIME,),
    cpu=(single(scalar(_STATUS + "2.0")), *standard.CPU),
    memory=(free_share(scalar(_STATUS + "5.0"), scalar(_STATUS + "4.0")), *standard.MEMORY),
    disk=standard.DISK,
    temperature=(single(scalar(_STATUS + "20.0")),),
)
